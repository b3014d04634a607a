#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Limits for each subscriber, a /64: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

need conntrack
far64=$pref64$far_ip

# crowd N PORT SOURCE: UDP sessions at once, what became of them
crowd() { python "$client6" crowd call udp $far64 5353 "$1" "$2" "$3" >"$tmp/crowd"; tail -n 1 "$tmp/crowd"; }

# flood NS SOURCE N ADDRESS PORT: a datagram from each of N ports, no answer awaited
flood()
{
	on "$1" python3 -ISc 'import socket, sys
source, n, addr, port = sys.argv[1:]
for i in range(int(n)):
	s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((source, 20000 + i))
	s.sendto(b"x", (addr, int(port)))' "${@:2}"
}

# hits VERDICT: packets of that rule
hits() { on "$gw" $NFT list chain inet nat64 subscriber | sed -n "s/.*counter packets \([0-9]*\) .* $1.*/\1/p"; }
# open_of N: sessions of that subscriber
open_of() { sessions "src=2001:0db8:0001:000$1:" | wc -l; }
# between LOW HIGH NUMBER
# shellcheck disable=SC2317 # called by check
between() { [ "$3" -ge "$1" ] && [ "$3" -le "$2" ]; }

setup_recipe subscriber_limits
subscribers 1 2 3
ip -n "$client6" addr add 2001:db8:1:1::3/64 dev eth0 nodad

check_eq "[104] 100 sessions of 120" "$(crowd 120 30000 2001:db8:1:1::2)" "100 of 120 answered"
check_eq "the rest is told why" "$(grep -c '^session .*Permission denied' "$tmp/crowd")" 20
check_eq "and has no entry" "$(open_of 1)" 100
check_eq "another address of the /64 does not help" "$(crowd 1 30000 2001:db8:1:1::3)" "0 of 1 answered"
check_match "TCP neither" "$(python "$client6" crowd call tcp $far64 80 1 30000 2001:db8:1:1::3)" \
	"*Permission denied*0 of 1 answered"
check_eq "another subscriber has all" "$(crowd 20 30000 2001:db8:1:2::2)" "20 of 20 answered"
check_eq "sessions that are there go on" "$(crowd 100 30000 2001:db8:1:1::2)" "100 of 100 answered"
check_eq "none was too fast" "$(hits drop)" 0
on "$gw" conntrack -D -f ipv6 -s 2001:db8:1:1::2 -p udp --dport 5353 >/dev/null 2>&1
check_eq "and make room when they end" "$(crowd 20 31000 2001:db8:1:1::3)" "20 of 20 answered"

refused=$(hits reject)
flood "$client6" 2001:db8:1:3::2 400 $far64 5353
check_eq "of a flood, as many sessions as may be" "$(open_of 3)" 100
check "some were too many" between 50 300 $(($(hits reject) - refused))
# 150 and 20 for each second
check "[104] some were too fast" between 1 250 "$(hits drop)"
check_eq "the others notice nothing" "$(crowd 20 31000 2001:db8:1:2::2)" "20 of 20 answered"
# the port that the last of these 20 has
port=$(sed -n 's/^from .* //p' "$tmp/crowd" | tail -n 1)
before=$(open_of 2)
flood "$server4" $server_ip 150 $pool_ip "$port"
check_eq "sessions that IPv4 begins count" "$before, then $(open_of 2)" "40, then 100"
check_eq "the gateway remembers each" \
	"$(on "$gw" $NFT list set inet nat64 pace | grep -o '2001:db8:1:[123]::' | sort | tr '\n' ' ')" \
	"2001:db8:1:1:: 2001:db8:1:2:: 2001:db8:1:3:: "
check_eq "the translator dropped nothing" "$(drops)" 0

done_testing
