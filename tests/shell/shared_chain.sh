#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A stateful rule in a chain that is reached from two places, and in one of them
# conntrack has not run: whatever of that the kernel accepts, no packet is
# translated there.
. "$(dirname "$0")/lib.sh"

need_nft
need ping conntrack

base() { echo "chain $1 { type filter hook prerouting priority $2; $3; };"; }
shared="chain shared { ip6 daddr 64:ff9b::/96 counter xlat 6to4 prefix 64:ff9b::/96 non-global masquerade; };"
load() { on "$gw" $NFT "flush ruleset; table inet gw { $*; }"; }
late=$(base late -100 "jump shared")

setup_topo
check_not "before conntrack alone is refused" load "$shared $(base early -300 "jump shared")"
check_not "at conntrack's own priority, too" load "$shared $(base early -200 "jump shared")"
check_not "the rule itself, too" load "chain early { type filter hook prerouting priority -300;
	ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade; }"
check "after conntrack is accepted" load "$shared $late"
check "and works" on "$client6" ping -6 -c 1 -W 10 $server64

for how in "jump shared" "goto shared" "ip6 hoplimit vmap { 64 : jump shared }"; do
	for order in "late early" "early late"; do
		early=$(base early -300 "$how")
		case $order in
		late*) rules="$shared $late $early" ;;
		*) rules="$shared $early $late" ;;
		esac
		if ! load "$rules" >/dev/null 2>&1; then
			pass "$how, $order: refused"
			continue
		fi
		on "$gw" conntrack -F >/dev/null 2>&1
		n=$(counter DropState)
		six=$(counter 6to4)
		check_not "$how, $order: accepted, and no packet passes" \
			on "$client6" ping -6 -c 1 -W 1 $server64
		check_eq "$how, $order: dropped" $(($(counter DropState) - n)) 1
		check_eq "$how, $order: not translated" $(($(counter 6to4) - six)) 0
		check_eq "$how, $order: no session" "$(sessions 'icmp.*src=2001:')" ""
	done
done

check "after conntrack it works again" load "$shared $late"
check "ping" on "$client6" ping -6 -c 1 -W 10 $server64
check_eq "nothing else was dropped" "$(drops)" "$(counter DropState)"

done_testing
