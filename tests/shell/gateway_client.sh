#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The gateway is a client itself: an output rule, small packets and such as the
# stack would cut into fragments only after it.
. "$(dirname "$0")/lib.sh"

need ping python3
need_nft

setup_topo
ip -n "$gw" -6 route add 64:ff9b::/96 dev lan
ip -n "$gw" route add 203.0.113.66 via $server_ip
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	counter whole { }
	chain out {
		type filter hook output priority mangle;
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade
		ip daddr 203.0.113.66 xlat 4to6 prefix 64:ff9b::/96 non-global dnat to [$client_ip]
	}
	chain post {
		type filter hook postrouting priority filter;
		ip6 saddr 64:ff9b::/96 meta length > 1280 meta skuid 0 udp dport 5001 counter name whole
	}
}" || done_testing

for size in 56 1400 1452 1453 1500 3000; do
	check "ping of $size bytes" on "$gw" ping -6 -c 1 -W 10 -s $size $server64
done

# What IPv6 cuts keeps the identification that it had in IPv4.
watch() { rm -f "$tmp/ready"; background_python "$client6" fragments watch "$tmp/ready" "$1" >"$tmp/ids"; wait_for 10 test -e "$tmp/ready"; }
watch 1380
python "$gw" fragments raw 203.0.113.66 4660 1400
wait $!
check_eq "[22] a datagram of this host: its identification" "$(cat "$tmp/ids")" "4660 4660"
check_eq "POSTROUTING sees it whole, and its socket" "$(on "$gw" "$NFT" list counter inet gw whole |
	sed -n 's/.*packets \([0-9]*\) .*/\1/p')" 1
watch 3008
on "$gw" python3 -ISc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0) # IP_MTU_DISCOVER: DF=0
s.sendto(bytes(3000), ("203.0.113.66", 5001))'
wait $!
read -ra ids <"$tmp/ids"
check "of a socket: one of 16 bits, in three fragments" [ "${#ids[@]}" = 3 -a "${ids[0]}" -lt 65536 -a "${ids[0]}" = "${ids[2]}" ]
check_eq "nothing was too big" "$(counter DropTooBig)" 0

done_testing
