#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Translated packets are routed as any others of this router: rules by the device that they
# came in by and by ports, and routes with two next hops, in both families and in the fast
# path. NAT44 beside it does the same.
. "$(dirname "$0")/flow.inc"

devices="lan, lan2, wan, wan2"
second_ip=192.0.3.1

# from NS PROTO ADDRESS PORT: who the server says that this host is
from() { ask "$@" | sed -n 's/^hello from \([^ ]*\) .*/\1/p'; }

# goes WHAT NS PROTO PORT IP: NAT44 and ours go out as IP
goes()
{
	check_eq "$1: IPv4" "$(from "$2" "$3" $far_ip "$4")" "$5"
	check_eq "$1: translated" "$(from "$2" "$3" $pref64$far_ip "$4")" "$5"
}

# rule RULE: of IPv4, to the second uplink
# shellcheck disable=SC2086 # into words
rule() { asked=$1; ip -n "$gw" rule add $1 table 100; }
# shellcheck disable=SC2086 # into words
no_rule() { ip -n "$gw" rule del $asked table 100; }

setup_topo
second_uplink
# The client has another link too.
link "$gw" lan2 "$client6" eth1
ip -n "$gw" -batch - <<-EOF
	addr add 10.1.1.1/24 dev lan
	addr add 10.2.2.1/24 dev lan2
	addr add 2001:db8:d::1/64 dev lan2 nodad
	route add $far_ip via $server_ip
	route add $far_ip via 192.0.3.2 table 100
	route add 10.1.1.2 via 10.2.2.2 table 101
EOF
ip -n "$gw" -6 route add $client_ip via 2001:db8:d::2 table 101
ip -n "$client6" -batch - <<-EOF
	addr add 10.1.1.2/24 dev eth0
	addr add 10.2.2.2/24 dev eth1
	addr add 2001:db8:d::2/64 dev eth1 nodad
	route add $far_ip via 10.1.1.1
EOF
check "NAT44 loads" on "$gw" "$NFT" "table ip nat { chain post {
	type nat hook postrouting priority srcnat;
	ip saddr 10.1.1.2 masquerade; }; }" || done_testing
wish=$add
add=
check "ruleset loads" rules || done_testing
ip -n "$gw" -6 route add $pref64/96 dev lan
check "rule for output loads" on "$gw" "$NFT" "add chain inet gw out { type filter hook output priority mangle; }
	add rule inet gw out ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade"
serve "$server4" tcp4:80 udp4:53

goes "no rule" "$client6" tcp 80 $pool_ip
for i in "iif lan" "ipproto tcp dport 80" "iif lan ipproto tcp dport 80"; do
	rule "$i"
	goes "$i: TCP" "$client6" tcp 80 $second_ip
	no_rule
done
for i in "ipproto udp dport 80" "iif wan" "iif lan ipproto tcp dport 81" "iif lo"; do
	rule "$i"
	goes "$i is for others" "$client6" tcp 80 $pool_ip
	no_rule
done
rule "iif lo"
goes "iif lo: this host's own" "$gw" udp 53 $second_ip
no_rule
rule "iif lan"
goes "iif lan: not this host's own" "$gw" udp 53 $pool_ip
ip -n "$gw" route del $far_ip
goes "iif lan, no other route" "$client6" udp 53 $second_ip
no_rule
ip -n "$gw" route add $far_ip via $server_ip

