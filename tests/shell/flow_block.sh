#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fast path, and how what has taken it is stopped: docs/recipes.md.
. "$(dirname "$0")/flow.inc"

# What stands there to be typed
text() { awk '/^#/ { on = $2 == "flow_block" } on && sub(/^    /, "")' "$top/docs/recipes.md"; }

setup_topo
text | sed '/^}/q' >"$tmp/ruleset"
check "the recipe loads" on "$gw" "$NFT" -f "$tmp/ruleset" || done_testing
# to tell the paths apart
on "$gw" "$NFT" "table inet gw {
	counter slow { }
	chain forward { type filter hook forward priority -1; counter name slow; }; }"
hooks_come lan wan
serve "$server4" tcp4:80 udp4:53
helper udp "$client6" call udp $server64 53
helper tcp "$client6" call tcp $server64 80
fast "UDP" udp "$pool_ip [0-9]*"
fast "TCP" tcp "$pool_ip [0-9]*"

command=$(text | sed '1,/^}/d' | grep .)
on "$gw" "$NFT" add element inet fast blocked '{ 192.0.2.2 }'
check_match "an element alone does nothing" "$(tell udp ask 3)" "3 *"
check_match "the command is there" "$command" "nft add element *; conntrack -D *"
on "$gw" sh -c "${command#*; }" >/dev/null 2>&1
check_match "blocked: UDP" "$(tell udp ask 1 1)" "0 timed out"
check_match "blocked: TCP" "$(tell tcp ask 1 1)" "0 timed out"
on "$gw" "$NFT" delete element inet fast blocked '{ 192.0.2.2 }'
fast "UDP, no more blocked" udp "$pool_ip [0-9]*"

done_testing
