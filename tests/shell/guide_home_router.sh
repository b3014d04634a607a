#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A home router whose only IPv4 address changes, and whose devices come and go:
# docs/guides/home_router.md. What it serves to "lan" has a story of its own, guide_home_lan.
. "$(dirname "$0")/recipe.inc"

need_ip_xlat
modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"
# The prefix of the guide is for global addresses, so that the other side has one.
far=9.9.9.9
far6=64:ff9b::$far

# lease ADDRESS ROUTER: what DHCP does when there is another
lease()
{
	ip -n "$gw" addr flush dev wan
	ip -n "$gw" addr add "$1/24" dev wan
	ip -n "$gw" route replace default via "$2"
}

# shellcheck disable=SC2317 # called by check
# load: as the service does, with all that is there already
load() { { echo "flush ruleset"; text home_router | placed | sed -n '/^table /,$p'; } | on "$gw" $NFT -f -; }
# joined: the devices of the flowtable
joined() { on "$gw" $NFT list flowtable inet router fast | sed -n 's/.*devices = { \(.*\) }.*/\1/p' | tr -d '"'; }

setup_topo
ip -n "$gw" link del wan
check_eq "the units" "$(units home_router)" "--no-block enable --now nft-xlat@lan --no-block enable --now nft-xlat@wan"
on "$gw" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
check "the guide loads, where neither device is there yet" load || done_testing
check "lan comes" unit ExecStart lan
check_eq "and is in the flowtable" "$(joined)" lan
link "$gw" wan "$server4" eth0
ip -n "$server4" addr add $server_ip/24 dev eth0
ip -n "$server4" route add default via $pool_ip
text home_router sysctl | on "$gw" sysctl -q -p - || fail "the settings of the guide"
check "the commands of the guide" on "$gw" sh -ec "$(text home_router | sed '/^table /,$d')"
check "wan comes" unit ExecStart wan
check "and once more, as a PPPoE session does" unit ExecStart wan
check_eq "both are in the flowtable" "$(joined)" "lan, wan"
lease $pool_ip $server_ip
another far4
router "$server4"
link "$server4" leg "$far4" eth0
ip -n "$server4" addr add 203.0.113.2/24 dev eth0
ip -n "$server4" addr add 9.9.9.1/24 dev leg
ip -n "$far4" addr add $far/24 dev eth0
ip -n "$far4" route add default via 9.9.9.1
ip -n "$gw" addr add 192.168.1.1/24 dev lan
ip -n "$client6" addr add 192.168.1.2/24 dev eth0
ip -n "$client6" route add default via 192.168.1.1
serve "$far4" tcp4:80 udp4:5353
serve "$client6" tcp6:80

check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $far6
check_match "NAT64: TCP" "$(ask "$client6" tcp $far6 80)" "hello from $pool_ip *"
check_match "NAT64: UDP" "$(ask "$client6" udp $far6 5353)" "hello from $pool_ip *"
check_match "NAT44 beside it" "$(ask "$client6" tcp $far 80)" "hello from $pool_ip *"
check_match "port forward" "$(ask "$far4" tcp $pool_ip 8080)" "hello from 64:ff9b::909:909 *"
patience=1 check_not "no other service" ask "$far4" tcp $pool_ip 80
check_match "port forward, from lan by IPv4" "$(ask "$client6" tcp $pool_ip 8080)" "hello from fd00:64::c0a8:102 *"
ip -n "$gw" addr add 9.9.8.1/32 dev wan # global, as those of providers are
check_match "port forward, from lan by IPv6" "$(ask "$client6" tcp 64:ff9b::9.9.8.1 8080)" "hello from fd00:64::909:801 *"
check_match "port forward, to the address of the resolver's answer" "$(ask "$client6" tcp 9.9.8.1 8080)" "hello from fd00:64::c0a8:102 *"
ip -n "$gw" addr del 9.9.8.1/32 dev wan
serve "$gw" tcp4:8080
check_match "the router's own service of that port" "$(ask "$client6" tcp 192.168.1.1 8080)" "hello from 192.168.1.2 *"
nas=$(tr -s '\n ' ' ' <"$top/docs/guides/home_router.md" | grep -o 'ip6 daddr fd00:64::/96 xlat 6to4[^`]*')
# shellcheck disable=SC2086 # into words
check "the rule for private addresses" on "$gw" $NFT insert rule inet router nat64 $nas
serve "$client6" tcp4:8081
check_match "a NAS that has IPv4 only" "$(ask "$client6" tcp fd00:64::192.168.1.2 8081)" "hello from 192.168.1.1 *"
# The provider has no IPv6 so far
check_match "the router's own programs: TCP" "$(ask "$gw" tcp $far6 80)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$gw" udp $far6 5353)" "hello from $pool_ip *"
check_match "closed TCP port" "$(ask "$gw" tcp $far6 81)" "*Connection refused*"
check "does it work" on "$gw" sh -ec "$(text home_router console | grep ping)"
ip -n "$gw" addr add 2001:db8:e::1/64 dev wan nodad
ip -n "$gw" -6 route add default via 2001:db8:e::2
check_match "with the provider's IPv6" "$(ask "$gw" tcp $far6 80)" "hello from $pool_ip *"