# What such a route has beside its next hop: an MTU, where the next hop is that of the others,
# too; a next hop of IPv6; a tunnel
rule "iif lan"
ip -n "$gw" route replace $far_ip via $server_ip mtu 1400 table 100
goes "iif lan, an MTU" "$client6" udp 53 $pool_ip
check_match "an MTU: IPv4" "$(on "$client6" ping -n -M "do" -s 1380 -c 1 -W 10 $far_ip)" "*Frag needed and DF set (mtu = 1400)*"
check_match "an MTU: translated" "$(on "$client6" ping -6 -n -M "do" -s 1380 -c 1 -W 10 $pref64$far_ip)" "*Packet too big: mtu=1420*"
ip -n "$gw" addr add 2001:db8:e::1/64 dev wan2 nodad
ip -n "$server4" addr add 2001:db8:e::2/64 dev eth1 nodad
ip -n "$gw" route replace $far_ip via inet6 2001:db8:e::2 dev wan2 table 100
goes "iif lan, a next hop of IPv6" "$client6" tcp 80 $second_ip
if ip -n "$gw" link add t4 type ipip external 2>"$tmp/link" &&
	ip -n "$server4" link add t4 type ipip local 192.0.3.2 remote $second_ip; then
	ip -n "$gw" -batch - <<-EOF
		link set t4 up
		addr add 192.0.9.1/24 dev t4
		route replace $far_ip encap ip id 1 dst 192.0.3.2 src $second_ip dev t4 table 100
	EOF
	ip -n "$server4" -batch - <<-EOF
		link set t4 up
		addr add 192.0.9.2/24 dev t4
		route replace 192.0.9.0/24 dev t4 src $far_ip
	EOF
	goes "iif lan, a tunnel" "$client6" tcp 80 192.0.9.1
	goes "iif lan, a tunnel" "$client6" udp 53 192.0.9.1
	ip -n "$gw" link del t4
	ip -n "$server4" link del t4
else
	echo "# SKIP: no tunnel: $(head -n 1 "$tmp/link")"
fi
ip -n "$gw" route replace $far_ip via 192.0.3.2 table 100
no_rule

ip -n "$gw" rule add iif lan blackhole
for to in $far_ip $pref64$far_ip; do
	patience=1
	check_not "iif lan blackhole: $to" ask "$client6" udp $to 53
	patience=20
done
ip -n "$gw" rule del iif lan blackhole

# Answers: by the second link when rules say so
for i in "iif wan" "ipproto tcp sport 80"; do
	ip -n "$gw" rule add $i table 101
	ip -n "$gw" -6 rule add $i table 101
	for to in $far_ip $pref64$far_ip; do
		before=$(tx_packets lan2)
		check_eq "answers: $i: $to" "$(from "$client6" tcp $to 80)" $pool_ip
		check "answers: $i: $to: by the other link" [ $(($(tx_packets lan2) - before)) -ge 2 ]
	done
	ip -n "$gw" rule del $i table 101
	ip -n "$gw" -6 rule del $i table 101
done

# Two next hops: a session keeps to one; by addresses all go by one of them, by ports in
# the end not.
ip -n "$gw" route replace $far_ip nexthop via $server_ip nexthop via 192.0.3.2
for policy in 0 1; do
	on "$gw" sysctl -qw net.ipv4.fib_multipath_hash_policy=$policy
	for to in $far_ip $pref64$far_ip; do
		: >"$tmp/hops"
		for ((i = 0; i < 6 || (policy == 1 && i < 40 && hops == 1); i++)); do
			python "$client6" talk udp $to 53 3 | cut -d" " -f1-3 >>"$tmp/hops"
			hops=$(sort -u "$tmp/hops" | wc -l)
		done
		check_eq "next hops: policy $policy: $to: not answered" "$(grep -v "^3 from" "$tmp/hops")" ""
		check_eq "next hops: policy $policy: $to: uplinks" "$hops" $((policy + 1))
	done
done
check_eq "next hops: no session has moved" "$(counter DropState)" 0

# The same by a nexthop object, where only a rule leads to it
ip -n "$gw" -batch - <<-EOF
	nexthop add id 1 via $server_ip dev wan
	nexthop add id 2 via 192.0.3.2 dev wan2
	nexthop add id 3 group 1/2
	route del $far_ip
	route replace $far_ip nhid 3 table 100
EOF
rule "iif lan"
: >"$tmp/hops"
for ((i = 0; i < 40; i++)); do
	python "$client6" talk udp $pref64$far_ip 53 3 | cut -d" " -f1-3 >>"$tmp/hops"
	hops=$(sort -u "$tmp/hops" | wc -l)
	[ "$hops" = 1 ] || break
done
check_eq "nexthop object: not answered" "$(grep -v "^3 from" "$tmp/hops")" ""
check_eq "nexthop object: uplinks" "$hops" 2
no_rule
ip -n "$gw" route add $far_ip via $server_ip

