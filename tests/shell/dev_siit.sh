#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A device that translates without state: an IPv6-only host has an IPv4 address by a pair,
# can call and can be called. Stock ip and routes, no rule of nft's.
. "$(dirname "$0")/lib.sh"

need python3 ping traceroute ethtool tcpdump
need_ip_xlat

host4=203.0.113.33
# forwarded DEV DEV: how many packets from one to the other the filter has let through
forwarded() { on "$gw" nft list chain inet fw forward | sed -n "s/.*iifname \"$1\" oifname \"$2\".*counter packets \([0-9]*\) .*/\1/p"; }
# shellcheck disable=SC2317 # called by check and wait_for
dev_packets() { on "$gw" cat "/sys/class/net/xlat0/statistics/$1_packets"; }
# shellcheck disable=SC2317 # called by wait_for
same() { [ "$(dev_counter xlat0 "$1")" = "$(counter "$1")" ]; }
dev_drops() { on "$gw" ethtool -S "$1" | awk '/Drop/ { s += $2 } END { print s }'; }
# shellcheck disable=SC2317 # called by wait_for
same_drops() { [ "$(on "$gw" cat /sys/class/net/xlat0/statistics/tx_dropped)" = "$(dev_drops xlat0)" ]; }
# shellcheck disable=SC2317 # called by wait_for
even() { [ "$(dev_packets rx)" = "$(dev_packets tx)" ]; }
# shellcheck disable=SC2317 # called by wait_for
learnt() { ip -n "$1" route get "$2" | grep -q "mtu $3"; }

setup_topo
check "a device" ip -n "$gw" link add xlat0 type xlat prefix $pref64/96 non-global \
	local $host4 as $client_ip || done_testing
ip -n "$gw" link set xlat0 up
ip -n "$gw" route add $pref64/96 dev xlat0
ip -n "$gw" route add 203.0.113.0/24 dev xlat0
serve "$server4" tcp4:8080 udp4:5353
serve "$client6" tcp6:8080 udp6:5353
check "a filter, by the distribution's nft" on "$gw" nft -f - <<-END
	table inet fw {
		chain forward {
			type filter hook forward priority filter; policy drop
			iifname "lan" oifname "xlat0" meta nfproto ipv6 counter accept
			iifname "xlat0" oifname "wan" meta nfproto ipv4 counter accept
			iifname "wan" oifname "xlat0" meta nfproto ipv4 counter accept
			iifname "xlat0" oifname "lan" meta nfproto ipv6 counter accept
		}
	}
END
on "$gw" sh -c 'for i in all lan wan xlat0; do echo 1 >/proc/sys/net/ipv4/conf/$i/rp_filter; done'

check "ping to IPv4" on "$client6" ping -6 -c 1 -W 10 $server64
check "ping to IPv6" on "$server4" ping -c 1 -W 10 $host4
for way in "lan xlat0" "xlat0 wan" "wan xlat0" "xlat0 lan"; do
	# shellcheck disable=SC2086 # words are meant
	check_match "the filter sees what goes from $way" "$(forwarded $way)" "[1-9]*"
done
check_match "TCP to IPv4" "$(ask "$client6" tcp $server64 8080)" "hello from $host4 *"
check_match "UDP to IPv4" "$(ask "$client6" udp $server64 5353)" "hello from $host4 *"
check_match "TCP to IPv6" "$(ask "$server4" tcp $host4 8080)" "hello from 64:ff9b::c000:202 *"
check_match "UDP to IPv6" "$(ask "$server4" udp $host4 5353)" "hello from 64:ff9b::c000:202 *"
check "the device counts what it takes" [ "$(dev_packets tx)" -gt 10 ]
check "and what it gives" wait_for 10 even

# By the names of /proc/net/nf_xlat; taps see each packet as it goes in, and as it comes out.
check_eq "ethtool has the counters of all" "$(on "$gw" ethtool -S xlat0 | awk -F: '/Xlat/ { print $1 }' | xargs)" \
	"$(on "$gw" awk '$1 != "XlatBib" { print $1 }' /proc/net/nf_xlat | xargs)"
