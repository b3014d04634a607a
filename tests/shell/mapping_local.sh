#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the gateway itself has an ear for comes before a client's mapping of the same
# address and port: in a VRF too, and where tproxy gives packets to a socket.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip
seen64=${pref64}c000:202 # server4, as IPv6 sees it

# A line of who answers, once per connection; bound to a device if one is given.
# 19 is IP_TRANSPARENT.
cat >"$tmp/ear.py" <<'PY'
import socket, sys
ready, port, dev = (sys.argv[1:] + [""])[:3]
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.SOL_IP, 19, 1)
if dev:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode())
s.bind(("", int(port)))
s.listen()
open(ready, "w").close()
while True:
    c, peer = s.accept()
    c.send(b"the gateway, to %s %d\n" % (c.getsockname()[0].encode(), c.getsockname()[1]))
    c.close()
PY

# ear PORT [DEV]: until it listens; in $!
ear()
{
	rm -f "$tmp/ready"
	background "$gw" python3 -ISu "$tmp/ear.py" "$tmp/ready" "$@"
	wait_for 10 test -e "$tmp/ready" || fail "nobody listens on port $1"
}

# mapped PORT WHAT: client6 calls from there and keeps the session, so it has a mapping
mapped()
{
	background_python "$client6" crowd hold tcp $server64 9000 1 "$1" "$tmp/go" >"$tmp/held"
	held=$!
	wait_for 5 grep -q answered "$tmp/held"
	check_match "$2: a client has port $1" "$(cat "$tmp/held")" "*from $pool_ip $1*"
}
unmapped()
{
	touch "$tmp/go"
	wait $held
	rm "$tmp/go"
	check_match "$1: its session goes on" "$(tail -n 1 "$tmp/held")" "1 of 1 answered again"
	on "$gw" conntrack -F 2>/dev/null
}

setup_topo
check "ruleset loads" on "$gw" "$NFT" "table inet gw { chain pre {
	type filter hook prerouting priority dstnat; policy accept;
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }; }" || done_testing
serve "$server4" tcp4:9000 udp4:9000

# What nobody listens on may be a client's at any time: no answer ends simultaneous open,
# but to ports that no pool has, and to peers that clients cannot talk to.

# silent WHAT [PORT], refused WHAT [PORT], of the SYNs of $from. A rule that goes may have an
# effect for a moment.
from=$server4 to=$pool_ip
silent()
{
	local before
	before=$(counter DropUnsolicited)
	patience=1 check_not "[87] $1: silence" ask "$from" tcp "$to" "${2:-5002}"
	check "[87] $1: counted" [ "$(counter DropUnsolicited)" -gt "$before" ]
}
# shellcheck disable=SC2317 # called by wait_for
is_refused() { [[ $(patience=2 ask "$from" tcp "$to" "$1") == *refused* ]]; }
refused() { check "[87] $1: refused" wait_for 1 is_refused "${2:-5002}"; }
masquerade()
{
	check "masquerade $*" on "$gw" "$NFT" "flush chain inet gw pre
		add rule inet gw pre ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade $*"
}

silent "no mapping"
check_eq "[87] nothing is held" "$(sessions "dport=5002 ")" ""
check_match "[87] the gateway itself: refused" "$(ask "$gw" tcp $pool_ip 5002)" "*refused*"
ear 22
ear=$!
check_match "[87] the gateway's service" "$(ask "$server4" tcp $pool_ip 22)" "the gateway, to $pool_ip 22"
kill $ear
ip -n "$gw" addr add 192.0.2.9/24 dev wan
check_match "[87] an address that masquerade does not take: refused" "$(ask "$server4" tcp 192.0.2.9 5002)" "*refused*"
ip -n "$gw" addr del 192.0.2.9/24 dev wan
mapped 5000 pool
silent "another port, where there are mappings"
check_match "[87] the gateway itself, where there are mappings: refused" "$(ask "$gw" tcp $pool_ip 5002)" "*refused*"
unmapped pool

