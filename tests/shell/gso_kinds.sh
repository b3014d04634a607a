#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that are many in one, of the rarer kinds: what is one arrives whole,
# what only says so is dropped, and the kernel does not complain.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ethtool

size=100000000
# shellcheck disable=SC2317 # functions that wait_for calls
is_uml || size=4000000

part() { echo "# SKIP: $*"; }
stream() { check_eq "$1" "$(python "$client6" stream "$2" $server64 9000 $size)" $size; }
# datagrams WHAT PORT N SIZE
datagrams() { check_eq "$1" "$(python "$client6" udp_gso call $server64 "$2" "$3" "$4")" "$3 $3"; }
warnings() { dmesg | grep -c 'WARNING: \|BUG: \|caps='; }

# fraglist OFFLOADS GRO-LIST: the client sends packets one by one, the gateway
# makes a list of them as they are, each with its headers
fraglist()
{
	on "$client6" ethtool -K eth0 tso "$1" gso "$1" tx-udp-segmentation "$1" >/dev/null 2>&1
	on "$gw" ethtool -K lan gro on rx-gro-list "$2" >/dev/null 2>&1
}

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
# what is larger than IPv4 and IPv6 have lengths for, and how often it came
check "counters" on "$gw" $NFT "table inet big { counter lan { }; counter wan { }; chain pre {
	type filter hook prerouting priority -350;
	iifname lan meta length > 65535 counter name lan;
	iifname wan meta length > 65535 counter name wan; }; }"
big() { on "$gw" $NFT list counter inet big "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
start "$server4" stream 9000
start "$server4" udp_gso 9001
before=$(warnings)

fraglist off on
if on "$gw" ethtool -k lan | grep -q 'rx-gro-list: on'; then
	stream "rx-gro-list, TCP" up
	datagrams "rx-gro-list, UDP" 9001 40 1000
	check_eq "rx-gro-list: nothing was dropped" "$(drops)" 0
else
	part "no rx-gro-list"
fi
fraglist on off

# The client's link carries what the server's does, 20 bytes of header more:
# only then can both say it in segments of the same size. From the server they
# are without DF, and too large for the gateway's link, which has to cut them.
on "$server4" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
start "$server4" udp_gso 9002
ip -n "$client6" link set eth0 mtu 1520
datagrams "segments over the MTU of IPv6, without DF" 9002 20 1472
check_eq "over the MTU: nothing was dropped" "$(drops)" 0
ip -n "$client6" link set eth0 mtu 1500

for dev in "$client6 eth0" "$server4 eth0" "$gw lan" "$gw wan"; do
	python ${dev% *} linksize ${dev#* } 150000 | sed 's/^/# /'
done
stream "BIG TCP from IPv6" up
[ "$(big lan)" != 0 ] || part "no BIG TCP for IPv6"
stream "BIG TCP from IPv4" down
[ "$(big wan)" != 0 ] || part "no BIG TCP for IPv4"
echo "# $(big lan) and $(big wan) packets were over 65535 bytes"
# 6.1, which has no BIG TCP for IPv4, at times cannot segment that of IPv6.
if [ "$(big wan)" = 0 ]; then
	echo "# SKIP BIG TCP: drops, $(drops) by this kernel's own segmentation"
else
	check_eq "BIG TCP: nothing was dropped" "$(drops)" 0
fi

# Of the packets before, 6.1 may have dropped some.
before_lies=$(drops) before_gso=$(counter DropGso)
if modprobe -q tun; then
	took=$(python "$gw" vnet 2001:db8:d::1 2001:db8:d::2 $server64 2>"$tmp/lies")
	sed 's/^/# not even the device takes /' "$tmp/lies"
	check "some lies are taken" [ "$took" -gt 0 ]
	check_eq "and dropped" $(($(counter DropGso) - before_gso)) "$took"
	check_eq "nothing else was" $(($(drops) - before_lies)) "$took"
	# A datagram that a guest has left to be cut into fragments
	background "$server4" python3 -ISu -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 9005))
print("ready")
print(len(s.recv(65536)))' >"$tmp/ufo"
	wait_for 10 grep -q ready "$tmp/ufo"
	python "$gw" vnet 2001:db8:d::1 2001:db8:d::2 $server64 9005 4000
	check "UFO: the datagram arrives" wait_for 10 grep -qx 4000 "$tmp/ufo"
	check_eq "UFO: nothing was dropped" $(($(drops) - before_lies)) "$took"
	# Nobody needs so many fragments, all of which pass the hooks at once.
	python "$gw" vnet 2001:db8:d::1 2001:db8:d::2 $server64 9005 40000 8
	check_eq "UFO: 5000 fragments are too many" $(($(counter DropGso) - before_gso)) $((took + 1))
	# Nor may fewer take any time, in rules that a user can make as long as he likes. The chain is before
	# conntrack puts them together.
	check "rules that take long" on "$gw" "$NFT" "table ip long {
		chain many { $(printf 'ip saddr 10.0.0.1 accept; %.0s' {1..200}) }
		chain long { $(printf 'jump many; %.0s' {1..500}) }
		chain pre { type filter hook prerouting priority -450; udp dport 9005 jump long; ip frag-off & 0x1fff != 0 jump long; }
	}"
	# Those that are translated wait for the others. 6.1 cannot end a namespace meanwhile.
	on "$gw" sh -c 'echo 1 >/proc/sys/net/ipv4/ipfrag_time'
	before_gso=$(counter DropGso) before_long=$(counter 6to4)
	python "$gw" vnet 2001:db8:d::1 2001:db8:d::2 $server64 9005 60000 32
	on "$gw" "$NFT" delete table ip long
	check "UFO: $(($(counter 6to4) - before_long)) of 1876 fragments are translated" \
		[ "$(counter 6to4)" -gt "$before_long" ]
	check "UFO: $(($(counter DropGso) - before_gso)) are not, after half a second" \
		[ $(($(counter DropGso) - before_gso)) -gt 100 ]
	no_frags() { on "$gw" grep -q "FRAG: inuse 0" /proc/net/sockstat; }
	check "UFO: none waits any more" wait_for 10 no_frags
else
	part "no tun device"
fi
check_eq "the kernel did not complain" "$(warnings)" "$before"

done_testing
