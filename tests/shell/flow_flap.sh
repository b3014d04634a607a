#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Routes, neighbours, links, MTU, addresses, forwarding, rules, devices of the
# flowtable, VLANs and ports of bridges flap at once, on all CPUs, under traffic in
# the fast path: with sessions, then without state. No packet leaves with wrong
# addresses, and all that is back is fast again.
# shellcheck disable=SC2317 # loops call functions
. "$(dirname "$0")/flow.inc"
shopt -s extglob

# One way of the client's for each of lan, a VLAN on it, and a bridge on lan3
setup_topo
link "$gw" wan2 "$server4" eth1
link "$gw" lan3 "$client6" eth2
ip -n "$gw" link add br0 type bridge 2>/dev/null || skip "no bridges in this kernel"
ip -n "$gw" link set br0 address 02:00:00:00:00:01
ip -n "$client6" link add link eth0 name eth0.5 type vlan id 5 2>/dev/null || skip "no VLANs in this kernel"
ip -n "$client6" -batch - <<-EOT
	link set eth0.5 up
	addr add 2001:db8:5::2/64 dev eth0.5 nodad
	addr add 2001:db8:a::2/64 dev eth2 nodad
	addr add 2001:db8:6464::c000:209/128 dev eth0 nodad
	addr add 2001:db8:6464::c000:20a/128 dev eth0.5 nodad
	addr add 2001:db8:6464::c000:20b/128 dev eth2 nodad
	route add 2001:db8:64::/96 via 2001:db8:c::1 src 2001:db8:6464::c000:209
	route add 2001:db8:65::/96 via 2001:db8:5::1 src 2001:db8:6464::c000:20a
	route add 2001:db8:66::/96 via 2001:db8:a::1 src 2001:db8:6464::c000:20b
EOT
ip -n "$server4" -batch - <<-EOT
	addr add 192.0.3.2/24 dev eth1
	route add 192.0.2.8/29 via $pool_ip
	route add 192.0.2.24/29 via $pool_ip
EOT
ip -n "$gw" addr add 192.0.3.1/24 dev wan2
ip -n "$gw" addr add 192.0.2.7/32 dev wan
devices="lan, lan3, wan, wan2"

routes()
{
	ip -n "$gw" -force -batch - <<-EOT
		route replace $server_ip via 192.0.3.2
		neigh flush dev wan2
		route add 2001:db8:6464::/120 via $client_ip dev lan
		neigh flush dev lan
		route del $server_ip
		neigh flush dev wan
		route del 2001:db8:6464::/120
	EOT
}
links()
{
	ip -n "$gw" -force -batch - <<-EOT
		link set wan mtu 1400
		addr add 192.0.2.77/24 dev wan
		link set wan2 down
		link set lan mtu 1300
		addr add 2001:db8:c::77/64 dev lan nodad
		link set wan mtu 1500
		link set wan2 up
		addr del 192.0.2.77/24 dev wan
		link set lan mtu 1500
		addr del 2001:db8:c::77/64 dev lan
	EOT
	on "$gw" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	on "$gw" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}
below()
{
	ip -n "$gw" -batch - <<-EOT
		link add link lan name lan.5 type vlan id 5
		link set lan.5 up
		addr add 2001:db8:5::1/64 dev lan.5 nodad
		route add 2001:db8:6464::c000:20a via 2001:db8:5::2
		link set lan3 master br0
		link set br0 up
		addr replace 2001:db8:a::1/64 dev br0 nodad
		route replace 2001:db8:6464::c000:20b via 2001:db8:a::2
		route replace 2001:db8:6464::c000:209 via $client_ip
	EOT
}
devs()
{
	sleep 0.2 # for packets to go this way
	ip -n "$gw" -batch - <<-EOT
		link del lan.5
		link set lan3 nomaster
		link set br0 down
	EOT
	below
}
tables()
{
	turn other
	on "$gw" "$NFT" delete flowtable inet gw ft '{ devices = { wan, lan3 }; }'
	on "$gw" conntrack -F
	on "$gw" "$NFT" add flowtable inet gw ft '{ hook ingress priority filter; devices = { wan, lan3 }; }'
	sleep 0.1
	turn first
}