masquerade to :1024-65535
refused "ports in registers, before the first packet"
mapped 5000 "pool with ports"
silent "a pool with ports"
refused "a port that is not the pool's" 1000
unmapped "pool with ports"
silent "a pool with ports, no mapping"
refused "a port that is not the pool's, no mapping" 1000

check "snat" on "$gw" "$NFT" "flush chain inet gw pre
	add rule inet gw pre ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 snat to $pool_ip:2000-6000"
mapped 5000 "snat"
unmapped "snat"
silent "an address of snat"
refused "a port that is not of snat" 6001

check "snat by a map" on "$gw" "$NFT" "flush chain inet gw pre
	add rule inet gw pre ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 snat to ip6 saddr map {
		$client_ip : $pool_ip, 2001:db8:c::3 : 192.0.2.8 }"
ip -n "$client6" addr add 2001:db8:c::3/64 dev eth0 nodad preferred_lft 0
background "$client6" python3 -ISc 'import socket, sys, time
for host in sys.argv[2:]:
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((host, 5001))
    s.sendto(b"x", (sys.argv[1], 9000))' $server64 $client_ip 2001:db8:c::3
check "both addresses are seen" wait_for 5 on "$gw" grep -q "dst=192.0.2.8 .*dport=5001" /proc/net/nf_conntrack
silent "a map, where there are mappings"
on "$gw" conntrack -F 2>/dev/null
refused "a map, no mapping"

masquerade mapping address-port-dependent
check_match "a port per session" "$(ask "$client6" tcp $pref64$server_ip 9000)" "hello from $pool_ip *"
refused "a port per session, as beside NAT44"

# The same for what one client has for another, by an address of the gateway: simultaneous open
# works where the one that begins has a mapping.

cat >"$tmp/open.py" <<'PY'
import socket, sys
me, port, peer, peer_port = sys.argv[1:]
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.settimeout(20)
s.bind((me, int(port)))
try:
    s.connect((peer, int(peer_port)))
    s.send(b"x")
    print(s.recv(1), "by", s.getpeername()[0])
except OSError as e:
    print(type(e).__name__)
PY
# opens ADDRESS PORT PEER-PORT
opens() { on "$client6" python3 -ISu "$tmp/open.py" "$1" "$2" $pref64$pool_ip "$3"; }

from=$client6 to=$pref64$pool_ip
refused "another client, a port per session"
masquerade to :1024-65535
check_match "a first packet" "$(ask "$client6" tcp $server64 9000)" "hello from $pool_ip *"
silent "another client"
refused "another client, a port that is not the pool's" 1000
masquerade
silent "another client, any port"
check_eq "[87] nothing of it is held" "$(sessions "dport=5002 ")" ""
ear 22
ear=$!
check_match "[87] the gateway's service, to a client" "$(ask "$client6" tcp $to 22)" "the gateway, to $pool_ip 22"
kill $ear
mapped 5000 "simultaneous open"
before=$(counter DropUnsolicited)
opens $client_ip 5000 5002 >"$tmp/opened" &
opening=$!
# shellcheck disable=SC2317 # called by wait_for
has_dropped() { [ "$(counter DropUnsolicited)" -gt "$before" ]; }
check "[87] simultaneous open: the first SYN gets no answer" wait_for 10 has_dropped
check_eq "[87, 95] simultaneous open: the second client" "$(opens 2001:db8:c::3 5002 5000)" "b'x' by ${pref64}c000:201"
wait $opening
check_eq "[87, 95] simultaneous open: the first client" "$(cat "$tmp/opened")" "b'x' by ${pref64}c000:201"
unmapped "simultaneous open"
from=$server4 to=$pool_ip

check "a prefix for global addresses" on "$gw" "$NFT" "flush chain inet gw pre
	add rule inet gw pre ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 masquerade"
refused "a peer that the prefix does not allow"
before=$(counter DropUnsolicited)
refused "not counted"
check_eq "[87] it is not counted" "$(counter DropUnsolicited)" "$before"
masquerade

# tproxy, above the mappings, of a port that nobody listens on

