#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Links and routes of others that a translator has stumbled over: tunnels without a link layer
# (NICMx/Jool#332, cilium/cilium#32457), IPv4 by a next hop that has IPv6 only (FDio/vpp#506),
# IPv6 routes that hold for one source only (openwrt/openwrt#14954), a link of IPv4 that is too
# narrow for IPv6, and a router of wg-quick's rules. In the normal and in the fast path.
. "$(dirname "$0")/flow.inc"

need ping
shopt -s extglob
plain=$xlat
forwards="iifname wan ip daddr $pool_ip tcp dport 8022 xlat 4to6 prefix $pref64/96 dnat to [$client_ip]:80"
own="iifname wan ip daddr $pool_ip tcp dport 8023 xlat 4to6 prefix $pref64/96 dnat to [2001:db8:c::1]:80
	iifname wan ip daddr $pool_ip icmp type echo-request xlat 4to6 prefix $pref64/96 dnat to 2001:db8:c::1"
xlat="$forwards; $own; $plain"
forward="meta nfproto ipv6 udp sport 5454 reject with icmpx port-unreachable"

# shellcheck disable=SC2317 # called by wait_for
told() { on "$server4" "$NFT" list counter inet t told | grep -q "packets [1-9]"; }
# works WHAT: both ways, errors too, and in the fast path
works()
{
	local n=${1//[^a-z0-9]/} proto

	check "$1: rules" rules || return
	hooks_come lan wan
	check "$1: ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $server64
	check "$1: a long ping" on "$client6" ping -6 -c 1 -W 10 -M "dont" -s 3000 $server64
	check_match "$1: closed TCP port" "$(ask "$client6" tcp $server64 81)" "*Connection refused*"
	check_match "$1: closed UDP port" "$(ask "$client6" udp $server64 54)" "*Connection refused*"
	check_match "$1: hop limit" "$(on "$client6" ping -6 -n -c 1 -W 10 -t 1 $server64)" "*From 2001:db8:c::1 *Hop limit*"
	check_match "$1: no route" "$(on "$client6" ping -6 -n -c 1 -W 10 ${pref64}203.0.113.9)" \
		"*Destination unreachable: No route*"
	check_match "$1: TCP from IPv4" "$(ask "$server4" tcp $pool_ip 8022)" "hello from $server64hex *"
	check_match "$1: from IPv4 to the gateway" "$(ask "$server4" tcp $pool_ip 8023)" "hello from $server64hex *"
	check "$1: and its ping" on "$server4" ping -c 1 -W 10 $pool_ip
	check_eq "$1: a stream" "$(python "$client6" stream down $server64 9100 300000)" 300000
	for proto in udp:53 tcp:80; do
		helper "$n${proto%:*}" "$client6" call "${proto%:*}" $server64 "${proto#*:}"
		fast "$1: ${proto%:*}" "$n${proto%:*}" "$pool_ip +([0-9])"
		tell "$n${proto%:*}" close >/dev/null
	done
	# The answer is rejected in forward, where it is IPv6: the server hears of it all the same.
	on "$server4" "$NFT" reset counter inet t told >/dev/null
	patience=1 check_not "$1: a rejected answer" ask "$client6" udp $server64 5454
	check "$1: of which the server is told" wait_for 10 told
}

setup_topo
serve "$server4" tcp4:80 udp4:53 udp4:5454
serve "$client6" tcp6:80
serve "$gw" tcp6:80
start "$server4" stream 9100
on "$server4" "$NFT" "table inet t { counter told { }; chain in { type filter hook input priority 0
	icmp type destination-unreachable counter name told; }; }"
ip -n "$gw" route add unreachable 203.0.113.9
ip -n "$gw" -6 route add $pref64/96 dev lan # for errors that rules make
works "as ever"

# IPv4 has a next hop, but none of the links has an address of it.
ip -n "$gw" addr flush dev wan
ip -n "$server4" addr flush dev eth0
ip -n "$gw" -batch - <<-EOF
	addr add fe80::1/64 dev wan nodad
	addr add $pool_ip/32 dev lo
	route add 0.0.0.0/0 via inet6 fe80::2 dev wan
