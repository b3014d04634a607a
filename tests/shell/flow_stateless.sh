#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fast path without state: each direction by itself, for as long as the rules are
# the same; and what has state somewhere keeps to the normal path.
. "$(dirname "$0")/flow.inc"

host6=2001:db8:6464::c000:209 # in no other rule
xlat="ip6 saddr 2001:db8:6464::/96 ip6 daddr $pref64/96 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix $pref64/96
	ip daddr 192.0.2.8/30 xlat 4to6 saddr prefix $pref64/96 daddr prefix 2001:db8:6464::/96"
add="xlat flow add @ft"
sees_rules || few=4

setup_topo
ip -n "$client6" addr add $host6/128 dev eth0 nodad
ip -n "$client6" addr add 2001:db8:6464::c000:20a/128 dev eth0 nodad
ip -n "$client6" route change default via 2001:db8:c::1 src $host6
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
ip -n "$server4" route add 192.0.2.8/30 via $pool_ip
check "ruleset loads" rules || done_testing
hooks_come lan wan
serve "$server4" tcp4:80 udp4:53
serve "$client6" tcp6:80 udp6:53

for proto in "udp 53" "tcp 80"; do
	set -- $proto
	helper $1-6to4 "$client6" call $1 $server64 $2
	fast "$1, 6to4" $1-6to4 "192.0.2.9 [0-9]*"
	helper $1-4to6 "$server4" call $1 192.0.2.9 $2
	fast "$1, 4to6" $1-4to6 "$server64hex [0-9]*"
done
check_eq "no state" "$(sessions)" ""
check "pings are answered" on "$client6" ping -6 -c 1 -W 10 $server64

# As with a session: begin and end are for the rules to see.
before=$(slow)
check_eq "closed" "$(tell tcp-6to4 close)" closed
check "the end is seen" [ "$(slow)" -gt "$before" ]

silent() { [[ $(tell udp-6to4 ask 1 1) = 0* ]]; }
answered() { [[ $(tell udp-6to4 ask 1 1) = "1 from $1 "* ]]; }

rule=$(on "$gw" "$NFT" -ea insert rule inet gw forward udp dport 53 drop | sed -n 's/.*handle //p')
check "a rule that blocks it" wait_for 4 silent
on "$gw" "$NFT" delete rule inet gw forward handle "$rule"
check "and is deleted" wait_for 4 answered 192.0.2.9
fast "once more" udp-6to4 "192.0.2.9 [0-9]*"

xlat="ip6 saddr $host6 xlat 6to4 prefix $pref64/96 saddr prefix $host6/128 to 192.0.2.10/32
	ip daddr 192.0.2.10 xlat 4to6 prefix $pref64/96 daddr prefix 192.0.2.10/32 to $host6/128"
check "rules with another address load" rules
check "they are followed" wait_for 4 answered 192.0.2.10
fast "by them" udp-6to4 "192.0.2.10 [0-9]*"

# The chain after the translation has sent it elsewhere.
ip -n "$server4" addr add 192.0.2.3/32 dev eth0
xlat="$xlat
	ip saddr 192.0.2.10 ip daddr set 192.0.2.3"
check "rules that change an address load" rules
sees_rules || sleep 1.2 # until the flow of before has to ask
before=$(slow)
tell udp-6to4 ask 5 >/dev/null
check "what is changed later keeps to the normal path" [ $(($(slow) - before)) -ge 5 ]
xlat=${xlat%ip saddr*}

# and_normal WHAT: the packets of udp-6to4 are seen by the rules, all of them
and_normal()
{
	local before

	before=$(slow)
	for _ in 1 2 3; do tell udp-6to4 ask 1 1 >/dev/null; done
	check "$1" [ $(($(slow) - before)) -ge 3 ]
}

# A packet that is dropped after all makes no flow.
add="xlat flow add @ft
	udp dport 53 drop"
check "rules that drop what they add load" rules
and_normal "what is dropped in forward keeps to the normal path"
add="xlat flow add @ft"
rules
on "$gw" "$NFT" "table inet last { chain c { type filter hook postrouting priority 300; udp dport 53 drop; }; }"
and_normal "and what is dropped in postrouting"
on "$gw" "$NFT" delete table inet last
fast "not dropped" udp-6to4 "192.0.2.10 [0-9]*"

# Nor one that leaves as something else.
serve "$server4" udp4:5353
all=$xlat
xlat="$all
	udp dport 53 udp dport set 5353"
check "rules that change a port load" rules
and_normal "what has another port keeps to the normal path"
xlat=$all
rules
on "$gw" "$NFT" "table ip last { chain c { type filter hook postrouting priority 300; ip saddr 192.0.2.10 ip saddr set 192.0.2.11; }; }"
and_normal "and what leaves with another address"
on "$gw" "$NFT" delete table ip last

