#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Datagrams that the sender's kernel keeps together (UDP_SEGMENT) arrive one by
# one, whole and right, whoever cuts them.
. "$(dirname "$0")/lib.sh"

need python3 ethtool nstat

gso() { check_eq "$1" "$(python "$client6" udp_gso call $server64 9000 $2 $3)" "$2 $2"; }

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
start "$server4" udp_gso 9000
on "$client6" ethtool -K eth0 rx off >/dev/null
on "$server4" ethtool -K eth0 rx off >/dev/null

before=$(tx_packets wan)
gso "cut by nobody" 40 1000
check "the gateway sent them together" [ $(($(tx_packets wan) - before)) -lt 20 ]
gso "small ones" 60 100
gso "as large as fit" 20 1432

on "$gw" ethtool -K wan tx off tx-udp-segmentation off gso off >/dev/null
on "$gw" ethtool -K lan tx off tx-udp-segmentation off gso off >/dev/null
before=$(tx_packets wan)
gso "cut by the gateway" 40 1000
check "the gateway sent them one by one" [ $(($(tx_packets wan) - before)) -ge 40 ]
gso "small ones" 60 100
gso "as large as fit" 20 1432

on "$client6" ethtool -K eth0 tx-udp-segmentation off gso off >/dev/null
on "$server4" ethtool -K eth0 tx-udp-segmentation off gso off >/dev/null
gso "cut by the sender" 40 1000

for ns in "$client6" "$server4"; do
	check_eq "no checksum errors at ${ns%-*}" \
		"$(on "$ns" nstat -asz UdpInCsumErrors Udp6InCsumErrors | awk '/Udp/ { s += $2 } END { print s }')" 0
done
check_eq "nothing was dropped" "$(drops)" 0

done_testing