EOF
ip -n "$server4" -batch - <<-EOF
	addr add fe80::2/64 dev eth0 nodad
	addr add $server_ip/32 dev lo
	route add 0.0.0.0/0 via inet6 fe80::1 dev eth0
EOF
works "next hop of IPv6"
sessions_of() { sessions "src=$server_ip dst=$pool_ip sport=53 "; }
helper addr "$client6" call udp $server64 53
tell addr ask 2 >/dev/null
check "a session" [ -n "$(sessions_of)" ]
ip -n "$gw" addr del $pool_ip/32 dev lo
check "ends with its address, on whatever device that is" wait_for 10 eval '[ -z "$(sessions_of)" ]'
ip -n "$server4" addr add $server_ip/24 dev eth0
ip -n "$gw" addr add $pool_ip/24 dev wan
ip -n "$gw" route del 0.0.0.0/0
ip -n "$server4" route replace default via $pool_ip

# The link of IPv4 takes less than what IPv6 needs: the kernel takes IPv6 from such a device.
ip -n "$gw" link set wan mtu 1000
ip -n "$server4" link set eth0 mtu 1000
check_not "no IPv6 on that device" on "$gw" test -e /proc/sys/net/ipv6/conf/wan
works "a link of 1000 bytes"
ip -n "$gw" link set wan mtu 1500
ip -n "$server4" link set eth0 mtu 1500
on "$gw" sysctl -qw net.ipv6.conf.wan.disable_ipv6=1
works "IPv6 is switched off on wan"
on "$gw" sysctl -qw net.ipv6.conf.wan.disable_ipv6=0

# wg-quick: all goes to another table, but for what has a mark, and for routes of main that are
# no default route.
second_uplink
ip -n "$server4" addr add 198.51.100.7/32 dev lo
ip -n "$gw" -batch - <<-EOF
	route add default via $server_ip
	route add default via 192.0.3.2 table 51820
	rule add not fwmark 51820 table 51820
	rule add table main suppress_prefixlength 0
EOF
check_match "wg-quick: a host of the link" "$(ask "$client6" tcp $server64 80)" "hello from $pool_ip *"
check_match "wg-quick: the rest goes by its table" "$(ask "$client6" tcp ${pref64}198.51.100.7 80)" "hello from 192.0.3.1 *"
on "$gw" "$NFT" "add chain inet gw tag { type filter hook prerouting priority mangle; }
	add rule inet gw tag iifname lan meta mark set 51820"
check_match "wg-quick: but what has the mark" "$(ask "$client6" tcp ${pref64}198.51.100.7 80)" "hello from $pool_ip *"
ip -n "$gw" -batch - <<-EOF
	rule del table main suppress_prefixlength 0
	rule del not fwmark 51820 table 51820
	route del default via $server_ip
EOF

# Both links are tunnels, whose packets have no link layer header: IPv6 in IPv4, and the other way
# round, as with DS-Lite.
for pair in "$client6 lan" "$server4 wan"; do
	read -r host dev <<<"$pair"
	ip -n "$gw" link del "$dev"
	link "$gw" "u$dev" "$host" under
done
ip -n "$gw" addr add 10.6.0.1/24 dev ulan
ip -n "$client6" addr add 10.6.0.2/24 dev under
ip -n "$gw" addr add 2001:db8:f::1/64 dev uwan nodad
ip -n "$server4" addr add 2001:db8:f::2/64 dev under nodad
if ip -n "$gw" link add lan type sit local 10.6.0.1 remote 10.6.0.2 2>"$tmp/link" &&
	ip -n "$gw" link add wan type ip6tnl mode ipip6 local 2001:db8:f::1 remote 2001:db8:f::2 encaplimit none 2>"$tmp/link"; then
	ip -n "$client6" link add eth0 type sit local 10.6.0.2 remote 10.6.0.1
	ip -n "$server4" link add eth0 type ip6tnl mode ipip6 local 2001:db8:f::2 remote 2001:db8:f::1 encaplimit none
	tunnels=1
