#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The prefixes of a rule are part of its match: one that tests nothing before
# takes what lies within, and leaves all else, neighbour discovery to begin with.
. "$(dirname "$0")/lib.sh"

need_nft
need ping

mapped=2001:db8:6464::203.0.113.33

# seen COUNTER: how many packets came to the rule after
seen() { on "$gw" $NFT list counter inet gw "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }

# bare RULE: the whole of it
# shellcheck disable=SC2317 # check calls it
bare()
{
	on "$gw" $NFT -f - <<-EOF
		flush ruleset
		table inet gw {
			counter lan { }
			counter nd { }
			counter far { }
			chain pre {
				type filter hook prerouting priority dstnat
				xlat 6to4 $1
				ip6 daddr 2001:db8:c::1 icmpv6 type echo-request counter name lan
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } counter name nd
				ip6 daddr 64:ff9b::/96 counter name far
				ip daddr 203.0.113.0/24 xlat 4to6 saddr prefix 64:ff9b::/96 non-global daddr prefix 2001:db8:6464::/96
			}
		}
	EOF
}

# gateway WHAT: finds its neighbour, and is found
gateway()
{
	ip -n "$client6" neigh flush dev eth0
	ip -n "$gw" neigh flush dev lan
	check "$1: ping to the gateway" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
	check "$1: and from it" on "$gw" ping -6 -c 1 -W 10 $client_ip
	check_eq "$1: the next rule saw the ping" "$(seen lan)" 1
	check "$1: and neighbour discovery" [ "$(seen nd)" -gt 0 ]
	check_eq "$1: nothing was dropped" "$(drops)" 0
}

setup_topo
ip -n "$client6" addr add $mapped/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip

check "stateless rule" bare "saddr prefix 2001:db8:6464::/96 daddr prefix 64:ff9b::/96 non-global" || done_testing
gateway "stateless"
check "stateless: what lies within both prefixes" on "$client6" ping -6 -c 1 -W 10 -I $mapped $server64
check_eq "stateless: is not for the next rule" "$(seen far)" 0
check_not "stateless: another source" on "$client6" ping -6 -c 1 -W 1 -I $client_ip $server64
check_eq "stateless: is for the next rule" "$(seen far)" 1
check "stateless: another destination" on "$client6" ping -6 -c 1 -W 10 -I $mapped 2001:db8:c::1
check_eq "stateless: is for the next rule, too" "$(seen lan)" 2

check "stateful rule" bare "prefix 64:ff9b::/96 non-global masquerade"
gateway "stateful"
check "stateful: what lies within the prefix" on "$client6" ping -6 -c 1 -W 10 -I $client_ip $server64
check_eq "stateful: is not for the next rule" "$(seen far)" 0

check "one prefix" bare "prefix 64:ff9b::/96 non-global"
gateway "one prefix"
check_not "one prefix: a source outside" on "$client6" ping -6 -c 1 -W 1 -I $client_ip $server64
check_eq "one prefix: is for the next rule" "$(seen far)" 1
check_eq "nothing was dropped" "$(drops)" 0

done_testing
