#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A translated packet waits in a user's queue, and what it is to come back to
# goes: first the rule, then the modules. The packet has to go before these, even if
# it is put in a queue again and again meanwhile.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping
modprobe -qa nfnetlink_queue nft_queue || skip "the kernel has no queues for users"

waiting() { on "$gw" awk '{ n += $3 } END { print n + 0 }' /proc/net/netfilter/nfnetlink_queue; }
# shellcheck disable=SC2317 # wait_for calls it
empty() { [ "$(waiting)" = 0 ]; }

setup_topo
ip -n "$client6" addr add 2001:db8:6464::203.0.113.33/128 dev eth0 nodad

# queued RULESET SOURCE: the first packet of a ping, as IPv4, into the queue
queued()
{
	check "$1: ruleset loads" ruleset "$1"
	check "$1: queue" on "$gw" $NFT "table ip q { chain forward {
		type filter hook forward priority filter; queue num 0; }; }"
	rm -f "$tmp"/{ready,got,go}
	background_python "$gw" nfqueue "$tmp"/{ready,got,go} >"$tmp/verdict" 2>&1
	user=$!
	wait_for 10 test -e "$tmp/ready"
	on "$client6" ping -6 -c 1 -W 1 -I "$2" $server64 >/dev/null
	wait_for 5 test -e "$tmp/got"
	check_eq "$1: the packet waits" "$(waiting)" 1
}

# gone WHAT: its user learns that the packet is no more
gone()
{
	touch "$tmp/go"
	wait $user
	check_eq "$1: verdict on the packet" "$(cat "$tmp/verdict")" "No such file or directory"
	on "$gw" $NFT flush ruleset
}

for rules in siit nat64; do
	src=$client_ip
	[ $rules = nat64 ] || src=2001:db8:6464::203.0.113.33
	queued $rules $src
	check "$rules: rule is deleted" on "$gw" $NFT flush chain inet gw pre
	# With the last rule with state go its hooks, and with any hook what waits.
	if [ $rules = nat64 ]; then
		wait_for 5 empty # which the kernel finishes a little later
	else
		sleep 1
		check_eq "$rules: the packet still waits" "$(waiting)" 1
	fi
	check "$rules: modules unload" wait_for 10 modprobe -r nft_xlat_flow nft_xlat nf_xlat_flow nf_xlat_ct nf_xlat
	check_eq "$rules: no packet waits" "$(waiting)" 0
	gone $rules
	check "$rules: modules are back" modprobe -a nf_xlat nf_xlat_ct nft_xlat
done

# A chain that is not ours may go at any time and leave the packet alone.
queued nat64 $client_ip
check "the packet outlives the wrong table" on "$gw" $NFT "table ip r { }; delete table ip r"
check_eq "it still waits" "$(waiting)" 1
touch "$tmp/go"
wait $user
check_eq "and is let go" "$(cat "$tmp/verdict")" "Success"

# To the rule again and again, which takes its time: 20 000 others are asked before,
# on a debug kernel 4 000.
jumps=20
! is_debug || jumps=4
ip -n "$client6" addr add 2001:db8:6464::203.0.113.34/128 dev eth0 nodad
times() { local i; for ((i = 0; i < $1; i++)); do echo "$2"; done; }
for i in 1 2 3; do
	on "$gw" $NFT flush ruleset
	modprobe -a nf_xlat nf_xlat_ct nft_xlat
	ruleset siit
	check "again $i: queue" on "$gw" $NFT "table ip q {
		chain c0 { $(times 100 "meta mark 1 drop")
		}
		chain c1 { $(times $jumps "jump c0")
		}
		chain c2 { $(times 10 "jump c1")
		}
		chain forward {
			type filter hook forward priority filter
			jump c2
			queue num 0
		}
	}"
	rm -f "$tmp"/{ready,go}
	background_python "$gw" nfqueue "$tmp/ready" again "$tmp/go"
	user=$!
	wait_for 10 test -e "$tmp/ready"
	python "$client6" flood udp 2001:db8:6464::203.0.113.34 1024-1043 $server64 53 20 >/dev/null
	check "again $i: packets wait" [ "$(waiting)" -gt 10 ]
	check "again $i: rule is deleted" on "$gw" $NFT flush chain inet gw pre
	check "again $i: modules unload" wait_for 20 modprobe -r nft_xlat_flow nft_xlat nf_xlat_flow nf_xlat_ct nf_xlat
	touch "$tmp/go"
	sleep 0.5
	check_eq "again $i: no packet waits" "$(waiting)" 0
	kill $user
	wait $user 2>/dev/null
done
modprobe -a nf_xlat nf_xlat_ct nft_xlat

on "$gw" $NFT flush ruleset
ruleset nat64
check "ping" on "$client6" ping -6 -c 1 -W 10 -I $client_ip $server64

done_testing
