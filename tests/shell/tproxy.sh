#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules of the other family give translated packets to sockets of the gateway (tproxy). By a rule
# without a mark no route leads there: then they are dropped, as ip_forward() does, and not sent on
# with the socket, which may be one in TIME_WAIT.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
modprobe -q nft_tproxy || skip "no tproxy in this kernel"

host4=203.0.113.33
host6=2001:db8:6464::cb00:7121

# Who answers and closes first. 19 and 75 are IP_TRANSPARENT and IPV6_TRANSPARENT.
cat >"$tmp/proxy.py" <<'PY'
import socket, sys
ready, four = sys.argv[1], sys.argv[2] == "4"
s = socket.socket(socket.AF_INET if four else socket.AF_INET6)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(*((socket.SOL_IP, 19) if four else (socket.IPPROTO_IPV6, 75)), 1)
s.bind(("", 5000))
s.listen()
open(ready, "w").close()
while True:
    c, peer = s.accept()
    c.send(b"the proxy\n")
    c.close()
PY
# A connection by PORT, or one segment with these flags (2: SYN, 16: ACK)
cat >"$tmp/peer.py" <<'PY'
import socket, struct, sys
me, port, to, what = sys.argv[1:]
family = socket.AF_INET6 if ":" in to else socket.AF_INET
if what == "connect":
    s = socket.socket(family)
    s.settimeout(20)
    s.bind((me, int(port)))
    s.connect((to, 80))
    print(s.makefile().read(), end="")
    sys.exit()
s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
s.bind((me, 0))
tcp = struct.pack("!HHIIBBHHH", int(port), 80, 1, 1, 0x50, int(what), 1000, 0, 0)
if ":" not in to:
    pseudo = socket.inet_aton(me) + socket.inet_aton(to) + struct.pack("!HH", 6, len(tcp))
    n = sum(struct.unpack("!16H", pseudo + tcp))
    n = (n & 0xffff) + (n >> 16)
    tcp = tcp[:16] + struct.pack("!H", ~(n + (n >> 16)) & 0xffff) + tcp[18:]
else:
    s.setsockopt(socket.IPPROTO_IPV6, 7, 16) # IPV6_CHECKSUM
s.sendto(tcp, (to, 0))
PY

# forwarded FAMILY: how many have passed its forward chain
forwarded() { on "$gw" "$NFT" list counter "$1" proxy on | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# diverted FAMILY WORDS WHOSE: a rule of that family for TCP to port 80
# shellcheck disable=SC2317 # called by check
diverted()
{
	on "$gw" "$NFT" "table $1 proxy { }; delete table $1 proxy; table $1 proxy {
		counter on { }
		chain pre { type filter hook prerouting priority mangle; $3 tcp dport 80 tproxy to :5000 $2 accept; }
		chain forward { type filter hook forward priority filter; tcp dport 80 counter name on; }
	}"
}

# not_sent WHAT FAMILY NS ME PORT TO FLAGS: a segment for a socket of the proxy, by a rule without mark
not_sent()
{
	local before

	before=$(counter DropNoRoute)
	on "$3" python3 -ISu "$tmp/peer.py" "${@:4}"
	# shellcheck disable=SC2317 # called by wait_for
	dropped() { [ "$(counter DropNoRoute)" -gt "$before" ]; }
	check "$1: counted" wait_for 3 dropped
	check_eq "$1: not forwarded" "$(forwarded "$2")" 0
}

setup_topo
ip -n "$client6" addr add $host6/128 dev eth0 nodad
ip -n "$gw" -batch - <<-EOT
	route add 2001:db8:6464::/96 via $client_ip
	route add 203.0.113.0/24 dev lo metric 9999
	rule add fwmark 1 lookup 100
	route add local default dev lo table 100
EOT
ip -n "$gw" -6 -batch - <<-EOT
	rule add fwmark 1 lookup 100
	route add local default dev lo table 100
	route add 64:ff9b::/96 dev lo metric 9999
EOT
check "stateless ruleset loads" ruleset siit || done_testing
check "and what the proxy sends" on "$gw" "$NFT" "table inet own { chain out {
	type filter hook output priority mangle;
	ip daddr 203.0.113.0/24 xlat 4to6 saddr prefix 64:ff9b::/96 non-global daddr prefix 2001:db8:6464::/96
	ip6 daddr 64:ff9b::/96 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix 64:ff9b::/96 non-global
}; }"

for from in 6 4; do
	if [ $from = 6 ]; then
		family=ip ns=$client6 me=$host6 to=64:ff9b::c000:202 what="ip saddr $host4"
		background "$gw" python3 -ISu "$tmp/proxy.py" "$tmp/ready4" 4
	else
		family=ip6 ns=$server4 me=$server_ip to=$host4 what="ip6 daddr $host6"
		background "$gw" python3 -ISu "$tmp/proxy.py" "$tmp/ready6" 6
	fi
	proxy=$!
	wait_for 10 test -e "$tmp/ready$((10 - from))" || fail "the proxy does not listen"
	check "tproxy with a mark" diverted $family "meta mark set 1" "$what"
	check_eq "from IPv$from: the proxy answers" "$(on "$ns" python3 -ISu "$tmp/peer.py" $me 4000 $to connect 2>&1)" "the proxy"
	check "from IPv$from: and is in TIME_WAIT" wait_for 5 on "$gw" grep -q "^ .* 06 .*" /proc/net/tcp /proc/net/tcp6
	check "tproxy without a mark" diverted $family "" "$what"
	not_sent "from IPv$from, TIME_WAIT" $family "$ns" $me 4000 $to 16
	not_sent "from IPv$from, listener" $family "$ns" $me 4001 $to 2
	kill $proxy
	check "no tproxy" on "$gw" "$NFT" delete table $family proxy
done

done_testing
