#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A router with a private address tells about a session of the well-known prefix,
# which has no room for that address: the error comes all the same, or path MTU
# discovery would end there, and from the session's peer.
. "$(dirname "$0")/lib.sh"

need_nft
need ping

setup_topo
router "$server4"
ip -n "$server4" -batch - <<-EOT
	addr add 10.0.0.9/32 dev lo
	route add $pool_ip/32 dev eth0 src 10.0.0.9
	route add unreachable 8.8.8.8/32
EOT
ip -n "$gw" route add 8.8.8.8/32 via $server_ip
check "ruleset loads" on "$gw" "$NFT" "table inet gw { chain pre {
	type filter hook prerouting priority dstnat; ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 masquerade; }; }" || done_testing
check_match "the error arrives" "$(on "$client6" ping -6 -n -c 1 -W 10 64:ff9b::8.8.8.8)" \
	"*From 64:ff9b::808:808 * Destination unreachable: No route*"
check_eq "nothing was dropped" "$(drops)" 0

done_testing
