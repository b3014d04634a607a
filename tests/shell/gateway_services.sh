#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the gateway itself offers on its IPv4 address, called over IPv6.
. "$(dirname "$0")/lib.sh"

need python3 ping

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
serve "$gw" tcp4:8080 udp4:5353

gw64=$pref64$pool_ip
check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $gw64
check_match "TCP" "$(ask "$client6" tcp $gw64 8080)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$client6" udp $gw64 5353)" "hello from $pool_ip *"
# What the gateway says about a session is translated as well.
check_match "closed TCP port is refused" "$(ask "$client6" tcp $gw64 81)" "*refused*"
check_match "closed UDP port is refused" "$(ask "$client6" udp $gw64 81)" "*refused*"
# It is no hop away.
check "ping with a hop limit of 1" on "$client6" ping -6 -c 1 -W 10 -t 1 $gw64
check_eq "nothing was dropped" "$(drops)" 0

done_testing
