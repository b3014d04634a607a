#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# GSO packets of a hairpin, with a user's queue on their way: the queue gets their segments.
# Each of these goes on by itself, is translated where it still has to be, and arrives once.
# Then the rules go while the queue has segments.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
modprobe -qa nfnetlink_queue nft_queue || skip "the kernel has no queues for users"

pref64=2001:db8:64::
pool=203.0.113.1
pool64=${pref64}cb00:7101
silent=198.51.100.2 # server4 forwards nothing, so nobody answers there
size=2000000
is_uml || size=500000

# rules TEXT
rules()
{
	on "$gw" "$NFT" "table inet gw { }; delete table inet gw; table inet gw { chain pre {
		type filter hook prerouting priority dstnat; policy accept
		$1
	}; }" || fail "rules: $1"
}
seen() { count inet seen "$1"; }
# count FAMILY TABLE COUNTER
count() { on "$gw" "$NFT" list counter $1 $2 "$3" | sed -n "s/.*packets \([0-9]*\).*/\1/p"; }
waiting() { on "$gw" awk '{ n += $3 } END { print n + 0 }' /proc/net/netfilter/nfnetlink_queue; }
# shellcheck disable=SC2317 # wait_for calls it
wait_there() { [ "$(waiting)" = "$1" ]; }
datagrams() { on "$1" awk '$1 == "Udp6InDatagrams" { print $2 }' /proc/net/snmp6; }

# queue MODE TABLE: a user of queue 0 as nfqueue.py has it, to which the table leads
queue()
{
	on "$gw" "$NFT" "table $2" || fail "queue: $2"
	rm -f "$tmp"/{ready,go}
	background_python "$gw" nfqueue "$tmp/ready" "$1" "$tmp/go" >"$tmp/user"
	user=$!
	wait_for 10 test -e "$tmp/ready" || fail "nobody has the queue"
}
# queue_ends: what its user says
queue_ends() { touch "$tmp/go"; wait $user; said=$(<"$tmp/user"); }

# arrive WHAT TABLE 6TO4 4TO6: streams and datagrams, by such a queue. So many packets are
# translated in each direction: those that came ("in"), those that the queue had ("queued"), or
# a number.
arrive()
{
	local dir in queued longest six four drops up down

	queue all "$2"
	on "$gw" "$NFT" reset counters table inet seen >/dev/null
	six=$(counter 6to4) four=$(counter 4to6) drops=$(drops)
	for dir in up down; do
		check_eq "$1: a stream $dir" "$(python "$client7" stream $dir $to 9000 $size)" $size
	done
	up=$(datagrams "$client6") down=$(datagrams "$client7")
	check_eq "$1: datagrams" "$(python "$client7" udp_gso call $to 5000 40 1200)" "40 40"
	# one says how many to expect, two that they are expected and have come
	check_eq "$1: each once" "$(($(datagrams "$client6") - up)) $(($(datagrams "$client7") - down))" "41 42"
	queue_ends
	read -r queued longest <<<"$said"
	in=$(seen in)
	check "$1: GSO packets came" [ "$(seen gso)" -gt 0 ]
	check "$1: the queue had their segments" [ "$queued" -gt "$in" -a "$longest" -le 1500 ]
	# the words are names of variables, and numbers are their own value
	check_eq "$1: translated to IPv4" $(($(counter 6to4) - six)) $(($3))
	check_eq "$1: translated to IPv6" $(($(counter 4to6) - four)) $(($4))
	check_eq "$1: as many left as were accepted" "$(seen out)" "$queued"
	check_eq "$1: the hop limit of each was decremented once" "$(seen hop)" "$queued"
	check_eq "$1: none was dropped" "$(drops)" "$drops"
	echo "# $1: $in packets, $(seen gso) of them GSO, in the queue $queued of up to $longest bytes"
	on "$gw" "$NFT" delete table "${2%% \{*}"
}

