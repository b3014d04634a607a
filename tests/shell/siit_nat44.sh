#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stateless translation, and NAT44 behind it: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

mapped=2001:db8:6464::10.64.0.2

setup_recipe siit_nat44
ip -n "$client6" addr add $mapped/128 dev eth0 nodad
ip -n "$client6" route change default via 2001:db8:c::1 src $mapped
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
out $pool_ip
into $pool_ip
check_eq "one hop there, two hops back" "$(ttl "$client6" -6 -t 2 $server64)" 62
check_eq "state is NAT44's" "$(sessions | cut -c 1-4 | sort -u)" ipv4
all_valid

done_testing