for way in 6to4 4to6; do
	check "packets $way" [ "$(dev_counter xlat0 $way)" -gt 5 ]
	check "all $way are of the only device" wait_for 10 same $way
done
check_eq "none is dropped" "$(dev_drops xlat0)" 0
tapped xlat0 'ip proto 1 or ip6 proto 58'
on "$client6" ping -6 -c 1 -W 10 -p c0de $server64 >/dev/null
for what in "IP6 $client_ip > $server64: ICMP6, echo request" "IP $host4 > $server_ip: ICMP echo request" \
	"IP $server_ip > $host4: ICMP echo reply" "IP6 $server64 > $client_ip: ICMP6, echo reply"; do
	check "a tap sees: $what" wait_for 10 grep -q "${what/$server64/64:ff9b::c000:202}" "$tmp/xlat0"
	check_eq "once" "$(grep -c "${what/$server64/64:ff9b::c000:202}" "$tmp/xlat0")" 1
done

# One router: it takes one from the hop limit, and tells of it in the sender's family.
check_eq "traceroute to IPv4" \
	"$(on "$client6" traceroute -6 -n -q 1 -w 10 $server64 2>&1 | awk 'NR > 1 { print $2 }' | xargs)" \
	"2001:db8:c::1 64:ff9b::c000:202"
check_eq "traceroute to IPv6" \
	"$(on "$server4" traceroute -n -q 1 -w 10 $host4 2>&1 | awk 'NR > 1 { print $2 }' | xargs)" \
	"$pool_ip $host4"
check "one hop to IPv4" on "$client6" ping -6 -c 1 -W 10 -t 2 $server64
check "one hop to IPv6" on "$server4" ping -c 1 -W 10 -t 2 $host4

# Sizes
check "fragments of a ping to IPv4" on "$client6" ping -6 -c 1 -W 10 -s 3000 -M "dont" $server64
check "fragments of a ping to IPv6" on "$server4" ping -c 1 -W 10 -s 3000 -M "dont" $host4
check "as long as may be" on "$server4" ping -c 1 -W 10 -s 1452 -M "do" $host4
on "$server4" ping -c 1 -W 1 -s 1472 -M "do" $host4 >/dev/null
check "the server learns what the path takes" wait_for 5 learnt "$server4" $host4 1480
ip -n "$gw" link set wan mtu 1400
on "$client6" ping -6 -c 1 -W 1 -s 1440 -M "do" $server64 >/dev/null
check "so does the client" wait_for 5 learnt "$client6" $server64 1420
ip -n "$gw" link set wan mtu 1500

# Errors
check_match "closed UDP port of IPv4" "$(ask "$client6" udp $server64 53)" "*Connection refused*"
check_match "closed UDP port of IPv6" "$(ask "$server4" udp $host4 53)" "*Connection refused*"
check_match "an IPv4 address that no host has" \
	"$(on "$server4" ping -n -c 1 -W 10 203.0.113.34 2>&1)" "*From $pool_ip *Unreachable*"
check "is counted by the reason" [ "$(dev_counter xlat0 DropNoRoute)" -gt 0 ]
check "ip counts the same" wait_for 10 same_drops
ip -n "$client6" addr add 2001:db8:c::3/64 dev eth0 nodad
check_match "an IPv6 address that no pair has" \
	"$(on "$client6" ping -6 -n -c 1 -W 10 -I 2001:db8:c::3 $server64 2>&1)" "*From 2001:db8:c::1 *nreachable*"
ip -n "$client6" addr del 2001:db8:c::3/64 dev eth0
check_match "no route to IPv4" \
	"$(on "$client6" ping -6 -n -c 1 -W 10 ${pref64}198.18.0.1 2>&1)" "*From 2001:db8:c::1 *nreachable*"

