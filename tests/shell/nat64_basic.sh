#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP, UDP and ping from an IPv6-only host to an IPv4-only host, with one rule.
. "$(dirname "$0")/lib.sh"

need socat ping

setup_topo
check "ruleset loads" ruleset nat64 || done_testing

on "$server4" socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR' &
on "$server4" socat UDP4-LISTEN:5353,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR' &
wait_for 5 on "$server4" sh -c 'ss -tln | grep -q :8080'

check "ping" on "$client6" ping -6 -c 3 -i 0.2 -W 2 $server64
check_eq "TCP answers, from the pool's address" \
	"$(on "$client6" socat -T 3 - "TCP6:[$server64]:8080" </dev/null)" $pool_ip
check_eq "UDP answers, from the pool's address" \
	"$(echo hello | on "$client6" socat -T 3 - "UDP6:[$server64]:5353")" $pool_ip

check "TCP session has both families" sessions \
	"^ipv6 .* tcp .*src=2001:0?db8:.* dst=0*64:ff9b:.*src=$server_ip dst=$pool_ip sport=8080"
check "ping session has both families" sessions \
	"^ipv6 .* icmpv6 .*src=$server_ip dst=$pool_ip type=0 code=0"
check_eq "nothing was dropped" "$(on "$gw" awk '/Drop/ { s += $2 } END { print s }' /proc/net/nf_xlat)" 0

done_testing
