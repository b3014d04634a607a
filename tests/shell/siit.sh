#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stateless translation: an IPv6-only host has an IPv4 address, 203.0.113.33,
# can call and can be called.
. "$(dirname "$0")/lib.sh"

need python3 ping

host4=203.0.113.33

# both WAYS HOST6 LABEL
talk()
{
	local what=$1

	check "$what: ping to IPv4" on "$client6" ping -6 -c 1 -W 10 $server64
	check "$what: ping to IPv6" on "$server4" ping -c 1 -W 10 $host4
	check_match "$what: TCP to IPv4" "$(ask "$client6" tcp $server64 8080)" "hello from $host4 *"
	check_match "$what: UDP to IPv4" "$(ask "$client6" udp $server64 5353)" "hello from $host4 *"
	check_match "$what: TCP to IPv6" "$(ask "$server4" tcp $host4 8080)" "hello from $seen *"
	check_match "$what: UDP to IPv6" "$(ask "$server4" udp $host4 5353)" "hello from $seen *"
	# one router: 64 at the sender, 63 at the receiver
	check "$what: one hop to IPv4" on "$client6" ping -6 -c 1 -W 10 -t 2 $server64
	check_not "$what: counted as one" on "$client6" ping -6 -c 1 -W 1 -t 1 $server64
	check_not "$what: and to IPv6" on "$server4" ping -c 1 -W 1 -t 1 $host4
}

setup_topo
ip -n "$client6" addr add 2001:db8:6464::$host4/128 dev eth0 nodad
ip -n "$client6" route change default via 2001:db8:c::1 src 2001:db8:6464::$host4
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
serve "$server4" tcp4:8080 udp4:5353
serve "$client6" tcp6:8080 udp6:5353
seen="64:ff9b::c000:202"

check "ruleset loads" ruleset siit || done_testing
talk prerouting

# net.ipv4.ip_forward_update_priority: queues and VLANs treat a packet by its type of service, as with
# ip_forward().
if [ -x "$NFT" ]; then
	check "counters" on "$gw" $NFT "table inet prio { chain post { type filter hook postrouting priority 0;
		meta l4proto icmp meta priority 0:6 counter; meta l4proto ipv6-icmp meta priority 0:6 counter; }; }"
	check "a ping with a type of service" on "$client6" ping -6 -Q 0x10 -c 1 -W 5 $server64
	check_eq "has its priority, there and back" \
		"$(on "$gw" $NFT list table inet prio | grep -c 'packets 1 ')" 2
	on "$gw" $NFT delete table inet prio
else
	echo "# SKIP: the priority of a packet needs nft"
fi

# The fragments of a packet take one route, as with ip_forward(): rules by port are not for them.
start "$server4" fragments $server_ip 5354
ip -n "$gw" -batch - <<-EOF
	link add away type dummy
	link set away up
	route add default dev away table 100
	rule add ipproto udp dport 5354 table 100
EOF
check_match "fragments and a rule by port" "$(python "$client6" fragments call $server64 5354 dont 3000)" "3000 intact"
check_match "a whole packet and that rule" "$(patience=1 ask "$client6" udp $server64 5354)" ""
ip -n "$gw" rule del ipproto udp dport 5354 table 100

# What is routed to the translator has to get to the forward hook.
ip -n "$gw" route add 64:ff9b::/96 dev lan
ip -n "$gw" route add 203.0.113.0/24 dev wan
check "ruleset loads" ruleset siit_forward || done_testing
talk forward

ip -n "$client6" addr add 64:ff9b::$host4/128 dev eth0 nodad
ip -n "$client6" route change default via 2001:db8:c::1 src 64:ff9b::$host4
ip -n "$gw" route replace 64:ff9b::$host4/128 via $client_ip
check "ruleset loads" ruleset siit_prefix || done_testing
talk "one prefix"

check_eq "no state" "$(sessions 'src=2001:.*src=192')" ""
check_eq "only hop limits were dropped" "$(drops)" "$(counter DropHopLimit)"

done_testing
