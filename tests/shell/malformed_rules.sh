#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What cannot work is refused when the rule is added, with a message that says
# why.
. "$(dirname "$0")/lib.sh"

need_nft
setup_ns "$gw"

pre='type filter hook prerouting priority dstnat;'
fwd='type filter hook forward priority filter;'
n64='prefix 64:ff9b::/96'
eam='prefix 2001:db8::/64 to 192.0.2.128/26'
maps='map to4 { type ipv6_addr : ipv4_addr; }
	map to6 { type ipv4_addr : ipv6_addr; }
	map ports { type ipv6_addr . inet_service : ipv4_addr; }
	map verdicts { type ipv6_addr : verdict; }
	map counters { type ipv6_addr : counter; }
	map one4 { type ipv6_addr : ipv4_addr . inet_service; }
	map two4 { type ipv6_addr : ipv4_addr . inet_service . inet_service; }
	map one6 { type inet_service : ipv6_addr . inet_service; }
	map pool6 { type ipv4_addr : interval ipv6_addr; }
	map ranges { type ipv6_addr : interval inet_service; }
	map unequal4 { type ipv6_addr : interval ipv4_addr; flags interval; elements = { 2001:db8:1::/120 : 192.0.2.0/24, 2001:db8::/64 : 192.0.2.128/26 }; }
	map unequal6 { type ipv4_addr : interval ipv6_addr; flags interval; elements = { 192.0.2.128/26 : 2001:db8::/64 }; }
	map many4 { type ipv4_addr : ipv6_addr; flags interval; elements = { 192.0.2.0/24 : 2001:db8::1 }; }
	map ranges6 { type ipv4_addr : interval ipv6_addr; flags interval; elements = { 192.0.2.1-192.0.2.9 : 2001:db8::1-2001:db8::9 }; }
	map one6of { type ipv6_addr : interval ipv4_addr; elements = { 2001:db8::1 : 192.0.2.0/24 }; }
	map marks { type ipv6_addr : mark; }
	set hosts { type ipv6_addr; }'

# nft in the gateway, without the mounts of "ip netns exec", as there are hundreds
inside() { nsenter --net="/run/netns/$gw" "$NFT" "$@"; }

