#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 6146 by a device: the vectors of rfc6146.sh and its siblings. The device has the pool of
# most clients; those of other pools keep their rules, beside the device.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

need_nft
need conntrack
need_ip_xlat

differs()
{
	case $1 in
	# A rule that accepts ends its chain, and the device is none of it.
	*"[105] an exempt "*) ;;
	*) return 1 ;;
	esac
}
# rules NAME: the ruleset but for its last rule, which is the device's
rules()
{
	on "$gw" conntrack -F 2>/dev/null
	check "$1 beside a device" on "$gw" "$NFT" -f - < <(sed '/^\t\tip6 daddr 2001:db8:64::\/96 xlat 6to4 prefix 2001:db8:64::\/96 snat to 203.0.113.1$/d' \
		"$here/rulesets/$1.nft") || done_testing
}

setup_rfc6146
device_with_state up type xlat prefix 2001:db8:64::/96 snat 203.0.113.1
rules rfc6146
rfc_start rfc6146
for p in established protocols later_protocols no_ports borders loops mapping other_mapping pairing classes \
	identification exhaustion pools strays queries errors fragments timeouts tcp_states tcp_moved; do
	phase $p
done
rules rfc6146_inbound
for p in static filtering address_dependent port_dependent own_address hairpin; do
	phase $p
done
rules rfc6146_timeouts
phase configured

done_testing
