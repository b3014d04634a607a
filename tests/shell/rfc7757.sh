#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 7757, explicit address mappings; RFC 6791, where ICMP errors of routers
# without one come from; and RFC 6052, section 3.1, what the well-known prefix is
# not for; byte for byte.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

need_nft
setup_rfc
# Hosts with mappings of their own and hosts of the well-known prefix are behind
# "lan" and "wan", as all of rfc.py's.  A hairpin wants a route for its turn in IPv4.
ip -n "$gw" -batch - <<-EOF
	route add 2001:db8:a::/48 via $client_ip
	route add 2001:db8:dddd::/48 via $client_ip
	route add 64:ff9b::/96 via $client_ip
	route add 8.8.8.0/24 via $server_ip
	route add 203.0.113.0/24 via $server_ip
EOF

# load RULES: what rfc.py's packets meet, its sentinels apart
load()
{
	check "ruleset loads" on "$gw" "$NFT" "flush ruleset
	table inet siit {
		map eam64 {
			type ipv6_addr : interval ipv4_addr; flags interval
			elements = { 2001:db8:a::/120 : 203.0.113.0/24, 2001:db8:a::1:33 : 192.0.2.33 }
		}
		map eam46 {
			type ipv4_addr : interval ipv6_addr; flags interval
			elements = { 203.0.113.0/24 : 2001:db8:a::/120, 192.0.2.33 : 2001:db8:a::1:33 }
		}
		map wide {
			type ipv4_addr : interval ipv6_addr; flags interval
		}
		chain pre {
			type filter hook prerouting priority raw
			iifname lan meta l4proto 253 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix 2001:db8:64::/96
			iifname wan meta l4proto 253 xlat 4to6 saddr prefix 2001:db8:64::/96 daddr prefix 2001:db8:6464::/96
			$1
		}
	}" || done_testing
}

# The prefix is for what the map does not have: the servers, all of IPv4.
load 'iifname lan xlat 6to4 prefix 2001:db8:64::/96 saddr prefix to ip6 saddr map @eam64
	ip daddr 203.0.113.0/24 xlat 4to6 saddr prefix 2001:db8:64::/96 daddr prefix to ip daddr map @eam46
	ip daddr { 192.0.2.33, 198.51.100.77 } xlat 4to6 prefix 2001:db8:64::/96 daddr prefix to ip daddr map @eam46'
ip -n "$gw" route add 2001:db8:64::198.51.100.77 via $client_ip
rfc_start rfc7757
phase maps
phase hairpin

load 'xlat 6to4 prefix 2001:db8:64::/96 saddr prefix 2001:db8:dddd::/64 to 192.0.2.128/26
	ip daddr 192.0.2.128/26 xlat 4to6 prefix 2001:db8:64::/96 daddr prefix 192.0.2.128/26 to 2001:db8:dddd::/64'
phase pair

load 'xlat 6to4 saddr prefix to ip6 saddr map @eam64 daddr prefix 2001:db8:64::/96 error saddr 192.0.2.250'
phase error
load 'xlat 6to4 saddr prefix to ip6 saddr map @eam64 daddr prefix 2001:db8:64::/96 error saddr numgen random mod 4 map {
	0 : 192.0.2.250, 1 : 192.0.2.251, 2 : 192.0.2.252, 3 : 192.0.2.253 }'
phase errors

load 'iifname lan xlat 6to4 prefix 64:ff9b::/96
	iifname wan xlat 4to6 prefix 64:ff9b::/96'
phase well_known
load 'iifname lan xlat 6to4 prefix 64:ff9b::/96 non-global
	iifname wan xlat 4to6 prefix 64:ff9b::/96 non-global'
phase well_known_non_global

# A map cannot say which 32 of 64 bits are meant. nft refuses such a pair, unless it
# cannot tell as the same batch takes away what has rules.
ip -n "$client6" addr add 2001:db8:3::203.0.113.130/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:3::/64 via $client_ip
ip -n "$server4" route add 203.0.113.128/26 via 192.0.2.1
load 'iifname lan xlat 6to4 prefix 2001:db8:64::/96 saddr prefix 2001:db8:3::203.0.113.130/128 to 203.0.113.130/32
	iifname wan xlat 4to6 prefix 2001:db8:64::/96 daddr prefix to ip daddr map @wide'
wide='add element inet siit wide { 203.0.113.128/26 : 2001:db8:3::/64 }'
check_match "a pair of unequal size in a map" "$(on "$gw" "$NFT" "$wide" 2>&1)" \
	"*Error: a pair for xlat in @wide has equal sizes, but 203.0.113.128/26 has 6 suffix bits and 2001:db8:3::/64 has 64; *"
check "it gets into the map" on "$gw" "$NFT" "add chain inet siit none; delete chain inet siit none; $wide"
check_not "more bits than IPv4 has: no mapping" on "$server4" ping -c 1 -W 1 203.0.113.130
load 'iifname lan xlat 6to4 prefix 2001:db8:64::/96 saddr prefix 2001:db8:3::203.0.113.130/128 to 203.0.113.130/32
	iifname wan xlat 4to6 prefix 2001:db8:64::/96 daddr prefix 203.0.113.130/32 to 2001:db8:3::203.0.113.130/128'
check "a pair of one address" on "$server4" ping -c 1 -W 10 203.0.113.130

# refused ITEM WHAT RULE PATTERN
refused()
{
	check_match "[$1] $2" "$(on "$gw" "$NFT" "table inet bad { $3; }" 2>&1)" "$4"
}

pair='chain c { type filter hook prerouting priority raw; xlat 6to4 prefix 2001:db8:64::/96 saddr prefix'
refused 69 "more suffix bits in IPv4" "$pair 2001:db8::/120 to 192.0.2.0/23; }" "*Error: *suffix*"
refused 69 "an absent length is that of a host" "$pair 2001:db8:: to 192.0.2.0/31; }" "*Error: *suffix*"
eam='type filter hook prerouting priority raw; xlat 4to6 prefix 2001:db8:64::/96 daddr prefix to ip daddr map @m'
refused 69 "in a map as well" "map m { type ipv4_addr : ipv6_addr; flags interval
	elements = { 192.0.2.0/24 : 2001:db8:: }; }; chain c { $eam; }" "*Error: *192.0.2.0/24 has 8 suffix bits and 2001:db8:: has 0*"
refused 75 "overlapping mappings" "map m { type ipv6_addr : interval ipv4_addr; flags interval
	elements = { 2001:db8::/120 : 192.0.2.0/24, 2001:db8::10/124 : 198.51.100.0/28 }; }" "*Error: *"

# What no rule takes goes on as it was, be it in fragments for the gateway.
check "ruleset loads" on "$gw" "$NFT" "flush ruleset; table ip6 siit { chain pre {
	type filter hook prerouting priority -450
	xlat 6to4 saddr prefix 2001:db8:ffff::/120 to 198.18.1.0/24 daddr prefix 2001:db8:c::1 to 198.18.0.1 error saddr 192.0.2.1
}; }"
check "[66] fragments for the gateway itself" on "$client6" ping -6 -c 1 -W 10 -s 3000 2001:db8:c::1

done_testing