# Next hops of a rule's own table, one of which is that of the main route: weights count. And
# of two routes by one next hop, masquerading takes the source of the one that the rule names.
ip -n "$gw" route replace $far_ip table 100 nexthop via $server_ip weight 1 nexthop via 192.0.3.2 weight 255
ip -n "$gw" addr add 192.0.2.9/24 dev wan
rule "iif lan"
for ((i = 0; i < 10; i++)); do
	python "$client6" talk udp $pref64$far_ip 53 3 | cut -d" " -f1-3
done >"$tmp/hops"
check_eq "weights: not answered" "$(grep -v "^3 from" "$tmp/hops")" ""
check "weights: most go by the heavy one" [ "$(grep -c $second_ip "$tmp/hops")" -gt 5 ]
on "$gw" sysctl -qw net.ipv4.fib_multipath_hash_policy=0
ip -n "$gw" route replace $far_ip table 100 nexthop via $server_ip nexthop via 192.0.3.2
for ((i = 0; i < 6; i++)); do
	python "$client6" talk udp $pref64$far_ip 53 3 | cut -d" " -f1-3
done >"$tmp/hops"
check_eq "policy 0: all go by one of them" "$(sort -u "$tmp/hops" | grep -c "^3 from")" 1
ip -n "$gw" route replace $far_ip via $server_ip src 192.0.2.9 table 100
check_eq "the source of the rule's route" "$(from "$client6" udp $pref64$far_ip 53)" 192.0.2.9
no_rule
ip -n "$gw" addr del 192.0.2.9/24 dev wan
on "$gw" sysctl -qw net.ipv4.fib_multipath_hash_policy=1
ip -n "$gw" route replace $far_ip via 192.0.3.2 table 100

# In the fast path, both ways
add=$wish
check "fast: ruleset loads" rules
hooks_come lan lan2 wan wan2
rule "iif lan"
ip -n "$gw" -6 rule add iif wan2 table 101
before=$(tx_packets lan2)
helper udp "$client6" call udp $pref64$far_ip 53
fast "iif lan, answers iif wan2: UDP" udp "$second_ip *"
check "iif lan, answers iif wan2: by the other link" [ $(($(tx_packets lan2) - before)) -ge 20 ]

# A packet in a user's queue keeps the route that it got by a rule. The engine takes the
# device from that route when the device goes, so that who removes it does not wait for the packet.
no_route=$(counter DropNoRoute)
check "queue: rule loads" on "$gw" "$NFT" "table ip held { chain pre {
	type filter hook prerouting priority 0; udp dport 9 queue num 0; }; chain forward {
	type filter hook forward priority 0; udp dport 9 counter reject; }; }"
background_python "$gw" nfqueue "$tmp/ready" "$tmp/got" "$tmp/go" >/dev/null
wait_for 10 test -e "$tmp/ready"
# A packet that is sent while a neighbour is asked for may come late.
# shellcheck disable=SC2317 # called by wait_for
waits() { python "$client6" flood udp $client_ip 30000 $pref64$far_ip 9 1; test -e "$tmp/got"; }
check "queue: a packet waits" wait_for 10 waits
# Each change of a route wants new ones by all rules. There is room, though packets keep more old
# ones than the engine has places for next hops that are alike (NF_XLAT_RT_BUCKET_MAX).
# shellcheck disable=SC2317 # called by wait_for
waiting() { on "$gw" awk -v n="$1" '{ exit $3 < n }' /proc/net/netfilter/nfnetlink_queue; }
# shellcheck disable=SC2317 # called by wait_for
also_waits() { on "$client6" bash -c 'echo >"/dev/udp/$0/9"' $pref64$far_ip; waiting "$1"; }
for ((i = 0; i < 20; i++)); do
	ip -n "$gw" route add 198.51.100.99/32 dev wan metric $((i + 1))
	# Packets that were sent while a neighbour was asked for may come late.
	held=$(on "$gw" awk '{ print $3 }' /proc/net/netfilter/nfnetlink_queue)
	wait_for 2 also_waits $((held + 1)) || break
