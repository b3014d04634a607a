#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules that match the IPv4 half of an IPv6 session: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

# packets COMMENT: what the rule of that comment has counted
packets() { on "$gw" "$NFT" list ruleset | sed -n "s/.* packets \([0-9]*\) .*\"$1\"/\1/p"; }
counted() { check_eq "$1" "$(packets "$1")" "$2"; }

setup_topo
ip -n "$server4" addr add $far_ip/32 dev lo
ip -n "$server4" addr add 198.51.100.130/32 dev lo
ip -n "$gw" route add 198.51.100.0/24 via $server_ip
another client4
link "$gw" lan4 "$client4" eth0
ip -n "$gw" addr add 10.0.0.1/24 dev lan4
ip -n "$client4" addr add 10.0.0.2/24 dev eth0
ip -n "$client4" route add default via 10.0.0.1
ip -n "$server4" route add 10.0.0.0/24 via $pool_ip

check "ruleset loads" on "$gw" "$NFT" "
	table inet t {
		set servers { type ipv6_addr; elements = { c000:202:: }; }
		chain pre {
			type filter hook prerouting priority dstnat;
			ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
			iifname wan udp dport 53 xlat 4to6 prefix $pref64/96 dnat to [$client_ip]:5354
		}
		chain forward {
			type filter hook forward priority filter;
			ct reply ip6 saddr @servers counter comment \"a set\"
			ct reply ip6 daddr c000:202:: counter comment \"another address\"
			ct reply ip daddr $pool_ip counter comment \"as IPv4, in vain\"
			meta l4proto udp ct reply proto-src 5353 ct reply proto-dst 1-65535 counter comment \"ports\"
			ct original ip6 saddr $client_ip ct original ip6 daddr $pref64/96 meta l4proto udp ct original proto-dst 5353 counter comment \"the original\"
			ct reply ip daddr 10.0.0.2 counter comment \"one family\"
			ct original ip saddr $server_ip meta l4proto udp ct original proto-dst 53 counter comment \"from IPv4\"
			meta l4proto udp ct reply proto-src 5354 counter comment \"from IPv4, reply port\"
			ct reply ip6 saddr $client_ip counter comment \"from IPv4, in vain\"
			ct reply ip saddr 32.1.13.184 counter comment \"from IPv4, the first 32 bits\"
		}
	}" || done_testing
check "ct_reply loads" recipe ct_reply || done_testing
serve "$server4" tcp4:80 udp4:5353

# A request, which is IPv4 in forward, and an answer, which is IPv6.
check_match "UDP" "$(ask "$client6" udp $server64 5353)" "hello from $pool_ip *"
counted "one address" 2
counted "a net" 2
counted "a set" 2
counted "ports" 2
counted "the original" 2
counted "another address" 0
counted "as IPv4, in vain" 0
check_match "mark by a map" "$(sessions "udp .* dst=$pool_ip ")" "* mark=1 *"

check_eq "a server that is blocked" "$(patience=1 ask "$client6" udp ${pref64}198.51.100.130 5353)" ""
counted "blocked" 1
check_match "one next to it" "$(ask "$client6" tcp $pref64$far_ip 80)" "hello from $pool_ip *"
counted "blocked" 1

# Sessions of one family are others, whatever their addresses are.
before=$(packets "a net")
check_match "IPv4 to IPv4" "$(ask "$client4" udp $server_ip 5353)" "hello from 10.0.0.2 *"
counted "a net" "$before"
counted "one family" 2

# A session that IPv4 began is one of IPv4 for nft, the other half IPv6.
serve "$client6" udp6:5354
check_match "from IPv4" "$(ask "$server4" udp $pool_ip 53)" "hello from ${pref64}c000:202 *"
counted "from IPv4" 2
counted "from IPv4, reply port" 2
counted "from IPv4, in vain" 0
counted "from IPv4, the first 32 bits" 2

done_testing
