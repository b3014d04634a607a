#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 6146 and RFC 5508, clause by clause: queries and errors of ICMP, and fragments.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

setup_rfc
# No host has the pool's addresses.
ip -n "$gw" route add unreachable 203.0.113.0/27
check "ruleset loads" ruleset rfc6146 || done_testing
rfc_start rfc6146
phase queries
phase errors
phase fragments
on "$gw" sh -c 'cd /proc/sys/net; for f in ipv4/ipfrag netfilter/nf_conntrack_frag6; do
	echo 0 >${f}_low_thresh; echo 0 >${f}_high_thresh; done'
phase no_memory

done_testing
