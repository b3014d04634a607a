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
# but to ports that are not the pool's.

check_match "[87] no mapping: refused" "$(ask "$server4" tcp $pool_ip 5002)" "*refused*"
mapped 5000 pool
patience=2 check_not "[87] another port, where there are mappings: silence" ask "$server4" tcp $pool_ip 5002
check "[87] it is counted" [ "$(counter DropUnsolicited)" -gt 0 ]
before=$(counter DropUnsolicited)
masquerade()
{
	check "masquerade $*" on "$gw" "$NFT" "flush chain inet gw pre
		add rule inet gw pre ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade $*"
}
masquerade to :1024-65535
unmapped pool
mapped 5000 "pool with ports"
check_match "[87] a port that is not the pool's: refused" "$(ask "$server4" tcp $pool_ip 1000)" "*refused*"
check_eq "[87] it is not counted" "$(counter DropUnsolicited)" "$before"
unmapped "pool with ports"
masquerade mapping address-port-dependent
check_match "a port per session" "$(ask "$client6" tcp $pref64$server_ip 9000)" "hello from $pool_ip *"
check_match "[87] a port per session: refused, as beside NAT44" "$(ask "$server4" tcp $pool_ip 5002)" "*refused*"
check_eq "[87] it is not counted, nor is that" "$(counter DropUnsolicited)" "$before"
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
