#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where packets of the fast path come in: hosts with the same addresses at two
# devices, a host that moves from one port of a bridge to another, packets with a
# tunnel's metadata; and IPsec policies, that come and go.
. "$(dirname "$0")/flow.inc"

setup_topo
# a second client, with the addresses of the first
another twin6
link "$gw" lan2 "$twin6" eth0
ip -n "$gw" addr add 2001:db8:c::1/64 dev lan2 nodad
ip -n "$twin6" -batch - <<-EOT
	addr add $client_ip/64 dev eth0 nodad
	route add default via 2001:db8:c::1
EOT
serve "$server4" tcp4:80 udp4:53
ip -n "$gw" route add 2001:db8:c::/64 dev lan2 table 102
ip -n "$gw" -6 rule add pref 100 fwmark 2 table 102
devices="lan, lan2, wan"
check "ruleset loads" rules || done_testing
check "zones load" on "$gw" "$NFT" 'table inet zones {
	chain zone {
		type filter hook prerouting priority raw; policy accept;
		iifname "lan" ct original zone set 1
		iifname "lan2" ct original zone set 2
	}
	chain tag {
		type filter hook prerouting priority mangle; policy accept;
		iifname "lan2" ct mark set 2 meta mark set 2
		iifname "wan" meta mark set ct mark
	}
}'
hooks_come lan lan2 wan

# The same ports of the same addresses, at the same time
for proto in "udp 53" "tcp 80"; do
	set -- $proto
	helper $1-one "$client6" call $1 $server64 $2 31000
	helper $1-two "$twin6" call $1 $server64 $2 31000
	for i in 1 2; do
		fast "zones: $1 of one" $1-one "$pool_ip [0-9]*"
		fast "zones: $1 of the other" $1-two "$pool_ip [0-9]*"
	done
	check "zones: $1: a port for each" [ "$(tell $1-one ask 1)" != "$(tell $1-two ask 1)" ]
done
check_eq "zones: both are there" "$(sessions "udp .*sport=31000" | grep -o 'zone-orig=[0-9]*' | sort | tr '\n' ' ')" "zone-orig=1 zone-orig=2 "
on "$gw" conntrack -D --orig-zone 1 >/dev/null 2>&1
fast "one zone's end is none of the other's" udp-two "$pool_ip [0-9]*"
on "$gw" "$NFT" delete table inet zones
ip -n "$gw" -6 rule del pref 100
on "$gw" conntrack -F >/dev/null 2>&1

# What comes in with the metadata of a tunnel is routed as what it is.
if on "$gw" "$NFT" "table netdev metadata {
	tunnel t { id 10; ip saddr 10.9.9.1; ip daddr 10.9.9.2; sport 1; dport 2; }
	chain lan { type filter hook ingress device lan priority -10; meta protocol ip6 tunnel name t; }
	chain wan { type filter hook ingress device wan priority -10; meta protocol ip tunnel name t; }
}" 2>"$tmp/tunnel"; then
	fast "metadata: UDP" udp-one "$pool_ip [0-9]*"
	helper metadata-tcp "$client6" call tcp $server64 80
	fast "metadata: TCP" metadata-tcp "$pool_ip [0-9]*"
	on "$gw" "$NFT" delete table netdev metadata
else
	echo "# SKIP metadata: $(head -n 1 "$tmp/tunnel")"
fi

# Who listens sees packets as they came, however late he looks.
helper watch-lan "$gw" watch lan
helper watch-wan "$gw" watch wan
for i in lan wan; do tell watch-$i pairs >/dev/null; done
fast "with listeners" udp-one "$pool_ip [0-9]*"
check_eq "they see what came by lan" "$(tell watch-lan pairs | tr ' ' '\n' | grep ">$pref64")" "$client_ip>${pref64}c000:202"
check_eq "they see what came by wan" "$(tell watch-wan pairs)" "$server_ip>$pool_ip"

# A policy is not asked in the fast path, so there is none while there are any, for
# whomever they are.
policy="src 198.51.100.1/32 dst 198.51.100.2/32 dir fwd"
# shellcheck disable=SC2086 # into words
if ip -n "$gw" xfrm policy add $policy 2>/dev/null; then
	tell udp-one ask 2 >/dev/null
	before=$(slow)
	check_match "IPsec: answered" "$(tell udp-one ask 10)" "10 from $pool_ip *"
	check_eq "IPsec: by the normal path" $(($(slow) - before)) 20
	ip -n "$gw" xfrm policy del $policy
	fast "IPsec: no more" udp-one "$pool_ip [0-9]*"
	# It may be that packets of this very session are not to pass.
	policy="src $pool_ip dst $server_ip dir out"
	ip -n "$gw" xfrm policy add $policy action block
	check_match "IPsec: this session is blocked" "$(tell udp-one ask 1 1)" "0 *"
	ip -n "$gw" xfrm policy del $policy
	fast "IPsec: no more blocked" udp-one "$pool_ip [0-9]*"
else
	echo "# SKIP IPsec: not in this kernel"
fi

# The client moves to another port of the bridge, with its addresses.
if ip -n "$gw" link add br0 type bridge 2>/dev/null; then
	link "$gw" port2 "$client6" eth1
	ip -n "$gw" -batch - <<-EOT
		addr flush dev lan
		link set lan master br0
		link set port2 master br0
		link set br0 up
		addr add 2001:db8:c::1/64 dev br0 nodad
		link del lan2
	EOT
	devices="lan, port2, wan"
	check "bridge: ruleset loads" rules
	hooks_come lan port2 wan
	# move FROM TO
	move()
	{
		local mac

		moved=$((moved + 1))
		mac=$(on "$client6" cat "/sys/class/net/$1/address")
		ip -n "$client6" -batch - <<-EOT
			link set $1 down
			link set $1 address 02:00:00:00:00:0$moved
			link set $2 address $mac
			link set $2 up
			addr replace $client_ip/64 dev $2 nodad
			route replace default via 2001:db8:c::1 dev $2
		EOT
	}
	ip -n "$client6" link set eth1 down
	moved=0
	wait_for 4 on "$client6" ping -6 -c 1 -W 1 $server64 >/dev/null
	ip -n "$client6" neigh flush all
	busy=udp-one
	helper watch-server "$server4" watch eth0
	tell udp-one begin >/dev/null
	for i in "at first" "eth0 eth1" "eth1 eth0"; do
		# shellcheck disable=SC2086 # into words
		[ "$i" = "at first" ] || move $i
		# a second is the least that another port takes
		check "bridge, $i: fast" wait_for 4 at_work fast || echo "# $worked"
	done
	check_eq "bridge: addresses at the server" "$(tell watch-server seen | tr ' ' '\n' | sed 's/>.*//' | sort -u)" "$pool_ip"
else
	echo "# SKIP bridge: not in this kernel"
fi
no_other_drops Policy

done_testing
