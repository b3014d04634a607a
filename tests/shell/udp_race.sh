#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two CPUs have the first packets of a flow at once, and each makes a session of
# its own: conntrack keeps one, and no packet gets lost over it.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
[ "$(nproc)" -gt 1 ] || skip "needs two CPUs"

n=1000
if ! is_uml; then
	n=300
	echo "# $n flows only, this kernel is emulated"
fi
ulimit -n $((n + 100))

# clashes: flows for which conntrack found that it had two entries
clashes()
{
	local x sum=0

	for x in $(on "$gw" awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "clashres") c = i }
		NR > 1 && c { print $c }' /proc/net/stat/nf_conntrack); do
		sum=$((sum + 0x$x))
	done
	echo $sum
}

setup_topo
serve "$server4" udp4:5353
port=10000
for mode in "" random fully-random; do
	check "masquerade $mode: ruleset loads" on "$gw" $NFT "flush ruleset; table inet gw { chain pre {
		type filter hook prerouting priority dstnat;
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade $mode; }; }" || done_testing
	check_eq "masquerade $mode: all arrive" \
		"$(python "$client6" race $server64 5353 $n $port)" "$n flows, $((2 * n)) answers"
	port=$((port + n))
done
echo "# $(clashes) clashes"
check_eq "nothing was dropped" "$(drops)" 0

done_testing
