#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A gateway with one device, in the LAN of another router, as the recipe of this name has it
# (NICMx/Jool#373, NICMx/Jool#297):
#
#	client6 --- hub --- router wan --- server4
#	             |
#	          lan gw
. "$(dirname "$0")/recipe.inc"

setup_ns "$client6" "$gw" "$server4"
another router
another hub
ip -n "$hub" link add br0 up type bridge || skip "no bridges in this kernel"
for port in "$client6 eth0" "$gw lan" "$router lan"; do
	read -r host dev <<<"$port"
	link "$hub" "to-${host%%-*}" "$host" "$dev"
	ip -n "$hub" link set "to-${host%%-*}" master br0
done
link "$router" wan "$server4" eth0
router "$router"
ip -n "$router" -batch - <<-EOF
	addr add 2001:db8:c::1/64 dev lan nodad
	addr add 192.168.1.1/24 dev lan
	addr add $pool_ip/24 dev wan
EOF
ip -n "$client6" -batch - <<-EOF
	addr add $client_ip/64 dev eth0 nodad
	route add default via 2001:db8:c::1
EOF
ip -n "$gw" -batch - <<-EOF
	addr add 2001:db8:c::64/64 dev lan nodad
	addr add 192.168.1.64/24 dev lan
	route add default via 192.168.1.1
	route add default via 2001:db8:c::1
EOF
ip -n "$server4" addr add $server_ip/24 dev eth0
on "$router" "$NFT" "table inet fw {
	counter early { }
	counter invalid { }
	chain forward {
		type filter hook forward priority filter; policy drop
		ct state established,related accept
		ct state invalid tcp dport 82 counter name early drop
		ct state invalid tcp sport 82 drop # what is left of that connection
		ct state invalid counter name invalid drop
		iifname lan accept
	}
	chain post { type nat hook postrouting priority srcnat; oifname wan meta nfproto ipv4 masquerade; }
}" || fail "the router's rules"
invalid() { on "$router" "$NFT" reset counter inet fw "${1:-invalid}" | grep -o 'packets [0-9]*'; }
serve "$server4" tcp4:80 tcp4:82 udp4:53
start "$server4" stream 9100
# The hosts listen to no redirects, and to those of this router.
route=$(text beside_router sh | sed -n 's/^ip -6 route add/route add/p')
check_eq "the router's route" "$route" "route add 2001:db8:64::/96 via 2001:db8:c::64"
ip -n "$router" -batch - <<<"$route"

# Without its routes, answers go past the router.
text beside_router | sed -n '/^table /,$p' | on "$gw" "$NFT" -f - || fail "the table of the recipe"
on "$gw" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
check "without the rule: ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $server64
patience=2 check_not "without the rule: TCP" ask "$client6" tcp $server64 82
check_match "the router has found it invalid" "$(invalid early)" "packets [1-9]*"
on "$gw" "$NFT" flush ruleset
on "$gw" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0

check "the recipe loads" recipe beside_router || done_testing
check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $server64
check_match "TCP" "$(ask "$client6" tcp $server64 80)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$client6" udp $server64 53)" "hello from $pool_ip *"
check_match "closed TCP port" "$(ask "$client6" tcp $server64 81)" "*Connection refused*"
check_match "closed UDP port" "$(ask "$client6" udp $server64 54)" "*Connection refused*"
check_match "no such host" "$(on "$client6" ping -6 -n -c 1 -W 10 ${pref64}198.51.100.3)" "*Destination unreachable: No route*"
check_eq "nothing was invalid" "$(invalid)" "packets 0"
hops()
{
	local hop

	for hop in 1 2 3 4; do
		on "$client6" ping -6 -n -c 1 -W 10 -t $hop $server64 | sed -n 's/^From \([^ ]*\) .*/\1/p'
	done | paste -sd' '
}
check_eq "the way: router, gateway, router" "$(hops)" "2001:db8:c::1 2001:db8:c::64 ${pref64}c0a8:101"
check_eq "nobody is sent another way" "$(ip -n "$client6" -6 route show cache)" ""

# Both ends of a session are at one device in the fast path too.
if modprobe -q nf_flow_table_inet; then
	on "$gw" "$NFT" "table inet fast {
		flowtable ft { hook ingress priority filter; devices = { lan }; }
		counter slow { }
		chain forward { type filter hook forward priority filter; counter name slow; ct state established xlat flow add @ft; }
	}" || fail "a flowtable"
	sleep 2 # our hook comes a moment later
	check_eq "a stream in the fast path" "$(python "$client6" stream down $server64 9100 3000000)" 3000000
	slow=$(on "$gw" "$NFT" list counter inet fast slow | sed -n 's/.*packets \([0-9]*\) .*/\1/p')
	check "of which rules see next to nothing" [ "$slow" -le 60 ] || echo "# $slow packets"
	check_eq "nothing was invalid" "$(invalid)" "packets 0"
fi

done_testing