# told WHAT WHAT-IS-MARKED MESSAGE WHERE: is that the error that is read, and what nft marks?
told()
{
	local lines text mark

	mapfile -t lines
	check_match "$1" "${lines[0]}" "*Error: *$3*"
	mark=${lines[2]%%^*}
	text=${lines[1]:${#mark}}
	mark=${lines[2]//[!^]/}
	check_eq "$2" "${text:0:${#mark}}" "$4"
}

# refused FAMILY CHAIN RULE MESSAGE WHERE: the last is what nft marks
refused()
{
	local out decl=''

	case $3 in *map\ @*) decl=$maps ;; esac
	if out=$(inside "table $1 t { ${decl//$'\n'/; } ; chain c { $2 $3; } ; }" 2>&1); then
		fail "accepted: $1 { $2 $3 }"
		on "$gw" $NFT flush ruleset
		return
	fi
	told "$1 { $2 $3 }" "marked in $3" "$4" "$5" <<<"$out"
}

messages()
{
	# prefixes
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::/95 masquerade" "length must be 32, 40, 48, 56, 64 or 96, not 95" 64:ff9b::/95
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::/128 masquerade" "length must be 32, 40, 48, 56, 64 or 96, not 128" 64:ff9b::/128
	refused inet "$pre" "xlat 6to4 prefix 2001:db8:0:0:100::/96 masquerade" "bits 64 to 71 set" 2001:db8:0:0:100::/96
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::1/96 masquerade" "bits set beyond its length of 96" 64:ff9b::1/96
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b:: masquerade" "must be an IPv6 prefix with its length" 64:ff9b::
	refused inet "$pre" "xlat 6to4 prefix 192.0.2.0/24 masquerade" "must be IPv6, not IPv4" 192.0.2.0/24
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::/4294967328 masquerade" "Prefix length 4294967328 is too large" 4294967328
	refused inet "$pre" "xlat 6to4 prefix ::/96" "must not be unspecified" ::/96
	refused inet "$pre" "xlat 6to4 prefix ::/32" "must not be unspecified" ::/32
	refused inet "$pre" "xlat 6to4 prefix ::ffff:0:0/96" "must not be IPv4-mapped" ::ffff:0:0/96
	refused inet "$pre" "xlat 6to4 prefix ff00::/32" "must not be multicast" ff00::/32
	refused inet "$pre" "xlat 6to4 prefix fe80::/64" "must not be link-local" fe80::/64
	refused inet "$pre" "xlat 6to4 prefix fe80::/96" "must not be link-local" fe80::/96
	refused inet "$pre" "xlat 6to4 prefix febf:ffff::/32" "must not be link-local" febf:ffff::/32
	refused inet "$pre" "xlat 6to4 prefix ff00::/96" "must not be multicast" ff00::/96
	refused inet "$pre" "xlat 6to4 saddr prefix ::/96 daddr $n64" "must not be unspecified" ::/96
	refused inet "$pre" "xlat 6to4 mtu 1400" "xlat needs a prefix" "xlat 6to4"
	refused inet "$pre" "xlat 6to4" "xlat needs a prefix" "xlat 6to4"
	refused inet "$pre" "xlat 6to4 masquerade" "xlat needs a prefix" "xlat 6to4"
	refused inet "$pre" "xlat 6to4 snat to 192.0.2.1 mapping endpoint-independent" "xlat needs a prefix" "xlat 6to4"
	refused inet "$pre" "xlat 4to6 dnat to [2001:db8::1]:80" "xlat needs a prefix" "xlat 4to6"
	refused inet "$pre" "xlat masquerade" "6to4 or 4to6 is missing before this" masquerade
	refused inet "$pre" "xlat $n64" "6to4 or 4to6 is missing before this" prefix
	refused inet "$pre" "xlat 6to4 saddr $n64" "saddr prefix needs a daddr prefix" 64:ff9b::/96
	refused inet "$pre" "xlat 6to4 daddr $n64" "daddr prefix needs a saddr prefix" 64:ff9b::/96
	refused inet "$pre" "xlat 6to4 saddr $n64 daddr $n64 masquerade" "saddr and daddr are stateless" masquerade
	refused inet "$pre" "xlat 6to4 $n64 saddr $eam masquerade" "saddr and daddr are stateless" masquerade
	# pairs
	refused inet "$pre" "xlat 6to4 saddr $eam" "saddr prefix needs a daddr prefix" 2001:db8::/64
	refused inet "$pre" "xlat 6to4 $eam" "saddr or daddr is missing" 192.0.2.128/26
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/64 to 192.0.2.1/26" "bits set beyond its length of 26" 192.0.2.1/26
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::1/64 to 192.0.2.0/26" "bits set beyond its length of 64" 2001:db8::1/64
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/120 to 192.0.2.0/23" "pair has more suffix bits in IPv4 than in IPv6, 9 and 8" 192.0.2.0/23
	refused inet "$pre" "xlat 4to6 $n64 saddr prefix 192.0.2.0/24 to 2001:db8::1" "pair has more suffix bits in IPv4 than in IPv6, 8 and 0" 192.0.2.0/24
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/64 to 192.0.2.0/33" "must be from 0 to 32, not 33" 192.0.2.0/33
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/129 to 192.0.2.0/24" "must be from 0 to 128, not 129" 2001:db8::/129
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 192.0.2.0/24 to 2001:db8::/120" "6to4 maps from IPv6, this is IPv4" 192.0.2.0/24
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/120 to 2001:db8::/120" "6to4 maps to IPv4, this is IPv6" 2001:db8::/120
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix 192.0.2.0/24 to 192.0.2.0/24" "4to6 maps to IPv6, this is IPv4" 192.0.2.0/24
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix 2001:db8::/120 to 2001:db8::/120" "4to6 maps from IPv4, this is IPv6" 2001:db8::/120
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/120 to 192.0.2.0-192.0.2.4" "must be a constant IPv4 prefix" 192.0.2.0-192.0.2.4
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix ip6 saddr to 192.0.2.1" "must be a constant IPv6 prefix" "ip6 saddr"
	for net in "0.0.0.0/8 unspecified" "0.1.2.3 unspecified" "127.0.0.0/8 loopback" "169.254.0.0/16 link-local" \
		"169.254.1.1 link-local" "224.0.0.251 multicast" "255.255.255.255 broadcast"; do
		for saddr in saddr daddr; do
			refused inet "$pre" "xlat 6to4 $n64 $saddr prefix 2001:db8::/64 to ${net% *}" "must not be ${net#* }" "${net% *}"
			refused inet "$pre" "xlat 4to6 $n64 $saddr prefix ${net% *} to 2001:db8::/64" "must not be ${net#* }" "${net% *}"
		done
	done
	for net in ":: unspecified" "::1 loopback" "::ffff:0:0/96 IPv4-mapped" "fe80::/10 link-local" "fe80::1 link-local"; do
		for saddr in saddr daddr; do
			refused inet "$pre" "xlat 6to4 $n64 $saddr prefix ${net% *} to 192.0.2.1" "must not be ${net#* }" "${net% *}"
			refused inet "$pre" "xlat 4to6 $n64 $saddr prefix 192.0.2.1 to ${net% *}" "must not be ${net#* }" "${net% *}"
		done
	done
	# a destination may be a group
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/64 to 239.1.2.3" "must not be multicast" 239.1.2.3
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix ff0e::/64 to 192.0.2.1" "must not be multicast" ff0e::/64
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix 239.1.2.3 to 2001:db8::1" "must not be multicast" 239.1.2.3
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix 192.0.2.1 to ff0e::1" "must not be multicast" ff0e::1
	for pair in "daddr prefix ff0e::/96 to 239.0.0.0/8" "saddr prefix 2001:db8::/96 to 0.0.0.0/0" "saddr prefix ::/96 to 0.0.0.0/0" \
		"saddr prefix 2001:db8::/96 to 240.0.0.0/4" "saddr prefix 2001:db8::/96 to 169.254.0.0/15"; do
		check "accepted: $pair" inside -c "table inet t { chain c { $pre xlat 6to4 $n64 $pair; } ; }"
	done
	# maps
	refused inet "$pre" "xlat 6to4 prefix to ip6 saddr map @to4" "saddr or daddr is missing" "ip6 saddr map @to4"
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to 192.0.2.1" "needs a map here, ip6 saddr map @name" 192.0.2.1
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 daddr map @to4" "key of the map must be ip6 saddr" "ip6 daddr"
	refused inet "$pre" "xlat 6to4 $n64 daddr prefix to ip6 saddr map @to4" "key of the map must be ip6 daddr" "ip6 saddr"
	refused inet "$pre" "xlat 4to6 $n64 saddr prefix to ip daddr map @to6" "key of the map must be ip saddr" "ip daddr"
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix to ip6 daddr map @to6" "key of the map must be ip daddr" "ip6 daddr"
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr . tcp dport map @ports" "key of the map must be ip6 saddr" "ip6 saddr . tcp dport"
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr map { 2001:db8::1 : 192.0.2.1 }" "needs a named map" "{ 2001:db8::1 : 192.0.2.1 }"
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr map @none" "No such file or directory" "@none"
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr map @hosts" "@hosts is a set, xlat needs a map" "@hosts"
	for map in to6 ports verdicts counters; do
		refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr map @$map" "6to4 needs a map of type ipv6_addr : ipv4_addr" @$map
	done
	refused inet "$pre" "xlat 4to6 $n64 saddr prefix to ip saddr map @to4" "4to6 needs a map of type ipv4_addr : ipv6_addr" "@to4"
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr map @unequal4" "2001:db8::/64 has 64 suffix bits and 192.0.2.128/26 has 6; write it in a rule instead of the map, prefix 2001:db8::/64 to 192.0.2.128/26" 2001:db8::/64
	refused inet "$pre" "xlat 4to6 $n64 saddr prefix to ip saddr map @unequal6" "write it in a rule instead of the map, prefix 192.0.2.128/26 to 2001:db8::/64" 192.0.2.128/26
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix to ip daddr map @many4" "a pair for xlat in @many4 has equal sizes, but 192.0.2.0/24 has 8 suffix bits and 2001:db8::1 has 0" 192.0.2.0/24
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix to ip daddr map @ranges6" "has two prefixes, but 192.0.2.1-192.0.2.9 is none; write an element for each prefix in it" 192.0.2.1-192.0.2.9
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr map @one6of" "2001:db8::1 has 0 suffix bits and 192.0.2.0/24 has 8" 2001:db8::1
	# source of errors, MTU
	refused inet "$pre" "xlat 6to4 $n64 error saddr 2001:db8::1" "6to4 error saddr needs an IPv4 address" 2001:db8::1
	refused inet "$pre" "xlat 4to6 $n64 error saddr 192.0.2.1" "4to6 error saddr needs an IPv6 address" 192.0.2.1
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2.1-192.0.2.4" "needs one address, not a range" 192.0.2.1-192.0.2.4
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2.0/24" "needs one address, not a range" 192.0.2.0/24
	refused inet "$pre" "xlat 6to4 $n64 error saddr ip6 saddr map { 2001:db8::1 : 192.0.2.0/24 }" "needs one address, not a range" "ip6 saddr map { 2001:db8::1 : 192.0.2.0/24 }"
	refused inet "$pre" "xlat 6to4 $n64 error saddr ip6 saddr" "expected IPv4 address" "ip6 saddr"
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2.1 masquerade" "error saddr is for stateless xlat, not for masquerade" 192.0.2.1
	refused inet "$pre" "xlat 6to4 $n64 mtu 1400" "mtu is that of the IPv6 side" 1400
	refused inet "$pre" "xlat 4to6 $n64 mtu 1279" "must be a number from 1280 to 65535" 1279
	refused inet "$pre" "xlat 4to6 $n64 mtu 65536" "must be a number from 1280 to 65535" 65536
	refused inet "$pre" "xlat 4to6 $n64 mtu 4294968576" "Value 4294968576 exceeds valid range 0-4294967295" 4294968576
	refused inet "$pre" "xlat 4to6 $n64 mtu 1400-1500" "must be a number from 1280 to 65535" 1400-1500
	refused inet "$pre" "xlat 4to6 $n64 mtu meta length" "must be a number from 1280 to 65535" "meta length"
	refused inet "$pre" "xlat 4to6 $n64 mtu ip length" "datatype mismatch" "ip length"
	for word in 192.0.2.1 foo; do
		refused inet "$pre" "xlat 4to6 $n64 mtu $word" "must be a number from 1280 to 65535" $word
	done
	# families
	refused ip "$pre" "xlat 6to4 $n64 masquerade" "translates ip6 packets, there are none in ip tables" 6to4
	refused ip6 "$pre" "xlat 4to6 $n64" "translates ip packets, there are none in ip6 tables" 4to6
	refused inet "$pre" "ip daddr 192.0.2.1 xlat 6to4 $n64" "conflicting protocols" 6to4
	refused bridge "$pre" "xlat 6to4 $n64" "not supported in the bridge family" "xlat 6to4"
	# places
	refused inet "type filter hook prerouting priority raw;" "xlat 6to4 $n64 masquerade" "priority after conntrack (-200)" masquerade
	refused inet "type filter hook prerouting priority -200;" "xlat 6to4 $n64 masquerade" "priority after conntrack (-200)" masquerade
	refused inet "type filter hook forward priority filter;" "xlat 6to4 $n64 masquerade" "stateful xlat is not supported in the forward hook" masquerade
	refused inet "type filter hook input priority filter;" "xlat 6to4 $n64" "stateless xlat is not supported in the input hook" 6to4
	refused inet "type filter hook postrouting priority filter;" "xlat 6to4 $n64" "stateless xlat is not supported in the postrouting hook" 6to4
	refused inet "type nat hook prerouting priority dstnat;" "xlat 6to4 $n64 masquerade" "needs a chain of type filter, not nat" masquerade
	# pools
	refused inet "$pre" "xlat 6to4 $n64 masquerade to :0" "port must be from 1 to 65535, not 0" 0
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:0-100" "port must be from 1 to 65535, not 0" 0
	refused inet "$pre" "xlat 6to4 $n64 snat to 2001:db8::1" "needs an IPv4 address" 2001:db8::1
	refused inet "$pre" "xlat 6to4 $n64 snat to [2001:db8::1]:1024-65535" "needs an IPv4 address" "[2001:db8::1]"
	refused inet "$pre" "xlat 6to4 $n64 snat to :1024-65535" "snat needs an address" snat
	refused inet "$pre" "xlat 6to4 $n64 masquerade to 192.0.2.1" "only ports can follow" 192.0.2.1
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.9-192.0.2.1" "" 192.0.2.9-192.0.2.1
	# port forwards from IPv6
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1" "dnat needs what the source becomes: masquerade or snat to behind its address" dnat
	refused inet "$pre" "xlat 6to4 mtu 1400 dnat to 192.0.2.1:80" "or before it prefix or saddr prefix" dnat
	refused inet "$pre" "xlat 6to4 $n64 dnat to 2001:db8::1" "6to4 dnat needs an IPv4 address" 2001:db8::1
	refused inet "$pre" "xlat 6to4 dnat to 2001:db8::1 masquerade" "6to4 dnat needs an IPv4 address" 2001:db8::1
	refused inet "$pre" "xlat 6to4 dnat to ip6 daddr map { 2001:db8::1 : 2001:db8::2 } masquerade" "6to4 dnat needs an IPv4 address" 2001:db8::2
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 snat to 2001:db8::1" "6to4 snat needs an IPv4 address" 2001:db8::1
	refused inet "$pre" "xlat 6to4 dnat to 127.0.0.1 masquerade" "must not be loopback" 127.0.0.1
	refused inet "$pre" "xlat 6to4 dnat to 169.254.169.254 masquerade" "must not be link-local" 169.254.169.254
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1:0 masquerade" "port must be from 1 to 65535, not 0" 0
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1:80 masquerade to :0" "port must be from 1 to 65535, not 0" 0
	refused inet "$pre" "xlat 6to4 dnat to :80 masquerade" "dnat needs an address, as in to 192.0.2.1" dnat
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 snat" "snat needs an address" snat
	refused inet "$pre" "xlat 6to4 $n64 dnat to 192.0.2.1 masquerade" "no address left to map, dnat gives the destination and masquerade the source" "${n64#prefix }"
	refused inet "$pre" "xlat 6to4 saddr $n64 dnat to 192.0.2.1 snat to 192.0.2.9" "no address left to map, dnat gives the destination and snat the source" "${n64#prefix }"
	refused inet "$pre" "xlat 6to4 daddr $n64 dnat to 192.0.2.1" "dnat gives the destination, there is no daddr to map" "${n64#prefix }"
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2.9 dnat to 192.0.2.1" "error saddr is for stateless xlat, not for dnat" 192.0.2.9
	refused inet "$pre" "xlat 6to4 $n64 dnat to 192.0.2.1 mapping endpoint-independent" "mapping is for masquerade and snat, not for dnat" mapping
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 masquerade mapping endpoint-independent" "mapping is of an address that others may talk to" mapping
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 masquerade filtering address-dependent" "filtering is of an address that others may talk to" filtering
	refused inet "$pre" "xlat 6to4 $n64 dnat to 192.0.2.1 persistent" "flags are for masquerade and snat, not for dnat" persistent
	refused inet "$pre" "xlat 6to4 saddr $eam dnat to 192.0.2.1-192.0.2.4:80-89 random,persistent" "flags are for masquerade and snat, not for dnat" random,persistent
	refused inet "$pre" "xlat 4to6 $n64 dnat to [2001:db8::1]:80-89 fully-random" "flags are for masquerade and snat, not for dnat" fully-random
	refused inet "$pre" "xlat 4to6 $n64 dnat random" "flags are for masquerade and snat, not for dnat" random
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 masqerade" "unknown word 'masqerade', expected :port, masquerade, snat or the end of the rule" masqerade
	refused inet "$pre" "xlat 6to4 masquerade dnat to 192.0.2.1" "there can be only one dnat, before masquerade and snat" dnat
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 dnat to 192.0.2.2" "there can be only one dnat, before masquerade and snat" dnat
	refused inet "$pre" "xlat 6to4 dnat masquerade" "behind the address of dnat" masquerade
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 random masquerade" "behind the address of dnat, before flags" masquerade
	refused inet "$pre" "xlat 4to6 dnat to 2001:db8::1 masquerade" "masquerade is not supported with xlat 4to6, only dnat" masquerade
	refused ip "$pre" "xlat 6to4 dnat to 192.0.2.1 masquerade" "translates ip6 packets, there are none in ip tables" 6to4
	refused inet "type filter hook forward priority filter;" "xlat 6to4 dnat to 192.0.2.1 masquerade" "stateful xlat is not supported in the forward hook" masquerade
	refused inet "$pre" "xlat 4to6 $n64 masquerade" "masquerade is not supported with xlat 4to6" masquerade
	refused inet "$pre" "xlat 4to6 $n64 snat to 2001:db8::1" "snat is not supported with xlat 4to6" snat
	refused inet "$pre" "xlat 4to6 $n64 dnat" "dnat needs an address" dnat
	refused inet "$pre" "xlat 4to6 $n64 dnat to :80" "dnat needs an address" dnat
	refused inet "$pre" "xlat 4to6 $n64 dnat to 192.0.2.1" "4to6 dnat needs an IPv6 address" 192.0.2.1
	refused inet "$pre" "xlat 4to6 $n64 dnat to 192.0.2.1:80" "4to6 dnat needs an IPv6 address" 192.0.2.1
	refused inet "$pre" "xlat 4to6 $n64 dnat to [2001:db8::1]:0" "port must be from 1 to 65535, not 0" 0
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::9-2001:db8::1" "Range *negative size" 2001:db8::9-2001:db8::1
	refused inet "$pre" "xlat 4to6 $n64 saddr $n64 daddr $n64 dnat to 2001:db8::1" "saddr and daddr are stateless" dnat
	refused inet "type filter hook forward priority filter;" "xlat 4to6 $n64 dnat to 2001:db8::1" "stateful xlat is not supported in the forward hook" dnat
	refused inet "$pre" "xlat 6to4 $n64 snat to 0.0.0.0" "must not be unspecified" 0.0.0.0
	refused inet "$pre" "xlat 6to4 $n64 snat to 127.0.0.1" "must not be loopback" 127.0.0.1
	refused inet "$pre" "xlat 6to4 $n64 snat to 169.254.1.1" "must not be link-local" 169.254.1.1
	refused inet "$pre" "xlat 6to4 $n64 snat to 224.0.0.1" "must not be multicast" 224.0.0.1
	refused inet "$pre" "xlat 6to4 $n64 snat to 240.0.0.1:80" "must not be reserved" 240.0.0.1
	refused inet "$pre" "xlat 6to4 $n64 snat to 255.255.255.255" "must not be reserved" 255.255.255.255
	refused inet "$pre" "xlat 6to4 $n64 snat to 126.255.255.255-128.0.0.0" "must not be loopback" 126.255.255.255-128.0.0.0
	refused inet "$pre" "xlat 6to4 $n64 snat to 223.255.255.255-224.0.0.0:80-90" "must not be multicast" 223.255.255.255-224.0.0.0
	refused inet "$pre" "xlat 6to4 $n64 snat to 224.0.0.0/24 random" "must not be multicast" 224.0.0.0/24
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.0.0/2" "must not be multicast" 192.0.0.0/2
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1, 2001:db8::2 : 127.0.0.1 }" "must not be loopback" 127.0.0.1
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::/64 : 192.0.2.1-192.0.2.4, 2001:db8:1::/64 : 255.0.0.0/24 }" "must not be reserved" 255.0.0.0/24
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : 0.0.0.1 . 80 }" "must not be unspecified" 0.0.0.1
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : 239.0.0.1-239.0.0.4 . 80-90 }" "must not be multicast" 239.0.0.1-239.0.0.4
	refused inet "$pre" "xlat 6to4 $n64 error saddr 127.0.0.1" "must not be loopback" 127.0.0.1
	refused inet "$pre" "xlat 6to4 $n64 error saddr 169.254.1.1" "must not be link-local" 169.254.1.1
	refused inet "$pre" "xlat 4to6 $n64 dnat to ::" "must not be unspecified" ::
	refused inet "$pre" "xlat 4to6 $n64 dnat to [::1]:80" "must not be loopback" "[::1]"
	refused inet "$pre" "xlat 4to6 $n64 dnat to ::ffff:192.0.2.1" "must not be IPv4-mapped" ::ffff:192.0.2.1
	refused inet "$pre" "xlat 4to6 $n64 dnat to fe80::1" "must not be link-local" fe80::1
	refused inet "$pre" "xlat 4to6 $n64 dnat to ff02::1-ff02::2" "must not be multicast" ff02::1-ff02::2
	refused inet "$pre" "xlat 4to6 $n64 error saddr fe80::1" "must not be link-local" fe80::1
	# mapping and filtering
	for word in mapping filtering; do
		refused inet "$pre" "xlat 6to4 $n64 $word endpoint-independent" "$word is for masquerade and snat, not for stateless xlat" $word
		refused inet "$pre" "xlat 4to6 $n64 $word endpoint-independent" "$word is for masquerade and snat, not for stateless xlat" $word
		refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1 $word endpoint-independent" "$word is for masquerade and snat, not for dnat" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade $word endpoint-independent $word endpoint-independent" "only specify this once" "$word endpoint-independent"
	done
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping address-port-dependent filtering address-dependent" "filtering needs an endpoint-independent mapping" filtering
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 filtering endpoint-independent mapping address-port-dependent" "filtering needs an endpoint-independent mapping" filtering
	# blocks of ports
	local ei="mapping endpoint-independent"
	refused inet "$pre" "xlat 6to4 $n64 masquerade $ei block 100" "must be a multiple of 64 ports, up to 32768" 100
	refused inet "$pre" "xlat 6to4 $n64 masquerade $ei block 0" "must be a multiple of 64 ports, up to 32768" 0
	refused inet "$pre" "xlat 6to4 $n64 masquerade $ei block 32832" "must be a multiple of 64 ports, up to 32768" 32832
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping address-port-dependent block 512" "block needs an endpoint-independent mapping" 512
	refused inet "$pre" "xlat 6to4 $n64 masquerade to :1025-1100 $ei block 64" "the ports have no block of 64, which begins at a multiple of 64" 64
	refused inet "$pre" "xlat 6to4 $n64 masquerade $ei block 512 of 2001:db8::/56" "no block follows from that of a client" 2001:db8::/56
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block 512 of 192.0.2.0/24" "clients have IPv6 addresses, this is IPv4" 192.0.2.0/24
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block 512 of 2001:db8::/72" "the prefix of clients has 1 to 64 bits" 2001:db8::/72
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block 512 of 2001:db8::1" "the prefix of clients has 1 to 64 bits" 2001:db8::1
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block 512 of 2001:db8::1/56" "xlat prefix has bits set beyond its length of 56" 2001:db8::1/56
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block 512 of 2001:db8::/56" "the prefix has 256 networks of 64 bits, and the pool has 126 blocks" 2001:db8::/56
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8:1::/64 : 192.0.2.1 } $ei block 512 of 2001:db8::/64" "needs a constant pool" 2001:db8::/64
	ends inet "$pre" "xlat 6to4 $n64 masquerade $ei block" "expected a multiple of 64 ports"
	ends inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block 64 of" "expected a prefix of clients"
	refused inet "$pre" "xlat 6to4 $n64 masquerade $ei block foo" "must be a multiple of 64 ports, up to 32768" foo
	word='it belongs behind mapping endpoint-independent'
	for rule in "block 512" "$n64 block 512" "$n64 masquerade block 512" "$n64 snat to 192.0.2.1 random block 512" \
		"$n64 masquerade $ei filtering address-dependent block 512"; do
		refused inet "$pre" "xlat 6to4 $rule" "unexpected block, $word" block
	done
	for rule in "$n64 of P" "$n64 masquerade of P" "$n64 masquerade $ei of P" "$n64 masquerade $ei filtering address-dependent of P"; do
		refused inet "$pre" "xlat 6to4 ${rule/P/2001:db8::/56}" "unexpected of, it belongs behind block and its number of ports" of
	done
	for word in blok blocks from; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade $ei $word 512" "unknown word '$word', expected block, mapping or filtering" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade $ei block 512 $word 2001:db8::/56" "unknown word '$word', expected of, mapping or filtering" $word
	done
	refused inet "$pre" "xlat 6to4 $n64 masquerade $ei block 512 2001:db8::/56" "unexpected address, of is missing before it" 2001:db8::
	for rule in "$ei 512" "$ei block 1024 512"; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade $rule" "unexpected number, ports of a block are behind mapping endpoint-independent block" 512
	done
	# pools and hosts from maps
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8:1::/64 : 192.0.2.1, 2001:db8:2::/64 : 2001:db8::1 }" "6to4 snat needs an IPv4 address" 2001:db8::1
	refused inet "$pre" "xlat 4to6 $n64 dnat to tcp dport map { 80 : 192.0.2.2-192.0.2.4 . 80 }" "4to6 dnat needs an IPv6 address" 192.0.2.2-192.0.2.4
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1 . 80 }:90" "the map has ports already" 90
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map @one4:90" "the map has ports already" 90
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1 . 80, 2001:db8::2 : 192.0.2.1 }" "expected concatenation of (IPv4 address, internet network service)" 192.0.2.1
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map @two4" "expected concatenation of (IPv4 address, internet network service)" "ip6 saddr map @two4"
	refused inet "$pre" "xlat 6to4 $n64 snat to tcp dport map @one6" "expected concatenation of (IPv4 address, internet network service)" "tcp dport map @one6"
	refused inet "$pre" "xlat 4to6 $n64 dnat to ip6 daddr map @to6" "conflicting *protocols" "ip6 daddr"
	for map in verdicts marks ranges; do
		refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map @$map" "expected IPv4 address" "ip6 saddr map @$map"
	done
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map @hosts" "@hosts is a set, xlat needs a map" "@hosts"
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map @counters" "@counters is a map to objects, xlat needs one to addresses" "@counters"
	refused inet "$pre" "xlat 6to4 $n64 masquerade to ip6 saddr map @one4" "only ports can follow" "ip6 saddr map @one4"
	refused inet "$pre" "xlat 6to4 $n64 masquerade to :ip6 saddr map @ranges" "does not support maps to port ranges" "ip6 saddr map @ranges"
	refused inet "$pre" "xlat 4to6 $n64 error saddr ip saddr map @pool6" "needs one address, not a range" "ip saddr map @pool6"
	# 64 bytes of registers
	key="ip saddr . ip daddr . ip saddr . ip daddr"
	host="192.0.2.1 . 192.0.2.2 . 192.0.2.1 . 192.0.2.2"
	refused inet "$pre" "xlat 4to6 $n64 dnat to ip daddr map @pool6:$key . $key . tcp dport map { $host . $host . 80 : 90 }" "not enough registers" "$key . $key . tcp dport map { $host . $host . 80 : 90 }"
	# not by a crash either, where the chain is not what the rule looks for in it
	for rule in "xlat 6to4 $n64 masquerade" "xlat 6to4 $n64" "xlat flow add @ft"; do
		for prio in "$(printf 'long%.0s' {1..50})" dstnatt 'dstnatt + 5'; do
			refused inet "type filter hook forward priority $prio;" "$rule" "invalid priority expression" "priority $prio"
		done
	done
	# fast path
	for hook in prerouting input output postrouting; do
		refused inet "type filter hook $hook priority filter;" "xlat flow add @ft" "xlat flow is not supported in the $hook hook, only in forward" flow
	done
	refused ip "type nat hook prerouting priority dstnat;" "xlat flow add @ft" "xlat flow needs a chain of type filter, not nat" flow
	refused ip6 "type route hook output priority filter;" "xlat flow add @ft" "xlat flow needs a chain of type filter, not route" flow
	refused bridge "type filter hook forward priority filter;" "xlat flow add @ft" "xlat flow is not supported in the bridge family" flow
	refused netdev "" "xlat flow add @ft" "xlat flow is not supported in the netdev family" flow
	refused inet "$fwd" "accept xlat flow add @ft" "Statement after terminal statement has no effect" "xlat flow add @ft"
	refused inet "$fwd" "xlat flow add ft" "unexpected string, expected @flowtable" ft
	refused inet "$fwd" "xlat flow @ft" "unexpected @, expected add and @flowtable" @
	refused inet "$fwd" "xlat add @ft" "unexpected add" add
	refused inet "$fwd" "xlat flow add @ft $n64" "unexpected prefix" prefix
	refused inet "$fwd" "xlat 6to4 $n64 flow add @ft" "Statement after terminal statement has no effect" "flow add @ft"
	# syntax
	refused inet "$pre" "xlat $n64" "" prefix
	refused inet "$pre" "xlat 6to4" "" "xlat 6to4"
	refused inet "$pre" "xlat 6to4 $n64 random" "" random
	refused inet "$pre" "xlat 6to4 $n64 masquerade drop" "" drop
	refused inet "$pre" "xlat 4to6 $n64 $n64" "only specify this once" "$n64"
	refused inet "$pre" "xlat 4to6 $n64 mtu 1400 mtu 1500" "only specify this once" "mtu 1500"
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2.1 error saddr 192.0.2.2" "only specify this once" "error saddr 192.0.2.2"
	refused inet "$pre" "xlat 6to4 $n64 saddr $eam saddr $eam" "only specify this once" "saddr prefix 2001:db8::/64 to 192.0.2.128/26"
	refused inet "$pre" "xlat 6to4 $n64 saddr $eam non-global" "unexpected non-global" non-global
	words
}

