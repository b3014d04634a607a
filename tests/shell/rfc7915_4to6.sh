#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 7915, section 4, clause by clause: IPv4 to IPv6, byte for byte.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

# mtus LAN WAN
mtus()
{
	ip -n "$gw" link set lan mtu "$1"
	ip -n "$client6" link set eth0 mtu "$1"
	ip -n "$gw" link set wan mtu "$2"
	ip -n "$server4" link set eth0 mtu "$2"
}

setup_rfc
check "ruleset loads" ruleset rfc7915 || done_testing
rfc_start rfc7915_4to6
phase header
phase fragments
phase icmp
phase extensions
phase quoted
phase checksums
phase sizes
phase mtu1500
mtus 1400 1500
phase lan1400
mtus 1500 1300
phase wan1300
mtus 9000 9000
phase mtu9000
mtus 1500 1500

mac=$(on "$client6" cat /sys/class/net/eth0/address)
ip -n "$gw" route add 203.0.113.98/31 dev lan
ip -n "$gw" neigh add 203.0.113.99 lladdr "$mac" dev lan nud permanent
phase plain

check "ruleset with conntrack loads" ruleset rfc7915_ct || done_testing
phase defrag

done_testing
