#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A gateway that is a bridge as well, with br_netfilter: frames for another router pass it
# as they are, rules, devices and sessions or not. Where packets pass two bridges of one host, as on
# Proxmox, the first one's conntrack zone makes the difference (docs/guides/troubleshooting.md).
. "$(dirname "$0")/flow.inc"

modprobe -q br_netfilter || skip "no br_netfilter in this kernel"
trap 'cleanup; modprobe -r br_netfilter' EXIT

mac=02:00:00:00:00:01
stateless64=2001:db8:67::
smtp() { on "$gw" "$NFT" list counter inet gw smtp | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }

# by IP: the client's router for the prefix, by IPv6
by() { ip -n "$client6" -6 route replace $pref64/96 via "$1"; }

setup_topo
another other
link "$gw" lan2 "$other" eth0
ip -n "$gw" -batch - <<-EOF
	link add br0 address $mac type bridge
	link set lan master br0
	link set lan2 master br0
	link set br0 up
	addr del 2001:db8:c::1/64 dev lan
	addr add 2001:db8:c::1/64 dev br0 nodad
EOF
# The other router has the addresses of what is behind it, and answers as one of them.
ip -n "$other" -batch - <<-EOF
	addr add $server64/128 dev eth0 nodad
	addr add $stateless64$server_ip/128 dev eth0 nodad
	addr add 192.0.2.33/32 dev lo
	addr add $pool_ip/32 dev lo
	addr add 2001:db8:c::99/64 dev eth0 nodad noprefixroute
	route add 2001:db8:c::/64 dev eth0 src $server64
	addr add 10.1.1.3/24 dev eth0 noprefixroute
	route add 10.1.1.0/24 dev eth0 src $pool_ip
EOF
ip -n "$client6" -batch - <<-EOF
	addr add 10.1.1.2/24 dev eth0
	route add 192.0.2.0/24 via 10.1.1.3
	route add $stateless64/96 via 2001:db8:c::99
EOF
by 2001:db8:c::99
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	counter smtp { }
	chain pre {
		type filter hook prerouting priority dstnat; policy accept;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
		ip6 daddr $stateless64/96 xlat 6to4 prefix $stateless64/96 saddr prefix $client_ip/128 to 192.0.2.77/32
		ip daddr 192.0.2.33 xlat 4to6 prefix $pref64/96 dnat to $client_ip
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		meta nfproto ipv6 tcp dport 25 counter name smtp drop
	}
}" || done_testing
serve "$server4" tcp4:80 udp4:53
serve "$other" tcp6:80 udp6:53 tcp4:80 udp4:40000

check_match "stateful rule: TCP" "$(ask "$client6" tcp $server64 80)" "hello from $client_ip *"
check_match "stateful rule: UDP" "$(ask "$client6" udp $server64 53)" "hello from $client_ip *"
check_match "stateless rule" "$(ask "$client6" tcp $stateless64$server_ip 80)" "hello from $client_ip *"
check_match "rule for what IPv4 begins" "$(ask "$client6" tcp 192.0.2.33 80)" "hello from 10.1.1.2 *"
patience=1
check_not "a filter for port 25" ask "$client6" tcp $server64 25
check "sees it" [ "$(smtp)" -gt 0 ]
check_eq "nothing was translated" "$(counter 6to4) $(counter 4to6) $(drops)" "0 0 0"

# The link layer's broadcasts and groups: the bridge sends a copy by each port, and no router forwards
# one (RFC 1812 section 5.3.4).
cat >"$tmp/all.py" <<'PY'
import socket, struct, sys
dev, me, *hosts = sys.argv[1:]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((dev, 0))
for mac in b"\xff" * 6, b"\x33\x33\0\0\0\1":
    for host in hosts:
        s.send(mac + s.getsockname()[4] + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, 12, 17, 64) +
               socket.inet_pton(socket.AF_INET6, me) + socket.inet_pton(socket.AF_INET6, host) +
               struct.pack("!HHHH", 7, 7, 12, 0x1234) + b"text")
PY
check "a rule in forward" on "$gw" "$NFT" add rule inet gw forward \
	ip6 daddr 2001:db8:66::/96 xlat 6to4 prefix 2001:db8:66::/96 saddr prefix $client_ip/128 to 192.0.2.78/32
on "$other" "$NFT" "table inet frames { chain c { type filter hook prerouting priority raw; udp dport 7 counter; }; }"
on "$client6" python3 -ISu "$tmp/all.py" eth0 $client_ip $stateless64$server_ip 2001:db8:66::$server_ip
check "frames for all reach the other host" wait_for 5 eval 'on "$other" "$NFT" list table inet frames | grep -q "packets 4 "' ||
	on "$other" "$NFT" list table inet frames
check_eq "and were not translated" "$(counter 6to4) $(counter 4to6) $(drops)" "0 0 0"