# tc's "ct" at both ends: the entry that it gives to a packet of IPv6 does not go on with that of IPv4.
if modprobe -q act_ct && modprobe -q cls_matchall; then
	background "$server4" python3 -ISuc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5400))
print("ready")
while True:
    print(s.recvfrom(100)[1][0])' >"$tmp/peers"
	wait_for 10 grep -q ready "$tmp/peers"
	for dev in lan wan; do on "$gw" tc qdisc add dev $dev clsact; done
	check "tc's ct, as they come in" python "$gw" tc_ct lan ingress commit,nat,src $host6
	check "tc's ct, as they leave" python "$gw" tc_ct wan egress nat,src
	before=$(slow)
	on "$client6" python3 -ISc 'import socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("2001:db8:6464::c000:20a", 5400))
for i in range(20):
    s.sendto(b"hello", (sys.argv[1], 5400))
    time.sleep(0.05)' $server64
	check "tc's ct: all arrive" wait_for 5 eval '[ "$(grep -c 192.0.2.10 "$tmp/peers")" = 20 ]' ||
		sort "$tmp/peers" | uniq -c
	check "tc's ct: by the fast path" [ $(($(slow) - before)) -lt 10 ]
	for dev in lan wan; do on "$gw" tc qdisc del dev $dev clsact; done
else
	echo "# no ct action in this kernel"
fi

# The same packet by many VLANs: flows that differ in nothing but how they come in are found as fast as
# others are, so that there is room for all.
if modprobe -q 8021q; then
	vlans=400
	for ((i = 1; i <= vlans; i++)); do
		echo "link add link lan name v$i up type vlan id $i"
	done | on "$gw" sh -c 'for i in autoconf accept_dad router_solicitations; do
			echo 0 >/proc/sys/net/ipv6/conf/default/$i; done; exec ip -batch -' ||
		fail "no $vlans VLANs"
	sleep 4 # until the new devices have been heard of, which ends flows
	ip -n "$gw" neigh replace 192.0.2.77 lladdr 02:00:00:00:00:09 dev wan
	for round in first second; do
		before=$(slow) sent=$(tx_packets wan)
		python "$client6" flow_vlans \
			"$(on "$gw" cat /sys/class/net/lan/address)" $host6 ${pref64}192.0.2.77 $vlans
		# shellcheck disable=SC2317 # called by wait_for
		all() { [ $(($(tx_packets wan) - sent)) -ge $vlans ]; }
		check "by $vlans VLANs: the $round packets go out" wait_for 10 all
	done
	n=$(($(slow) - before))
	check "by $vlans VLANs: the second packets are fast, but for $n" [ $n -lt $((vlans / 4)) ]
	for ((i = 1; i <= vlans; i++)); do echo "link del v$i"; done | ip -n "$gw" -batch -
else
	echo "# no VLANs in this kernel"
fi

on "$gw" "$NFT" "table inet tracks { chain c { type filter hook input priority 0; ct state invalid drop; }; }"
rules
before=$(slow)
check_match "with conntrack: answered" "$(tell udp-6to4 ask 10)" "10 from *"
check "with conntrack: by the normal path" [ $(($(slow) - before)) -ge 20 ]
on "$gw" "$NFT" "table inet untracked { chain c { type filter hook prerouting priority raw; notrack; }; }"
fast "not tracked" udp-6to4 "192.0.2.10 [0-9]*"

check_eq "nothing was dropped" "$(drops)" 0

# As many as conntrack may have entries, and no more
max=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
echo 1 >/proc/sys/net/netfilter/nf_conntrack_max
helper more "$client6" call udp $server64 53
before=$(slow)
check_match "too many: answered" "$(tell more ask 10)" "10 from *"
check "too many: by the normal path" [ $(($(slow) - before)) -ge 20 ]
echo "$max" >/proc/sys/net/netfilter/nf_conntrack_max
fast "fewer" more "192.0.2.10 [0-9]*"

# A flow puts its route when it ends, not a grace period later: IPv6 of a namespace that ends does not
# wait for who still puts routes.
xlat="ip daddr 192.0.2.64/26 xlat 4to6 saddr prefix $pref64/96 daddr prefix 2001:db8:6464::/96"
check "rules for many routes load" rules
hooks_come lan wan
ip -n "$server4" route add 192.0.2.64/26 via $pool_ip
read -r had gone < <(python "$gw" flow_put "$gw" "$client6" "$server4" 40)
check "flows have routes that are deleted: $had" [ "$had" -ge 30 ]
check "they put them as they end: $gone" [ "$gone" -ge $((had * 3 / 4)) ]

done_testing
