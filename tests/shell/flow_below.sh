#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Beside the stock flowtable, whose flows of NAT44 use the same one, and with what
# is on top of its devices: VLANs and bridges.
. "$(dirname "$0")/flow.inc"

setup_topo
ip -n "$gw" addr add 10.0.0.1/24 dev lan
ip -n "$client6" addr add 10.0.0.2/24 dev eth0
ip -n "$client6" route add default via 10.0.0.1
forward="meta l4proto { tcp, udp } ct state established flow add @ft"
check "ruleset loads" rules || done_testing
on "$gw" "$NFT" "table ip nat { chain post { type nat hook postrouting priority srcnat;
	oifname wan ip saddr 10.0.0.0/24 masquerade; }; }" || fail "NAT44"
hooks_come lan wan
serve "$server4" tcp4:80 udp4:53
for proto in "udp 53" "tcp 80"; do
	set -- $proto
	helper ours-$1 "$client6" call $1 $server64 $2
	helper stock-$1 "$client6" call $1 $server_ip $2
	for i in 1 2; do
		fast "$1" ours-$1 "$pool_ip [0-9]*"
		fast "$1, NAT44" stock-$1 "$pool_ip [0-9]*"
	done
done
check "NAT44 is in the stock flowtable" sessions "src=10.0.0.2 .*OFFLOAD"
check_eq "ours is not" "$(sessions "src=2001.*OFFLOAD")" ""

# works WHAT ADDRESS: by any path
works()
{
	for proto in "udp 53" "tcp 80"; do
		# shellcheck disable=SC2086 # into words
		set -- "$1" "$2" $proto
		check_match "$1: $3" "$(python "$client6" talk "$3" "$2" "$4" 50)" "50 from $pool_ip *"
	done
}

# fly WHAT NAME: by the fast path
fly()
{
	for proto in "udp 53" "tcp 80"; do
		# shellcheck disable=SC2086 # into words
		set -- "$1" "$2" $proto
		helper "$2-$3" "$client6" call "$3" $server64 "$4"
		fast "$1: $3" "$2-$3" "$pool_ip [0-9]*"
	done
}

# The client in a VLAN, on the device of the flowtable
if ip -n "$gw" link add link lan name lan.5 type vlan id 5 2>/dev/null; then
	ip -n "$client6" link add link eth0 name eth0.5 type vlan id 5
	ip -n "$gw" -batch - <<-EOT
		addr add 2001:db8:5::1/64 dev lan.5 nodad
		link set lan.5 up
	EOT
	ip -n "$client6" -batch - <<-EOT
		addr add 2001:db8:5::2/64 dev eth0.5 nodad
		link set eth0.5 up
		route replace default via 2001:db8:5::1
	EOT
	fly "VLAN" vlan
	echo 0 | on "$gw" tee /proc/sys/net/ipv6/conf/all/forwarding >/dev/null
	check_match "VLAN: forwarding is off" "$(tell vlan-udp ask 1 1)" "0 *"
	echo 1 | on "$gw" tee /proc/sys/net/ipv6/conf/all/forwarding >/dev/null
	fast "VLAN: forwarding is on" vlan-udp "$pool_ip [0-9]*"
	devices="lan.5, wan"
	check "VLAN as member: ruleset loads" rules
	hooks_come lan.5 wan
	fly "VLAN as member" vlan-member
	devices="lan, wan"
	rules
	hooks_come lan wan
	ip -n "$client6" link del eth0.5
	ip -n "$gw" link del lan.5
	ip -n "$client6" route replace default via 2001:db8:c::1
else
	echo "# SKIP: no VLANs in this kernel"
fi

# The client behind a bridge, a port of which is in the flowtable; then the bridge
if ip -n "$gw" link add br0 type bridge 2>/dev/null; then
	ip -n "$gw" -batch - <<-EOT
		addr flush dev lan
		link set lan master br0
		link set br0 address 02:00:00:00:00:01
		link set br0 up
		addr add 2001:db8:c::1/64 dev br0 nodad
	EOT
	ip -n "$client6" neigh flush all
	works "bridge" $server64
	fly "bridge" bridge
	ip -n "$gw" link set lan nomaster
	check_match "no port any longer: not forwarded" "$(tell bridge-udp ask 1 1)" "0 *"
	ip -n "$gw" link set lan master br0
	wait_for 4 on "$client6" ping -6 -c 1 -W 1 $server64 >/dev/null
	fast "a port again" bridge-udp "$pool_ip [0-9]*"
	devices="br0, wan"
	check "bridge as member: ruleset loads" rules
	hooks_come br0 wan
	fly "bridge as member" bridge-member
else
	echo "# SKIP: no bridges in this kernel"
fi
check_eq "nothing else was dropped" "$(drops)" "$(counter DropForwarding)"

done_testing