# What users write in place of a word, or in another order: it is marked itself, not
# what comes after it.
words()
{
	local args='expected prefix, non-global, to, saddr, daddr, error saddr, mtu, masquerade, snat or dnat'
	local state='mapping, filtering or the end of the rule' nat='random, fully-random, persistent,'
	local dirs='expected 6to4, 4to6 or flow add'
	local flags='expected random, fully-random or persistent'
	local mapping='expected endpoint-independent or address-port-dependent'
	local filtering='expected endpoint-independent or address-dependent'
	local key='unexpected @m, a map has its key before it, as in ip6 saddr map @m'
	local word flag ei="mapping endpoint-independent"

	# misspelt
	refused inet "$pre" "xlate 6to4 $n64 masquerade" "unknown statement 'xlate', expected xlat" xlate
	refused inet "$pre" "counter xlate 4to6 $n64" "unknown statement 'xlate', expected xlat" xlate
	refused inet "$fwd" "xlate flow add @ft" "unknown statement 'xlate', expected flow or xlat flow" xlate
	for word in xlate xlatt xalt xlat6; do
		refused inet "$pre" "$word 6t04 $n64 masquerade" "unknown statement '$word', did you mean xlat?" $word
		refused inet "$pre" "counter $word $n64 masquerade" "unknown statement '$word', did you mean xlat?" $word
		refused inet "$pre" "$word saddr $n64 daddr $n64" "unknown statement '$word', did you mean xlat?" $word
	done
	for word in "xlat xlat 6to4 $n64" "xlat \"6to4\" $n64"; do
		refused inet "$pre" "$word" "6to4, 4to6 or flow add is missing behind xlat" xlat
	done
	for word in 6to4 4to6; do
		refused inet "$pre" "$word $n64 masquerade" "unexpected $word, xlat is missing before it" $word
		refused inet "$pre" "ip6 daddr 64:ff9b::/96 counter $word $n64" "unexpected $word, xlat is missing before it" $word
	done
	# and what has nothing to do with it
	for word in dnta snatt masqerade; do
		check_not "$word" on "$gw" "$NFT" "table inet t { chain c { $pre $word to 192.0.2.1; }; }"
		check_eq "$word is none of xlat" "$(grep -o xlat "$tmp/check")" ""
	done
	for word in 6t04 4t06 6tO4 6two4 6to6 64to46 nat64; do
		refused inet "$pre" "xlat $word $n64 masquerade" "unknown word '$word', $dirs" $word
	done
	for word in 6 64; do
		refused inet "$pre" "xlat $word $n64 masquerade" "unexpected number, $dirs" $word
	done
	refused inet "$pre" "xlat 6-to-4 $n64 masquerade" "unexpected number, $dirs" 6
	for word in masqerade nonglobal prefx saddrs sticky port bytes; do
		refused inet "$pre" "xlat 6to4 $word" "unknown word '$word', $args" $word
		refused inet "$pre" "xlat 6to4 $n64 $word" "unknown word '$word', $args" $word
		refused inet "$pre" "xlat 6to4 $n64 $word random masquerade" "unknown word '$word', $args" $word
		refused inet "$pre" "xlat 6to4 $n64 saddr $eam $word" "unknown word '$word', $args" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade $word" "unknown word '$word', expected to, $nat $state" $word
		refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $word 80" "unknown word '$word', expected :port, $nat $state" $word
		refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:1-2 $word" "unknown word '$word', expected $nat $state" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade random $word" "unknown word '$word', expected $state" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade random,$word" "unknown word '$word', $flags" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independent $word" "unknown word '$word', expected block, mapping or filtering" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade mapping $word" "unknown word '$word', $mapping" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade filtering $word" "unknown word '$word', $filtering" $word
	done
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independant block 512" "unknown word 'endpoint-independant', $mapping" endpoint-independant
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1:80-89 random,persistent,sticky masquerade" "unknown word 'sticky', $flags" sticky
	# in place of the words of a key, or behind it
	word='expected map, as in ip6 saddr map @name'
	for flag in "snat to" "saddr prefix to" "error saddr"; do
		refused inet "$pre" "xlat 6to4 $n64 $flag ip6 sadr map @m" "unknown word 'sadr', expected saddr, daddr or another field, and map" sadr
		refused inet "$pre" "xlat 6to4 $n64 $flag ip6 saddr mapp @m" "unknown word 'mapp', $word" mapp
		refused inet "$pre" "xlat 6to4 $n64 $flag ipv6 saddr map @m" "unknown word 'ipv6', expected an address, or a map with its key before it" ipv6
		refused inet "$pre" "xlat 6to4 $n64 $flag is 192.0.2.1" "unknown word 'is', expected an address, or a map" is
	done
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr . tcp dport mapp @m" "unknown word 'mapp', $word" mapp
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr 192.0.2.1" "unexpected address, $word" 192.0.2.1
	for flag in saddr daddr; do
		refused inet "$pre" "xlat 6to4 $n64 $flag prefx to ip6 $flag map @m" "unknown word 'prefx', expected prefix, or prefix to before a map" prefx
		refused inet "$pre" "xlat 6to4 $n64 $flag prefix tto ip6 $flag map @m" "unknown word 'tto', expected a prefix, as 64:ff9b::/96, or to and a map" tto
		refused inet "$pre" "xlat 6to4 $n64 $flag prefix is 2001:db8::/120 to 192.0.2.0/24" "unknown word 'is', expected a prefix, as 64:ff9b::/96" is
		refused inet "$pre" "xlat 6to4 $n64 $flag prefix ip6 $flag map @to4" "to is missing before this map, as in saddr prefix to ip6 saddr map" "ip6 $flag map @to4"
	done
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/120 too 192.0.2.0/24" "unknown word 'too', $args" too
	refused inet "$pre" "xlat 6to4 prefix is 64:ff9b::/96" "unknown word 'is', expected a prefix, as 64:ff9b::/96" is
	refused inet "$pre" "xlat 4to6 $n64 mtu is 1400" "unknown word 'is', expected a number from 1280 to 65535" is
	# the name of a host is none
	refused inet "$pre" "xlat 6to4 $n64 snat to localhost $n64" "belong before masquerade, snat and dnat" prefix
	refused inet "$pre" "xlat 6to4 $n64 error saddr localhost saddr 5" "unexpected number, expected prefix before addresses" 5
	# a word of nft, or what is none
	for word in to ip drop block mapping masquerade , 80; do
		flag=${word/,/comma}
		flag=${flag/80/number}
		refused inet "$pre" "xlat 6to4 $n64 masquerade random,$word" "unexpected $flag, $flags" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade mapping $word" "unexpected $flag, $mapping" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade filtering $word" "unexpected $flag, $filtering" $word
	done
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping address-dependent" "unexpected address-dependent, $mapping" address-dependent
	refused inet "$pre" "xlat 6to4 $n64 masquerade filtering address-port-dependent" "unexpected address-port-dependent, $filtering" address-port-dependent
	for word in 192.0.2.1 2001:db8::1; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade random,$word" "unexpected address, $flags" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade mapping $word" "unexpected address, $mapping" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade filtering $word" "unexpected address, $filtering" $word
		refused inet "$pre" "xlat $word" "unexpected address, $dirs" $word
	done
	for word in 192.0.2.1 \$x; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independent $word" "expected block, mapping or filtering" $word
	done
	# only what can still follow
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1 port 80" "unknown word 'port', expected :port or the end of the rule" port
	refused inet "$pre" "xlat 4to6 $n64 dnat to [2001:db8::1]:80 foo" "unknown word 'foo', expected the end of the rule" foo
	refused inet "$pre" "xlat 4to6 $n64 dnat foo" "unknown word 'foo', expected to or the end of the rule" foo
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 port 80 masquerade" "unknown word 'port', expected :port, masquerade, snat or the end of the rule" port
	refused inet "$pre" "xlat 6to4 dnat to 192.0.2.1 masquerade foo" "unknown word 'foo', expected to, random, fully-random, persistent or the end of the rule" foo
	# a word, of which there is none before a variable
	refused inet "$pre" "xlat 6to4 \$x masquerade" "unexpected variable, prefix or to is missing before it" \$x
	refused inet "$pre" "xlat 6to4 $n64 snat \$x" "unexpected variable, to is missing before it" \$x
	refused inet "$pre" "xlat 6to4 $n64 masquerade \$to" "unexpected variable, to is missing before it" \$to
	refused inet "$pre" "xlat 4to6 $n64 dnat \$x:80" "unexpected variable, to is missing before it" \$x
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 \$x" "unexpected variable, there can be only one address, or a range" \$x
	refused inet "$pre" "xlat 4to6 $n64 daddr prefix 192.0.2.1 \$x" "unexpected variable, prefix or to is missing before it" \$x
	refused inet "$pre" "xlat 4to6 $n64 daddr \$x to 2001:db8::1" "unexpected variable, expected prefix, or prefix to before a map with its key" \$x
	refused inet "$pre" "xlat 6to4 $n64 error \$x" "saddr is missing after error" \$x
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independent block 512 \$x" "unexpected variable, of is missing before it" \$x
	refused inet "$pre" "xlat 6to4 $n64 masquerade random,\$x" "unexpected variable, $flags" \$x
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping \$x" "unexpected variable, $mapping" \$x
	refused inet "$pre" "xlat 6to4 $n64 masquerade filtering \$x" "unexpected variable, $filtering" \$x
	# missing
	for word in "$n64" "saddr $n64" "mtu 1400" "error saddr 192.0.2.1" masquerade "snat to 192.0.2.1"; do
		refused inet "$pre" "xlat $word" "6to4 or 4to6 is missing before this" "${word%% *}"
	done
	refused inet "$pre" "xlat 6to4 64:ff9b::/96 masquerade" "unexpected address, prefix or to is missing before it" 64:ff9b::
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/64 192.0.2.0/26" "unexpected address, prefix or to is missing before it" 192.0.2.0
	refused inet "$pre" "xlat 6to4 $n64 saddr 2001:db8::/64 to 192.0.2.0/26" "expected prefix" 2001:db8::
	refused inet "$pre" "xlat 6to4 $n64 error 192.0.2.1" "saddr is missing after error" 192.0.2.1
	refused inet "$pre" "xlat 6to4 $n64 error daddr 192.0.2.1" "xlat has error saddr only" daddr
	refused inet "$pre" "xlat 6to4 $n64 snat 192.0.2.1" "unexpected address, to is missing before it" 192.0.2.1
	refused inet "$pre" "xlat 6to4 $n64 masquerade :80" "to is missing before the port" :
	refused inet "$pre" "xlat 6to4 $n64 masquerade to 1024-65535" "only ports can follow, as in to :1024-65535" 1024-65535
	refused inet "$pre" "xlat 6to4 $n64 masquerade random persistent" "a comma is missing before this flag" persistent
	# ends too early
	local prefix='expected a prefix, as 64:ff9b::/96, or to and a map'
	local to='expected an address or a range, :ports, or a map with its key before it'
	ends inet "$pre" xlat "$dirs"
	ends inet "$fwd" "xlat flow" "expected add and @flowtable"
	ends inet "$fwd" "xlat flow add" "expected @flowtable"
	ends inet "$fwd" "xlat flow add @" "expected the name of a flowtable"
	ends inet "$pre" "xlat 6to4 prefix" "$prefix"
	for word in saddr daddr; do
		ends inet "$pre" "xlat 6to4 $n64 $word" "expected prefix before addresses, or prefix to before a map with its key"
		ends inet "$pre" "xlat 6to4 $n64 $word prefix" "$prefix"
		ends inet "$pre" "xlat 6to4 $n64 $word prefix to" "expected a map with its key before it, as ip6 saddr map @eam"
		ends inet "$pre" "xlat 6to4 $n64 $word prefix 2001:db8::/64 to" "expected a prefix of the other family"
		ends inet "$pre" "xlat 6to4 $n64 $word prefix to ip6 $word map" "expecting @"
	done
	ends inet "$pre" "xlat 6to4 $n64 error" "expected saddr and an address"
	ends inet "$pre" "xlat 6to4 $n64 error saddr" "expected an address"
	ends inet "$pre" "xlat 4to6 $n64 mtu" "expected a number from 1280 to 65535"
	for word in masquerade snat dnat; do
		ends inet "$pre" "xlat 6to4 $n64 $word to" "$to"
		ends inet "$pre" "xlat 6to4 $n64 $word to :" "expected a port or a range of ports"
		ends inet "$pre" "xlat 6to4 $n64 $word to 192.0.2.1:" "expected a port or a range of ports"
		ends inet "$pre" "xlat 6to4 $n64 $word to 192.0.2.1-" "expected the last address of the range"
		ends inet "$pre" "xlat 6to4 $n64 $word to :1024-" "expected the last port of the range"
		ends inet "$pre" "xlat 6to4 $n64 $word to 192.0.2.1:1024-" "expected the last port of the range"
		ends inet "$pre" "xlat 6to4 $n64 $word random," "$flags"
		ends inet "$pre" "xlat 6to4 $n64 $word mapping" "$mapping"
		ends inet "$pre" "xlat 6to4 $n64 $word filtering" "$filtering"
	done
	refused inet "$pre" "xlat 6to4" "xlat needs a prefix, as in xlat 6to4 prefix 64:ff9b::/96" "xlat 6to4"
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::" "as 64:ff9b::/96" 64:ff9b::
	refused inet "$pre" "xlat 6to4 $n64 snat" "snat needs an address, as in to 192.0.2.1" snat
	refused inet "$pre" "xlat 4to6 $n64 dnat" "dnat needs an address, as in to 2001:db8::1" dnat
	# the mistake is further on
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::/ masquerade" "expecting number" masquerade
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr . masquerade" "syntax error" masquerade
	# order
	for word in "$n64" "saddr $n64" "daddr $n64" "error saddr 192.0.2.1" "mtu 1400" non-global; do
		for flag in '' ' random' ' mapping endpoint-independent'; do
			refused inet "$pre" "xlat 6to4 $n64 masquerade$flag $word" "belong before masquerade, snat and dnat" "${word%% *}"
		done
	done
	for flag in random fully-random persistent; do
		refused inet "$pre" "xlat 6to4 $n64 $flag masquerade" "flags belong behind masquerade, snat or dnat" $flag
		refused inet "$pre" "xlat 6to4 $n64 masquerade filtering address-dependent $flag" "flags belong before mapping and filtering" $flag
	done
	refused inet "$pre" "xlat 6to4 $n64 masquerade random to :80" "to belongs before the flags" to
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independent to :80" "to belongs before mapping and filtering" to
	refused inet "$pre" "xlat 6to4 to 192.0.2.1" "unexpected to, it belongs behind masquerade, snat, dnat or prefix" to
	refused inet "$pre" "xlat 6to4 non-global $n64" "it belongs behind the address of an RFC 6052 prefix" non-global
	refused inet "$pre" "xlat 6to4 $n64 masquerade ip6 saddr 2001:db8::1" "matches belong before xlat" ip6
	refused inet "$pre" "xlat 6to4 $n64 snat ip to 192.0.2.1" "the family of snat and dnat follows from 6to4 and 4to6" ip
	# twice
	refused inet "$pre" "xlat 6to4 $n64 masquerade masquerade" "only one of masquerade and snat" masquerade
	refused inet "$pre" "xlat 6to4 $n64 masquerade snat to 192.0.2.1" "only one of masquerade and snat" snat
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 to 192.0.2.2" "there can be only one to" to
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 192.0.2.2" "there can be only one address, or a range" 192.0.2.2
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1, 192.0.2.2" "snat takes one address or range, more of them come from a map" "192.0.2.1, 192.0.2.2"
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1-192.0.2.4, 192.0.2.9" "only one address or range" ,
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1-192.0.2.4, random" "no comma before flags" ,
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.0/28, random" "no comma before flags" ,
	for rule in "4to6 $n64" "$n64 4to6" "$n64 masquerade 4to6" "$n64 masquerade mapping endpoint-independent 4to6"; do
		refused inet "$pre" "xlat 6to4 $rule" "unexpected 4to6, there can be only one of 6to4 and 4to6, behind xlat" 4to6
	done
	refused inet "$pre" "xlat 6to4 $n64 mapping endpoint-independent masquerade" "masquerade and snat belong before mapping and filtering" masquerade
	refused inet "$pre" "xlat 6to4 $n64 filtering address-dependent snat to 192.0.2.1" "masquerade and snat belong before mapping and filtering" snat
	for word in endpoint-independent address-dependent address-port-dependent; do
		refused inet "$pre" "xlat 6to4 $n64 $word masquerade" "mapping or filtering is missing before this" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade $word" "mapping or filtering is missing before this" $word
		refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independent $word" "mapping or filtering is missing before this" $word
	done
	refused inet "$pre" "xlat 6to4 ip6 daddr 64:ff9b::/96 masquerade" "unexpected ip6, matches belong before xlat" ip6
	refused inet "$pre" "xlat 4to6 ip daddr 192.0.2.1 $n64" "unexpected ip, matches belong before xlat" ip
	# signs and words of nft that xlat has not
	for word in "=" timeout flags; do
		flag=${word/=/\'=\'}
		refused inet "$pre" "xlat 6to4 $n64 $word masquerade" "unexpected $flag, $args" "$word"
		refused inet "$pre" "xlat 6to4 $n64 masquerade $word random" "unexpected $flag, expected to, $nat $state" "$word"
		refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $word random" "unexpected $flag, expected :port, $nat $state" "$word"
		refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independent $word 30" "unexpected $flag, expected block, mapping or filtering" "$word"
	done
	refused inet "$pre" "xlat 6to4 $n64 snat => 192.0.2.1" "unexpected '=', expected to, $nat $state" =
	refused inet "$pre" "xlat 6to4: $n64 masquerade" "unexpected colon, $args" :
	refused inet "$pre" "xlat 6to4 $n64 masquerade mapping endpoint-independent block 512-1024" "unexpected -, expected of, mapping or filtering" -
	refused inet "$pre" "xlat 4to6 $n64 mtu 1500-1400-1300" "unexpected -, $args" -
	# commas, dashes and colons
	for rule in "xlat 6to4, $n64 masquerade" "xlat 6to4 $n64, masquerade" "xlat 6to4 $n64 masquerade, random" \
		"xlat 6to4 $n64 masquerade mapping endpoint-independent, filtering address-dependent" \
		"xlat 6to4 $n64 saddr prefix 2001:db8::/120 to 192.0.2.0/24, 2001:db8:1::/120 to 198.51.100.0/24"; do
		refused inet "$pre" "$rule" "unexpected comma, words of xlat have none between them" ,
	done
	for rule in "non-global, masquerade" "masquerade mapping endpoint-independent block 512, filtering address-dependent"; do
		refused inet "$pre" "xlat 6to4 $n64 $rule" "unexpected comma, words of xlat have none between them" ,
	done
	for rule in "saddr prefix to ip6 saddr map @to4, daddr prefix to ip6 daddr map @to4" "mtu 1400, masquerade" "saddr prefix 2001:db8::1 to 192.0.2.1, masquerade"; do
		refused inet "$pre" "xlat 6to4 $n64 $rule" "unexpected comma, words of xlat have none between them" ,
	done
	for rule in 192.0.2.1 192.0.2.1-192.0.2.4 "192.0.2.1, 192.0.2.2" "ip6 saddr map @to4"; do
		refused inet "$pre" "xlat 6to4 $n64 snat to $rule, random" "there can be only one *, and no comma before flags" ,
	done
	for rule in 1024-2000-3000 1024-2000-http; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade to :$rule" "unexpected -, a range has two ports" -
		refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:$rule" "unexpected -, a range has two ports" -
	done
	refused inet "$pre" "xlat 4to6 $n64 mtu 1500 1400" "unexpected number, mtu has only one" 1400
	refused inet "$pre" "xlat 4to6 $n64 1400" "unexpected number, $args" 1400
	for rule in "80 : [2001:db8::1]:8080" "80 : [2001:db8::1] : 8080" "22 : 2001:db8::1, 80 : [2001:db8::1]:8080"; do
		refused inet "$pre" "xlat 4to6 $n64 dnat to tcp dport map { $rule }" "unexpected colon, in a map a dot is between address and port, as in 192.0.2.1 . 80" :
	done
	for rule in "ip daddr . tcp dport map { 192.0.2.1 80 : 2001:db8::1 }" "tcp dport map { 22 : 2001:db8::1 80 }"; do
		refused inet "$pre" "xlat 4to6 $n64 dnat to $rule" "unexpected number, in a map a dot is between address and port, as in 192.0.2.1 . 80" 80
	done
	refused inet "$pre" "xlat 6to4 $n64 masquerade to :1024:65535" "unexpected colon, there can be only one, and a range is written 1024-65535" :
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:1024:65535 random" "unexpected colon, there can be only one" :
	for word in 2001:db8::/120 2001:db8::1 192.0.2.1; do
		refused inet "$pre" "xlat 6to4 $n64 saddr prefix $word : 192.0.2.0" "unexpected colon, a pair has to between its prefixes" :
	done
	for rule in "xlat 4to6 $n64 to [2001:db8::1]" "xlat 6to4 $n64 to 192.0.2.1" "xlat 6to4 prefix dnat to 192.0.2.1"; do
		refused inet "$pre" "$rule:80" "unexpected colon, ports belong to masquerade, snat and dnat" :
	done
	for rule in 192.0.2.0/28-192.0.2.16/28 192.0.2.1-192.0.2.4-192.0.2.9; do
		refused inet "$pre" "xlat 6to4 $n64 snat to $rule" "unexpected -, a range has two addresses, without lengths" -
	done
	for rule in 192.0.2.1-192.0.2.4 192.0.2.1-6; do
		refused inet "$pre" "xlat 6to4 $n64 snat to $rule/28" "unexpected /, a range has two addresses, without lengths" /
	done
	for word in 1024:2000 2000:1024 1:2:3; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade to :$word random" "unexpected colon, there can be only one, and a range is written 1024-65535" "${word/1:2:3/:}"
		refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:$word random" "unexpected colon, there can be only one, and a range is written 1024-65535" "${word/1:2:3/:}"
	done
	for word in port ports; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade to $word 1024-65535" "unexpected $word, ports are written behind a colon, as in to :1024-65535" $word
		refused inet "$pre" "xlat 6to4 dnat to $word 22 masquerade" "unexpected $word, ports are written behind a colon" $word
	done
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1 8080" "unexpected number, a port is written behind a colon, as in to :80" 8080
	refused inet "$pre" "xlat 4to6 $n64 dnat to [2001:db8::1]80" "unexpected number, a port is written behind a colon" 80
	refused inet "$pre" "xlat 6to4 $n64 masquerade 1024-65535" "unexpected number, a port is written behind a colon" 1024
	refused inet "$pre" "xlat 6to4 $n64 snat to 10.0.0.0/8:1024-65535" "ports cannot follow one, write a range of addresses before them" 8:1024
	# sets, and maps without a key
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr { 2001:db8::1 : 192.0.2.1 }" "map is missing before this" "{"
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr vmap @m" "unexpected vmap, which has verdicts, expected map" vmap
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix to ip6 saddr vmap @m" "unexpected vmap, which has verdicts, expected map" vmap
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2.1,192.0.2.2" "error saddr takes one address, more of them come from a map" 192.0.2.1,192.0.2.2
	refused inet "$pre" "xlat 6to4 $n64 error saddr { 192.0.2.1, 192.0.2.2 }" "expected an address, or a map with its key before it" "{"
	refused inet "$pre" "xlat 6to4 $n64 snat to { 192.0.2.1, 192.0.2.2 }" "unexpected set, expected an address, a range, or a map with its key before it" "{"
	for rule in "snat to @m" "snat to ip6 saddr @m" "saddr prefix to @m" "saddr prefix @m" "saddr prefix to ip6 saddr @m" "error saddr @m" "masquerade @m" "@m"; do
		refused inet "$pre" "xlat 6to4 $n64 $rule" "$key" m
	done
	refused inet "$pre" "xlat 6to4 $n64 snat to map { 2001:db8::1 : 192.0.2.1 }" "unexpected map, it has its key before it" map
	for rule in "snat to" "saddr prefix to" "error saddr"; do
		for word in tcp udp meta ct ip6; do
			refused inet "$pre" "xlat 6to4 $n64 $rule ip6 saddr $word mark map @m" "unexpected $word, map or a dot is missing before it, as in ip6 saddr . tcp dport map @name" $word
		done
	done
	for word in tcp udp meta ct; do
		refused inet "$pre" "xlat 6to4 $n64 masquerade $word mark 1" "unexpected $word, matches belong before xlat, as other statements do" $word
	done
	for rule in "snat to" "masquerade to :" "error saddr"; do
		for word in 192.0.2.1 2001:db8::1 80 http; do
			refused inet "$pre" "xlat 6to4 $n64 $rule $word map @to4" "this is no key of a map, which is a field of the packet, as in ip6 saddr map" $word
		done
	done
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block 512 of @m" "unexpected @m, expected a prefix of clients" m
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 $ei block @m" "unexpected @m, expected a multiple of 64 ports" m
	refused inet "$fwd" "xlat flow add @ft @ft" "unexpected @, there can be only one flowtable" @
	refused inet "$fwd" "xlat 6to4 flow add @ft" "unexpected flow, xlat flow add has no 6to4" flow
	for word in xlatflow xlat-flow; do
		refused inet "$fwd" "$word add @ft" "unknown statement '$word', expected xlat flow" $word
	done
	refused inet "$fwd" "lfow add @ft" "syntax error, unexpected add" add
	# the wrong map
	refused inet "$pre" "xlat 6to4 $n64 error saddr ip6 saddr map { 2001:db8::1 : 192.0.2.1, 2001:db8::2 : 2001:db8::9 }" "6to4 error saddr needs an IPv4 address" 2001:db8::9
	refused inet "$pre" "xlat 4to6 $n64 error saddr ip saddr map { 192.0.2.1 : 192.0.2.2 }" "4to6 error saddr needs an IPv6 address" 192.0.2.2
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map @to6" "map expects IPv4 address, mapping expression has type IPv6 address" @to6
	refused inet "$pre" "xlat 6to4 $n64 snat to tcp dport map @to4" "map expects IPv6 address, mapping expression has type internet network service" @to4
	refused inet "$pre" "xlat 6to4 $n64 snat to ip saddr map @to4" "conflicting *protocols specified: ip6 vs. ip" "ip saddr"
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map @to5" "did you mean map *to" @to5
	# ports and lengths
	for word in 2001:db8::1:80 fd00::2:9999 2001:db8::1-2001:db8::2:80; do
		refused inet "$pre" "xlat 4to6 $n64 dnat to $word" "IPv6 address may end in a port, write" $word
	done
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1:80" "write \[2001:db8::1]:80, or \[2001:db8::1:80] for an address" 2001:db8::1:80
	for word in 2001:db8::1:65535 2001:db8::1:10080 2001:db8::1-2001:db8::1:10080; do
		refused inet "$pre" "xlat 4to6 $n64 dnat to $word" "needs brackets before a port, write \[2001:db8::1]:${word##*:}" ${word%?}
	done
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1:80-90" "needs brackets before ports, write \[2001:db8::1]:80-90" 2001:db8::1:80-90
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1:1024-65535" "needs brackets before ports, write \[2001:db8::1]:1024-65535" 2001:db8::1:1024-65535
	for word in 2001:db8:::80 2001:db8::1-2001:db8:::80; do
		refused inet "$pre" "xlat 4to6 $n64 dnat to $word" "IPv6 address needs brackets before a port, write \[2001:db8::]" "${word%:80}"
	done
	for word in 80,90 80-85,90 80-85,90-95 80,random; do
		refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:$word" "unexpected comma, there can be only one port or range of ports, and no comma before flags" ,
		refused inet "$pre" "xlat 6to4 $n64 masquerade to :$word" "unexpected comma, there can be only one port or range of ports, and no comma before flags" ,
		refused inet "$pre" "xlat 4to6 $n64 dnat to [2001:db8::1]:$word" "unexpected comma, there can be only one port or range of ports, and no comma before flags" ,
	done
	refused inet "$pre" "xlat 6to4 $n64 masquerade to :http,https" "masquerade takes one port or range of ports" http,https
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1 . 80" "snat takes an address, and ports after a colon, as in to 192.0.2.1:1024-65535" "192.0.2.1 . 80"
	refused inet "$pre" "xlat 4to6 $n64 dnat to tcp dport map { 22 : 2001:db8::1, 80 : 2001:db8::1:8080 }" "IPv6 address may end in a port, write 2001:db8::1 . 8080, or \[2001:db8::1:8080] for an address" 2001:db8::1:8080
	word='this bracket needs one IPv6 address behind it and then ]'
	for rule in '[2001:db8::1:80' '[2001:db8::1' '[$x]:80' '[[2001:db8::1]]:80' '[2001:db8::1/128]:80' '[192.0.2.1]:80' '[2001:db8::1-2001:db8::2]:80'; do
		refused inet "$pre" "xlat 4to6 $n64 dnat to $rule" "$word" "["
	done
	refused inet "$pre" "xlat 4to6 $n64 dnat to [2001:db8::1].80" "unexpected '.80', a port is written behind a colon" .80
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1]:80" "unexpected ']', \[ is missing before the IPv6 address" "]"
	# addresses that are none
	word='this is no IPv4 address, that has four numbers from 0 to 255'
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.256" "$word" 192.0.2.256
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.256:80" "$word" 192.0.2.256
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1-192.0.2.256" "$word" 192.0.2.256
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.256/24" "$word" 192.0.2.256
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2.256" "$word" 192.0.2.256
	refused inet "$pre" "xlat 6to4 $n64 saddr prefix 2001:db8::/64 to 192.0.2.256" "$word" 192.0.2.256
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.256 }" "$word" 192.0.2.256
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.256 . 80 }" "$word" 192.0.2.256
	for word in .1 .1:80; do
		refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1$word" "no IPv4 address ends in '.1', it has four numbers" .1
	done
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2" "no IPv4 address ends in '.0.2', it has four numbers" .0.2
	refused inet "$pre" "xlat 6to4 $n64 error saddr 192.0.2" "no IPv4 address ends in '.0.2', it has four numbers" .0.2
	for rule in "prefix 64:" "$n64 saddr prefix 64:" "$n64 error saddr 64:" "$n64 snat to 64:"; do
		refused inet "$pre" "xlat 6to4 $rule:ff9b::1" "no IPv6 address ends in '::1', it has :: only once" ::1
	done
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8:1" "this is no IPv6 address, that has eight numbers, or :: for zeros" 2001:db8
	# of strings that have more in them
	for word in 192.0.2.1/24 192.0.2.1:80 192.0.2.1-192.0.2.4 '[192.0.2.1]'; do
		for rule in "snat to" "error saddr" "saddr prefix 2001:db8::/64 to" "dnat to"; do
			refused inet "$pre" "xlat 6to4 $n64 $rule \"$word\"" "this is no address; a prefix, range or port is written without quotes" "\"$word\""
		done
	done
	refused inet "$pre" "xlat 6to4 prefix \"64:ff9b::/96\"" "this is no address; a prefix, range or port is written without quotes" "\"64:ff9b::/96\""
	refused inet "$pre" "xlat 4to6 $n64 dnat to [2001:db8::g]:80" "this bracket needs one IPv6 address behind it and then ], as in" "["
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1-6" "this is no address, which is written in full" 6
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1-9" "this is no address, which is written in full" 9
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b:/96 masquerade" "this is no IPv6 prefix, which is written as 64:ff9b::/96" 64:ff9b
	refused inet "$pre" "xlat 6to4 prefix 64:ff9g::/96 masquerade" "this is no IPv6 prefix" 64
	for word in 192.0.2.1/24 192.0.2.255/25; do
		refused inet "$pre" "xlat 6to4 $n64 snat to $word" "address has bits set beyond the length of ${word#*/}" $word
		refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : $word }" "address has bits set beyond the length of ${word#*/}" $word
		refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : $word . 80 }" "address has bits set beyond the length of ${word#*/}" $word
	done
	refused inet "$pre" "xlat 4to6 $n64 dnat to 2001:db8::1/64" "address has bits set beyond the length of 64" 2001:db8::1/64
	refused inet "$pre" "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1/64 : 192.0.2.1 }" "address has bits set beyond the length of 64" 2001:db8::1/64
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.0/33" "Prefix length 33 is invalid" 192.0.2.0/33
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:70000" "Service out of range" 70000
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:2000-1000" "negative size" 2000-1000
	refused inet "$pre" "xlat 6to4 $n64 snat to \$nope" "unknown identifier 'nope'" nope
	for family in arp netdev; do
		refused $family "" "xlat 6to4 $n64" "xlat is not supported in the $family family, only in ip, ip6 and inet" "xlat 6to4"
	done
}