# Streams: what comes in as one packet leaves as one.
start "$server4" stream 9100
streams "$client6" $server64
start "$server4" udp_gso 9001
before=$(dev_counter xlat0 6to4) wan=$(tx_packets wan)
check_eq "40 datagrams in one packet" "$(python "$client6" udp_gso call $server64 9001 40 1000)" "40 40"
check "are one in the device" [ $(($(dev_counter xlat0 6to4) - before)) -lt 20 ]
check "and behind it" [ $(($(tx_packets wan) - wan)) -lt 20 ]
check "a queueing discipline" on "$gw" tc qdisc add dev xlat0 root fq_codel
check_match "TCP behind it" "$(ask "$client6" tcp $server64 8080)" "hello from $host4 *"
check "fragments behind it" on "$client6" ping -6 -c 1 -W 10 -s 3000 -M "dont" $server64
check "a ping behind it" on "$server4" ping -c 1 -W 10 -s 3000 -M "dont" $host4
# A hairpin comes to the device twice. With PREEMPT_RT, who sends by a queue that is in use holds a
# lock meanwhile.
ip -n "$client6" addr add 2001:db8:c::35/64 dev eth0 nodad
ip -n "$gw" link set xlat0 type xlat local 203.0.113.35 as 2001:db8:c::35
on "$gw" nft add rule inet fw forward iifname xlat0 oifname xlat0 accept
check "a hairpin behind it" on "$client6" ping -6 -c 3 -i 0.2 -W 10 -I $client_ip ${pref64}203.0.113.35
check_match "a large one" "$(ask "$client6" tcp ${pref64}203.0.113.35 8080)" "hello from *"
ip -n "$client6" addr del 2001:db8:c::35/64 dev eth0
ip -n "$gw" link set xlat0 type xlat local del 203.0.113.35 as 2001:db8:c::35

# Prefixes of their own: for a part of IPv4, and for all of it
ip -n "$gw" route add 2001:db8:66::/96 dev xlat0
for pair in "192.0.2.0/24 as 2001:db8:66::192.0.2.0/120" "0.0.0.0/0 as 2001:db8:66::/96"; do
	check "a pair: $pair" ip -n "$gw" link set xlat0 type xlat local ${pair/ as*} as "${pair#*as }"
	check_match "$pair: from IPv6" "$(ask "$client6" udp 2001:db8:66::$server_ip 5353)" "hello from $host4 *"
	check_match "$pair: from IPv4" "$(ask "$server4" tcp $host4 8080)" "hello from 2001:db8:66::c000:202 *"
	check "$pair: the prefix is there as well" on "$client6" ping -6 -c 1 -W 10 $server64
	check "$pair: it goes" ip -n "$gw" link set xlat0 type xlat local del ${pair/ as*} as "${pair#*as }"
done

# A bridge below: what comes in by its port, and what goes out by it
ip -n "$gw" -batch - <<-END
	link add br0 type bridge
	link set br0 up
	link set lan master br0
	addr del 2001:db8:c::1/64 dev lan
	addr add 2001:db8:c::1/64 dev br0 nodad
END
on "$gw" sh -c 'echo 1 >/proc/sys/net/ipv4/conf/br0/rp_filter'
on "$gw" nft 'insert rule inet fw forward iifname "br0" oifname "xlat0" accept; insert rule inet fw forward iifname "xlat0" oifname "br0" accept'
check "a ping by a bridge" wait_for 10 on "$client6" ping -6 -c 1 -W 1 $server64
check_match "TCP by a bridge" "$(ask "$client6" tcp $server64 8080)" "hello from $host4 *"
check_match "TCP to a host behind a bridge" "$(ask "$server4" tcp $host4 8080)" "hello from 64:ff9b::c000:202 *"
check "fragments by a bridge" on "$client6" ping -6 -c 1 -W 10 -s 3000 -M "dont" $server64
check_not "the device itself is no port of one" ip -n "$gw" link set xlat0 master br0
ip -n "$gw" -batch - <<-END
	link set lan nomaster
	link del br0
	addr add 2001:db8:c::1/64 dev lan nodad
