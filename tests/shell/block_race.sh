#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two CPUs take a block for the same client at once, of two addresses: each mapping has the block that
# its port is of.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
xlat=$top/build/xlat/xlat
[ -x "$xlat" ] || skip "needs the program xlat (make tool)"
[ "$(nproc)" -gt 1 ] || skip "needs two CPUs"

n=1000
setup_topo
check "ruleset loads" on "$gw" "$NFT" "table inet gw { chain pre { type filter hook prerouting priority dstnat
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 non-global masquerade; }; }" || done_testing
check_eq "mappings" "$(python "$gw" block_race $n)" $((2 * n))
check_eq "each has a block of its own" "$(on "$gw" "$xlat" blocks --json | python3 -ISc 'import json, sys
blocks = json.load(sys.stdin)
print(len(blocks), [b for b in blocks if b["mappings"] != 1][:3])')" "$((2 * n)) []"

done_testing