# Both in the fast path: what forward has counted stays
# shellcheck disable=SC2317 # called by wait_for
slow() { on "$gw" $NFT list counter inet gw slow | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# 20 questions by one socket, of which few take the normal path
# shellcheck disable=SC2317 # called by wait_for
answers()
{
	on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.connect((sys.argv[1], 5353))
n = 0
for i in range(20):
	s.send(b"x")
	n += s.recv(100).startswith(b"x from ")
print(n)' "$1"
}
# shellcheck disable=SC2317 # called by wait_for
past()
{
	local before

	before=$(slow)
	[ "$(answers "$1")" = 20 ] && [ $(($(slow) - before)) -lt 20 ]
}
# fast WHEN: the hooks follow the flowtable every other second
fast()
{
	on "$gw" $NFT "table inet gw { counter slow { }
		chain forward { type filter hook forward priority -1; counter name slow; }; }"
	check "$1: NAT64, 20 answers, most of them past forward" wait_for 10 past $far6
	check "$1: NAT44, the same" wait_for 10 past $far
}
fast "devices that came later"
check "the ruleset is loaded again" load
check_eq "with both devices" "$(joined)" "lan, wan"
fast "loaded again"
ip -n "$gw" link del wan
check "wan goes" wait_for 5 sh -c "! ip -n $gw link show wan"
check "its unit" unit ExecStopPost wan
check "the ruleset is loaded without it" load
check_eq "lan is in the flowtable" "$(joined)" lan
link "$gw" wan "$server4" eth0
ip -n "$server4" addr add $server_ip/24 dev eth0
ip -n "$server4" addr add 203.0.113.2/24 dev eth0
lease $pool_ip $server_ip
check "wan comes again" unit ExecStart wan
fast "wan has come again"

lease 203.0.113.1 203.0.113.2
check_eq "another lease: sessions of the old are gone" "$(sessions "ipv6 .*dst=$pool_ip " | wc -l)" 0
check_match "and new ones have the new" "$(ask "$client6" tcp $far6 80)" "hello from 203.0.113.1 *"
check_match "those of NAT44 too" "$(ask "$client6" tcp $far 80)" "hello from 203.0.113.1 *"
check_match "port forward" "$(ask "$far4" tcp 203.0.113.1 8080)" "hello from 64:ff9b::909:909 *"

# By a device: the ruleset without those lines, by the distribution's nft
on "$gw" $NFT flush ruleset
ip -n "$gw" -6 route del 64:ff9b::/96 dev wan 2>/dev/null
text home_router nat64 >"$tmp/nat64.conf"
devices=$(grep -o 'devices = { lan, wan }`' "$top/docs/guides/home_router.md")
check "any nft loads the rest" on "$gw" nft -f - < <(text home_router | sed -n '/^table /,$p' |
	grep -v xlat | sed "s/^ *hook .*/&; ${devices%\`}/")
check_eq "the flowtable has its devices" "$(joined)" "lan, wan"
check "a device" on "$gw" env XLAT_CONF="$tmp" XLAT_STATE="$tmp/xlat" "$top/packaging/xlat-device" up nat64
check "device: ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $far6
check_match "device: TCP" "$(ask "$client6" tcp $far6 80)" "hello from 203.0.113.1 *"
check_match "device: UDP" "$(ask "$client6" udp $far6 5353)" "hello from 203.0.113.1 *"
check_match "device: NAT44 beside it" "$(ask "$client6" tcp $far 80)" "hello from 203.0.113.1 *"
check_match "device: the router's own programs" "$(ask "$gw" tcp $far6 80)" "hello from 203.0.113.1 *"
check "device: its fast path" on "$gw" sh -ec "$(grep -o 'ip link set nat64 type xlat [^`]*' "$top/docs/guides/home_router.md")"
fast "by a device"
lease $pool_ip $server_ip
check_match "device: another lease" "$(ask "$client6" tcp $far6 80)" "hello from $pool_ip *"

done_testing
