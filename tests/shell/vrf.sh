#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The two families in a VRF each: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

need sysctl
setup_recipe vrf
check "own address in the VRF" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
out $pool_ip
check_eq "one hop there, two hops back" "$(ttl "$client6" -6 -t 3 $pref64$far_ip)" 62
all_valid
check_match "hop limit ends at the gateway" "$(on "$client6" ping -6 -n -t 1 -c 1 -W 10 $pref64$far_ip)" \
	"*From 2001:db8:c::1 icmp_seq=1 Time exceeded*"

done_testing
