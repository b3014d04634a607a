#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ICMP errors and queries of sessions of two families, on a gateway whose NAT44
# and NAT66 rules are about everything: they come to whom they are for, and are
# "new", "established" and "related" as filters expect.
#
#	client6, client7 -- gw -- server4 (IPv6 too, and a router)
#	         client4 --
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip
router64=${pref64}c000:202
server6=2001:db8:e::2
static_ip=192.0.2.33
hairpin_ip=192.0.2.34

setup_topo
router "$server4"
beyond "$gw" lan4 client4 10.0.0.
beyond "$gw" lan7 client7 2001:db8:d::
ip -n "$gw" -batch - <<-EOF
	addr add 2001:db8:e::1/64 dev wan nodad
	addr add $static_ip/24 dev wan
	addr add $hairpin_ip/24 dev wan
	route add 198.51.100.0/24 via $server_ip
EOF
ip -n "$server4" -batch - <<-EOF
	addr add $server6/64 dev eth0 nodad
	route add prohibit 198.51.100.2
	route add unreachable 198.51.100.3
EOF
ip -n "$server4" -6 route add prohibit 2001:db8:f::2
ip -n "$gw" -6 route add 2001:db8:f::/64 via $server6

states=
for f in 4 6; do
	for s in new est rel inv; do states="$states counter fwd$f$s { };"; done
done
check "ruleset loads" on "$gw" "$NFT" "table inet gw { $states
	chain pre {
		type filter hook prerouting priority dstnat;
		ip daddr $static_ip tcp dport != 8022 xlat 4to6 prefix $pref64/96 dnat to $client_ip
		ip daddr $static_ip meta l4proto { udp, icmp } xlat 4to6 prefix $pref64/96 dnat to $client_ip
		ip daddr $hairpin_ip xlat 4to6 prefix $pref64/96 dnat to 2001:db8:d::2
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
	}
	chain forward {
		type filter hook forward priority filter;
		meta nfproto ipv4 ct state vmap { new : jump new4, established : jump est4, related : jump rel4, invalid : jump inv4 }
		meta nfproto ipv6 ct state vmap { new : jump new6, established : jump est6, related : jump rel6, invalid : jump inv6 }
	}
	chain new4 { counter name fwd4new; }; chain est4 { counter name fwd4est; }
	chain rel4 { counter name fwd4rel; }; chain inv4 { counter name fwd4inv; }
	chain new6 { counter name fwd6new; }; chain est6 { counter name fwd6est; }
	chain rel6 { counter name fwd6rel; }; chain inv6 { counter name fwd6inv; }
}
table ip nat {
	chain pre { type nat hook prerouting priority dstnat; ip daddr $static_ip tcp dport 8022 dnat to 10.0.0.2; }
	chain post { type nat hook postrouting priority srcnat; masquerade; }
}
table ip6 nat {
	chain pre { type nat hook prerouting priority dstnat; iifname wan ip6 daddr 2001:db8:e::1 dnat to $client_ip; }
	chain post { type nat hook postrouting priority srcnat; masquerade; }
}" || done_testing
serve "$client6" tcp6:80
serve "$client7" tcp6:80 udp6:53
serve "$server4" tcp4:80 tcp6:81 udp4:53
serve "$client4" tcp4:8022

# saw WHAT COUNTERS: what the filters have seen since the last time, but zeros
saw()
{
	check_eq "$1" "$(on "$gw" "$NFT" reset counters table inet gw |
		sed -n 's/.*counter \(fwd[^ ]*\) .*/\1/p; s/.*packets \([0-9]*\) .*/\1/p' |
		paste -d= - - | grep -v '=0$' | paste -sd' ')" "$2"
}
# says NS ADDRESS PATTERN WHAT [OPTION...]: the error that a ping gets
says()
{
	check_match "$4" "$(on "$1" ping -c 1 -W 10 "${@:5}" "$2" | grep '^From')" "$3"
}
# neighbours get known
for addr in $client_ip 2001:db8:d::2 $server6 $server_ip 10.0.0.2; do on "$gw" ping -c 1 -W 10 $addr; done >/dev/null
on "$gw" "$NFT" reset counters table inet gw >/dev/null

# Queries: requests are of the other family already in "forward", as are replies.

check "echo from IPv6" on "$client6" ping -c 3 -i 0.2 -W 10 $server64
saw "its states" "fwd4new=1 fwd4est=2 fwd6est=3"
check "echo from IPv4" on "$server4" ping -c 3 -i 0.2 -W 10 $static_ip
saw "its states" "fwd4est=3 fwd6new=1 fwd6est=2"
check "echo of a hairpin" on "$client6" ping -c 3 -i 0.2 -W 10 $pref64$hairpin_ip
saw "its states, of one family all the way" "fwd6new=1 fwd6est=5"
check "echo by NAT44" on "$client4" ping -c 3 -i 0.2 -W 10 $server_ip
saw "its states" "fwd4new=1 fwd4est=5"
check "echo by NAT66" on "$client6" ping -c 3 -i 0.2 -W 10 $server6
saw "its states" "fwd6new=1 fwd6est=5"

# Errors of a host about what began the session

