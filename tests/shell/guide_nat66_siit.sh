#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# NAT66, and stateless translation behind it: docs/guides/nat66_siit.md.
. "$(dirname "$0")/recipe.inc"

group=239.1.2.3

setup_recipe nat66_siit
ip -n "$server4" route add 203.0.113.1 via $pool_ip
out 203.0.113.1
into 203.0.113.1
check_eq "two hops there, one hop back" "$(ttl "$client6" -6 -t 3 $server64)" 63

background_python "$server4" group $group 7777 >"$tmp/group"
wait_for 10 on "$server4" grep -q "$(printf '%02X' 3 2 1 239)" /proc/net/igmp
echo hello | on "$client6" timeout 5 bash -c "cat >/dev/udp/$pref64$group/7777"
wait_for 5 test -s "$tmp/group"
check_eq "multicast to IPv4" "$(cat "$tmp/group")" "hello from 203.0.113.1"
check_eq "state is NAT66's" "$(sessions | cut -c 1-4 | sort -u)" ipv6
all_valid

ip -n "$gw" route add 224.0.0.0/24 dev wan
echo hello | on "$client6" timeout 5 bash -c "cat >/dev/udp/${pref64}224.0.0.251/7777"
wait_for 5 on "$gw" grep -q "XlatDropDestination.*[1-9]" /proc/net/nf_xlat
check_eq "multicast of one link is dropped" "$(drops) $(counter DropDestination)" "1 1"

done_testing