setup_topo
beyond "$gw" lan7 client7 2001:db8:d::
ip -n "$gw" route add 198.51.100.0/24 via $server_ip
# Without a route for what the addresses are in between, a segment that has lost what is known
# of its translation goes nowhere.
ip -n "$gw" route add unreachable 203.0.113.0/24
start "$client6" stream 9000 six
start "$client6" udp_gso 5000 six
server=$!
check "counters" on "$gw" "$NFT" "table inet seen {
	counter in { }; counter gso { }; counter many { }; counter out { }; counter hop { }
	chain pre { type filter hook prerouting priority -350
		ip6 daddr $pref64/96 counter name in
		ip6 daddr $pref64/96 meta length > 1500 counter name gso
		ip6 daddr $pref64/96 meta length > 50000 counter name many; }
	chain post { type filter hook postrouting priority 350
		ip6 saddr $pref64/96 counter name out
		ip6 saddr $pref64/96 ip6 hoplimit 63 counter name hop; }; }" || done_testing

# Without state, each packet is translated twice.
to=${pref64}cb00:7142
stateless="ip6 saddr 2001:db8:d::2 ip6 daddr $pref64/96 xlat 6to4 saddr prefix 2001:db8:d::2/128 to 203.0.113.7/32 daddr prefix $pref64/96
	ip6 saddr $client_ip ip6 daddr $pref64/96 xlat 6to4 saddr prefix $client_ip/128 to 203.0.113.66/32 daddr prefix $pref64/96
	ip daddr 203.0.113.7 xlat 4to6 saddr prefix $pref64/96 daddr prefix 203.0.113.7/32 to 2001:db8:d::2/128
	ip daddr 203.0.113.66 xlat 4to6 saddr prefix $pref64/96 daddr prefix 203.0.113.66/32 to $client_ip/128"
before="ip6 q { chain pre { type filter hook prerouting priority mangle; ip6 daddr $pref64/96 queue num 0; }; }"
between="ip q { chain pre { type filter hook prerouting priority mangle; ip saddr 203.0.113.0/24 queue num 0; }; }"
turned="ip6 q { chain pre { type filter hook prerouting priority filter; ip6 daddr { $client_ip, 2001:db8:d::2 } queue num 0; }; }"
forward="ip6 q { chain forward { type filter hook forward priority filter; ip6 daddr { $client_ip, 2001:db8:d::2 } queue num 0; }; }"
rules "$stateless"
arrive "before" "$before" queued queued
arrive "between" "$between" in queued
arrive "turned" "$turned" in in
arrive "in forward" "$forward" in in

# It has to be known of each segment that its hop limit is still to be decremented, as there was no
# route when it was translated. NAT44 gives it one.
queue all "ip q { counter out { }; counter ttl { }
	chain first { type filter hook prerouting priority raw; ip saddr 203.0.113.0/24 queue num 0; }
	chain nat { type nat hook prerouting priority dstnat; ip daddr 203.0.113.67 dnat to $server_ip; }
	chain post { type filter hook postrouting priority 350
		ip daddr $server_ip udp dport 5000 counter name out
		ip daddr $server_ip udp dport 5000 ip ttl 63 counter name ttl; }; }"
python "$client7" udp_gso send ${pref64}203.0.113.67 5000 40 1200 6000
queue_ends
check_eq "then NAT44: segments, and the longest" "$said" "40 1228"
for name in out ttl; do
	check_eq "then NAT44: $name" "$(count ip q $name)" 40
done
on "$gw" "$NFT" delete table ip q

# More segments than one packet may have copies
ip -n "$client6" route change default via 2001:db8:c::1 advmss 400
ip -n "$client7" route change default via 2001:db8:d::1 advmss 400
size=$((2 * size))
for place in before between forward; do
	words="in in"
	[ $place != before ] || words="queued queued"
	[ $place != between ] || words="in queued"
	# shellcheck disable=SC2086 # into words
	arrive "short segments, $place" "${!place}" $words
	[ "$(seen many)" -gt 0 ] || echo "# SKIP: no packet had more than 128 segments"
done
ip -n "$client6" route change default via 2001:db8:c::1
ip -n "$client7" route change default via 2001:db8:d::1
size=$((size / 2))

