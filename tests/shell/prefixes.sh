#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All prefix lengths of RFC 6052. 192.0.2.2 is c000:0202, and bits 64 to 71 of
# the address are skipped.
. "$(dirname "$0")/lib.sh"

need python3 ping

setup_topo
check "ruleset loads" ruleset prefixes || done_testing
serve "$server4" tcp4:8080 udp4:5353

while read -r len addr; do
	check "/$len ping" on "$client6" ping -6 -c 1 -W 10 "$addr"
	check_match "/$len TCP" "$(ask "$client6" tcp "$addr" 8080)" "hello from $pool_ip *"
	check_match "/$len UDP" "$(ask "$client6" udp "$addr" 5353)" "hello from $pool_ip *"
done <<-EOF
	32	fd00:64:c000:202::
	40	fd00:64:1c0:2:2::
	48	fd00:64:122:c000:2:200::
	56	fd00:64:122:3c0:0:202::
	64	fd00:64:122:344:c0:2:200:0
	96	fd00:64:122:344:0:1:c000:202
EOF

done_testing
