#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 7757 and RFC 6791 by a device, and what the well-known prefix is not for: the vectors
# of rfc7757.sh. Two rules of nft are for rfc.py's sentinels alone.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

need_nft
need_ip_xlat

differs()
{
	case $1 in
	# The stack has counted the hop of what an error quotes.
	*": back 0: "*"differ at [43, 55]" | *": back 0: "*"differ at [36, 38]") ;;
	# What has no mapping is told so; a rule leaves it to the route.
	*"[66] for errors only"*": back 0: "*"counted {'DropAddress': 1}, wanted {}") ;;
	*) return 1 ;;
	esac
}
# dev WORD...: what the device is to be
dev() { check "$*" ip -n "$gw" link set xlat0 type xlat local flush "$@" || done_testing; }

setup_rfc
check "sentinels" on "$gw" "$NFT" 'table inet rfc { chain pre {
	type filter hook prerouting priority raw
	iifname lan meta l4proto 253 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix 2001:db8:64::/96
	iifname wan meta l4proto 253 xlat 4to6 saddr prefix 2001:db8:64::/96 daddr prefix 2001:db8:6464::/96
}; }'
# To hosts of the prefix behind "lan" goes what comes out of the device.
ip -n "$gw" -batch - <<-EOS
	link add xlat0 up type xlat prefix 2001:db8:64::/96
	route add 2001:db8:a::/48 via $client_ip
	route add 2001:db8:dddd::/48 via $client_ip
	route add 2001:db8:64::/96 dev xlat0
	route add 64:ff9b::/96 dev xlat0
	route add 64:ff9b::/96 via $client_ip table 300
	route add 2001:db8:64::198.51.100.77 via $client_ip
	route add 8.8.8.0/24 via $server_ip
	route add 9.1.1.1 dev xlat0
	route add 198.51.100.77 dev xlat0
	route add 192.0.2.33 dev xlat0
	route add 192.0.2.128/26 dev xlat0
	route add 203.0.113.0/24 dev xlat0
EOS
ip -6 -n "$gw" rule add pref 9 iif xlat0 to 64:ff9b::/96 lookup 300
rfc_start rfc7757

dev local 203.0.113.0/24 as 2001:db8:a::/120 local 192.0.2.33 as 2001:db8:a::1:33
phase maps
phase hairpin
dev local 192.0.2.128/26 as 2001:db8:dddd::/64
phase pair
dev local 203.0.113.0/24 as 2001:db8:a::/120 local 192.0.2.33 as 2001:db8:a::1:33 error 192.0.2.250
phase error

# Errors about hosts of the prefix go to them.
ip -6 -n "$gw" rule add pref 9 iif lo to 64:ff9b::/96 lookup 300
ip -n "$gw" route del 203.0.113.0/24 dev xlat0
ip -n "$gw" route add 203.0.113.33 dev xlat0
dev prefix 64:ff9b::/96
phase well_known
dev prefix 64:ff9b::/96 non-global
phase well_known_non_global

done_testing
