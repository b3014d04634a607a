#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The two families in a VRF each: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

need sysctl
setup_recipe vrf
check "own address in the VRF" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
out $pool_ip
check_eq "one hop there, two hops back" "$(ttl "$client6" -6 -t 3 $pref64$far_ip)" 62
all_valid
check_match "hop limit ends at the gateway" "$(on "$client6" ping -6 -n -t 1 -c 1 -W 10 $pref64$far_ip)" \
	"*From 2001:db8:c::1 icmp_seq=1 Time exceeded*"

# Services of the gateway: those in the VRF that the packet came in by, or bound to its device, and
# no others (tcp_l3mdev_accept, udp_l3mdev_accept). The address may be of the VRF, or of none.
own4=198.51.100.65
lo4=198.51.100.66
own6=2001:db8:77::1
ip -n "$gw" -batch - <<-EOF
	addr add $own4/32 dev lan
	addr add $lo4/32 dev lo
	addr add $own6/128 dev wan nodad
	route add $pref64/96 dev wan vrf outside
EOF
serve "$gw" tcp4:81 udp4:81 tcp4:82%inside udp4:82%inside tcp4:83%lan udp4:83%lan tcp4:84%outside udp4:84%outside \
	tcp6:81 udp6:81 tcp6:82%outside udp6:82%outside tcp6:83%wan udp6:83%wan
check "a way to IPv6, and a filter" on "$gw" "$NFT" "
	add rule inet nat64 pre iifname { wan, outside } ip daddr $pool_ip meta l4proto { tcp, udp } th dport 81-83 xlat 4to6 prefix $pref64/96 dnat to [$own6]
	table inet input {
		chain input { type filter hook input priority filter; th dport 82 iifname { inside, outside } counter; }
	}"
# services WHAT NS FROM ADDRESS
services()
{
	local proto

	for proto in tcp udp; do
		patience=1 check_not "$1, $proto: not in the VRF" ask "$2" $proto "$4" 81
		check_match "$1, $proto: in the VRF" "$(ask "$2" $proto "$4" 82)" "hello from $3 *"
	done
}
# bound WHAT NS FROM ADDRESS: services that are bound to the device in the VRF
bound()
{
	local proto

	for proto in tcp udp; do
		check_match "$1, $proto: bound to the device" "$(ask "$2" $proto "$4" 83)" "hello from $3 *"
	done
}
seen() { on "$gw" "$NFT" list chain inet input input | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
all()
{
	services "$1, 6to4" "$client6" "$own4" $pref64$own4
	check_match "$1, 6to4: in the other VRF" "$(ask "$client6" udp $pref64$own4 84)" "*refused*"
	services "$1, 6to4 to an address of no VRF" "$client6" "*" $pref64$lo4
	bound "$1, 6to4" "$client6" "$own4" $pref64$own4
	services "$1, 4to6" "$server4" "$pref64*" $pool_ip
	bound "$1, 4to6" "$server4" "$pref64*" $pool_ip
}
all "by device"
check "input sees the VRF" [ "$(seen)" -ge 12 ]
check "rules see the VRF first" on "$gw" "$NFT" "insert rule inet nat64 pre iifname { lan, wan } accept"
all "by VRF"

done_testing
