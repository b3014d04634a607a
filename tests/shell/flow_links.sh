#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Links, routes and neighbours change under traffic in the fast path: it follows,
# and no packet leaves with wrong addresses. That masqueraded sessions end with their
# uplink is in uplink_change.
. "$(dirname "$0")/flow.inc"
shopt -s extglob

server64hex=${pref64}c633:6409
devices="lan, lan2, wan, wan2"
xlat=${xlat/masquerade/snat to $pool_ip}

setup_topo
second_uplink
link "$gw" lan2 "$client6" eth1
ip -n "$gw" addr add 2001:db8:d::1/64 dev lan2 nodad
ip -n "$client6" addr add 2001:db8:d::2/64 dev eth1 nodad
ip -n "$gw" route add $far_ip via $server_ip
check "ruleset loads" rules || done_testing
hooks_come lan lan2 wan wan2
start_busy $pref64$far_ip
helper watch-second "$server4" watch eth1
recovers "at first" fast

# shellcheck disable=SC2317 # wait_for calls them
second_is() { [ "$(tell watch-second seen | tr ' ' '\n' | sed 's/>.*//' | sort -u)" = "$1" ]; }

# To the other link and back, there and back again
ip -n "$gw" route replace $far_ip via 192.0.3.2
ip -n "$server4" route add $pool_ip via 192.0.3.1 src $far_ip
tell watch-server seen >/dev/null
recovers "route changed" fast ""
check "route changed: packets take it" second_is $pool_ip
ip -n "$gw" route replace $far_ip via $server_ip
ip -n "$server4" route del $pool_ip via 192.0.3.1 src $far_ip
recovers "route back" fast
tell watch-second seen >/dev/null
check "route back: packets take it" second_is ""
ip -n "$gw" route add 2001:db8:c::/120 via fe80::1234 dev lan # worse, as nobody is there
ip -n "$gw" route del 2001:db8:c::/120 via fe80::1234 dev lan
recovers "IPv6 route came and went" fast

# Asymmetric routes: packets go out by wan2 and answers come in by wan; then packets come in
# by lan2 as well, and answers go out by lan.
ip -n "$gw" route replace $far_ip via 192.0.3.2
tell watch-server seen >/dev/null
recovers "answers by another uplink" fast ""
ip -n "$client6" route add $pref64/96 via 2001:db8:d::1 src $client_ip
recovers "also questions by another device" fast ""
ip -n "$gw" route replace $far_ip via $server_ip
recovers "questions only" fast
ip -n "$client6" route del $pref64/96 via 2001:db8:d::1
recovers "symmetric again" fast

# The server has another address on its link, and the gateway is told.
on "$server4" ip link set eth0 address 02:00:00:00:00:44
ip -n "$gw" neigh replace $server_ip lladdr 02:00:00:00:00:44 dev wan nud reachable
sleep 0.2 # for packets that had the old one
tell watch-server seen >/dev/null
check_match "neighbour changed: packets go there" "$(sleep 0.2; tell watch-server seen)" "$pool_ip>02:00:00:00:00:44"
recovers "neighbour changed" fast
on "$client6" ip link set eth0 address 02:00:00:00:00:66
ip -n "$gw" neigh replace $client_ip lladdr 02:00:00:00:00:66 dev lan nud reachable
sleep 0.2
tell watch-client seen >/dev/null
# The gateway itself may ask the neighbour if it is there.
check_match "IPv6 neighbour changed: packets go there" \
	"$(sleep 0.2; tell watch-client seen | tr ' ' '\n' | grep -v ^2001:db8:c::1)" "$server64hex>02:00:00:00:00:66"
recovers "IPv6 neighbour changed" fast
ip -n "$gw" neigh flush all
recovers "neighbours forgotten" fast

for dev in wan lan; do
	ip -n "$gw" link set $dev down
	sleep 0.2
	ip -n "$gw" link set $dev up
	[ $dev = wan ] || ip -n "$gw" addr replace 2001:db8:c::1/64 dev lan nodad
	[ $dev = lan ] || ip -n "$gw" route replace $far_ip via $server_ip
	recovers "$dev down and up" fast
done
ip -n "$gw" link set wan mtu 1280
recovers "MTU changed" fast

# A device goes with the packets that it carries, and is made again.
ip -n "$gw" route replace $far_ip via 192.0.3.2
ip -n "$server4" route add $pool_ip via 192.0.3.1 src $far_ip
recovers "by wan2" fast "$pool_ip"
ip -n "$gw" link del wan2
ip -n "$gw" route replace $far_ip via $server_ip
recovers "wan2 deleted" fast
no_other_drops

done_testing
