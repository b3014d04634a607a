#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An address that is the gateway's own does not make the way free: what is sent on
# after all, by another translation or by NAT, counts a hop, and is not sent on
# where forwarding is off.
. "$(dirname "$0")/lib.sh"

need_nft
need ping python3

P=2001:db8:64::
pair="saddr prefix $client_ip to 198.51.100.33"
setup_topo
another node
link "$gw" lan2 "$node" eth0
ip -n "$gw" -batch - <<-EOT
	addr add 2001:db8:d::1/64 dev lan2 nodad
	addr add 10.9.0.1/24 dev lan2
	addr add 198.51.100.33/32 dev lo
	addr add 198.51.100.34/32 dev lo
	addr add 198.51.100.99/32 dev lo
EOT
ip -n "$node" -batch - <<-EOT
	addr add 2001:db8:d::2/64 dev eth0 nodad
	addr add 10.9.0.2/24 dev eth0
	route add default via 2001:db8:d::1
	route add default via 10.9.0.1
EOT
forwarding() { on "$gw" sh -c "echo $1 >/proc/sys/net/ipv6/conf/all/forwarding; echo $1 >/proc/sys/net/ipv4/ip_forward"; }

check "a hairpin's rules load" on "$gw" "$NFT" "table inet siit {
	map e64 { type ipv6_addr : ipv4_addr; elements = { $client_ip : 198.51.100.33, 2001:db8:d::2 : 198.51.100.34 }; }
	map e46 { type ipv4_addr : ipv6_addr; elements = { 198.51.100.33 : $client_ip, 198.51.100.34 : 2001:db8:d::2 }; }
	chain pre {
		type filter hook prerouting priority raw
		xlat 6to4 prefix $P/96 saddr prefix to ip6 saddr map @e64
		xlat 4to6 saddr prefix $P/96 daddr prefix to ip daddr map @e46
	}
}" || done_testing
hairpin() { on "$client6" ping -6 -c 1 -W 1 "$@" ${P}198.51.100.34; }
check "hairpin" hairpin
check "with a hop limit of 2" hairpin -t 2
check_not "with a hop limit of 1" hairpin -t 1
forwarding 0
check_not "with forwarding off" hairpin
check_eq "that is why" "$(counter DropForwarding)" 1
forwarding 1

check "DNAT's rules load" on "$gw" "$NFT" "flush ruleset
	table inet siit { chain pre { type filter hook prerouting priority raw; xlat 6to4 prefix $P/96 $pair; }; }
	table ip nat { chain pre { type nat hook prerouting priority dstnat; ip daddr 198.51.100.99 dnat to 10.9.0.2; }; }"
serve "$node" udp4:5555
# send SIZE HOPS: a datagram to what DNAT sends on
send()
{
	on "$client6" python3 -ISc '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(41, 16, int(sys.argv[3]))
s.sendto(b"x" * int(sys.argv[2]), (sys.argv[1], 5555))' ${P}198.51.100.99 "$1" "$2"
}
# arrived: datagrams that the node's UDP has taken, fragments put together
arrived() { on "$node" awk '/^Udp: [0-9]/ { print $2 + $3 }' /proc/net/snmp; }
is_arrived() { [ "$(arrived)" = "$1" ]; }
for size in 100 3000; do
	n=$(arrived)
	send $size 64
	check "$size bytes arrive" wait_for 5 is_arrived $((n + 1))
	before=$(drops)
	send $size 1
	forwarding 0
	send $size 64
	forwarding 1
	send $size 64
	check "$size bytes arrive again" wait_for 5 is_arrived $((n + 2))
	check "$size bytes: drops are counted" [ "$(drops)" -ge $((before + 2)) ]
done

done_testing
