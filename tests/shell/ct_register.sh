#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A table of IPv4 asks conntrack for the original source address of a session from IPv6.
# The kernel copies the four bytes that the table has a register for, and no more: those
# before the fix of May 2026 ("nft_ct: bail out on template ct in get eval") copied 16,
# over what lies behind, and no session must be made there. xt_cluster looks at the entry's
# master, which a session has on kernels before 7.2, and warns when it has no family.
. "$(dirname "$0")/lib.sh"

need_nft
need python3

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
check "table of IPv4" on "$gw" "$NFT" "table ip probe { counter sees { }; counter whole { }; counter node { }
	chain pre { type filter hook prerouting priority mangle; }; }"
check "rules that nft does not send" python "$gw" raw_rule probe pre register || done_testing
cluster=
if modprobe -qa nft_compat xt_cluster; then
	cluster=1
	check "a rule of xt_cluster" python "$gw" raw_rule probe pre cluster
else
	echo "# this kernel has no xt_cluster"
fi
serve "$server4" udp4:5300
check_match "a session" "$(ask "$client6" udp "$server64" 5300)" "hello from $pool_ip *"

count() { on "$gw" "$NFT" list counter ip probe "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# The request as IPv4, and the answer.
check_eq "the address is that of the client, its first four bytes" "$(count sees)" 2
check_eq "what lies behind is as it was" "$(count whole)" 2
[ ! "$cluster" ] || check_eq "xt_cluster takes both" "$(count node)" 2

done_testing
