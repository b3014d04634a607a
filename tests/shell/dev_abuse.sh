#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What any user can do to a device in a namespace of his own: send it frames instead of
# packets, send to himself by it, make it where it cannot be made; and fragments that are
# forwarded to it are not this host's.
. "$(dirname "$0")/lib.sh"

need python3 ping
need_ip_xlat

host4=203.0.113.33
gwip() { ip -n "$gw" "$@"; }
# shellcheck disable=SC2317 # called by check
dropped() { on "$gw" cat /sys/class/net/xlat0/statistics/tx_dropped; }
# long: what a datagram of 3000 bytes is answered
long()
{
	on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[2]))
for i in range(4):
    s.sendto(b"hello" * 600, (sys.argv[1], 5353))
print(s.recv(9)[:5].decode())' $server64 "$1" 2>/dev/null
}

setup_topo
check "a device" gwip link add xlat0 up type xlat prefix $pref64/96 non-global \
	local $host4 as $client_ip || done_testing
gwip route add $pref64/96 dev xlat0
gwip route add 203.0.113.0/24 dev xlat0
serve "$server4" udp4:5353
serve "$client6" udp6:5353
check_eq "a datagram in fragments" "$(long 10)" hello

# tc sends clones of this host's own answers to the device, which has no mapping for them. An error
# about a clone would need the lock of the ICMP socket, which is sending the answer: KASAN's
# kernel complains.
if modprobe -qa sch_ingress cls_matchall act_mirred; then
	for dev in lan wan; do
		on "$gw" tc qdisc add dev $dev clsact
		on "$gw" tc filter add dev $dev egress matchall action mirred egress mirror dev xlat0
	done
	before=$(dropped)
	check "an answer that is cloned, IPv6" on "$client6" ping -n -c 1 -W 5 2001:db8:c::1
	check "an answer that is cloned, IPv4" on "$server4" ping -n -c 1 -W 5 $pool_ip
	check "the device has dropped both clones" [ "$(($(dropped) - before))" -ge 2 ]
	for dev in lan wan; do on "$gw" tc qdisc del dev $dev clsact; done
else
	echo "# no mirred of tc"
fi

# Fragments that conntrack has put together and IPv6 has cut again have lost the device that
# they came in by. IPv4's forward chain has to see them.
if on "$gw" nft -f - <<-END
	table ip6 track { chain forward { type filter hook forward priority filter; ct state new counter; }; }
	table ip filter { chain forward { type filter hook forward priority filter; udp dport 5353 counter drop; }; }
END
then
	check_eq "fragments meet IPv4's filter" "$(long 1)" ""
	check_match "which counts them" "$(on "$gw" nft list chain ip filter forward | grep -c 'packets [1-9]')" 1
	on "$gw" nft flush ruleset
else
	echo "# no conntrack in IPv6"
fi

# With a MAC header in front. 40 bytes of options, in which a UDP header says 65535 bytes and
# no checksum, where one would be that is looked for 14 bytes too early.
if on "$gw" nft -f - <<-END
	table netdev frames { chain in { type filter hook ingress device "wan" priority 0
		ip daddr $host4 fwd to "xlat0"; }; }
END
then
	before=$(dropped)
	on "$server4" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
data = bytes(28) + b"\xff\xff\0\0"
s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([158, 40]) + data.ljust(38, b"\0"))
s.sendto(b"x" * 60, (sys.argv[1], 5353))' $host4
	check "a frame is dropped" [ "$(dropped)" = $((before + 1)) ]
	on "$gw" nft delete table netdev frames
	check_match "packets go on" "$(ask "$server4" udp $host4 5353)" "hello from *"
else
	echo "# no fwd in nft of this kernel"
fi

