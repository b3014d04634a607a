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
# A SYN to it has no answer, as the port may be a client's at any time: see mapping_local.sh.
patience=1 check_not "closed TCP port" ask "$client6" tcp $gw64 81
check_match "closed UDP port is refused" "$(ask "$client6" udp $gw64 81)" "*refused*"
# It is no hop away.
check "ping with a hop limit of 1" on "$client6" ping -6 -c 1 -W 10 -t 1 $gw64

# A socket that is bound to a device gets what has come in by that device, whichever device has
# the address.
serve "$gw" tcp4:8081%wan udp4:5354%wan tcp4:8082%lan udp4:5355%lan
patience=1 check_not "TCP, bound to another device" ask "$client6" tcp $gw64 8081
check_match "UDP, bound to another device" "$(ask "$client6" udp $gw64 5354)" "*refused*"
check_match "it is for its device" "$(ask "$server4" tcp $pool_ip 8081)" "hello from $server_ip *"
check_match "TCP, bound to the device" "$(ask "$client6" tcp $gw64 8082)" "hello from $pool_ip *"
check_match "UDP, bound to the device" "$(ask "$client6" udp $gw64 5355)" "hello from $pool_ip *"
check_eq "nothing else was dropped" "$(drops)" "$(counter DropUnsolicited)"

done_testing