else
	echo "# SKIP: no tunnels: $(head -n 1 "$tmp/link")"
	tunnels=
	ip -n "$gw" link del lan 2>/dev/null
	ip -n "$gw" link add lan type veth peer name eth0 netns "$client6"
	ip -n "$gw" link add wan type veth peer name eth0 netns "$server4"
fi
ip -n "$gw" -batch - <<-EOF
	link set lan up
	link set wan up
	addr add 2001:db8:c::1/64 dev lan nodad
	addr add $pool_ip/24 dev wan
	route add $pref64/96 dev lan
EOF
ip -n "$client6" -batch - <<-EOF
	link set eth0 up
	addr add $client_ip/64 dev eth0 nodad
	route add default via 2001:db8:c::1
EOF
ip -n "$server4" -batch - <<-EOF
	link set eth0 up
	addr add $server_ip/24 dev eth0
	route replace default via $pool_ip
EOF
[ -z "$tunnels" ] || works "tunnels"

# Two uplinks of IPv6, each for the addresses of its own prefix only, as OpenWrt has them
link "$gw" lan2 "$client6" eth1
ip -n "$gw" addr add 2001:db8:e::1/64 dev lan2 nodad
ip -n "$client6" addr add 2001:db8:e::2/64 dev eth1 nodad
ip -n "$client6" addr add 2001:db8:d::2/128 dev lo
ip -n "$gw" -6 route add default from $pref64/96 via $client_ip dev lan
ip -n "$gw" -6 route add default from 2001:db8:65::/96 via 2001:db8:e::2 dev lan2
ip -n "$server4" addr add 192.0.2.3/24 dev eth0
ip -n "$server4" route add 203.0.113.8/30 via $pool_ip
# The host answers with the address that it was asked by.
for p in $pref64/96 2001:db8:65::/96; do
	ip -n "$client6" route add $p via 2001:db8:c::1 src 2001:db8:d::2
done
serve "$client6" udp6:53
devices="lan, lan2, wan"
add="xlat flow add @ft"
sees_rules || few=5
forward=
eam="prefix 203.0.113.10/32 to 2001:db8:d::2/128"
xlat="iifname wan ip daddr 203.0.113.10 ip saddr $server_ip xlat 4to6 saddr prefix $pref64/96 daddr $eam
	iifname wan ip daddr 203.0.113.10 ip saddr 192.0.2.3 xlat 4to6 saddr prefix 2001:db8:65::/96 daddr $eam
	ip6 saddr 2001:db8:d::2 ip6 daddr $pref64/96 xlat 6to4 saddr prefix 2001:db8:d::2/128 to 203.0.113.10/32 daddr prefix $pref64/96
	ip6 saddr 2001:db8:d::2 ip6 daddr 2001:db8:65::/96 xlat 6to4 saddr prefix 2001:db8:d::2/128 to 203.0.113.10/32 daddr prefix 2001:db8:65::/96"
check "rules for a route by source" rules || done_testing
hooks_come lan lan2 wan
# by WHAT SOURCE DEV: pings of SOURCE go by DEV, and datagrams in the fast path
by()
{
	local before

	before=$(tx_packets "$3")
	check "$1: ping" on "$server4" ping -c 3 -i 0.2 -W 10 -I "$2" 203.0.113.10
	check "$1: by $3" [ $(($(tx_packets "$3") - before)) -ge 3 ]
}
by "first source" $server_ip lan
by "second source" 192.0.2.3 lan2
ip -n "$server4" route replace 203.0.113.8/30 via $pool_ip src $server_ip
before=$(tx_packets lan)
helper one "$server4" call udp 203.0.113.10 53
fast "first source" one "$server64hex +([0-9])"
check "first source: datagrams by lan" [ $(($(tx_packets lan) - before)) -ge 20 ]
ip -n "$server4" route replace 203.0.113.8/30 via $pool_ip src 192.0.2.3
before=$(tx_packets lan2)
helper two "$server4" call udp 203.0.113.10 53
fast "second source" two "2001:db8:65::c000:203 +([0-9])"
check "second source: datagrams by lan2" [ $(($(tx_packets lan2) - before)) -ge 20 ]

done_testing
