#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that nobody has a route for until NAT, or a mapping, turns them: while a
# user's queue has them, after a stateless rule, in pieces, and how they end.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip
pool=203.0.113.1
pool64=${pref64}cb00:7101
x="ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96"

# load RULES: beside tables of their own
load()
{
	on "$gw" "$NFT" "table inet gw { }; delete table inet gw; table inet gw { chain pre {
		type filter hook prerouting priority dstnat; policy accept; $1; }; }" || fail "rules: $1"
	on "$gw" conntrack -F 2>/dev/null
}
# maps PORT: client6 gets a mapping of that port of the pool
maps()
{
	python "$client6" flood udp $client_ip "$1" $server64 9 1 >/dev/null
	check_eq "client6 has a mapping of port $1" "$(sessions "sport=$1 .*dst=$pool .*dport=$1 " | wc -l)" 1
}

setup_topo
beyond "$gw" lan7 client7 2001:db8:d::
ip -n "$server4" route add 203.0.113.0/24 via $pool_ip
ip -n "$gw" route add unreachable 203.0.113.0/24
serve "$client6" udp6:5000 tcp6:8080

# A queue of a user's on the way

load "$x snat to $pool"
if modprobe -qa nfnetlink_queue nft_queue; then
	# queued WHAT TABLE
	queued()
	{
		maps 5000
		check "$1: queue" on "$gw" "$NFT" "table $2"
		rm -f "$tmp"/{ready,got}
		touch "$tmp/go" # at once
		background_python "$gw" nfqueue "$tmp"/{ready,got,go} >"$tmp/verdict" 2>&1
		user=$!
		wait_for 10 test -e "$tmp/ready"
		check_match "$1: the first packet arrives" "$(ask "$client7" udp $pool64 5000)" "hello from $pool64 *"
		check "$1: by the queue" test -e "$tmp/got"
		kill $user 2>/dev/null
		wait $user 2>/dev/null
		check "$1: no queue" on "$gw" "$NFT" delete table "${2%% \{*}"
		on "$gw" conntrack -F 2>/dev/null
	}
	check_match "hairpin to a pool without a route" "$(maps 5000 >/dev/null; ask "$client7" udp $pool64 5000)" "hello from $pool64 *"
	on "$gw" conntrack -F 2>/dev/null
	queued "IPv6 forward" "ip6 q { chain forward { type filter hook forward priority filter; iifname lan7 queue num 0; }; }"
	# 6.1's conntrack reads what comes back from a queue by the original's family.
	if [[ $(uname -r) == 6.1.* ]]; then
		echo "# SKIP: 6.1 drops what comes back from a queue of IPv4"
	else
		queued "IPv4 prerouting" "ip q { chain pre { type filter hook prerouting priority mangle; iifname lan7 queue num 0; }; }"
	fi
	queued "IPv6 prerouting, turned" "ip6 q { chain pre { type filter hook prerouting priority filter;
		iifname lan7 ip6 daddr $client_ip queue num 0; }; }"
else
	echo "# the kernel has no queues for users"
fi

# Stateless before, and what has been turned has the route of what it was

ip -n "$gw" route replace 203.0.113.0/24 via $server_ip
ip -n "$gw" route add $pref64/96 via 2001:db8:d::2
# To server4, 203.0.113.9 is the pool's address as IPv6 hosts see it; in answers the
# address of the host is there until postrouting.
check "stateless rule" on "$gw" "$NFT" "table inet siit { chain pre { type filter hook prerouting priority raw;
	iifname wan ip daddr 203.0.113.9 xlat 4to6 saddr prefix 2001:db8:65::/96 daddr prefix 203.0.113.9 to $pool64; }
	chain back { type filter hook prerouting priority filter;
	iifname lan ip6 daddr 2001:db8:65::/96 xlat 6to4 saddr prefix $client_ip to 203.0.113.9 daddr prefix 2001:db8:65::/96; }; }"
maps 5000
check_match "stateless, then a hairpin: all packets" "$(python "$server4" talk udp 203.0.113.9 5000 3)" "3 from $pool64 *"
on "$gw" "$NFT" delete table inet siit
ip -n "$gw" route del $pref64/96

# Without DF, from IPv4, turned by NAT66: as long as the rule has it

on "$server4" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
on "$client6" "$NFT" "table ip6 t { counter pieces { }; counter whole { }; chain c { type filter hook prerouting priority -450;
	ip6 saddr $server64 exthdr frag exists counter name pieces; ip6 saddr $server64 exthdr frag missing counter name whole; }; }"
