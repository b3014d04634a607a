#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP inside of tunnels, whose outer packets are translated: each tunnel has an end of
# IPv6 and one of IPv4. What the kernel keeps together of them is segmented, whether it
# came in or is this host's own.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ethtool nstat

size=3000000
is_uml || size=100000

pref64=2001:db8:64::
host4=203.0.113.33
host6=2001:db8:6464::$host4

part() { echo "# SKIP: $*"; }
again() { retransmitted "$client6" "$server4" "$gw"; }
warnings() { dmesg | grep -c 'WARNING: \|BUG: \|caps='; }
large() { on "$gw" "$NFT" list counter inet gw large | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }

setup_topo
ip -n "$client6" addr add $host6/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
# what is this host's own needs a route before it is translated
ip -n "$gw" route add 203.0.113.0/24 via $server_ip
x="xlat 4to6 saddr prefix $pref64/96 daddr prefix 2001:db8:6464::/96"
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	counter large { }
	chain early { type filter hook prerouting priority -350; meta length > 1500 counter name large; }
	chain own { type filter hook output priority -350; meta length > 1500 counter name large; }
	chain pre { type filter hook prerouting priority dstnat;
		ip6 saddr 2001:db8:6464::/96 ip6 daddr $pref64/96 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix $pref64/96
		ip daddr 203.0.113.0/24 $x
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }
	chain out { type filter hook output priority mangle; ip daddr 203.0.113.0/24 $x; }
}" || done_testing
before=$(warnings)

# A veth with GRO has a queue of 256 packets, and drops more that are on the way at once.
for ns in "$client6" "$gw" "$server4"; do
	on "$ns" sh -c 'echo 4096 65536 262144 >/proc/sys/net/ipv4/tcp_rmem'
done
start "$server4" stream 9000 six
start "$gw" stream 9000 six

# end NS DEV ADDRESS TYPE...: of a tunnel
end()
{
	local ns=$1 dev=$2 addr=$3

	shift 3
	ip -n "$ns" link add "$dev" type "$@" 2>"$tmp/link" || return
	ip -n "$ns" -batch - <<-EOF
		link set $dev addrgenmode none
		link set $dev mtu 1400 up
		addr add $addr dev $dev $([[ $addr != *:* ]] || echo nodad)
	EOF
}

# tunnel WHAT NS INNER TYPE6 TYPE4: from the client to NS, with the addresses INNER1 and
# INNER2, TCP both ways
tunnel()
{
	local what=$1 ns=$2 inner=$3 way some again len=30

	[[ $inner != *: ]] || len=64
	# shellcheck disable=SC2086 # into words
	if end "$client6" t6 "${inner}1/$len" $4 && end "$ns" t4 "${inner}2/$len" $5; then
		for way in up down; do
			some=$(large) again=$(again)
			check_eq "[117] $what, $way" "$(python "$client6" stream $way "${inner}2" 9000 $size)" $size
			check "[117] $what, $way: packets came that are many in one" [ "$(large)" -gt "$some" ]
			# Where these are lost, TCP sends each packet of them again, by itself.
			again=$(($(again) - again))
			check "[117] $what, $way: TCP sent $again segments again" [ $again -le $((size / 30000 + 10)) ]
		done
	else
		part "no $what: $(head -n 1 "$tmp/link")"
	fi
	ip -n "$client6" link del t6 2>/dev/null
	ip -n "$ns" link del t4 2>/dev/null
}

# all WHAT NS ADDRESS4: between the client and NS, which is ADDRESS4, all kinds of tunnels
# that UML has, or those that it has not
all()
{
	local six="local $host6 remote $pref64$3" four="local $3 remote $host4"

	if is_uml; then
		tunnel "$1 IPv4 in IP" "$2" 10.9.0. "ip6tnl mode ipip6 encaplimit none $six" "ipip $four"
		tunnel "$1 IPv6 in IP" "$2" 2001:db8:9:: "ip6tnl mode ip6ip6 encaplimit none $six" "sit $four"
		return
	fi
	tunnel "$1 GRE" "$2" 10.9.0. "ip6gre csum encaplimit none $six" "gre csum $four"
	tunnel "$1 VXLAN" "$2" 10.9.0. "vxlan id 1 dstport 4789 $six" "vxlan id 1 dstport 4789 df set $four"
}

# The gateway has to segment what it sends. Else veth would hand them over whole, however wrong
# what segmentation reads is.
for dev in lan wan; do
	on "$gw" ethtool -K $dev tso off gso off >/dev/null
done
all "forwarded" "$server4" $server_ip
all "this host's own" "$gw" $pool_ip
if is_uml; then
	# The hosts send them one by one, and GRO of the gateway puts them together.
	for ns in "$client6" "$server4"; do
		on "$ns" ethtool -K eth0 tso off gso off >/dev/null
	done
	on "$gw" ethtool -K lan gro on >/dev/null
	on "$gw" ethtool -K wan gro on >/dev/null
	all "by GRO:" "$server4" $server_ip
else
	# without ports, a session is one by its addresses
	tunnel "a session of GRE" "$server4" 10.9.0. \
		"ip6gre encaplimit none local $client_ip remote $pref64$server_ip" "gre local $server_ip remote $pool_ip"
fi

# Tunnels as the devices of a translator: its IPv6 comes in by one, its IPv4 goes out by one.
if is_uml; then
	ip -n "$gw" addr add 10.8.0.1/30 dev lan
	ip -n "$client6" addr add 10.8.0.2/30 dev eth0
	if end "$client6" t6 2001:db8:8::2/64 sit local 10.8.0.2 remote 10.8.0.1 &&
		end "$gw" t6 2001:db8:8::1/64 sit local 10.8.0.1 remote 10.8.0.2 &&
		end "$gw" t4 10.9.0.1/30 ipip local $pool_ip remote $server_ip &&
		end "$server4" t4 10.9.0.2/30 ipip local $server_ip remote $pool_ip; then
		ip -n "$client6" route add $pref64/96 via 2001:db8:8::1
		serve "$server4" udp4:53 tcp4:80
		check_match "by tunnels: TCP" "$(ask "$client6" tcp ${pref64}10.9.0.2 80)" "hello from 10.9.0.1 *"
		check_match "by tunnels: UDP" "$(ask "$client6" udp ${pref64}10.9.0.2 53)" "hello from 10.9.0.1 *"
		line=$(printf '%04000d' 0)
		check_match "by tunnels: UDP in pieces" "$(ask "$client6" udp ${pref64}10.9.0.2 53 "$line")" "$line from 10.9.0.1 *"
		check_eq "by tunnels: many bytes" "$(python "$client6" stream up ${pref64}10.9.0.2 9000 $size)" $size
		ip -n "$gw" link set t4 mtu 1300
		check_match "by tunnels: too big" "$(on "$client6" ping -6 -n -M "do" -s 1340 -c 1 -W 10 ${pref64}10.9.0.2)" \
			"*Packet too big: mtu=1320*"
	else
		part "no sit or ipip: $(head -n 1 "$tmp/link")"
	fi
fi

check_eq "nothing was dropped but what is too big" "$(drops)" "$(counter DropTooBig)"
check_eq "the kernel did not complain" "$(warnings)" "$before"

done_testing