# defined VALUE RULE MESSAGE MARKED: the same by a variable, which is $x in the rule
defined()
{
	printf 'define x = %s\ntable inet t {\nchain c { %s\n%s\n}\n}\n' "$1" "$pre" "$2" >"$tmp/rules"
	if inside -f "$tmp/rules" >"$tmp/said" 2>&1; then
		fail "accepted: $2, x = $1"
		on "$gw" $NFT flush ruleset
		return
	fi
	told "$2, x = $1" marked "$3" "$4" <"$tmp/said"
}

variables()
{
	local word port='address may end in a port, which belongs behind the variable, write'

	defined 2001:db8::1:80 "xlat 4to6 $n64 dnat to \$x" "$port \[2001:db8::1:80] for an address" 2001:db8::1:80
	defined 2001:db8::1:80 "xlat 4to6 $n64 dnat to 2001:db8::1-\$x" "address may end in a port, write" "2001:db8::1-\$x"
	for word in "192.0.2.1, 192.0.2.2" "{ 192.0.2.1, 192.0.2.2 }" "{ 2001:db8::1 : 192.0.2.1 }"; do
		defined "$word" "xlat 6to4 $n64 snat to \$x" "snat takes one address or range, more of them come from a map" "\$x"
		defined "$word" "xlat 6to4 $n64 error saddr \$x" "error saddr takes one address, more of them come from a map" "\$x"
	done
	defined "{ 80, 90 }" "xlat 6to4 $n64 masquerade to :\$x" "masquerade takes one port or range of ports" "\$x"
	defined 192.0.2.1/24 "xlat 6to4 $n64 snat to \$x" "address has bits set beyond the length of 24" 192.0.2.1/24
	defined 192.0.2.1 "xlat 6to4 $n64 snat to \$x / 24" "address has bits set beyond the length of 24" "\$x / 24"
	defined 192.0.2.1 "xlat 6to4 $n64 snat to ip6 saddr map { 2001:db8::1 : \$x / 24 }" "address has bits set beyond the length of 24" "\$x / 24"
	defined 2001:db8::1 "xlat 4to6 $n64 dnat to \$x / 64" "address has bits set beyond the length of 64" "\$x / 64"
	defined 2001:db8::1 "xlat 6to4 prefix \$x / 96" "bits set beyond its length of 96" "\$x / 96"
	defined 2001:db8::1 "xlat 6to4 $n64 saddr prefix \$x / 64 to 192.0.2.0/24" "bits set beyond its length of 64" "\$x / 64"
	defined 192.0.2.1 "xlat 6to4 $n64 snat to \$x, random" "unexpected comma, there can be only one address or range, and no comma before flags" ,
	defined 2001:db8::/96 "xlat 6to4 prefix \$x, masquerade" "unexpected comma, words of xlat have none between them" ,
	defined '"64:ff9b::/96"' "xlat 6to4 prefix \$x" "this is no address; a prefix" '"64:ff9b::/96"'
	defined 2001:db8::1 "xlat 4to6 $n64 dnat to \$x \$x" "unexpected variable, there can be only one address, or a range" "\$x"
	defined 2001:db8::1 "xlat 4to6 $n64 dnat to \$x]:80" "unexpected ']', \[ is missing before the IPv6 address" "]"
	defined 192.0.2.1 "xlat 6to4 $n64 snat to \$x map { 2001:db8::1 : 192.0.2.1 }" "this is no key of a map, which is a field of the packet" "\$x"
	defined foo "xlat 4to6 $n64 mtu \$x" "must be a number from 1280 to 65535" "\$x"
}