# shellcheck disable=SC2317 # come calls it
count() { on "$client6" "$NFT" reset counter ip6 t "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
# shellcheck disable=SC2317 # wait_for calls it
come() { got=$(($(count pieces) * 10 + $(count whole) + got)); [ "$got" = "$1" ]; }
line=$(printf '%01300d' 0)
for mtu in "" "mtu 1280" "mtu 1400"; do
	check "rules${mtu:+, }$mtu" on "$gw" "$NFT" "table ip6 nat { }; delete table ip6 nat; table inet siit { }; delete table inet siit
		table ip6 nat { chain pre { type nat hook prerouting priority dstnat; ip6 daddr 2001:db8:6464::/96 dnat to $client_ip; }; }
		table inet siit { chain pre { type filter hook prerouting priority raw;
			iifname wan ip daddr 203.0.113.9 xlat 4to6 saddr prefix $pref64/96 daddr prefix 2001:db8:6464::/96 $mtu; }; }"
	got=0
	ask "$server4" udp 203.0.113.9 5001 "$line" >/dev/null &
	asks=$!
	want=20
	[ "$mtu" != "mtu 1400" ] || want=1
	wait_for 5 come $want
	check_eq "1300 bytes without DF: fragments, and whole${mtu:+, }$mtu" $got $want
	kill $asks 2>/dev/null
done
on "$gw" "$NFT" "delete table ip6 nat; delete table inet siit"

# Both ends filter: the session has the permissions at both, whoever had them before it

load "$x masquerade filtering address-dependent"
python "$client6" flood udp $client_ip 5000 $pref64$pool_ip 9 1 >/dev/null
check_eq "client6 lets the pool's address in" "$(sessions "sport=5000 dport=9 .*dst=$pool_ip .*dport=5000 " | wc -l)" 1
check_match "filtering, a hairpin" "$(ask "$client7" udp $pref64$pool_ip 5000)" "hello from ${pref64}c000:201 *"
check "client6's own session ends" on "$gw" conntrack -D -p udp --orig-port-src 5000 --orig-port-dst 9
check_match "the hairpin lets the pool's address in" "$(ask "$client7" udp $pref64$pool_ip 5000)" "hello from ${pref64}c000:201 *"
check_match "so it does, made of what was got" "$(python "$gw" netlink_new again 17)" "Success: *"
check_eq "alone" "$(sessions "udp .*dport=5000 " | wc -l)" 1
check_match "from another port" "$(ask "$client7" udp $pref64$pool_ip 5000)" "hello from ${pref64}c000:201 *"
# One end has a mapping, the other one is a port forward.
load "$x masquerade filtering address-dependent; ip daddr $pool_ip udp dport 8022 xlat 4to6 prefix $pref64/96 dnat to [$client_ip]:9"
serve "$client7" udp6:7100
python "$client7" flood udp 2001:db8:d::2 7100 $pref64$pool_ip 8022 1 >/dev/null
check_eq "a hairpin by a port forward" "$(sessions "sport=7100 dport=8022 .*sport=9 " | wc -l)" 1
check_match "is made of what was got" "$(python "$gw" netlink_new again 17)" "Success: *"
check_match "its client lets the pool's address in" "$(ask "$client6" udp $pref64$pool_ip 7100)" "hello from ${pref64}c000:201 *"

# Prefixes may differ: with the address, the session ends

load "$x masquerade; ip daddr 203.0.113.80 tcp dport 80 xlat 4to6 prefix 2001:db8:66::/96 dnat to [$client_ip]:8080"
mkdir "$tmp/hold"
background_python "$client7" hold ${pref64}203.0.113.80 80 "$tmp/hold"
wait_for 5 test -s "$tmp/hold/0"
check_match "masquerade to another prefix" "$(cat "$tmp/hold/0")" "0 from 2001:db8:66::c000:201 *"
touch "$tmp/hold/go"
wait_for 5 test -s "$tmp/hold/1"
check_match "its later packets" "$(cat "$tmp/hold/1")" "1 from 2001:db8:66::c000:201 *"
# shellcheck disable=SC2317 # wait_for calls it
left() { [ "$(sessions "src=2001.*dport=80 .*sport=8080 " | wc -l)" = "$1" ]; }
check "a session" left 1
ip -n "$gw" addr add 192.0.2.9/32 dev wan
ip -n "$gw" addr del 192.0.2.9/32 dev wan
check "another address goes: it stays" left 1
ip -n "$gw" addr del $pool_ip/24 dev wan
check "its address goes: it ends" wait_for 10 left 0

done_testing