END
check "a ping without it" wait_for 10 on "$client6" ping -6 -c 1 -W 1 $server64

# NAT66 of the distribution's nft before it, so that all have one address
ip -n "$gw" addr add ${pref64}198.51.100.1/128 dev xlat0 nodad
ip -n "$gw" route add 198.51.100.1 dev xlat0
ip -n "$server4" route add 198.51.100.1 via $pool_ip 2>/dev/null
on "$gw" nft 'table ip6 nat { chain post { type nat hook postrouting priority srcnat
	oifname "xlat0" masquerade; }; }'
check_match "masquerade to the device" "$(ask "$client6" tcp $server64 8080)" "hello from 198.51.100.1 *"
check_match "a closed port behind it" "$(ask "$client6" udp $server64 53)" "*Connection refused*"
check_match "no route behind it" \
	"$(on "$client6" ping -6 -n -c 1 -W 10 ${pref64}198.18.0.1 2>&1)" "*From *nreachable*"
on "$gw" nft delete table ip6 nat

# Many devices, and routes that lead back
on "$gw" nft delete table inet fw
check_match "a host that is not there, in the device's own prefix" \
	"$(on "$client6" ping -6 -n -c 1 -W 10 ${pref64}203.0.113.34 2>&1)" "*From *nreachable*"
check "another device" ip -n "$gw" link add xlat1 type xlat prefix 2001:db8:64::/96 local $host4 as $client_ip
ip -n "$gw" link set xlat1 up
ip -n "$gw" route add 2001:db8:64::/96 dev xlat1
check "works beside the first" on "$client6" ping -6 -c 1 -W 10 2001:db8:64::$server_ip
check_eq "each counts its own" "$(dev_counter xlat1 6to4) $(dev_counter xlat1 4to6)" "1 0"
ip -n "$gw" link set xlat1 type xlat local 198.51.100.0/24 as 2001:db8:64:1::/120
ip -n "$gw" route add 2001:db8:64:1::/64 dev xlat1
ip -n "$gw" route add 198.51.100.0/24 dev xlat1
before=$(drops)
check_not "what leads back gets nowhere" on "$client6" ping -6 -c 1 -W 1 2001:db8:64::198.51.100.7
check "and is dropped" [ "$(drops)" -gt "$before" ]
check "by a device" [ "$(dev_drops xlat1)" -gt 0 ]
check "the others go on" on "$client6" ping -6 -c 1 -W 10 $server64

# Of the socket that sends, output reads options of IP's. Behind a queue of the device, those of other
# families have to be off the packet: then the neighbour that it waits for does not hold their memory.
ip -n "$gw" link set xlat0 type xlat local 203.0.113.99 as 2001:db8:c::99
check "a queue" on "$gw" tc qdisc add dev xlat0 root pfifo
check_match "a packet socket: its packet goes on without it" "$(on "$gw" python3 -ISc 'import fcntl, socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
p = struct.pack("!BBHHHBBH", 0x45, 0, 36, 1, 0, 64, 17, 0) + socket.inet_aton("192.0.2.1") + socket.inet_aton("203.0.113.99")
n = sum(struct.unpack("!10H", p))
n = (n & 0xffff) + (n >> 16)
p = p[:10] + struct.pack("!H", ~(n + (n >> 16)) & 0xffff) + p[12:] + struct.pack("!HHHH", 7, 7, 16, 0x1234) + b"datagram"
s.sendto(p, ("xlat0", 0x0800))
print(struct.unpack("i", fcntl.ioctl(s, 0x5411, bytes(4)))[0])')" 0
check "which waits for a neighbour" wait_for 2 eval '[[ $(ip -n "$gw" neigh show 2001:db8:c::99) = *INCOMPLETE* ]]'
on "$gw" tc qdisc del dev xlat0 root

check "the devices go" ip -n "$gw" link del xlat0
check_eq "and their routes" "$(ip -n "$gw" route show dev xlat0 2>&1 | grep -c via)" 0

done_testing