if modprobe -q nft_tproxy; then
	ear 9999
	ear=$!
	mapped 5000 tproxy
	serve "$client6" tcp6:5000
	check_match "no tproxy: to the client" "$(ask "$server4" tcp $pool_ip 5000)" "hello from $seen64 *"
	check "tproxy rule" on "$gw" "$NFT" "table ip t { chain pre {
		type filter hook prerouting priority mangle;
		ip daddr $pool_ip tcp dport 5000 tproxy to $pool_ip:9999 accept; }; }"
	on "$gw" conntrack -D -s $server_ip >/dev/null 2>&1
	check_match "tproxy: to its socket" "$(ask "$server4" tcp $pool_ip 5000)" "the gateway, to $pool_ip *"
	unmapped tproxy
	check "no more tproxy" on "$gw" "$NFT" delete table ip t
	kill $ear

	# Before a rule: that is for the packet all the same, which loses its socket. 75 is IPV6_TRANSPARENT.
	rm -f "$tmp/ready"
	background "$gw" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.IPPROTO_IPV6, 75, 1)
s.bind(("::", 9998))
s.listen()
open(sys.argv[1], "w").close()
s.accept()' "$tmp/ready"
	ear=$!
	wait_for 10 test -e "$tmp/ready" || fail "nobody listens on port 9998"
	serve "$server4" tcp4:9001
	check "tproxy rule of IPv6" on "$gw" "$NFT" "table ip6 t { chain pre {
		type filter hook prerouting priority mangle;
		ip6 daddr $pref64/96 tcp dport 9001 tproxy to [2001:db8:c::1]:9998 counter accept; }; }"
	check_match "tproxy before a rule" "$(ask "$client6" tcp $server64 9001)" "hello from $pool_ip *"
	check_match "it has found its socket" "$(on "$gw" "$NFT" list table ip6 t)" "*counter packets [1-9]*"
	check "no more tproxy of IPv6" on "$gw" "$NFT" delete table ip6 t
	kill $ear
else
	echo "# no tproxy in this kernel"
fi

# IPv4 in a VRF

if ip -n "$gw" link add outside type vrf table 102 2>/dev/null; then
	ip -n "$gw" -batch - <<-EOF
		link set outside up
		link set wan master outside
		route add default via $server_ip dev wan vrf outside
		route add default via $server_ip dev wan
		route add 2001:db8:c::/64 dev lan vrf outside
	EOF
	ear 22 outside
	ear=$!
	mapped 22 VRF
	check_match "VRF: the gateway's service" "$(ask "$server4" tcp $pool_ip 22)" "the gateway, to $pool_ip 22"
	check_eq "VRF: no session to the client" "$(sessions "src=$server_ip .*src=2001" | wc -l)" 0
	check "VRF: a ping of the gateway" on "$server4" ping -c 1 -W 10 $pool_ip
	unmapped VRF
	kill $ear

	# bound to the device of the VRF rather than to the VRF
	ear 23 wan
	ear=$!
	check_match "VRF, device: a service without a mapping" "$(ask "$server4" tcp $pool_ip 23)" "the gateway, to $pool_ip 23"
	mapped 23 "VRF, device"
	check_match "VRF, device: the gateway's service" "$(ask "$server4" tcp $pool_ip 23)" "the gateway, to $pool_ip 23"
	unmapped "VRF, device"
	kill $ear

	# an id that a client's ping has
	background "$client6" ping -6 -q -e 77 -i 0.3 -W 1 $server64 >/dev/null
	pinging=$!
	wait_for 5 on "$gw" grep -q "id=77" /proc/net/nf_conntrack
	check "VRF: ping with the id of a client's" on "$server4" ping -e 77 -c 1 -W 10 $pool_ip
	check_eq "VRF: which the client does not get" "$(sessions "src=$server_ip .*src=2001" | wc -l)" 0
	kill $pinging

	# and what nobody listens on is the client's, as ever
	mapped 5001 VRF
	serve "$client6" tcp6:5001
	check_match "VRF: what the gateway has no use for" "$(ask "$server4" tcp $pool_ip 5001)" "hello from $seen64 *"
	unmapped VRF
else
	echo "# no VRF in this kernel"
fi

done_testing
