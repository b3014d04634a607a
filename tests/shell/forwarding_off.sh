#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A host that does not forward does not forward what it translates either; each
# direction asks the family, and the device, that the packet came in by.
. "$(dirname "$0")/lib.sh"

need python3 ping

# forwarding 4|6 DEVICE 0|1
forwarding() { on "$gw" sh -c 'echo $2 >/proc/sys/net/ipv$0/conf/$1/forwarding' "$@"; }

# blocked WHAT 6TO4: a ping is not answered; is its request translated?
blocked()
{
	local n four

	n=$(counter DropForwarding)
	four=$(counter 6to4)
	check_not "$1: not forwarded" on "$client6" ping -6 -c 1 -W 1 $server64
	check_eq "$1: counted" $(($(counter DropForwarding) - n)) 1
	check_eq "$1: requests translated" $(($(counter 6to4) - four)) "$2"
}

works() { check "$1" on "$client6" ping -6 -c 1 -W 10 $server64; }

setup_topo
serve "$gw" tcp4:8080
check "ruleset loads" ruleset nat64 || done_testing
works "both on"

# sets all devices as well
forwarding 6 all 0
check_eq "lan does not forward" "$(on "$gw" cat /proc/sys/net/ipv6/conf/lan/forwarding)" 0
blocked "IPv6 off" 0
check "a service of the gateway, ping" on "$client6" ping -6 -c 1 -W 10 $pref64$pool_ip
check_match "a service of the gateway, TCP" "$(ask "$client6" tcp $pref64$pool_ip 8080)" "hello from $pool_ip *"
forwarding 6 all 1
works "IPv6 on again"

# Replies come in by wan.
forwarding 4 wan 0
blocked "IPv4 off on wan" 1
check_match "a service of the gateway" "$(ask "$client6" tcp $pref64$pool_ip 8080)" "hello from $pool_ip *"
forwarding 4 wan 1
works "IPv4 on again on wan"

# Nobody's packets come in as IPv4 by lan.
forwarding 4 lan 0
works "IPv4 off on lan"
forwarding 4 lan 1

on "$gw" sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
blocked "IPv4 off" 1
on "$gw" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
works "all on"
check_eq "nothing else was dropped" "$(drops)" "$(counter DropForwarding)"

done_testing
