#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# "established, related" and a policy of drop let exactly the wanted traffic
# pass. Packets to IPv4 meet the forward chain as IPv4, answers as IPv6.
. "$(dirname "$0")/lib.sh"

need python3 ping

# packets NAME: of a named counter
packets() { on "$gw" $NFT list counter inet gw "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

setup_topo
check "ruleset loads" ruleset forward_filter || done_testing
serve "$server4" tcp4:80 tcp4:81 udp4:5353

check_match "TCP to port 80 passes" "$(ask "$client6" tcp $server64 80)" "hello from $pool_ip *"
patience=2 check_not "TCP to port 81 does not" ask "$client6" tcp $server64 81
patience=1 check_not "UDP to port 5353 does not" ask "$client6" udp $server64 5353
check "ping passes" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $server64
# port 53 is open in the filter, but nobody is there
check_match "ICMP error passes as related" "$(ask "$client6" udp $server64 53)" "*refused*"
check_not "nothing new comes in" on "$server4" ping -c 1 -W 1 $client_ip
if [ -x "$NFT" ]; then
	check "IPv4 forward chain counts" [ "$(packets fwd4)" -gt 5 ]
	check "IPv6 forward chain counts" [ "$(packets fwd6)" -gt 5 ]
	check_eq "nothing was invalid" "$(packets invalid)" 0
fi
check_eq "nothing was dropped by the translator" "$(drops)" 0

done_testing
