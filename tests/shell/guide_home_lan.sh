#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the home router of docs/guides/home_router.md has beside its ruleset: its own
# default route, and resolver, router advertisements and DHCP for "lan".
. "$(dirname "$0")/recipe.inc"

need radvd unbound dig dnsmasq busybox
modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"

# daemon NS NAME TEXT COMMAND...: until it says TEXT; what it says is in $tmp/NAME.log
daemon()
{
	local name=$2 text=$3

	background "$1" "${@:4}" >"$tmp/$name.log" 2>&1
	check "$name starts" wait_for 30 grep -q "$text" "$tmp/$name.log" || sed 's/^/# /' "$tmp/$name.log"
}
# shellcheck disable=SC2317 # called by check
default_route() { ip -n "$1" -6 route show default | grep -q "proto ra"; }

setup_topo
on "$gw" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
router "$server4"
ip -n "$gw" addr del 2001:db8:c::1/64 dev lan
ip -n "$client6" route del default via 2001:db8:c::1

# The provider's router
cat >"$tmp/provider.conf" <<-END
	interface eth0 {
		AdvSendAdvert on;
		MinRtrAdvInterval 3;
		MaxRtrAdvInterval 4;
		prefix 2001:db8:e::/64 { };
	};
END
background "$server4" radvd -n -m stderr -p "$tmp/provider.pid" -C "$tmp/provider.conf" 2>/dev/null
check "a default route by router advertisement" wait_for 20 default_route "$gw"
text home_router sysctl >"$tmp/router.conf"
check "the settings load" on "$gw" sysctl -p "$tmp/router.conf"
check_eq "it is a router" "$(on "$gw" sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding | paste -sd' ')" "1 1"
check "and still has the route" default_route "$gw"
ip -n "$gw" -6 route flush default
check "the next advertisement is taken too" wait_for 20 default_route "$gw"
check "the ruleset loads" recipe home_router || done_testing

# The world's servers are a zone here. No address is there yet.
{
	text home_router unbound
	text home_router unbound-lan
	printf '\tlocal-data: "old.home.arpa. A 192.168.1.6"\n'
	cat <<-END
		username: ""
		chroot: ""
		directory: "$tmp"
		pidfile: ""
		use-syslog: no
		do-daemonize: no
	remote-control:
		control-enable: no
	auth-zone:
		name: "."
		zonefile: "$top/tests/demo.d/root.zone"
		for-upstream: yes
		for-downstream: no
	END
} >"$tmp/unbound.conf"
daemon "$gw" unbound "start of service" unbound -c "$tmp/unbound.conf"
ip -n "$gw" addr add 2001:db8:c::1/64 dev lan nodad
ip -n "$gw" addr add 192.168.1.1/24 dev lan
ip -n "$client6" addr add 192.168.1.2/24 dev eth0
# answer NS SERVER TYPE
answer() { on "$1" dig +short +tries=2 +time=5 "@$2" "$3" server.example 2>&1; }
for server in 2001:db8:c::1 192.168.1.1; do
	check_eq "DNS64 from $server" "$(answer "$client6" $server AAAA)" 64:ff9b::c000:202
	check_eq "IPv4 from $server" "$(answer "$client6" $server A)" 192.0.2.2
done
for server in ::1 127.0.0.1; do
	check_eq "to the router itself, by $server" "$(answer "$gw" $server AAAA)" 64:ff9b::c000:202
done
name() { on "$client6" dig +short +tries=2 +time=5 @2001:db8:c::1 "$2" "$1" 2>&1; }
check_eq "a name of the LAN: IPv4" "$(name nas.home.arpa A)" 192.168.1.5
check_eq "and by the prefix for it" "$(name nas.home.arpa AAAA)" fd00:64::c0a8:105
check_eq "DNS64 itself makes none of what is the resolver's own" "$(name old.home.arpa AAAA)" ""
ip -n "$server4" route add 192.168.1.0/24 via $pool_ip
check_eq "not to the world" "$(on "$server4" dig +short +tries=1 +time=1 @192.168.1.1 A server.example | grep -v '^;')" ""

# options: of the router advertisement that answers us
options()
{
	on "$client6" timeout 30 python3 -ISc '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
dev = socket.if_nametoindex("eth0")
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, dev)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.sendto(bytes((133, 0, 0, 0, 0, 0, 0, 0)), ("ff02::2", 0, 0, dev))
ra = b""
while ra[:1] != bytes((134,)):
	ra = s.recv(2000)
ra = ra[16:]
while ra:
	kind, option, ra = ra[0], ra[:ra[1] * 8], ra[ra[1] * 8:]
	text = {3: option[16:], 25: option[8:24], 38: option[4:].ljust(16, b"\0")}.get(kind)
	if text:
		print(kind, socket.inet_ntop(socket.AF_INET6, text))'
}
text home_router radvd >"$tmp/radvd.conf"
what="prefix and resolver" want="3 2001:db8:c:: 25 2001:db8:c::1"
version=$(radvd --version 2>&1 | sed -n 's/^Version: //p')
if [[ $version == 2.1* ]]; then
	check_not "radvd $version refuses the file" on "$gw" radvd -c -C "$tmp/radvd.conf"
	sed -i /nat64prefix/d "$tmp/radvd.conf"
else
	what="prefix, resolver and PREF64" want="$want 38 64:ff9b::"
fi
check "radvd $version takes it" on "$gw" radvd -c -C "$tmp/radvd.conf"
background "$gw" radvd -n -m stderr -p "$tmp/radvd.pid" -C "$tmp/radvd.conf" 2>/dev/null
check "hosts have a default route" wait_for 20 default_route "$client6"
check_eq "$what" "$(options | sort -n | paste -sd' ')" "$want"

# DHCP, by busybox's client; what the server has told is in the environment
text home_router dnsmasq >"$tmp/lan.conf"
daemon "$gw" dnsmasq "sockets bound" dnsmasq --no-daemon -u root -C "$tmp/lan.conf" \
	--dhcp-leasefile="$tmp/leases" --pid-file= --log-facility=-
printf '#!/bin/sh\n[ "$1" != bound ] || echo "$ip $router $dns $opt108"\n' >"$tmp/script"
chmod +x "$tmp/script"
dhcp() { on "$client6" busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -s "$tmp/script" "$@" 2>"$tmp/udhcpc"; }
check_match "DHCP, with option 108 for who asks" "$(dhcp -O 108)" "192.168.1.* 192.168.1.1 192.168.1.1 00000708"
check_match "and without" "$(dhcp)" "192.168.1.* 192.168.1.1 192.168.1.1 "

done_testing