# ends FAMILY CHAIN RULE MESSAGE: nft marks the place behind the last word
ends()
{
	refused "$1" "$2" "$3" "unexpected semicolon, $4" ";"
}

# taken RULE [LISTED]: what may look like a mistake and is none
taken()
{
	check "taken: $1" on "$gw" $NFT "table inet t { chain c { $pre $1; }; }" &&
		check_match "listed" "$(on "$gw" $NFT list ruleset)" "*${2-$1}*"
	on "$gw" $NFT flush ruleset
}

# An address in brackets is one, and is listed so that it can be loaded again.
taken "xlat 4to6 $n64 dnat to [2001:db8::1:80]" "xlat 4to6 $n64 dnat to \[2001:db8::1:80]"
taken "xlat 4to6 $n64 dnat to 2001:db8::1-[2001:db8::1:80]" "xlat 4to6 $n64 dnat to 2001:db8::1-\[2001:db8::1:80]"
taken "xlat 4to6 $n64 dnat to [2001:db8::1]:80" "xlat 4to6 $n64 dnat to \[2001:db8::1]:80"
taken "xlat 4to6 $n64 dnat to [2001:db8::1:90]-[2001:db8::2:80]" "xlat 4to6 $n64 dnat to \[2001:db8::1:90]-\[2001:db8::2:80]"
taken "xlat 4to6 $n64 dnat to tcp dport map { 80 : [2001:db8::1:80] }" "xlat 4to6 $n64 dnat to tcp dport map { 80 : \[2001:db8::1:80] }"
for addr in 2001:db8::1:80 '[2001:db8::1:80]'; do
	taken "xlat 4to6 $n64 dnat to tcp dport map { 80 : $addr . 90 }" "xlat 4to6 $n64 dnat to tcp dport map { 80 : \[2001:db8::1:80] . 90 }"
