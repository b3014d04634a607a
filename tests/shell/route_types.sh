#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Routes and routing rules that are none: what the sender of a translated packet is told is what
# core would tell the sender of a packet of the other family. Of a blackhole nobody is told.
. "$(dirname "$0")/lib.sh"

need ping
need_nft

pref64=2001:db8:64::   # without state
masq64=2001:db8:65::   # masqueraded
host4=192.0.2.50       # the client's address without state
to4=203.0.113.         # .1 and .5 blackhole, .2 and .6 prohibit, .3 and .7 unreachable, .4 no route
to6=2001:db8:d::       # the same

# told WHAT NS ADDRESS PATTERN
told() { check_match "$1" "$(on "$2" ping -n -c 1 -W 10 "$3" | grep '^From')" "$4"; }
# silent WHAT NS ADDRESS
silent()
{
	local before

	before=$(counter DropBlackhole)
	check_eq "$1: nothing is told" "$(on "$2" ping -n -c 1 -W 1 "$3" | grep '^From')" ""
	check_eq "$1: is counted" "$(($(counter DropBlackhole) - before))" 1
}

# types WHAT NS ADDRESSES PROHIBITED NO-ROUTE: what NS is told of each of them
types()
{
	local kind b p u

	for kind in "routes 1 2 3" "rules 5 6 7"; do
		read -r kind b p u <<<"$kind"
		silent "$1, $kind, blackhole" "$2" "$3$b"
		told "$1, $kind, prohibit" "$2" "$3$p" "$4"
		told "$1, $kind, unreachable" "$2" "$3$u" "$5"
	done
	told "$1, no route" "$2" "${3}4" "$5"
}

setup_topo
ip -n "$server4" -batch - <<-END
	route add $host4 via $pool_ip
	route add 198.51.100.0/24 via $pool_ip
END
ip -n "$gw" -batch - <<-END
	route add blackhole ${to4}1
	route add prohibit ${to4}2
	route add unreachable ${to4}3
	route add blackhole ${to6}1
	route add prohibit ${to6}2
	route add unreachable ${to6}3
	rule add to ${to4}5 blackhole
	rule add to ${to4}6 prohibit
	rule add to ${to4}7 unreachable
END
ip -n "$gw" -6 -batch - <<-END
	rule add to ${to6}5 blackhole
	rule add to ${to6}6 prohibit
	rule add to ${to6}7 unreachable
END
check "rules load" on "$gw" "$NFT" -f - <<-END || done_testing
	table inet xlat { chain pre { type filter hook prerouting priority dstnat
		iifname "lan" xlat 6to4 prefix $pref64/96 saddr prefix $client_ip/128 to $host4/32
		iifname "lan" xlat 6to4 prefix $masq64/96 masquerade
		iifname "wan" ip daddr 198.51.100.0/29 xlat 4to6 prefix $pref64/96 daddr prefix 198.51.100.0/29 to $to6/125
	}; }
END

from6="From 2001:db8:c::1 icmp_seq=1 Destination unreachable:"
from4="From $pool_ip icmp_seq=1"
for way in "no state: $pref64" "masqueraded: $masq64"; do
	types "${way%: *}, 6to4" "$client6" "${way##* }$to4" "$from6 Administratively prohibited" "$from6 No route"
done
types 4to6 "$server4" 198.51.100. "$from4 Packet filtered" "$from4 Destination Net Unreachable"

done_testing
