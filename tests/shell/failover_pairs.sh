#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# More than one pair of gateways, as docs/guides/failover.md has it, with one gateway of each: a router sends
# clients to one of them by their prefix, or by ECMP, and to the other one when the first is gone.

# What the guide says of pair 2
# shellcheck disable=SC2317 # called by failover.inc
pair2()
{
	sed 's/fe80::64\>/fe80::65/; s/virtual_router_id 64/virtual_router_id 65/; s/virtual_router_id 46/virtual_router_id 47/
		s/192\.0\.2\.1\>/192.0.2.11/; s/192\.0\.2\.3\>/192.0.2.13/; s/192\.0\.2\.4\>/192.0.2.14/
		s/2001:db8:c::\([ab]\)\>/2001:db8:c::1\1/; s/2001:db8:c::2\>/2001:db8:2::2/; s/10\.1\.0\./10.2.0./
		s/203\.0\.113\.0\>/203.0.113.16/; s/203\.0\.113\.1\>/203.0.113.17/; s/203\.0\.113\.4\>/203.0.113.20/
		s/203\.0\.113\.13\>/203.0.113.29/; s/203\.0\.113\.14\>/203.0.113.30/'
}
# shellcheck disable=SC2034 # for failover.inc
second=pair2
. "$(dirname "$0")/failover.inc"

need keepalived sysctl

# The router is the host on the LAN, the uplink the server.
router "$client6"
beyond "$client6" to_1 c1 2001:db8:1::
beyond "$client6" to_2 c2 2001:db8:2::
ip -n "$client6" -batch - <<-EOF
	addr add 2001:db8:c::1/64 dev eth0 nodad
	route del default via fe80::64 dev eth0
	link property add dev eth0 altname pairs
EOF
router "$server4"
ip -n "$server4" route del 203.0.113.0/28
for i in 1 2 3 4; do ip -n "$server4" addr add 198.51.100.$i/24 dev lo; done
# guide NS KIND: those commands
# shellcheck disable=SC2317 # called by check
guide() { text failover "sh $2" >"$tmp/commands"; [ -s "$tmp/commands" ] && on "$1" sh -e "$tmp/commands"; }

prepare < <(text failover nft)
check "the uplink" guide "$server4" uplink
for ns in "$gw" "$gw2"; do
	check "routes to the clients" guide "$ns" gateways
done
check "the router" guide "$client6" router
keepalive a
keepalive b
# shellcheck disable=SC2317 # called by wait_for
both() { has_all "$gw" && has "$gw2" wan 192.0.2.11/ && has "$gw2" lan fe80::65/; }
check "both are masters, of their own addresses" wait_for 30 both
serve "$server4" tcp4:8080 udp4:5353
serve "$c2" tcp6:8080

hold "$c1" tcp $server64 8080 10 20000 "$tmp/t" c1
# shellcheck disable=SC2154,SC2317 # of "beyond"; called by wait_for
held() { [ -e "$tmp/t/c1.$1" ]; }
first() { check_match "$1" "$2" "hello from 203.0.113.[1-4] *"; }
second() { check_match "$1" "$2" "hello from 203.0.113.@(17|18|19|20) *"; }
# each WHAT: where clients of both prefixes are
each()
{
	first "$1: the first prefix, TCP" "$(ask "$c1" tcp $server64 8080)"
	first "$1: the first prefix, UDP" "$(ask "$c1" udp $server64 5353)"
	second "$1: the second prefix, TCP" "$(ask "$c2" tcp $server64 8080)"
	second "$1: the second prefix, UDP" "$(ask "$c2" udp $server64 5353)"
	check "$1: the first prefix, a ping" on "$c1" ping -c 1 -W 5 $server64
	check "$1: the second prefix, a ping" on "$c2" ping -c 1 -W 5 $server64
}
each "by prefix"
check_match "from one pair to the other" "$(ask "$c1" tcp "${pref64}203.0.113.30" 80)" "hello from ${pref64}cb00:710[1-4] *"
clients()
{
	xlat "$1" sessions --json | python3 -ISc 'import json, sys
print(*sorted({s["client"]["address"] for s in json.load(sys.stdin) if s["began"] == "ipv6"}))'
}
check_eq "the first gateway has the clients of the one" "$(clients "$gw")" 2001:db8:1::2
check_eq "the second those of the other" "$(clients "$gw2")" 2001:db8:2::2
wait_for 30 held 0
check_eq "ten sessions" "$(cat "$tmp/t/c1.0")" "10 of 10"

# The second one goes.
ip -n "$client6" link set to_b down
ip -n "$server4" link set to_b down
check "its clients are moved" guide "$client6" move
first "TCP of a client that has moved" "$(ask "$c2" tcp $server64 8080)"
first "UDP" "$(ask "$c2" udp $server64 5353)"
touch "$tmp/t/go1"
wait_for 30 held 1
check_eq "the others go on" "$(cat "$tmp/t/c1.1")" "10 of 10"
ip -n "$client6" link set to_b up
ip -n "$server4" link set to_b up
check "it comes back" wait_for 30 both
check "its clients move back" on "$client6" sh -ec "$(text failover "sh router" | grep "table 2")"
each "back"

# By ECMP
ip -n "$client6" -6 rule del from 2001:db8:1::/48 to 2001:db8:64::/96 lookup 1
ip -n "$client6" -6 rule del from 2001:db8:2::/48 to 2001:db8:64::/96 lookup 2
check "ECMP" guide "$client6" ecmp
for ((i = 1; i <= 16; i++)); do
	printf 'addr add 2001:db8:1:0:1::%x/128 dev eth0 nodad\n' $i
done | ip -n "$c1" -batch -
# where: of each client, the gateways ("1", "2", or "1 2"), and how many have this
where()
{
	python "$c1" failover spread 2001:db8:1:0:1:: 16 8080 $server64 "$pref64"198.51.100.{1,2,3,4} |
		sed 's/203\.0\.113\.[1-4]\>/1/g; s/203\.0\.113\.[12][0-9]/2/g; s/1 1/1/g; s/2 2/2/g' | sort | uniq -c
}
where >"$tmp/where"
sed 's/^/# /' "$tmp/where"
check_eq "each of 16 clients is at one gateway, and each gateway has some" \
	"$(awk '{ n += $1; $1 = ""; print } END { print n }' "$tmp/where" | xargs)" "1 2 16"
ip -n "$client6" link set to_b down
ip -n "$server4" link set to_b down
check "one leaves the route" ip -n "$client6" -6 route replace 2001:db8:64::/96 via fe80::64 dev pairs
check_eq "all are at the other" "$(where | xargs)" "16 1"
touch "$tmp/t/go2"
wait_for 30 held 2
check_eq "old sessions of a client" "$(cat "$tmp/t/c1.2")" "10 of 10"
stop_all
done_testing
