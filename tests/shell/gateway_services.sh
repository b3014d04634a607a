#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the gateway itself offers on its IPv4 address, called over IPv6.
. "$(dirname "$0")/lib.sh"

need python3 ping socat

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
serve "$gw" tcp4:8080 udp4:5353

gw64=$pref64$pool_ip
check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 2 $gw64
check_match "TCP" "$(ask "$client6" tcp $gw64 8080)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$client6" udp $gw64 5353)" "hello from $pool_ip *"
# What the gateway says about a session is translated as well.
check_match "closed TCP port is refused" "$(ask "$client6" tcp $gw64 81)" "*refused*"
check_match "closed UDP port is refused" "$(ask "$client6" udp $gw64 81)" "*refused*"
# It is no hop away.
check "ping with a hop limit of 1" on "$client6" ping -6 -c 1 -W 2 -t 1 $gw64

# What listens on the gateway's loopback address is for nobody else.
on "$gw" socat TCP4-LISTEN:8081,bind=127.0.0.1,fork,reuseaddr PIPE &
on "$gw" socat -u UDP4-RECV:8081,bind=127.0.0.1 OPEN:"$tmp/got",creat,append &
listening "$gw" tcp 8081
ip -n "$client6" addr add 64:ff9b::203.0.113.33/128 dev eth0 nodad
for rules in nat64 snat siit_prefix; do
	ruleset flush
	ruleset $rules
	truncate -s 0 "$tmp/got"
	patience=1 check_not "$rules: no TCP to loopback" ask "$client6" tcp ${pref64}127.0.0.1 8081
	patience=1 ask "$client6" udp ${pref64}127.0.0.1 8081 "for nobody" >/dev/null
	check_eq "$rules: no UDP to loopback" "$(cat "$tmp/got")" ""
	[ $rules != snat ] || ip -n "$client6" route change default via 2001:db8:c::1 src 64:ff9b::203.0.113.33
done
check_eq "nothing else was dropped" "$(drops)" "$(counter DropAddress)"

done_testing
