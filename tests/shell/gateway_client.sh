#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The gateway is a client itself: an output rule, small packets and such as the
# stack would cut into fragments only after it.
. "$(dirname "$0")/lib.sh"

need ping
need_nft

setup_topo
ip -n "$gw" -6 route add 64:ff9b::/96 dev lan
check "ruleset loads" on "$gw" "$NFT" "table inet gw { chain out {
	type filter hook output priority mangle;
	ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade; }; }" || done_testing

for size in 56 1400 1452 1453 1500 3000; do
	check "ping of $size bytes" on "$gw" ping -6 -c 1 -W 10 -s $size $server64
done
check_eq "nothing was too big" "$(counter DropTooBig)" 0

done_testing
