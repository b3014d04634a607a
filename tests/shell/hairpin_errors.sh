#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the gateway tells about packets of hairpins that cannot go on: to their
# sender, with the addresses that it knows, and nothing to anybody else. There is
# no IPv6 route but those to the hosts.
#
#	client6 -- gw -- client7 (1300 bytes)
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack

pref64=2001:db8:64::
setup_topo
beyond "$gw" lan7 client7 2001:db8:d:: 1300
# so that TCP begins with packets that are too big
ip -n "$client7" route change default via 2001:db8:d::1 advmss 1440
ip -n "$server4" route add 203.0.113.0/24 via $pool_ip

serve "$server4" tcp4:80

# way WORD SOURCE: sessions, and their errors
way()
{
	check "$1: ruleset loads" on "$gw" "$NFT" "flush ruleset; table inet gw {
		chain pre {
			type filter hook prerouting priority dstnat
			ip daddr 203.0.113.6 xlat 4to6 prefix $pref64/96 dnat to $client_ip
			ip daddr 203.0.113.7 xlat 4to6 prefix $pref64/96 dnat to 2001:db8:d::2
			ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 $2
		}
		chain forward {
			type filter hook forward priority filter
			udp length 119 reject
		}
	}"
	on "$gw" conntrack -F 2>/dev/null
	python3 -ISu "$here/hairpin_errors.py" "$1" "$client6" "$client7" "$gw" || fail "$1"
}

way $pool_ip masquerade
# Errors about first packets begin in IPv4, where those to a pool need a route.
ip -n "$gw" route add default via $server_ip
way static "snat to 203.0.113.1"
way 203.0.113.1 "snat to 203.0.113.1"

# Echo requests have no mapping to be called by.
says()
{
	ip -n "$client6" -6 route flush cache
	check_match "echo, $1" "$(on "$client6" ping -c 1 -W 1 "${@:3}" ${pref64}203.0.113.7 | grep '^From')" "$2"
}
says "first, hop limit" "*Time exceeded: Hop limit" -t 1
says "first, too big" "*Packet too big: mtu=1300" -M "do" -s 1253
check "echo, answered" on "$client6" ping -c 1 -W 1 -e 777 ${pref64}203.0.113.7
says "later, hop limit" "*Time exceeded: Hop limit" -e 777 -t 1
says "later, too big" "*Packet too big: mtu=1300" -e 777 -M "do" -s 1253

# The gateway answers an echo request, and has no route to who sent it. ICMP's own socket is
# locked while it sends the reply, and nobody listens to it: no error can be sent about that.
ip -n "$client6" addr add 2001:db8:bad::1/128 dev eth0 nodad
lost=$(counter DropNoRoute)
on "$client6" ping -c 1 -W 1 -I 2001:db8:bad::1 $pref64$pool_ip >/dev/null
check_eq "a reply without a route: dropped" "$(($(counter DropNoRoute) - lost))" 1

done_testing
