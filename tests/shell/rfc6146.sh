#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 6146, and the RFCs on NAT that hold for it, clause by clause: sessions that
# an IPv6 host begins, byte for byte.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

setup_rfc6146
check "ruleset loads" ruleset rfc6146 || done_testing
rfc_start rfc6146

# The limit is for each namespace, but one for all: hold it shortly.
max=/proc/sys/net/netfilter/nf_conntrack_max
was=$(cat $max)
# shellcheck disable=SC2317 # called by trap
restore() { echo "$was" >$max; cleanup; }
trap restore EXIT
phase established
echo 4 >$max
phase table_full
echo "$was" >$max
phase table_free

phase protocols
phase later_protocols
# Conntrack takes UDP-Lite's checksum for one of UDP's, where it knows UDP-Lite.
on "$gw" sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_checksum'
phase udp_lite
on "$gw" sh -c 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_checksum'
phase no_ports
phase borders
phase loops
phase mapping
phase other_mapping
phase pairing
phase classes
phase identification
phase exhaustion
phase pools
phase strays

check "ruleset with limits loads" ruleset rfc6146_limits || done_testing
phase limits
ip -n "$gw" route add fd00:6146::/32 via $client_ip
ip -n "$gw" route add 8.8.8.8 via $server_ip
check "ruleset with all prefixes loads" ruleset rfc6146_prefixes || done_testing
phase prefixes
if [ -x "$NFT" ]; then
	for len in 97 104 127 128; do
		check_match "[93] a prefix of $len bits is refused" "$(on "$gw" "$NFT" "table inet t { chain c {
			type filter hook prerouting priority dstnat
			xlat 6to4 prefix 2001:db8::/$len masquerade; }; }" 2>&1)" "*Error: *length must be*"
	done
fi

done_testing
