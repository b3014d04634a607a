#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same addresses twice, with an outside address for each: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

need sysctl
far64=$pref64$far_ip
before_recipe=twin
setup_recipe tenant_addresses
serve "$twin6" udp6:5353 tcp6:8080

for i in "$client6 192.0.2.16" "$twin6 192.0.2.17"; do
	read -r ns ip <<<"$i"
	check "${ns%-*} is there" on "$ns" ping -6 -c 1 -W 10 $far64 || done_testing
	check_match "its address" "$(python "$ns" crowd call udp $far64 5353 1 30000)" "from $ip 30000*1 of 1 answered"
	client6=$ns out "$ip"
	# a mapping of the port that a server of its own listens on
	on "$ns" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5353))
s.sendto(b"x", (sys.argv[1], 9))' $far64
	check_match "$server_ip begins a session" "$(ask "$server4" udp "$ip" 5353)" "hello from ${pref64}c000:202 *"
done
check_eq "each in its zone" "$(sessions "^ipv4 .* src=$server_ip .*dport=5353" |
	sed 's/.* dst=\(192.0.2.1[67]\) .* zone=\([0-9]\) .*/\1 \2/' | sort | tr '\n' ' ')" "192.0.2.16 1 192.0.2.17 2 "
all_valid

done_testing