# sessions, stateless first|other: rules that translate to these addresses
sessions()
{
	local n addr=$pool_ip

	[ "$1" = first ] || addr=192.0.2.7
	xlat=
	for n in 64 65 66; do
		xlat="$xlat
			ip6 daddr 2001:db8:$n::/96 xlat 6to4 prefix 2001:db8:$n::/96 snat to $addr"
	done
}
stateless()
{
	local n base=8 pair

	[ "$1" = first ] || base=24
	xlat=
	for n in 64 65 66; do
		pair="xlat 6to4 prefix 2001:db8:$n::/96"
		xlat="$xlat
			ip6 daddr 2001:db8:$n::/96 $pair saddr prefix 2001:db8:6464::c000:208/125 to 192.0.2.$base/29
			ip daddr 192.0.2.$((base + n - 63)) ${pair/6to4/4to6} daddr prefix 192.0.2.$base/29 to 2001:db8:6464::c000:208/125"
	done
}
turn() { $mode "$1"; rules; }

busy="udp64 tcp64 udp65 tcp65 udp66 tcp66"
client_sees="2001:db8:64::c000:202>2001:db8:6464::c000:209
2001:db8:65::c000:202>2001:db8:6464::c000:20a
2001:db8:66::c000:202>2001:db8:6464::c000:20b"

# pairs NAME...: of addresses, but those of errors of the gateway: to a client they come from
# its address in IPv4 where the packet was IPv4 already
pairs()
{
	local name

	for name; do tell "watch-$name" pairs; done | tr ' ' '\n' |
		grep -vE "^(|192\.0\.3\.1>.*|2001:db8:([5ac]::1|6[456]::c000:20[17])>.*)$" | sort -u
}

# has ADDRESS: a pattern of what the server tells of it, also of a flow that has begun
# again meanwhile, from another port
has() { echo "+($1 +([0-9])?(, ))"; }

# flap ADDRESS64 ADDRESS65 ADDRESS66 OTHERS: of each client as the server sees it, and
# a pattern of others that it may have seen meanwhile
flap()
{
	local i n=$mode

	check "$n: fast at first" wait_for 8 at_work fast || echo "# $worked"
	pairs server second client bridge >/dev/null
	meanwhile "6 tables" routes links devs
	# Sessions would go on with the address that they have.
	on "$gw" conntrack -F >/dev/null 2>&1
	check "$n: fast after it all" wait_for 10 at_work fast || echo "# $worked"
	for i in $busy; do
		case $i in
		*64) check_match "$n: $i has its address" "${peers[$i]-}" "$(has "$1")" ;;
		*65) check_match "$n: $i has its address" "${peers[$i]-}" "$(has "$2")" ;;
		*66) check_match "$n: $i has its address" "${peers[$i]-}" "$(has "$3")" ;;
		esac
	done
	check_eq "$n: no other addresses at the server" "$(pairs server second | grep -vxE "192\.0\.2\.(1|$4)>192\.0\.2\.2")" ""
	check_eq "$n: addresses at the client" "$(pairs client bridge)" "$client_sees"
	no_other_drops State
}

below
mode=sessions
check "ruleset loads" turn first || done_testing
hooks_come lan lan3 wan wan2
serve "$server4" tcp4:80 udp4:53
for i in 64 65 66; do
	helper udp$i "$client6" call udp 2001:db8:$i::$server_ip 53
	helper tcp$i "$client6" call tcp 2001:db8:$i::$server_ip 80
done
for i in $busy; do
	check_eq "$i begins" "$(tell "$i" begin)" begun || done_testing
done
helper watch-server "$server4" watch eth0
helper watch-second "$server4" watch eth1
helper watch-client "$client6" watch eth0
helper watch-bridge "$client6" watch eth2
flap $pool_ip $pool_ip $pool_ip 7

mode=stateless
add="xlat flow add @ft"
check "ruleset without state loads" turn first
on "$gw" conntrack -F >/dev/null 2>&1
flap 192.0.2.9 192.0.2.10 192.0.2.11 "9|1[01]|2[567]"

done_testing
