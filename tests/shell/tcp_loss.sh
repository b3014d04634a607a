#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Conntrack follows TCP through both families: with packets lost, doubled and out
# of order none is taken for invalid, and a reset of either side ends a session.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 tc nstat ethtool conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip
static_ip=192.0.2.33
size=1000000
is_uml || size=200000

setup_topo
ip -n "$gw" addr add $static_ip/24 dev wan
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	counter bad { }
	chain early {
		type filter hook prerouting priority -190;
		meta l4proto tcp ct state invalid counter name bad
	}
	chain pre {
		type filter hook prerouting priority dstnat;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
		ip daddr $static_ip xlat 4to6 prefix $pref64/96 dnat to $client_ip
	}
	chain forward {
		type filter hook forward priority filter;
		meta l4proto tcp ct state invalid counter name bad
	}
}" || done_testing
check_eq "window tracking is strict" "$(on "$gw" cat /proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal)" 0
bad() { on "$gw" "$NFT" list counter inet gw bad | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }

start "$server4" stream 9000
start "$client6" stream 9000 six

# What is lost before the gateway it never sees, what is lost after it comes again.
# Packets as they are on the wire: no offload.
for dev in "$client6 eth0" "$server4 eth0" "$gw lan" "$gw wan"; do
	check "$dev: no offload" on "${dev% *}" ethtool -K "${dev#* }" tso off gso off gro off
	check_not "$dev: nor is there any left" on "${dev% *}" sh -c \
		'ethtool -k "$1" | grep -E "^(tcp-segm|generic-(segm|rec)).*: on"' - "${dev#* }"
	tc -n "${dev% *}" qdisc add dev "${dev#* }" root netem delay 1ms loss 1% duplicate 1% reorder 98% 50% 2>"$tmp/tc" ||
		skip "no netem: $(head -n 1 "$tmp/tc")"
done
for way in up down; do
	check_eq "begun by IPv6, $way" "$(python "$client6" stream $way $server64 9000 $size)" $size
	check_eq "begun by IPv4, $way" "$(python "$server4" stream $way $static_ip 9000 $size)" $size
done
for ns in "$client6" "$server4"; do
	again=$(retransmitted "$ns")
	check "${ns%%-*} had to send $again segments again" [ "$again" -gt 2 ]
done
check_eq "nothing was invalid" "$(bad)" 0
for dev in "$client6 eth0" "$server4 eth0" "$gw lan" "$gw wan"; do tc -n "${dev% *}" qdisc del dev "${dev#* }" root; done

# reset.py serve READY ADDRESS PORT ours|theirs, call ADDRESS PORT ours|theirs
cat >"$tmp/reset.py" <<'PY'
import os, socket, struct, sys
def end(s, mine):
    if mine:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        return
    try:
        s.recv(1)
        print("closed")
    except OSError as e:
        print(type(e).__name__)
if sys.argv[1] == "serve":
    _, _, ready, addr, port, who = sys.argv
    l = socket.create_server((addr, int(port)), family=socket.AF_INET6 if ":" in addr else socket.AF_INET)
    open(ready, "w").close()
    l.settimeout(20)
    s = l.accept()[0]
    s.settimeout(20)
    s.send(b"x")
    s.recv(1)
    end(s, who == "server")
else:
    _, _, addr, port, who = sys.argv
    s = socket.create_connection((addr, int(port)), 5)
    s.recv(1)
    s.send(b"y")
    end(s, who == "caller")
PY
# reset WHAT SERVER ADDRESS CALLER ADDRESS PORT
reset()
{
	local who got server

	for who in server caller; do
		rm -f "$tmp/up"
		background "$2" python3 -ISu "$tmp/reset.py" serve "$tmp/up" "$3" "$6" $who >"$tmp/server"
		server=$!
		wait_for 5 test -e "$tmp/up"
		got=$(on "$4" timeout 30 python3 -ISu "$tmp/reset.py" call "$5" "$6" $who)
		wait $server
		check_eq "$1, reset by the $who: the other end hears of it" "$got$(cat "$tmp/server")" ConnectionResetError
		# RFC 6146: the session is transitory, and ends in 4 minutes
		got=$(sessions "dport=$6 " | awk '{ print $6, ($5 > 230 && $5 <= 240) }' | tail -n 1)
		check_eq "$1, reset by the $who: the session ends" "$got" "CLOSE 1"
		on "$gw" conntrack -F 2>/dev/null
	done
}
reset "begun by IPv6" "$server4" $server_ip "$client6" $server64 9100
reset "begun by IPv4" "$client6" $client_ip "$server4" $static_ip 9101
check_eq "nothing was invalid" "$(bad)" 0
check_eq "nothing was dropped but what was too big" "$(drops)" "$(counter DropTooBig)"

done_testing
