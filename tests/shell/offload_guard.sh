#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The stock flowtable and NAT leave translated flows alone.
. "$(dirname "$0")/lib.sh"

need python3 ping

modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"
setup_topo
ip -n "$gw" addr add 192.0.2.16/32 dev wan
# dual stack: plain IPv4 and IPv6 through the same gateway
ip -n "$gw" addr add 10.0.0.1/24 dev lan
ip -n "$client6" addr add 10.0.0.2/24 dev eth0
ip -n "$client6" route add default via 10.0.0.1
ip -n "$gw" addr add 2001:db8:f::1/64 dev wan nodad
ip -n "$server4" addr add 2001:db8:f::2/64 dev eth0 nodad
ip -n "$server4" route add default via 2001:db8:f::1
check "ruleset loads" ruleset offload_guard || done_testing
serve "$server4" tcp4:8080 udp4:5353 tcp6:8080 udp6:5353

# Ten questions each: the first ones make the flow established.
talk() { python "$client6" talk "$@" 10; }

for i in 1 2; do # the second time with entries that are there
	for proto in "tcp 8080" "udp 5353"; do
		set -- $proto
		check_match "$1: translated flow keeps its address" "$(talk $1 $server64 $2)" "10 from 192.0.2.16 *"
		check_match "$1: NAT44 flow" "$(talk $1 $server_ip $2)" "10 from $pool_ip *"
		check_match "$1: NAT66 flow" "$(talk $1 2001:db8:f::2 $2)" "10 from 2001:db8:f::1 *"
	done
done
check "NAT44 flows are offloaded" sessions "src=10.0.0.2 .*OFFLOAD"
check_eq "translated flows are not" "$(sessions 'src=192.0.2.2 dst=192.0.2.16.*OFFLOAD')" ""
check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $server64
check_eq "nothing was dropped" "$(drops)" 0

done_testing