# Both ends of a connection are here, and tc sends what goes between them to a device, to another
# one in each direction, since mirred drops what comes to the same one again. The acknowledgement
# that a timer sends must not be answered before the timer's function returns: it holds the lock
# of the socket, which the answer would wait for.
if modprobe -qa act_mirred cls_matchall; then
	gwip link add dummy0 up type dummy
	gwip -batch - <<-EOT
		addr add 2001:db8:a::1/128 dev lo nodad
		addr add 198.51.100.1/32 dev lo
		link set xlat0 type xlat local 198.51.100.9 as 2001:db8:a::1
		link add xlat1 up type xlat prefix $pref64/96 non-global local 198.51.100.9 as 2001:db8:a::1
		route add 198.51.100.9 dev dummy0 src 198.51.100.1
		route add ${pref64}198.51.100.1/128 dev dummy0 src 2001:db8:a::1
		neigh replace 198.51.100.9 dev dummy0 lladdr 02:00:00:00:00:09 nud permanent
		neigh replace ${pref64}198.51.100.1 dev dummy0 lladdr 02:00:00:00:00:09 nud permanent
	EOT
	on "$gw" tc qdisc add dev dummy0 clsact
	on "$gw" tc filter add dev dummy0 egress protocol ipv6 matchall action mirred egress redirect dev xlat0
	on "$gw" tc filter add dev dummy0 egress protocol ip matchall action mirred egress redirect dev xlat1
	cat >"$tmp/both.py" <<-'END'
		import socket, threading, time
		s = socket.create_server(("2001:db8:a::1", 99), family=socket.AF_INET6)
		def serve():
		    peer = s.accept()[0]
		    got = 0
		    while got < 20:
		        # The acknowledgement is left to the timer.
		        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
		        time.sleep(0.2)
		        got += len(peer.recv(100))
		    peer.send(b"all")
		threading.Thread(target=serve).start()
		c = socket.create_connection(("198.51.100.9", 99), timeout=30)
		for i in range(10):
		    c.send(b"x")
		    c.send(b"y")  # waits for the acknowledgement, RFC 896
		    time.sleep(0.2)
		print(c.recv(9).decode())
	END
	check_eq "a connection to itself by the device" "$(on "$gw" timeout 60 python3 -ISu "$tmp/both.py")" all
	gwip link del xlat1
else
	echo "# no mirred in tc of this kernel"
fi
gwip link del xlat0

# Two devices, each of whose routes leads to the other: the packet comes back by queues, where
# no translation is nested in another, and its hop limit ends it.
gwip -batch - <<-EOT
	link add loop0 up type xlat prefix 2001:db8:66::/96
	link add loop1 up type xlat prefix 2001:db8:66::/96
	addr add 2001:db8:66::198.51.101.1/128 dev lo nodad
	route add 2001:db8:66::/96 dev loop0
	route add 198.51.100.0/24 dev loop1
	route add 2001:db8:66::198.51.101.2/128 via $client_ip
	route add 198.51.101.2 dev loop1
EOT
ip -n "$client6" addr add 2001:db8:66::198.51.101.2/128 dev eth0 nodad
# shellcheck disable=SC2317 # called by wait_for
ended() { [ "$(counter DropHopLimit)" -gt "$ends" ]; }
translated() { echo $(($(counter 6to4) + $(counter 4to6))); }
# loops WHAT NS NUMBER: a ping by who has the address of that number. Its packet ends when it has
# been round 64 times, or half of that where both devices decrement its hop limit.
loops()
{
	local ends n

	ends=$(counter DropHopLimit) n=$(translated)
	on "$2" ping -6 -n -c 1 -W 0.1 -t 64 -I "2001:db8:66::198.51.101.$3" 2001:db8:66::198.51.100.7 >/dev/null 2>&1
	if check "$1: ends by its hop limit" wait_for 20 ended; then
		n=$(($(translated) - n))
		check "$1: after $n translations" [ $n -gt 60 -a $n -le 140 ]
	else
		# Nothing else would end it.
		gwip link set loop0 down
		gwip link set loop0 up
		gwip route add 2001:db8:66::/96 dev loop0
	fi
}
loops_ways()
{
	loops "$1, forwarded" "$client6" 2
	loops "$1, of this host" "$gw" 1
}
for qdisc in "pfifo" "netem delay 1ms"; do
	# shellcheck disable=SC2086 # words are meant
	if on "$gw" tc qdisc replace dev loop0 root $qdisc 2>/dev/null; then
		loops_ways "$qdisc at a device"
		on "$gw" tc qdisc add dev loop1 root $qdisc
		loops_ways "$qdisc at both"
		on "$gw" tc qdisc del dev loop1 root
		on "$gw" tc qdisc del dev loop0 root
	else
		echo "# no $qdisc in tc of this kernel"
	fi