# With state, the first packet of each of three sessions is translated twice, and the others are turned.
stateful="ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 snat to $pool"
rules "$stateful"
to=$pool64
python "$client6" flood syn $client_ip 9000 $pref64$silent 9 1 >/dev/null
python "$client6" flood udp $client_ip 5000 $pref64$silent 9 1 >/dev/null
check_eq "client6 has two ports of the pool" "$(counter Bib)" 2
arrive "with state, before" "$before" 3 3
arrive "with state, turned" "$turned" 3 3
arrive "with state, in forward" "$forward" 3 3

# The rules go while the queue has the segments of a packet: 40 of 1200 bytes
kill $server
# shellcheck disable=SC2317 # wait_for calls it
flushed() { on "$gw" "$NFT" flush chain inet gw pre; }
# hears SEGMENTS: client6, until heard: then how many have come, and how many were right, is in $got
hears()
{
	rm -f "$tmp"/{listens,heard}
	background_python "$client6" udp_gso get "$tmp/listens" "$tmp/heard" 5000 "$1" 1200 >"$tmp/got"
	listener=$!
	wait_for 10 test -e "$tmp/listens" || fail "nobody listens"
}
heard() { touch "$tmp/heard"; wait $listener; got=$(<"$tmp/got"); }
# held WHAT TABLE ADDRESS
held()
{
	queue hold "$2"
	hears 40
	python "$client7" udp_gso send "$3" 5000 40 1200 6000
	check "$1: segments wait" wait_for 5 wait_there 40
}
# let_go WHAT SAID GOT TABLE: what the queue's user says, and what client6 has got
let_go()
{
	queue_ends
	check_eq "$1: accepted, and gone" "$said" "$2"
	heard
	check_eq "$1: come, and right" "$got" "$3"
	on "$gw" "$NFT" delete table "$4"
}

# All segments of a session's first packet refer to the same entry of conntrack, which a hairpin has
# to change: how many of them come is the kernel's matter, but none goes on half translated. 6.1's
# conntrack reads what comes back from a queue by the original's family.
if [[ $(uname -r) != 6.1.* ]]; then
	queue all "$between"
	no_route=$(counter DropNoRoute)
	hears 40
	python "$client7" udp_gso send $to 5000 40 1200 6000
	queue_ends
	heard
	read -r come right <<<"$got"
	check "first packet: what comes is right, and comes once" [ "$come" = "$right" ]
	check_eq "first packet: none is half translated" "$(counter DropNoRoute)" "$no_route"
	echo "# first packet: in the queue and the longest $said, come and right $got"
	on "$gw" "$NFT" delete table ip q
fi
hears 1
python "$client7" udp_gso send $to 5000 1 1200 6000
heard
check_eq "the next packet" "$got" "1 1"

# With the last rule with state go its hooks, and with any hook what waits.
held "with state" "$forward" $to
check "with state: the rule is deleted" flushed
check "with state: none waits" wait_for 5 wait_there 0
let_go "with state" "0 40" "0 0" "ip6 q"

to=${pref64}cb00:7142
rules "$stateless"
held "translated" "$forward" $to
check "translated: the rules are deleted" flushed
sleep 1
check_eq "translated: segments still wait" "$(waiting)" 40
let_go "translated" "40 0" "40 40" "ip6 q"

rules "$stateless"
held "half translated" "$between" $to
check "half translated: the rules are deleted" flushed
no_route=$(counter DropNoRoute)
let_go "half translated" "40 0" "0 0" "ip q"
check_eq "half translated: without a route" $(($(counter DropNoRoute) - no_route)) 40

rules "$stateless"
held "unload" "$turned" $to
check "unload: the rules are deleted" flushed
check "unload: modules unload" wait_for 10 modprobe -r nft_xlat_flow nft_xlat nf_xlat_flow nf_xlat_ct nf_xlat
check_eq "unload: none waits" "$(waiting)" 0
let_go "unload" "0 40" "0 0" "ip6 q"
modprobe -a nf_xlat nf_xlat_ct nft_xlat

rules "$stateful"
python "$client6" flood syn $client_ip 9000 $pref64$silent 9 1 >/dev/null
check_eq "a stream" "$(python "$client7" stream up $pool64 9000 $size)" $size
check_eq "no loop" "$(counter DropLoop)" 0

done_testing