check_match "UDP from IPv6: refused" "$(ask "$client6" udp $server64 5353)" "*Connection refused*"
saw "its states" "fwd4new=1 fwd6rel=1"
check_match "UDP from IPv4: refused" "$(ask "$server4" udp $static_ip 5353)" "*Connection refused*"
saw "its states" "fwd4rel=1 fwd6new=1"
check_match "UDP of a hairpin: refused" "$(ask "$client6" udp $pref64$hairpin_ip 5353)" "*Connection refused*"
saw "its states" "fwd6new=1 fwd6rel=1"
check_match "UDP by NAT44: refused" "$(ask "$client4" udp $server_ip 5353)" "*Connection refused*"
saw "its states" "fwd4new=1 fwd4rel=1"
check_match "UDP by NAT66: refused" "$(ask "$client6" udp $server6 5353)" "*Connection refused*"
saw "its states" "fwd6new=1 fwd6rel=1"
check_match "UDP by DNAT66: refused" "$(ask "$server4" udp 2001:db8:e::1 5353)" "*Connection refused*"
saw "its states" "fwd6new=1 fwd6rel=1"

# Errors of routers, about queries

says "$client6" ${pref64}198.51.100.2 "From $router64 icmp_seq=1 *Administratively prohibited" "echo from IPv6: prohibited"
saw "its states" "fwd4new=1 fwd6rel=1"
says "$client6" ${pref64}198.51.100.3 "From $router64 icmp_seq=1 *No route" "echo from IPv6: unreachable"
saw "its states" "fwd4new=1 fwd6rel=1"
says "$client6" 2001:db8:f::2 "From $server6 icmp_seq=1 *Administratively prohibited" "echo by NAT66: prohibited"
saw "its states" "fwd6new=1 fwd6rel=1"
says "$client4" 198.51.100.2 "From $server_ip icmp_seq=1 Packet filtered" "echo by NAT44: prohibited"
saw "its states" "fwd4new=1 fwd4rel=1"

# Errors about answers: who asked has closed its socket
# late WHAT NS FROM ADDRESS PORT: ask, and be gone when the answer comes
cat >"$tmp/late.py" <<'PY'
import os, select, socket, sys
# the server: answer, and answer again on a sign; it hears of the error
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7000))
open(sys.argv[2], "w").close()
s.settimeout(20)
peer = s.recvfrom(100)[1]
s.connect(peer[:2])
s.send(b"1")
while not os.path.exists(sys.argv[3]):
    select.select([], [], [], 0.05)
s.send(b"2")
try:
    s.recv(100)
    print("an answer")
except OSError as e:
    print(type(e).__name__)
PY
late()
{
	rm -f "$tmp/up" "$tmp/sign"
	background "$2" python3 -ISu "$tmp/late.py" "$3" "$tmp/up" "$tmp/sign" >"$tmp/late"
	local server=$!
	wait_for 5 test -e "$tmp/up"
	check_eq "$1: a session" "$(on "$4" timeout 20 bash -c 'exec 3<>/dev/udp/$0/7000; echo >&3; head -c 1 <&3' "$5")" 1
	touch "$tmp/sign"
	wait $server
	check_eq "$1: the late answer is refused" "$(cat "$tmp/late")" ConnectionRefusedError
}
on "$gw" "$NFT" reset counters table inet gw >/dev/null
late "UDP from IPv6" "$server4" $server_ip "$client6" $server64
saw "its states" "fwd4new=1 fwd4rel=1 fwd6est=2"
late "UDP from IPv4" "$client6" $client_ip "$server4" $static_ip
saw "its states" "fwd4est=2 fwd6new=1 fwd6rel=1"
late "UDP of a hairpin" "$client7" 2001:db8:d::2 "$client6" $pref64$hairpin_ip
saw "its states" "fwd6new=1 fwd6est=2 fwd6rel=1"

# Hairpin by mapping: client7 has one, by its session with server4.
on "$client7" bash -c "exec 3<>/dev/udp/$server64/53; echo hello >&3; head -n 1 <&3" >"$tmp/mapped"
port=$(cut -d' ' -f 4 "$tmp/mapped")
check_match "a mapping" "$(cat "$tmp/mapped")" "hello from $pool_ip *"
on "$gw" "$NFT" reset counters table inet gw >/dev/null
check_match "a hairpin to it, its socket is gone: refused" "$(ask "$client6" udp $pref64$pool_ip "$port")" "*Connection refused*"
saw "its states" "fwd6new=1 fwd6rel=1"

# TCP of every kind, and what all these rules are for

check_match "TCP from IPv6" "$(ask "$client6" tcp $server64 80)" "hello from $pool_ip *"
check_match "TCP from IPv4" "$(ask "$server4" tcp $static_ip 80)" "hello from $router64 *"
check_match "TCP of a hairpin" "$(ask "$client6" tcp $pref64$hairpin_ip 80)" "hello from ${pref64}c000:201 *"
check_match "TCP by NAT66" "$(ask "$client6" tcp $server6 81)" "hello from 2001:db8:e::1 *"
check_match "TCP by NAT44" "$(ask "$client4" tcp $server_ip 80)" "hello from $pool_ip *"
check_match "TCP by DNAT44, to the address of a static rule" "$(ask "$server4" tcp $static_ip 8022)" "hello from 10.0.0.1 *"
check_match "TCP by DNAT66" "$(ask "$server4" tcp 2001:db8:e::1 80)" "hello from 2001:db8:c::1 *"
check_match "TCP from IPv6: refused" "$(ask "$client6" tcp $server64 82)" "*Connection refused*"
check_match "TCP from IPv4: refused" "$(ask "$server4" tcp $static_ip 82)" "*Connection refused*"
check_match "TCP of a hairpin: refused" "$(ask "$client6" tcp $pref64$hairpin_ip 82)" "*Connection refused*"
check_eq "nothing was invalid" "$(on "$gw" "$NFT" list counters table inet gw | grep -A1 inv | grep -c 'packets [1-9]')" 0
check_eq "nothing was dropped by the translator" "$(drops)" 0

done_testing
