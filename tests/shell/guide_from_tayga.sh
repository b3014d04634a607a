#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What docs/guides/from_tayga.md says that a configuration of Tayga becomes.
. "$(dirname "$0")/recipe.inc"

# shellcheck disable=SC2317 # called by setup_recipe
route() { ip -n "$server4" route add 192.0.2.10 via $pool_ip; }
before_recipe=route
setup_recipe from_tayga
out 192.0.2.10
into 192.0.2.10
check_eq "map: no state" "$(sessions | wc -l)" 0

subscribers 1
ip -n "$client6" route add $pref64/96 via 2001:db8:c::1 src 2001:db8:1:1::2
out $pool_ip
check "dynamic-pool: state" [ "$(sessions "src=2001:0db8:0001:0001" | wc -l)" -ge 3 ]
all_valid

done_testing
