#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# NAT44 of both ends whose helper goes, while there are stateful rules: what a helper
# leaves in an entry must not make it look like one of ours, a hairpin.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
modprobe -qa nf_conntrack_ftp nf_nat_ftp || skip "the kernel has no FTP helper"

calls=6

setup_topo
ip -n "$gw" addr add 10.0.0.1/24 dev lan
ip -n "$client6" addr add 10.0.0.2/24 dev eth0
ip -n "$client6" route add default via 10.0.0.1
check "rules load" on "$gw" "$NFT" "table inet gw { chain pre { type filter hook prerouting priority dstnat; policy accept;
		ip6 daddr 2001:db8:64::/96 xlat 6to4 prefix 2001:db8:64::/96 masquerade; }; }
	table ip nat {
		chain pre { type nat hook prerouting priority dstnat; ip daddr 10.0.0.1 dnat to $server_ip; }
		chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }
	}
	table ip help { ct helper ftp { type \"ftp\" protocol tcp; }
		chain pre { type filter hook prerouting priority mangle; tcp dport 21 ct helper set \"ftp\"; }; }" || done_testing
serve "$server4" tcp4:21

# answers N: how many calls have that answer
answers() { cat "$tmp"/*/"$1" 2>/dev/null | grep -c "^$1 from $pool_ip "; }
# shellcheck disable=SC2317 # wait_for calls it
all() { [ "$(answers "$1")" = $calls ]; }

for ((i = 0; i < calls; i++)); do
	mkdir "$tmp/$i"
	background_python "$client6" hold 10.0.0.1 21 "$tmp/$i"
done
check "calls of FTP" wait_for 20 all 0
check_eq "with the helper" "$(sessions "dport=21 .*src=" | wc -l)" $calls
# The helper keeps the number of the byte after a line in its data, at random so.
for n in 1 2; do
	for ((i = 0; i < calls; i++)); do
		touch "$tmp/$i/go"
	done
	wait_for 10 all $n
	check_eq "question $n is answered" "$(answers $n)" $calls
	[ $n = 1 ] || break
	check "the rule of the helper goes" on "$gw" "$NFT" delete table ip help
	check "the helper goes" wait_for 5 modprobe -r nf_nat_ftp nf_conntrack_ftp
done
check_eq "nothing was dropped" "$(drops)" 0

done_testing