done
# What mirred sends there has the index of another device.
if on "$gw" tc qdisc add dev loop1 root netem delay 1ms 2>/dev/null && modprobe -qa act_mirred cls_matchall; then
	gwip link add dummy1 up type dummy
	gwip route replace 198.51.100.0/24 dev dummy1
	on "$gw" tc qdisc add dev dummy1 clsact
	on "$gw" tc filter add dev dummy1 egress protocol ip matchall action mirred egress redirect dev loop1
	loops "mirred, forwarded" "$client6" 2
	gwip link del dummy1
else
	echo "# no netem or no mirred in tc of this kernel"
fi
gwip link del loop0
gwip link del loop1
gwip addr del 2001:db8:66::198.51.101.1/128 dev lo

# A device with state brings conntrack to its namespace. For that the kernel walks over conntrack's
# table, but not with RTNL held.
# shellcheck disable=SC2317 # called by wait_for
tracks() { on "$1" ping -c 1 -W 1 ::1 && on "$1" grep icmpv6 /proc/net/nf_conntrack; }
size=/sys/module/nf_conntrack/parameters/hashsize
if command -v conntrack >/dev/null && modprobe -qa nf_conntrack_netlink && was=$(cat $size) &&
	echo 16777216 >$size; then
	walk=0 link=0
	for name in walk1 walk2 walk3; do
		another $name
		on "${!name}" conntrack -I -p udp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2 -t 1000 >/dev/null 2>&1
		read -r a b < <(python "${!name}" dev_walk $pref64)
		walk=$((walk + a)) link=$((link + b))
		check "conntrack is there" wait_for 10 tracks "${!name}"
		ip netns del "${!name}"
	done
	# Users have many namespaces. Their walks do not come before those of this host's namespaces, in
	# which the hooks of both families do not wait for a walk.
	crowd=
	for ((i = 0; i < 24; i++)); do
		unshare -Ur -n sleep 1000 &
		crowd="$crowd $!"
	done
	for pid in $crowd; do
		wait_for 10 sh -c '[ "$(readlink /proc/$0/ns/net)" != "$(readlink /proc/self/ns/net)" ]' "$pid"
		nsenter -n -t "$pid" ip link set lo up
		nsenter -n -t "$pid" conntrack -I -p udp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2 -t 1000 >/dev/null 2>&1
	done
	another late
	ip -n "$late" link set lo up
	on "$late" conntrack -I -p udp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2 -t 1000 >/dev/null 2>&1
	# shellcheck disable=SC2086 # words are meant
	served=$(python3 -ISu "$here/dev_crowd.py" $pref64 "$late" $crowd 2>&1)
	check "conntrack is there for a late one, while it is for $served of 24 users" [ "$served" -lt 24 ]
	# shellcheck disable=SC2086 # words are meant
	kill $crowd
	ip netns del "$late"
	echo "$was" >$size
	check "a device is made without a walk: $link ms more, a walk takes $walk ms" [ $walk -gt 0 -a $link -lt $walk ]
else
	echo "# no conntrack, or no memory for a large table"
fi

# A device that gets its hooks and then not its index, in the namespace of the traffic. An early
# chain is slow, so that packets which found the hooks call them when the device is given up.
slow="table ip6 slow {
	chain c { $(printf 'meta mark 1 accept;%.0s' {1..16}) }
	chain b { $(printf 'jump c;%.0s' {1..16}) }
	chain pre { type filter hook prerouting priority raw; $(printf 'jump b;%.0s' {1..8}) }
}"
check "a slow chain" on "$gw" nft "$slow"
cat >"$tmp/flood.py" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	while True:
	    s.sendto(b"x", (sys.argv[1], 5353))
