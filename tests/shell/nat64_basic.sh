#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP, UDP and ping from an IPv6-only host to an IPv4-only host, with one rule.
. "$(dirname "$0")/lib.sh"

need python3 ping

setup_topo
check "ruleset loads" ruleset nat64 || done_testing

serve "$server4" tcp4:8080 udp4:5353

check "ping" on "$client6" ping -6 -c 3 -i 0.2 -W 10 $server64
check_match "TCP answers, from the pool's address" \
	"$(ask "$client6" tcp $server64 8080)" "hello from $pool_ip *"
check_match "UDP answers, from the pool's address" \
	"$(ask "$client6" udp $server64 5353)" "hello from $pool_ip *"

check "TCP session has both families" sessions \
	"^ipv6 .* tcp .*src=2001:0?db8:.* dst=0*64:ff9b:.*src=$server_ip dst=$pool_ip sport=8080"
check "UDP session has both families" sessions \
	"^ipv6 .* udp .*src=2001:0?db8:.* dst=0*64:ff9b:.*src=$server_ip dst=$pool_ip sport=5353"
check "ping session has both families" sessions \
	"^ipv6 .* icmpv6 .*src=$server_ip dst=$pool_ip type=0 code=0"
check_eq "nothing was dropped" "$(drops)" 0

done_testing
