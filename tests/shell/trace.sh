#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# nft monitor trace follows one packet through both families, and shows the
# statement with what became of the packet: "stolen", as it went on in the other
# family, or "drop".
. "$(dirname "$0")/lib.sh"

need_nft
need ping stdbuf

pref64=2001:db8:64::
server64=$pref64$server_ip
host4=203.0.113.33
mapped=2001:db8:6464::$host4
map6="saddr prefix 2001:db8:6464::/96 daddr prefix 2001:db8:64::/96"
map4="saddr prefix 2001:db8:64::/96 daddr prefix 2001:db8:6464::/96"

setup_topo
ip -n "$client6" addr add $mapped/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
check "ruleset loads" on "$gw" $NFT "table inet gw {
	chain pick {
		type filter hook prerouting priority raw; policy accept;
		meta l4proto { icmp, ipv6-icmp } @th,0,8 { 8, 128 } meta nftrace set 1
	}
	chain pre {
		type filter hook prerouting priority dstnat; policy accept;
		xlat 6to4 $map6
		xlat 6to4 prefix 2001:db8:64::/96 masquerade
		ip daddr 203.0.113.0/24 xlat 4to6 $map4
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		icmp type echo-request counter accept
		icmpv6 type echo-request counter accept
	}
}" || done_testing
background "$gw" stdbuf -oL $NFT monitor trace >"$tmp/trace" 2>&1

# shellcheck disable=SC2317 # wait_for calls it
watching() { on "$client6" ping -6 -c 1 -W 1 $server64; [ -s "$tmp/trace" ]; }
check "the monitor sees pings" wait_for 10 watching || done_testing

# traced NS SIZE PING...: and what there is about that packet, told by its length
traced()
{
	local ns=$1 size=$2

	shift 2
	# ids repeat: what has been there before is not of this packet
	wc -l <"$tmp/trace" >"$tmp/before"
	on "$ns" ping -n -c 1 -W 1 -s "$size" "$@" >/dev/null
	wait_for 5 packet "$size" || fail "no trace of $*"
	sed 's/^/# /' "$tmp/packet"
}

# packet SIZE: it is all there when the verdict is. IPv6 does not count the header.
# shellcheck disable=SC2317 # wait_for calls it
packet()
{
	local id

	tail -n +$(($(cat "$tmp/before") + 1)) "$tmp/trace" >"$tmp/new"
	id=$(sed -En "s/^trace id ([^ ]*) .*(ip6 length $(($1 + 8))|ip length $(($1 + 28))) .*/\1/p" "$tmp/new" | head -1)
	[ "$id" ] && grep "^trace id $id inet gw " "$tmp/new" >"$tmp/packet" &&
		grep -qE "gw pre rule .*xlat.*verdict (stolen|drop)" "$tmp/packet"
}

seen() { check "$1" grep -E "^trace id [^ ]* inet gw $2" "$tmp/packet"; }
unseen() { check_not "$1" grep -E "^trace id [^ ]* inet gw $2" "$tmp/packet"; }

traced "$client6" 100 -6 -I $client_ip $server64
seen "session: the packet as IPv6" "pick packet: .*ip6 daddr 2001:db8:64::c000:202 .*icmpv6 type echo-request"
seen "session: the statement and its verdict" "pre rule xlat 6to4 prefix 2001:db8:64::/96 masquerade \(verdict stolen\)"
seen "session: the same packet as IPv4" "forward packet: .*ip saddr 192.0.2.1 ip daddr 192.0.2.2 .*icmp type echo-request"
seen "session: the IPv4 rule" "forward rule icmp type echo-request counter .*accept \(verdict accept\)"

traced "$client6" 101 -6 -I $mapped $server64
seen "6to4: the packet as IPv6" "pick packet: .*ip6 saddr 2001:db8:6464::cb00:7121 "
seen "6to4: the statement and its verdict" "pre rule xlat 6to4 $map6 \(verdict stolen\)"
seen "6to4: the same packet as IPv4" "forward packet: .*ip saddr 203.0.113.33 ip daddr 192.0.2.2 "
seen "6to4: the IPv4 rule" "forward rule icmp type .*accept \(verdict accept\)"

traced "$server4" 102 $host4
seen "4to6: the packet as IPv4" "pick packet: .*ip daddr 203.0.113.33 "
seen "4to6: the statement and its verdict" "pre rule ip daddr 203.0.113.0/24 xlat 4to6 $map4 \(verdict stolen\)"
seen "4to6: the same packet as IPv6" \
	"forward packet: .*ip6 saddr 2001:db8:64::c000:202 ip6 daddr 2001:db8:6464::cb00:7121 "
seen "4to6: the IPv6 rule" "forward rule icmpv6 type .*accept \(verdict accept\)"

# What ends at the gateway is dropped by the statement.
traced "$client6" 103 -6 -t 1 -I $client_ip $server64
seen "session, dropped: the verdict" "pre rule xlat 6to4 prefix 2001:db8:64::/96 masquerade \(verdict drop\)"
unseen "session, dropped: nothing as IPv4" ".* packet: .*ip saddr"
traced "$client6" 104 -6 -t 1 -I $mapped $server64
seen "6to4, dropped: the verdict" "pre rule xlat 6to4 $map6 \(verdict drop\)"
unseen "6to4, dropped: nothing as IPv4" ".* packet: .*ip saddr"
traced "$server4" 105 -t 1 $host4
seen "4to6, dropped: the verdict" "pre rule ip daddr 203.0.113.0/24 xlat 4to6 $map4 \(verdict drop\)"
unseen "4to6, dropped: nothing as IPv6" ".* packet: .*ip6 saddr"
check_eq "for their hop limits" "$(drops) $(counter DropHopLimit)" "3 3"

done_testing