END
gwip addr add 192.0.0.1/32 dev lo
background "$client6" python3 -ISu "$tmp/flood.py" 2001:db8:c::1
flood=$!
another other
check_match "the index is taken there" "$(python "$other" dev_index "$gw" "$(on "$gw" cat /sys/class/net/lan/ifindex)" 50 $pref64 2001:db8:c::1 $client_ip)" "100 @(File exists|Device or resource busy)"
kill $flood
on "$gw" nft delete table ip6 slow
check_not "no device is left" gwip link show xlat0

# snmp NS PROTOCOL COUNTER
snmp()
{
	on "$1" awk -v p="$2:" -v name="$3" '$1 == p { if (at) print $at
		for (i = 2; i <= NF; i++) if ($i == name) at = i }' /proc/net/snmp
}

# Fragments of ICMP messages which have been tracked wait in a device for those that egress drops.
if on "$gw" nft -f - <<-END
	table inet track { chain forward { type filter hook forward priority filter; ct state new counter; }; }
END
then
	gwip link add xlat0 up mtu 1280 type xlat prefix $pref64/96 non-global local $host4 as $client_ip
	gwip route add $pref64/96 dev xlat0
	gwip route add 203.0.113.0/24 dev xlat0
	check "egress drops fragments" on "$gw" nft "table netdev cut { chain out { type filter hook egress device xlat0 priority 0
		ip frag-off & 0x1fff != 0 counter drop
		meta protocol ip6 frag frag-off != 0 counter drop; }; }"
	# The sender of what is only forwarded is not told that the time is over (RFC 792).
	on "$gw" sh -c 'echo 1 >/proc/sys/net/ipv4/ipfrag_time'
	on "$server4" ping -n -c 1 -W 3 -M dont -s 1400 $host4 >/dev/null
	check_eq "a fragment has waited too long" "$(snmp "$gw" Ip ReasmTimeout)" 1
	check_eq "its sender is not told" "$(snmp "$server4" Icmp InTimeExcds)" 0
	on "$gw" sh -c 'echo 30 >/proc/sys/net/ipv4/ipfrag_time'
	on "$server4" ping -n -c 1 -W 0.1 -M dont -s 1400 $host4 >/dev/null
	# The answer to the first one is how large fragments may be.
	on "$client6" ping -n -c 2 -i 0.2 -W 0.1 -s 2000 $server64 >/dev/null
	check_eq "fragments wait, of both families" "$(on "$gw" nft list table netdev cut | grep -c 'packets [1-9]')" 2
	# And in the hook of a host's device: this host sends to itself what lo fragments.
	gwip addr add 2001:db8:c1::a/128 dev lo
	gwip link set lo mtu 1500
	gwip link add xlat1 up type xlat prefix 64:ff9b::/96 local 192.0.0.2 as 2001:db8:c1::a host
	check "ingress drops fragments" on "$gw" nft "table netdev cutlo { chain in { type filter hook ingress device lo priority 0
		ip6 daddr 2001:db8:c1::a frag frag-off != 0 counter drop; }; }"
	on "$gw" ping -n -c 1 -W 0.1 -s 3000 -I 2001:db8:c1::a 2001:db8:c1::a >/dev/null
	check_match "the first one waits" "$(on "$gw" nft list table netdev cutlo)" "*packets [1-9]*"
else
	echo "# no conntrack in IPv6"
fi
# The namespace goes, while such fragments wait, and packets in the hooks. A namespace that goes
# afterwards goes only when nothing holds up the first one: conntrack waits for its entries.
# shellcheck disable=SC2317 # called by wait_for
gone() { ! ip -n "$client6" link show "$1"; }
ip netns del "$gw"
wait_for 20 gone eth0
another later
link "$later" eth0 "$client6" later
ip netns del "$later"
check "namespaces end" wait_for 20 gone later || { unset IP_LIB_DIR; done_testing; }
check "modules unload" wait_for 20 modprobe -r nf_xlat_dev

done_testing
