#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 7915, section 5, clause by clause: IPv6 to IPv4, byte for byte.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

setup_rfc
check "ruleset loads" ruleset rfc7915 || done_testing
rfc_start rfc7915_6to4
phase header
phase extensions
phase fragments
phase icmp
phase quoted
phase rfc4884
phase untranslatable
phase checksums
phase addresses
phase ptb
phase pmtu_905

ip -n "$gw" link set wan mtu 1400
phase ptb_wan_1400
ip -n "$gw" link set wan mtu 1000
phase wan_1000
ip -n "$gw" link set wan mtu 1500
ip -n "$gw" link set lan mtu 1300
phase ptb_lan_1300
ip -n "$gw" link set lan mtu 1420
phase lan_1420
ip -n "$gw" link set lan mtu 1500

# A host of IPv6 among those of IPv4; its neighbour entry needs no answer.
host64=2001:db8:64::198.51.100.99
ip -n "$gw" -batch - <<-EOS
	route add $host64/128 dev wan
	neigh add $host64 lladdr 02:00:00:00:00:63 dev wan nud permanent
EOS
check "ruleset loads" ruleset rfc7915_own || done_testing
phase own_rules
check "ruleset with conntrack loads" ruleset rfc7915_ct || done_testing
phase reassembled

done_testing