done
taken "xlat 4to6 $n64 dnat to [2001:db8::1]" "xlat 4to6 $n64 dnat to 2001:db8::1"
for addr in 2001:db8::1:0 2001:db8::1:ff 2001:db8::80 2001:db8:0:1:2:3:4:80; do
	taken "xlat 4to6 $n64 dnat to $addr"
done
for word in 2001:db8::1 2001:db8::1:80 '[2001:db8::1:80]'; do
	check "a port behind a variable" on "$gw" $NFT "define x = $word; table inet t { chain c { $pre xlat 4to6 $n64 dnat to \$x:8080; }; }"
	on "$gw" $NFT flush ruleset
done
check "an address in a variable" on "$gw" $NFT "define x = [2001:db8::1:80]; table inet t { chain c { $pre xlat 4to6 $n64 dnat to \$x; }; }"
on "$gw" $NFT flush ruleset
taken "xlat 6to4 $n64 snat to 192.0.2.0/28"
taken "xlat 6to4 $n64 snat to 192.0.2.1:0x50" "xlat 6to4 $n64 snat to 192.0.2.1:80"
taken "xlat 4to6 $n64 mtu 0x578" "xlat 4to6 $n64 mtu 1400"

if [ "${LAB_KERNEL-uml}" = uml ]; then
	messages
	variables
