#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A block of ports for each subscriber: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

far64=$pref64$far_ip

# crowd N HOST: TCP sessions at once, ports that the server saw
crowd() { python "$client6" crowd call tcp $far64 80 "$1" 30000 "2001:db8:1:$2" >"$tmp/crowd"; sed -n "s/^from $pool_ip //p" "$tmp/crowd"; }
# outside LOW HIGH: of the ports on stdin, those that are
outside() { awk -v lo="$1" -v hi="$2" '$1 < lo || $1 > hi'; }

setup_recipe port_blocks
out $pool_ip
subscribers 1 2 3
ip -n "$client6" addr add 2001:db8:1:1::3/64 dev eth0 nodad

p=$(crowd 40 1::2)
check_eq "40 ports of 64" "$(sort -u <<<"$p" | wc -l)" 40
check_eq "in the block" "$(outside 1024 1087 <<<"$p")" ""
# another host of the /64
p=$(crowd 26 1::3)
check_eq "[104] the other 24" "$(sort -u <<<"$p" | wc -l)" 24
check_eq "in the same block" "$(outside 1024 1087 <<<"$p")" ""
check_eq "the rest is told" "$(grep -c '^session .*No route to host' "$tmp/crowd")" 2
check "and counted" [ "$(counter DropNoPort)" -ge 2 ]
p=$(crowd 40 2::2)
check_eq "another subscriber has all" "$(sort -u <<<"$p" | wc -l)" 40
check_eq "[108] in its own block" "$(outside 1088 1151 <<<"$p")" ""
check "identifiers are in it too" on "$client6" ping -6 -c 1 -W 2 -I 2001:db8:1:2::2 $far64
check_eq "of the block" "$(sessions 'icmpv6.*src=2001:0db8:0001:0002' | sed -n 's/.* id=//p' | cut -d' ' -f 1 | outside 1088 1151)" ""
p=$(crowd 40 3::2)
check_eq "without a block" "$(sort -u <<<"$p" | wc -l)" 40
check_eq "by the next rule" "$(outside 32768 65535 <<<"$p")" ""

done_testing