# The client asks the gateway, which makes a session and a mapping.
patience=20
by 2001:db8:c::1
helper session "$client6" call udp $server64 53 40000
check_match "for the gateway: translated" "$(tell session ask 3)" "3 from $pool_ip 40000"
by 2001:db8:c::99
on "$other" "$NFT" "table inet t { chain in { type filter hook input priority filter;
	ip6 saddr $client_ip ip6 daddr $server64 udp sport 40000 counter; }; }"
# Nor does the answer pass: conntrack has its addresses in the session.
check_match "session: for the other router" "$(tell session ask 1 1)" "0 *"
check_match "session: which it is that has it" "$(on "$other" "$NFT" list table inet t)" "*counter packets 1 *"
check_match "mapping: for the other router" "$(ask "$client6" udp $pool_ip 40000)" "hello from 10.1.1.2 *"
by 2001:db8:c::1
check_match "session: for the gateway again" "$(tell session ask 3)" "3 from $pool_ip 40000"

# A bridge for the filter of one machine, before that of the gateway
another vm
link "$gw" lan3 "$vm" eth0
ip -n "$gw" -batch - <<-EOF
	link add fwbr0 type bridge
	link add fwln type veth peer name fwpr
	link set lan3 master fwbr0
	link set fwln master fwbr0
	link set fwpr master br0
	link set fwbr0 up
	link set fwln up
	link set fwpr up
EOF
ip -n "$vm" addr add 2001:db8:c::7/64 dev eth0 nodad
ip -n "$vm" route add default via 2001:db8:c::1
patience=3
before=$(counter DropState)
check_not "two bridges" ask "$vm" tcp $server64 80
check "two bridges: the entry is there before the rule" [ "$(counter DropState)" -gt "$before" ]
before=$(counter DropState)
# what the guide says in its table, word by word
advice=$(sed -n 's/^| `XlatDropState`, with `br_netfilter` .* in prerouting at `raw`: `\([^`]*\)` |$/\1/p' \
	"$top/docs/guides/troubleshooting.md")
check_match "the guide has a rule" "$advice" "iifname * ct zone set *"
check "zone loads" on "$gw" "$NFT" "table inet zones { chain pre {
	type filter hook prerouting priority raw;
	$advice; }; }"
patience=20
check_match "two bridges, with a zone" "$(ask "$vm" tcp $server64 80)" "hello from $pool_ip *"
check_match "two bridges, with a zone: UDP" "$(ask "$vm" udp $server64 53)" "hello from $pool_ip *"
check_eq "two bridges, with a zone: nothing dropped" "$(counter DropState)" "$before"

# Devices in the place of the rules
on "$gw" "$NFT" flush ruleset
need_ip_xlat
device_with_state up type xlat prefix $pref64/96 masquerade fast lan,wan
host4=203.0.113.77
ip -n "$gw" link add xlat1 up type xlat prefix $stateless64/96 local $host4 as $client_ip
ip -n "$gw" route add $stateless64/96 dev xlat1
ip -n "$gw" route add $host4 dev xlat1
by 2001:db8:c::99
before="$(counter 6to4) $(counter 4to6) $(drops)"
check_match "device with state: for the other router" "$(ask "$client6" tcp $server64 80)" "hello from $client_ip *"
check_match "device without: for the other router" "$(ask "$client6" tcp $stateless64$server_ip 80)" "hello from $client_ip *"
check_eq "devices: nothing was translated" "$(counter 6to4) $(counter 4to6) $(drops)" "$before"
by 2001:db8:c::1
ip -n "$client6" route replace $stateless64/96 via 2001:db8:c::1
check_match "device with state: for the gateway" "$(ask "$client6" tcp $server64 80)" "hello from $pool_ip *"
check_match "device without: for the gateway" "$(ask "$client6" tcp $stateless64$server_ip 80)" "hello from $host4 *"
helper fast "$client6" call udp $server64 53 41000
check_match "fast: for the gateway" "$(tell fast ask 9)" "9 from $pool_ip 41000"
check_match "fast: it is" "$(on "$gw" "$top/build/xlat/xlat" sessions proto udp fast | grep :41000)" "*xlat0*"
by 2001:db8:c::99
on "$other" "$NFT" "table inet t; delete table inet t; table inet t { chain in { type filter hook input priority filter;
	ip6 saddr $client_ip ip6 daddr $server64 udp sport 41000 counter; }; }"
check_match "fast: for the other router" "$(tell fast ask 1 1)" "0 *"
check_match "fast: which it is that has it" "$(on "$other" "$NFT" list table inet t)" "*counter packets 1 *"
by 2001:db8:c::1
check_match "fast: for the gateway again" "$(tell fast ask 3)" "3 from $pool_ip 41000"

done_testing
