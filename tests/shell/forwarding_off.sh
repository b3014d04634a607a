#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A host that does not forward does not forward what it translates either; each
# direction asks the family, and the device, that the packet came in by.
. "$(dirname "$0")/lib.sh"

need_nft
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
check "a mark, for another route" on "$gw" "$NFT" "table ip marks { chain pre {
	type filter hook prerouting priority 0; iifname lan meta mark set 1; }; }"
works "IPv4 off on lan, and another route"
forwarding 4 lan 1

on "$gw" sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
blocked "IPv4 off" 1
on "$gw" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
works "all on"
# What has a route to this host, or none, and goes on all the same: by a NAT of IPv4, or by another
# translation. The gateway tracks IPv4 only, and puts fragments together there.
check "rules without state" on "$gw" "$NFT" "flush ruleset
	table ip6 gw { chain pre {
		type filter hook prerouting priority dstnat
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global saddr prefix 2001:db8:c::/120 to 198.51.100.0/24
	}; }
	table ip gw {
		chain pre {
			type filter hook prerouting priority mangle
			ip daddr 198.51.100.0/24 xlat 4to6 prefix 64:ff9b::/96 non-global daddr prefix 198.51.100.0/24 to 2001:db8:c::/120
		}
		chain nat { type nat hook prerouting priority dstnat; ip daddr $pool_ip udp dport 9 dnat to $server_ip; }
		chain out { type filter hook postrouting priority filter; oifname wan udp dport 9 counter; }
	}"
ip -n "$client6" addr add 2001:db8:c::3/64 dev eth0 nodad
# shellcheck disable=SC2317 # called by check
hairpin() { on "$client6" ping -6 -c 1 -W "$1" -I 2001:db8:c::3 ${pref64}198.51.100.2; }
# nat BYTES: client6 sends them to the gateway's address, from where NAT takes them to the server
nat() { on "$client6" bash -c 'head -c "$1" /dev/zero >"/dev/udp/$0/9"' $pref64$pool_ip "$1"; }
went() { on "$gw" "$NFT" list chain ip gw out | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# shellcheck disable=SC2317 # called by wait_for
is() { [ "$("${@:2}")" = "$1" ]; }

check "a hairpin" hairpin 10
nat 100
check "by NAT" wait_for 10 is 1 went
nat 3000
check "fragments by NAT" wait_for 10 is 2 went
forwarding 4 lan 0
check "IPv4 off on lan: a hairpin" hairpin 10
nat 100
check "IPv4 off on lan: by NAT" wait_for 10 is 3 went
nat 3000
check "IPv4 off on lan: fragments by NAT" wait_for 10 is 4 went
forwarding 4 lan 1
forwarding 6 all 0
n=$(counter DropForwarding)
check_not "IPv6 off: no hairpin" hairpin 1
nat 100
check "IPv6 off: not by NAT" wait_for 10 is $((n + 2)) counter DropForwarding
nat 3000
check "IPv6 off: no fragments by NAT" wait_for 10 is $((n + 3)) counter DropForwarding
check_eq "IPv6 off: nothing went out" "$(went)" 4
check_eq "nothing else was dropped" "$(drops)" "$(counter DropForwarding)"

done_testing
