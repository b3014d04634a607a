#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Large packets of tracked flows, whoever began them: fragments in and out, cut
# again to each path, with and without DF and checksum. rfc6146_packets.sh has
# them byte for byte.
#
#	leaf6 -- client6 (a router here) -- gw -- server4 (a router here) -- far4
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping

pref64=2001:db8:64::
far_ip=198.51.100.2
far64=$pref64$far_ip
leaf_ip=2001:db8:d::2
static_ip=192.0.2.33
size=300000

setup_topo
router "$server4"
router "$client6"
beyond "$server4" leg far4 198.51.100.
beyond "$client6" leg leaf6 2001:db8:d::
ip -n "$gw" -batch - <<-EOF
	route add 198.51.100.0/24 via $server_ip
	route add 2001:db8:d::/64 via $client_ip
	addr add $static_ip/24 dev wan
EOF
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	counter bad { }
	chain pre {
		type filter hook prerouting priority dstnat;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
		ip daddr $static_ip xlat 4to6 prefix $pref64/96 dnat to $leaf_ip
	}
	chain early {
		type filter hook prerouting priority -190;
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
		ct state invalid counter name bad
	}
	chain forward {
		type filter hook forward priority filter;
		ct state invalid counter name bad
	}
}" || done_testing

# path narrow6|narrow4|wide [MTU]: the last link on that side
path()
{
	local six=1500 four=1500

	[ "$1" != narrow6 ] || six=$2
	[ "$1" != narrow4 ] || four=$2
	ip -n "$client6" route replace $leaf_ip dev leg mtu $six
	ip -n "$server4" route replace $far_ip dev leg mtu $four
	ip -n "$leaf6" -6 route flush cache
	ip -n "$far4" route flush cache
}

# large WHAT NS ADDRESS HOW SIZE...: UDP of these sizes, there and back
large()
{
	check_eq "$1" "$(python "$2" fragments call "$3" 9001 "${@:4}")" "$(printf '%s intact\n' "${@:5}")"
}

# stream NS up|down ADDRESS
stream() { python "$1" stream "$2" "$3" 9000 $size; }
mtu() { on "$1" ip route get "$2" | grep -o 'mtu [0-9]*'; }

start "$leaf6" fragments $leaf_ip 9001
start "$far4" fragments $far_ip 9001
start "$leaf6" stream 9000 six

for at in "wide" "narrow4 1300" "narrow4 600" "narrow6 1400" "narrow6 1280"; do
	# shellcheck disable=SC2086 # into words
	path $at
	# What IPv6 sends whole has DF in IPv4: the first one teaches the path.
	python "$leaf6" fragments call $far64 9001 df 1400 >/dev/null
	large "$at: UDP from IPv6" "$leaf6" $far64 dont 4000 1400 1232 1233 9000 100
	large "$at: UDP from IPv4" "$far4" $static_ip dont 4000 1400 1232 1233 9000 100
	# skb_checksum_help() moves the headers of such a packet.
	large "$at: UDP from IPv4, of a file" "$far4" $static_ip file 1400 1300
	large "$at: UDP from IPv4 without checksum" "$far4" $static_ip zero 4000 1400 100
	for n in 4000 1400; do
		check "$at: echo of $n bytes from IPv6" on "$leaf6" ping -c 1 -W 10 -M dont -s $n $far64
		check "$at: echo of $n bytes from IPv4" on "$far4" ping -c 1 -W 10 -M dont -s $n $static_ip
	done
done

# With DF: errors tell how much is too much.

path narrow4 1300
check_eq "DF from IPv6, a narrow IPv4 side" "$(python "$leaf6" fragments call $far64 9001 df 1400)" "1272 intact"
check_eq "path MTU is learnt" "$(mtu "$leaf6" $far64)" "mtu 1320"
path narrow6 1400
check_eq "DF from IPv4, a narrow IPv6 side" "$(python "$far4" fragments call $static_ip 9001 df 1450)" "1352 intact"
check_eq "path MTU is learnt" "$(mtu "$far4" $static_ip)" "mtu 1380"
path wide
check_eq "DF from IPv4, the headers differ" "$(python "$far4" fragments call $static_ip 9001 df 1472)" "1452 intact"
check_eq "path MTU is learnt" "$(mtu "$far4" $static_ip)" "mtu 1480"

# TCP that IPv4 began, both ways

path wide
check_eq "TCP from IPv4, up" "$(stream "$far4" up $static_ip)" $size
check_eq "TCP from IPv4, down" "$(stream "$far4" down $static_ip)" $size
path narrow6 1400
check_eq "TCP from IPv4, up, a narrow IPv6 side" "$(stream "$far4" up $static_ip)" $size
check_eq "path MTU is learnt" "$(mtu "$far4" $static_ip)" "mtu 1380"
path narrow4 1300
check_eq "TCP from IPv4, down, a narrow IPv4 side" "$(stream "$far4" down $static_ip)" $size
check_eq "path MTU is learnt" "$(mtu "$leaf6" $far64)" "mtu 1320"
path narrow4 600
check_eq "TCP from IPv4, down, an IPv4 side below IPv6's least" "$(stream "$far4" down $static_ip)" $size
check_eq "path MTU is IPv6's least" "$(mtu "$leaf6" $far64)" "mtu 1280"

check_eq "nothing was invalid" "$(on "$gw" "$NFT" list counter inet gw bad | sed -n 's/.*packets \([0-9]*\) .*/\1/p')" 0
check_eq "nothing was dropped but what was too big" "$(drops)" "$(counter DropTooBig)"

done_testing
