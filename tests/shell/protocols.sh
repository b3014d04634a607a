#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# SCTP, DCCP, UDP-Lite, GRE and ESP have state, though their ports cannot be
# changed: a conflict takes the next address.  sctp.sh has real sockets.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

need_nft
setup_rfc
# No host has the pool's addresses.
ip -n "$gw" route add unreachable 203.0.113.0/27
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	chain raw {
		type filter hook prerouting priority raw;
		# what rfc.py tells the end of a case by: without state
		meta l4proto 253 notrack
		iifname lan meta l4proto 253 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix 2001:db8:64::/96
		iifname wan meta l4proto 253 xlat 4to6 saddr prefix 2001:db8:64::/96 daddr prefix 2001:db8:6464::/96
	}
	chain pre {
		type filter hook prerouting priority dstnat;
		ip daddr 203.0.113.8 xlat 4to6 prefix 2001:db8:64::/96 dnat to 2001:db8:6464::78
		ip6 daddr 2001:db8:64::/96 ip6 saddr 2001:db8:6464::16:0/112 xlat 6to4 prefix 2001:db8:64::/96 snat to 203.0.113.16-203.0.113.17
		ip6 daddr 2001:db8:64::/96 xlat 6to4 prefix 2001:db8:64::/96 masquerade
	}
	chain forward {
		type filter hook forward priority filter;
		meta l4proto != { 1, 58, 253 } ct state invalid counter
	}
}" || done_testing
# Kernels that have UDP-Lite sum it up as if it were UDP, and call it invalid.
! grep -q ^UDP-Lite /proc/net/protocols || on "$gw" sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_checksum'
rfc_start protocols
phase masquerade
phase pool
phase inbound
phase others
check_match "nothing was invalid" "$(on "$gw" "$NFT" list chain inet gw forward)" "*counter packets 0 *"

done_testing
