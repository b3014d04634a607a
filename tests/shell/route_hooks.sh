#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A chain of type route in IPv6's output changes what the translator sends: a reset for a translated
# packet, and translated packets of this host's IPv4 sockets. Core then looks for another route,
# with the socket of the hook, and reads the IPv6 part of that socket if the source is "::".
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping tcpdump

setup_topo
far=192.0.2.66
far64=2001:db8:64::192.0.2.66
ip -n "$gw" route add 2001:db8:64::/96 via $client_ip
ip -n "$server4" route add $far via $pool_ip
check "ruleset loads" on "$gw" "$NFT" "
table inet gw {
	chain pre {
		type filter hook prerouting priority mangle;
		ip daddr $far xlat 4to6 prefix 2001:db8:64::/96 non-global
	}
	chain forward {
		type filter hook forward priority filter;
		meta nfproto ipv6 tcp dport 80 reject with tcp reset
	}
	chain out {
		type filter hook output priority raw;
		ip daddr $far xlat 4to6 prefix 2001:db8:64::/96 non-global
	}
}
table ip6 route {
	counter resets { }
	counter own { }
	chain out {
		type route hook output priority mangle;
		tcp flags & rst == rst tcp sport 80 ip6 saddr set ::
		ip6 daddr $far64 ip6 saddr set ::
	}
	chain post {
		type filter hook postrouting priority mangle;
		ip6 saddr :: tcp flags & rst == rst counter name resets
		ip6 saddr :: ip6 daddr $far64 counter name own
	}
}" || done_testing

# packets NAME: of this counter
packets() { on "$gw" "$NFT" list counter ip6 route "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

# The reset is of IPv6, and has no socket but the one of the hook.
on "$server4" timeout 2 bash -c "exec 3<>/dev/tcp/$far/80" 2>/dev/null
check "a reset with another source" wait_for 5 eval '[ "$(packets resets)" -ge 1 ]'

# more WHAT COMMAND...: it sends packets, which do get another source
more()
{
	local what=$1 before

	shift
	before=$(packets own)
	"$@" >/dev/null 2>&1
	check "$what" wait_for 5 eval '[ "$(packets own)" -gt '"$before ]"
}

more "ping of this host" on "$gw" ping -c 1 -W 1 $far
more "a long one, which is cut" on "$gw" ping -c 1 -W 1 -s 2000 $far
# shellcheck disable=SC2016 # for the inner shell
for p in udp tcp; do
	more "$p of this host" on "$gw" timeout 2 bash -c 'exec 3<>"/dev/$0/$1/9" && echo hello >&3' $p $far
done

# The packet comes back from a user's queue, with the other source.
if modprobe -qa nfnetlink_queue nft_queue; then
	on "$gw" "$NFT" "table ip6 route { chain queue { type filter hook output priority 0;
		ip6 daddr $far64 queue to 0; }; }"
	background_python "$gw" nfqueue "$tmp/ready" all "$tmp/go"
	user=$!
	wait_for 10 test -e "$tmp/ready"
	more "ping of this host, by a queue" on "$gw" ping -c 1 -W 1 $far
	more "a long one, by a queue" on "$gw" ping -c 1 -W 1 -s 2000 $far
	touch "$tmp/go"
	kill $user 2>/dev/null
else
	echo "# SKIP: no queues in this kernel"
fi

# In a VRF whose device has a qdisc, a packet passes LOCAL_OUT again when it has waited there, with
# its own socket as that of the hook.
another vrf
gw=$vrf
if ip -n "$gw" link add v0 type vrf table 10 2>/dev/null &&
	ip netns exec "$gw" tc qdisc add dev v0 root netem delay 50ms 2>/dev/null; then
	ip -n "$gw" -batch - <<-EOT
		link set v0 up
		link add d0 master v0 type dummy
		link set d0 up
		addr add 203.0.113.1/24 dev d0
		addr add 2001:db8:5::1/64 dev d0 nodad
		route add 2001:db8:64::/96 dev d0 vrf v0
		route add 64:ff9b::/96 dev d0 vrf v0
	EOT
	check "ruleset loads" on "$gw" "$NFT" "
	table inet gw { chain out { type filter hook output priority raw;
		ip daddr 203.0.113.66 xlat 4to6 prefix 2001:db8:64::/96 non-global
		ip6 daddr 64:ff9b::203.0.113.67 xlat 6to4 prefix 64:ff9b::/96 non-global; }; }
	table ip route {
		counter packet { }
		chain out { type route hook output priority mangle;
			ip daddr 203.0.113.67 meta mark set 9; }
		chain post { type filter hook postrouting priority mangle;
			oifname d0 ip daddr 203.0.113.67 counter name packet; }
	}
	table ip6 route {
		counter own { }
		chain out { type route hook output priority mangle;
			oifname d0 ip6 daddr 2001:db8:64::/96 ip6 saddr set ::; }
		chain post { type filter hook postrouting priority mangle;
			oifname d0 ip6 saddr :: counter name own; }
	}" || done_testing
	more "ping in a VRF" on "$gw" ping -c 1 -W 1 -I v0 203.0.113.66
	more "a long one in a VRF" on "$gw" ping -c 1 -W 1 -s 2000 -I v0 203.0.113.66

	# Of a packet socket that is closed while its packet waits: only the packet still holds it.
	on "$gw" python3 -ISc 'import ipaddress, socket, struct
a, b = (ipaddress.ip_address("64:ff9b::203.0.113." + n).packed for n in ("1", "67"))
udp = struct.pack("!HHHH", 9, 9, 16, 0) + bytes(8)
total = sum(struct.unpack("!24H", a + b + struct.pack("!II", 16, 17) + udp[:8])) + 0
total = (total & 0xffff) + (total >> 16)
total = 0xffff & ~((total & 0xffff) + (total >> 16))
udp = udp[:6] + struct.pack("!H", total) + udp[8:]
p = struct.pack("!IHBB", 6 << 28, 16, 17, 64) + a + b + udp
for i in range(10):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    s.sendto(p, ("v0", 0x86dd, 0, 0, bytes(6)))
    s.close()'
	sent() { [ "$(on "$gw" "$NFT" list counter ip route packet | sed -n 's/.*packets \([0-9]*\).*/\1/p')" = 10 ]; }
	check "packets of a packet socket that is closed" wait_for 5 sent
else
	echo "# SKIP: no VRF or no netem in this kernel"
fi

done_testing
