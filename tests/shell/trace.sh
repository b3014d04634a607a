#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# nft monitor trace follows one packet through both families.
. "$(dirname "$0")/lib.sh"

need_nft
need ping stdbuf

setup_topo
check "ruleset loads" ruleset trace || done_testing
background "$gw" stdbuf -oL $NFT monitor trace >"$tmp/trace" 2>&1
sleep 1
is_uml || sleep 2
check "ping" on "$client6" ping -6 -c 1 -W 2 $server64
wait_for 5 grep -q 'chain\|gw forward' "$tmp/trace"
sleep 0.5
sed 's/^/# /' "$tmp/trace"

id=$(sed -n '1s/^trace id \([^ ]*\) .*/\1/p' "$tmp/trace")
trace() { check "$1" grep -E "^trace id $id inet gw $2" "$tmp/trace"; }
trace "the packet as IPv6" "pick packet: .*ip6 daddr 64:ff9b::c000:202 .*icmpv6 type echo-request"
trace "the statement and its verdict" "pre rule .*xlat 6to4 prefix 64:ff9b::/96 non-global masquerade \(verdict (stolen|accept|stop)\)"
trace "the same packet as IPv4" "forward packet: .*ip saddr 192.0.2.1 ip daddr 192.0.2.2 .*icmp type echo-request"
trace "the IPv4 rule" "forward rule icmp type echo-request counter .*accept \(verdict accept\)"

done_testing