done
check_eq "queue: changes of routes, with a packet that waits behind each" $i 20
check_eq "queue: all found a route" "$(counter DropNoRoute)" "$no_route"
start=$SECONDS
check "queue: its uplink goes" ip -n "$gw" link del wan2
check "queue: at once" [ $((SECONDS - start)) -lt 5 ]
touch "$tmp/go"

# Core empties the queue when wan2 loses the hook of the flowtable. With a device that is in
# none, the packet gets another route. With the one that it had, the error would be sent by
# the first namespace of all.
# shellcheck disable=SC2317 # called by wait_for
unbound() { on "$gw" sh -c '! grep -q . /proc/net/netfilter/nfnetlink_queue'; }
wait_for 10 unbound
rm "$tmp/ready" "$tmp/got" "$tmp/go"
ip -n "$gw" -batch - <<-EOF
	link add link wan name vl1 up type vlan id 6
	addr add 192.0.6.1/24 dev vl1
	neigh replace 192.0.6.2 lladdr 02:00:00:00:00:06 dev vl1
	route replace $far_ip via 192.0.6.2 table 100
EOF
background_python "$gw" nfqueue "$tmp/ready" "$tmp/got" "$tmp/go" >/dev/null
wait_for 10 test -e "$tmp/ready"
check "queue: a packet of another device waits" wait_for 10 waits
check "queue: that device goes" ip -n "$gw" link del vl1
ip link add reject0 up type dummy
ip addr add 192.0.6.254/24 dev reject0
errors() { nstat -az IcmpOutMsgs | awk '$1 == "IcmpOutMsgs" { print $2 }'; }
before=$(errors)
touch "$tmp/go"
# shellcheck disable=SC2317 # called by wait_for
rejected() { on "$gw" "$NFT" list chain ip held forward | grep -q 'packets [1-9]'; }
# Up to 6.1 conntrack drops the first packet of a session on its way back from a queue
# (docs/design.md).
if kernel_since 6.2; then
	check "queue: the packet is rejected" wait_for 10 rejected
else
	check "queue: conntrack has the packet back" wait_for 10 unbound
fi
check_eq "queue: not by another namespace" "$(errors)" "$before"
ip link del reject0

# So does what a queueing discipline of another device keeps, which has the route as well.
ip -n "$gw" -batch - <<-EOF
	link add link wan name mv0 up type macvlan
	link add link mv0 name vl0 up type vlan id 5
	addr add 192.0.5.1/24 dev vl0
	neigh replace 192.0.5.2 lladdr 02:00:00:00:00:05 dev vl0
	route replace $far_ip via 192.0.5.2 table 100
EOF
on "$gw" tc qdisc add dev mv0 root tbf rate 8bit burst 1600 limit 100000
# shellcheck disable=SC2317 # called by check
kept() { on "$gw" tc -s qdisc show dev mv0 | grep -q ' [1-9][0-9]*p requeues'; }
# shellcheck disable=SC2317 # called by wait_for
keeps() { python "$client6" flood udp $client_ip 30000 $pref64$far_ip 99 30; kept; }
check "qdisc: a packet waits" wait_for 10 keeps
start=$SECONDS
(sleep 6; on "$gw" tc qdisc del dev mv0 root) &
check "qdisc: its uplink goes" ip -n "$gw" link del vl0
check "qdisc: at once" [ $((SECONDS - start)) -lt 5 ]
check "qdisc: the packet is still there" kept

# So does a flow, also in a namespace that ends.
link "$gw" wan2 "$server4" eth1
ip -n "$gw" addr add 192.0.3.1/24 dev wan2
ip -n "$server4" addr add 192.0.3.2/24 dev eth1
ip -n "$server4" route replace 192.0.3.0/24 dev eth1 src $far_ip
ip -n "$gw" route replace $far_ip via 192.0.3.2 table 100
check "fast: ruleset loads again" rules
hooks_come lan lan2 wan wan2
helper udp2 "$client6" call udp $pref64$far_ip 53
fast "a flow by an uplink that a rule names" udp2 "$second_ip *"
check "the namespace goes" ip netns del "$gw"
check "at once" wait_for 8 modprobe -r nft_xlat_flow nft_xlat

done_testing
