#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is not plain takes the normal path, with sessions in the fast path too:
# options, fragments, hop limits that end, packets over the MTU, other hosts' frames;
# and what is plain, but for padding and offloads, does not.
. "$(dirname "$0")/flow.inc"
need ethtool

setup_topo
# Nobody is to answer what the test sends, or to tell that nobody listens.
for ns in "$client6" "$server4"; do
	on "$ns" "$NFT" "table inet quiet { chain in { type filter hook input priority 0; meta l4proto { tcp, udp } drop; }; }"
done
check "ruleset loads" rules || done_testing
hooks_come lan wan
# for the neighbours to be known
on "$client6" ping -6 -c 1 -W 10 $server64 >/dev/null
python "$client6" flow_packets "$client6" "$gw" "$server4" "$NFT" 4000 | tee "$tmp/out"
! grep -q ^FAIL "$tmp/out" && grep -q "^all cases were tried" "$tmp/out" || ret=$ksft_fail

done_testing
