#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What cannot work is refused when the rule is added, with a message that says
# why.
. "$(dirname "$0")/lib.sh"

need_nft
setup_ns "$gw"

pre='type filter hook prerouting priority dstnat;'
n64='prefix 64:ff9b::/96'

# refused FAMILY CHAIN RULE MESSAGE
refused()
{
	local out

	if out=$(on "$gw" $NFT "table $1 t { chain c { $2 $3; } ; }" 2>&1); then
		fail "accepted: $1 { $2 $3 }"
		on "$gw" $NFT flush ruleset
	else
		check_match "$1 { $2 $3 }" "$(echo "$out" | head -1)" "*Error: *$4*"
	fi
}

messages()
{
	# prefixes
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::/95 masquerade" "length must be 32, 40, 48, 56, 64 or 96, not 95"
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::/128 masquerade" "length must be 32, 40, 48, 56, 64 or 96, not 128"
	refused inet "$pre" "xlat 6to4 prefix 2001:db8:0:0:100::/96 masquerade" "bits 64 to 71 set"
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b::1/96 masquerade" "bits set beyond its length of 96"
	refused inet "$pre" "xlat 6to4 prefix 64:ff9b:: masquerade" "must be an IPv6 prefix with its length"
	refused inet "$pre" "xlat 6to4 prefix 192.0.2.0/24 masquerade" "must be IPv6, not IPv4"
	refused inet "$pre" "xlat 6to4 saddr $n64" "saddr prefix needs a daddr prefix"
	refused inet "$pre" "xlat 6to4 daddr $n64" "daddr prefix needs a saddr prefix"
	refused inet "$pre" "xlat 6to4 saddr $n64 daddr $n64 masquerade" "saddr and daddr are stateless"
	# families
	refused ip "$pre" "xlat 6to4 $n64 masquerade" "translates ip6 packets, there are none in ip tables"
	refused ip6 "$pre" "xlat 4to6 $n64" "translates ip packets, there are none in ip6 tables"
	refused inet "$pre" "ip daddr 192.0.2.1 xlat 6to4 $n64" "conflicting protocols"
	refused bridge "$pre" "xlat 6to4 $n64" "not supported in the bridge family"
	# places
	refused inet "type filter hook prerouting priority raw;" "xlat 6to4 $n64 masquerade" "priority after conntrack (-200)"
	refused inet "type filter hook prerouting priority -200;" "xlat 6to4 $n64 masquerade" "priority after conntrack (-200)"
	refused inet "type filter hook forward priority filter;" "xlat 6to4 $n64 masquerade" "stateful xlat is not supported in the forward hook"
	refused inet "type filter hook input priority filter;" "xlat 6to4 $n64" "stateless xlat is not supported in the input hook"
	refused inet "type filter hook postrouting priority filter;" "xlat 6to4 $n64" "stateless xlat is not supported in the postrouting hook"
	refused inet "type nat hook prerouting priority dstnat;" "xlat 6to4 $n64 masquerade" "needs a chain of type filter, not nat"
	# pools
	refused inet "$pre" "xlat 6to4 $n64 masquerade to :0" "port must be from 1 to 65535, not 0"
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.1:0-100" "port must be from 1 to 65535, not 0"
	refused inet "$pre" "xlat 6to4 $n64 snat to 2001:db8::1" "needs an IPv4 address"
	refused inet "$pre" "xlat 6to4 $n64 snat to [2001:db8::1]:1024-65535" "needs an IPv4 address"
	refused inet "$pre" "xlat 6to4 $n64 snat to :1024-65535" "snat needs an address"
	refused inet "$pre" "xlat 6to4 $n64 masquerade to 192.0.2.1" "only ports can follow"
	refused inet "$pre" "xlat 6to4 $n64 snat to 192.0.2.9-192.0.2.1" ""
	refused inet "$pre" "xlat 6to4 $n64 dnat to 192.0.2.1" "dnat is not supported with xlat 6to4"
	refused inet "$pre" "xlat 4to6 $n64 masquerade" "masquerade is not supported with xlat 4to6"
	# syntax
	refused inet "$pre" "xlat $n64" ""
	refused inet "$pre" "xlat 6to4" ""
	refused inet "$pre" "xlat 6to4 $n64 random" ""
	refused inet "$pre" "xlat 6to4 $n64 masquerade drop" ""
}

if is_uml; then
	messages
else
	echo "# messages of nft alone: on UML only, as no kernel takes part in them"
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
check_eq "nothing of all that is there" "$(on "$gw" $NFT list ruleset)" ""

done_testing