else
	echo "# messages of nft alone: on uml only, as no kernel takes part in them"
fi

# Through a jump only the kernel sees it.
check_not "stateful in a chain that forward jumps to" on "$gw" $NFT "
	table inet t {
		chain x { xlat 6to4 $n64 masquerade; }
		chain c { type filter hook forward priority filter; jump x; }
	}"
check_not "stateful in a chain that raw jumps to" on "$gw" $NFT "
	table inet t {
		chain x { xlat 6to4 $n64 masquerade; }
		chain c { type filter hook prerouting priority raw; jump x; }
	}"
if modprobe -q nf_flow_table_inet; then
	check_not "fast path in a chain that prerouting jumps to" on "$gw" $NFT "
		table inet t {
			flowtable ft { hook ingress priority filter; devices = { lo }; }
			chain x { xlat flow add @ft; }
			chain c { $pre jump x; }
		}"
fi
check_eq "nothing of all that is there" "$(on "$gw" $NFT list ruleset)" ""

# not_listed WHAT EXPRESSIONS MESSAGE: a rule that is not nft's, which the kernel takes,
# is not listed as another
not_listed()
{
	local json

	on "$gw" python3 -ISc 'import sys; sys.path.append(sys.argv[1]); from attributes import *
sys.exit(send(batch(INET, eval(sys.argv[2])), 3))' "$here" "$2" || fail "$1: refused"
	for json in '' -j; do
		check_match "${json:+JSON: }$1" "$(on "$gw" $NFT $json list ruleset 2>&1)" "*Error: $3*"
		check_eq "not listed" "$(on "$gw" $NFT $json list ruleset 2>/dev/null | grep -c "\(^\|[[:space:]]\|\"\)xlat")" 0
	done
	on "$gw" $NFT flush ruleset
}

need python3
not_listed "16 bytes for an IPv4 address" "[imm(1, bytes(range(16))), xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 1})]" \
	"xlat statement has no address expression"
not_listed "an address for a port" "[addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8, 3: 8})]" \
	"xlat statement has no proto expression"

done_testing
