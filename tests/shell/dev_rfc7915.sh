#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 7915 by the device: the vectors of the rule's stories, byte for byte. The stack
# forwards to a device before that translates, so that some of it is the stack's to do.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

need_ip_xlat

differs()
{
	case $1 in
	# The stack has counted the hop: it answers itself, and what an error quotes has one less.
	*" hop limit "[01][\;:,\ ]*"counted {}, wanted {'DropHopLimit': 1}") ;;
	*"[18] TTL of 1"*"counted {}, wanted {'DropHopLimit': 1}") ;;
	*": back 0: "*"differ at [43, 55]" | *": back 0: "*"differ at [36, 38]") ;;
	# It drops what comes from such addresses, and what has a source route.
	*"[19] from "*"counted {}, wanted {'DropAddress': 1}" | *"[19] error from "*": 0 out, wanted 1") ;;
	*"[21] "*) ;;
	# The pair is of 203.0.113.0/24: others do not map, and are told so.
	*"[50] source that stands for "*": 1 back, wanted 0" | *" illegal source and destination: silence: 1 back, wanted 0") ;;
	*"[65] source "*"counted {'DropAddress': 1}, wanted {}") ;;
	# Fragments of ICMP wait for each other.
	*"[51] of ICMP: 1 out, wanted 0"* | *"[9] "*", fragment "[01]*"wanted {'DropFragmentedIcmp': 1}") ;;
	# What rules of that ruleset do beside the translation, one of which is "mtu 1400"
	*"[14] made zero by a rule"* | *"a rule drops it instead"* | *"lowest MTU 1400"* | *"lowest MTU 9000"*) ;;
	*) return 1 ;;
	esac
}

setup_rfc
check "a device" ip -n "$gw" -batch - <<-EOF || done_testing
	link add xlat0 up type xlat prefix 2001:db8:64::/96 local 203.0.113.0/24 as 2001:db8:6464::cb00:7100/120
	route add 2001:db8:64::/96 dev xlat0
	route add 203.0.113.0/24 dev xlat0
EOF
rfc_start rfc7915_6to4
for p in header extensions fragments icmp quoted rfc4884 untranslatable checksums addresses ptb pmtu_905; do
	phase $p
done
rfc_start rfc7915_4to6
for p in header fragments icmp extensions quoted checksums sizes mtu1500; do
	phase $p
done

done_testing
