#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Datagrams that the sender's kernel keeps together (UDP_SEGMENT) arrive one by
# one, whole and right, whoever cuts them.
. "$(dirname "$0")/lib.sh"

need python3 ethtool nstat tc

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

# Where the device cannot checksum, a socket sends them with CHECKSUM_NONE, from 6.11 on. A packet
# that tc puts from there into the ingress of a device of the fast path is still so.
if [ -x "$NFT" ] && kernel_since 6.11 && modprobe -q nf_flow_table_inet && modprobe -q act_mirred; then
	check "a fast path" on "$gw" "$NFT" "flush ruleset; table inet gw {
		flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
		chain pre { type filter hook prerouting priority dstnat
			ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 non-global masquerade; }
		chain out { type filter hook output priority raw; oifname short notrack; }
		chain forward { type filter hook forward priority filter; counter; ct state established xlat flow add @ft; }
	}"
	# Conntrack would take the sum of the pseudo-header for a wrong checksum.
	on "$gw" sysctl -qw net.netfilter.nf_conntrack_checksum=0
	ip -n "$gw" link add short up type dummy
	on "$gw" ethtool -K short tx-checksum-ip-generic off >/dev/null
	ip -n "$gw" -6 route add $server64 dev short
	tc -n "$gw" qdisc add dev short clsact
	tc -n "$gw" filter add dev short egress matchall action mirred ingress redirect dev lan
	rm -f "$tmp/ready"
	background_python "$server4" udp_gso count "$tmp/ready" 9001 20 1000 >"$tmp/count"
	wait_for 10 test -e "$tmp/ready"
	sleep 3 # until the hooks of the fast path are there
	python "$client6" udp_gso greet $server64 9001
	python "$gw" udp_gso inject $client_ip $server64 9001 20 1000
	wait $!
	check_eq "without a checksum, by the fast path" "$(cat "$tmp/count")" 20
else
	echo "# SKIP a fast path"
fi

done_testing
