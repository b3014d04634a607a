#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Clients that dial in by PPPoE: their sessions take the fast path, from the device
# that the flowtable has to the other and back, with a VLAN below as well.
. "$(dirname "$0")/flow.inc"

modprobe -q pppoe || skip "no PPPoE in this kernel"

mac() { on "$1" cat "/sys/class/net/$2/address"; }

# dial SESSION CLIENT-DEV GATEWAY-DEV
dial()
{
	rm -f "$tmp"/ready.?
	background_python "$client6" flow_pppoe "$tmp/ready.c" "$2" "$(mac "$gw" "$3")" "$1"
	dialled="$!"
	background_python "$gw" flow_pppoe "$tmp/ready.g" "$3" "$(mac "$client6" "$2")" "$1"
	dialled="$dialled $!"
	check "PPPoE session $1" wait_for 10 test -e "$tmp/ready.c" -a -e "$tmp/ready.g" || done_testing
	ip -n "$gw" -batch - <<-EOT
		link set ppp0 mtu 1492 up
		addr add 2001:db8:9::1 peer 2001:db8:9::2 dev ppp0 nodad
	EOT
	ip -n "$client6" -batch - <<-EOT
		link set ppp0 mtu 1492 up
		addr add 2001:db8:9::2 peer 2001:db8:9::1 dev ppp0 nodad
		route replace default dev ppp0 src 2001:db8:9::2
	EOT
}

# shellcheck disable=SC2317 # called by wait_for
no_ppp() { ! ip -n "$gw" link show ppp0 && ! ip -n "$client6" link show ppp0; }
hang_up()
{
	# shellcheck disable=SC2086 # into words
	kill $dialled
	check "the session ends" wait_for 5 no_ppp
}

# fly NAME: by the fast path
fly()
{
	local proto

	for proto in "udp 53" "tcp 80"; do
		# shellcheck disable=SC2086 # into words
		set -- "$1" $proto
		helper "$1-$2" "$client6" call "$2" $server64 "$3"
		fast "$1, $2" "$1-$2" "$pool_ip [0-9]*"
	done
}

setup_topo
check "ruleset loads" rules || done_testing
hooks_come lan wan
serve "$server4" tcp4:80 udp4:53

dial 77 eth0 lan
fly pppoe
# The same session from another line is another's, whatever addresses it has.
hang_up
check_match "hung up: no answer" "$(tell pppoe-udp ask 1 1)" "0 *"
dial 78 eth0 lan
fast "dialled again" pppoe-udp "$pool_ip [0-9]*"

# What PPPoE says is longer than IPv6 does, and not fast without checksums: the rules
# see it as it came.
helper padded "$client6" call udp $server64 53 40001
fast "padded" padded "$pool_ip [0-9]*"
cat >"$tmp/padded.py" <<-END
	import socket, struct, sys
	ip, pad = socket.inet_pton(10, "2001:db8:9::2") + socket.inet_pton(10, "$server64"), bytes(6)
	udp = struct.pack("!4H", 40001, 53, 10, 0) + b"7\n"
	packet = struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + ip + udp + pad
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind(("eth0", 0))
	frame = bytes.fromhex("$(mac "$gw" lan) $(mac "$client6" eth0)".replace(":", "")) + b"\x88\x64"
	for _ in range(5):
	    s.send(frame + struct.pack("!BB3H", 0x11, 0, 78, len(packet) + 2, 0x57) + packet)
END
before=$(slow)
on "$client6" python3 -ISu "$tmp/padded.py"
# shellcheck disable=SC2317 # called by wait_for
five() { [ $(($(slow) - before)) -ge 5 ]; }
check "padded, by the normal path" wait_for 3 five

devices="ppp0, wan"
check "ppp0 as member: ruleset loads" rules
hooks_come ppp0 wan
fly member
devices="lan, wan"
hang_up

ip -n "$gw" link add link lan name lan.7 type vlan id 7
ip -n "$gw" link set lan.7 up
ip -n "$client6" link add link eth0 name eth0.7 type vlan id 7
ip -n "$client6" link set eth0.7 up
check "lan again: ruleset loads" rules
hooks_come lan wan
dial 79 eth0.7 lan.7
fly vlan
start "$server4" stream 9000
before=$(slow)
for i in up down; do
	check_eq "a stream, $i" "$(python "$client6" stream $i $server64 9000 1000000)" 1000000
done
# of some 2000 packets; an emulated guest may lose its flow for a while
check "a stream: $(($(slow) - before)) packets by the normal path" [ $(($(slow) - before)) -lt 500 ]
check_eq "nothing was dropped" "$(drops)" 0

done_testing
