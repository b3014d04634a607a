#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# It cannot be told by which device of the flowtable the packets of another device come in: two
# VLANs, more of them than the kernel follows, a device that does not say what it is on, a bridge that
# does not know where a host is or that makes the tag. No entry of the fast path is made, for
# neither direction, nor is memory taken for one, and all packets are seen by the rules. With
# the device itself in the flowtable they are fast.
. "$(dirname "$0")/flow.inc"
. "$(dirname "$0")/allocs.inc"

need bridge
traced=
! allocs_begin || traced=yes
trap 'allocs_end; cleanup' EXIT

# reload DEV...: with these in the flowtable; those of before have gone, with their flows
reload()
{
	devices=$(IFS=,; echo "$*")
	check "$devices: ruleset loads" rules || done_testing
	hooks_come "$@"
}

net=16
# client DEV CLIENT-DEV: they are the link of client6 and the gateway
client()
{
	net=$((net + 1))
	ip -n "$gw" -batch - <<-EOT
		addr add 2001:db8:$net::1/64 dev $1 nodad
		link set $1 up
	EOT
	ip -n "$client6" -batch - <<-EOT
		addr add 2001:db8:$net::2/64 dev $2 nodad
		link set $2 up
		route replace default via 2001:db8:$net::1 src 2001:db8:$net::2
	EOT
}

# normal WHAT: by the normal path
normal()
{
	local before

	[ -z "$traced" ] || allocs_of nf_xlat_flow
	helper "$1" "$client6" call udp $server64 53
	tell "$1" ask 5 >/dev/null
	before=$(slow)
	check_match "$1: answered" "$(tell "$1" ask 20)" "20 from $pool_ip *"
	check_eq "$1: all packets are seen" $(($(slow) - before)) 40
	[ -z "$traced" ] || check_eq "$1: no memory is taken for a flow" "$(allocs_by nf_xlat_flow)" 0
}

# unknown WHAT DEV CLIENT-DEV
unknown()
{
	client "$2" "$3"
	normal "$1"
	reload "$2" wan
	helper "member $1" "$client6" call udp $server64 53
	fast "$1, as member" "member $1" "$pool_ip [0-9]*"
	reload lan wan
}

# vlans N [PROTOCOL]: so many VLANs, one on the other, from 1 to N; the first one of that protocol
vlans()
{
	local i ns on

	for ns in "$gw" "$client6"; do
		on=eth0
		[ "$ns" != "$gw" ] || on=lan
		for ((i = 1; i <= $1; i++)); do
			echo "link add link $on name v$i up type vlan ${2:+protocol $2} id $((6 + i))"
			on=v$i
			set -- "$1"
		done | ip -n "$ns" -batch - || fail "VLANs"
	done
}

setup_topo
serve "$server4" udp4:53
reload lan wan
client lan eth0
helper itself "$client6" call udp $server64 53
fast "the device itself" itself "$pool_ip [0-9]*"
if modprobe -q 8021q; then
	vlans 1
	client v1 v1
	helper one "$client6" call udp $server64 53
	fast "one VLAN" one "$pool_ip [0-9]*"
	ip -n "$gw" link del v1
	ip -n "$client6" link del v1
	vlans 2 802.1ad
	unknown "two VLANs" v2 v2
	# without state: of packets from the client, the others come in by wan
	stateful="$xlat" established="$add"
	xlat="ip6 saddr 2001:db8:$net::2 xlat 6to4 prefix $pref64/96 saddr prefix 2001:db8:$net::2/128 to 192.0.2.9/32
		ip daddr 192.0.2.9 xlat 4to6 prefix $pref64/96 daddr prefix 192.0.2.9/32 to 2001:db8:$net::2/128"
	add="oifname wan xlat flow add @ft"
	ip -n "$server4" route add 192.0.2.9 via $pool_ip
	reload lan wan
	helper stateless "$client6" call udp $server64 53
	[ -z "$traced" ] || allocs_of nf_xlat_flow
	check_match "two VLANs, without state: answered" "$(tell stateless ask 20)" "20 from 192.0.2.9 *"
	[ -z "$traced" ] || check_eq "two VLANs, without state: no memory is taken" "$(allocs_by nf_xlat_flow)" 0
	xlat="$stateful" add="$established"
	ip -n "$gw" link del v1
	ip -n "$client6" link del v1
	reload lan wan
	vlans 6
	unknown "six VLANs" v6 v6
	ip -n "$gw" link del v1
	ip -n "$client6" link del v1

	# The device that the VLAN is on is in another namespace, where it has the index of another
	# one of the flowtable.
	another below
	ip -n "$below" link add under index 4000 type veth peer name up0 netns "$client6"
	ip -n "$below" link set under up
	ip -n "$client6" link set up0 up
	ip -n "$below" link add link under name v1 type vlan id 7
	ip -n "$below" link set v1 netns "$gw"
	ip -n "$client6" link add link up0 name v1 type vlan id 7
	check "a device of the same index" ip -n "$gw" link add dmz index 4000 type veth peer name dmz0
	ip -n "$gw" link set dmz up
	reload dmz wan
	client v1 v1
	normal "VLAN on a device of another namespace"
	reload lan wan
	ip -n "$gw" link del v1
	ip -n "$client6" link del up0
else
	echo "# SKIP: no VLANs in this kernel"
fi

if ip -n "$gw" link add mac0 link lan type macvlan mode bridge 2>/dev/null; then
	unknown "macvlan" mac0 eth0
	ip -n "$gw" link del mac0
else
	echo "# SKIP: no macvlan in this kernel"
fi

if ip -n "$gw" link add br0 type bridge 2>/dev/null; then
	ip -n "$gw" -batch - <<-EOT
		addr flush dev lan
		link set br0 address 02:00:00:00:00:01
		link set lan master br0
		link set lan type bridge_slave learning off fdb_flush
	EOT
	unknown "bridge that does not learn" br0 eth0
	ip -n "$gw" link set lan type bridge_slave learning on
	client br0 eth0
	helper learns "$client6" call udp $server64 53
	fast "bridge that learns" learns "$pool_ip [0-9]*"
	if ip -n "$gw" link set br0 type bridge vlan_filtering 1 2>/dev/null && modprobe -q 8021q; then
		on "$gw" bridge vlan add dev lan vid 1
		ip -n "$client6" link add link eth0 name v1 type vlan id 1
		unknown "bridge that makes the tag" br0 v1
	fi
else
	echo "# SKIP: no bridges in this kernel"
fi
check_eq "nothing was dropped" "$(drops)" 0

done_testing
