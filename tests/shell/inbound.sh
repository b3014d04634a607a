#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sessions that IPv4 begins, by "xlat 4to6 ... dnat to": every form of the
# target, wherever the rule may stand, and beside what else has the address.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping conntrack

pref64=2001:db8:64::
static_ip=192.0.2.33 # of the gateway too
seen64=${pref64}c000:202 # server4, as IPv6 sees it
x="xlat 4to6 prefix $pref64/96"

# load TEXT: the whole ruleset, and no sessions
load()
{
	on "$gw" "$NFT" "flush ruleset; $1" || fail "ruleset: $1"
	on "$gw" conntrack -F 2>/dev/null
}
# pre RULES [FAMILY] [PRIORITY]
pre()
{
	load "table ${2:-inet} gw { chain pre {
		type filter hook prerouting priority ${3:-dstnat}; policy accept; $1
	}; }"
}
# to PATTERN: how many sessions match
to() { sessions "$1" | wc -l; }
# answers WHAT PROTO ADDRESS PORT [SEEN]
answers() { check_match "$1" "$(ask "$server4" "$2" "$3" "$4")" "hello from ${5:-$seen64} *"; }

setup_topo
ip -n "$gw" addr add $static_ip/24 dev wan
# deprecated, so that UDP does not answer from them
for i in 10 11 12 13; do
	ip -n "$client6" addr add 2001:db8:c::$i/128 dev eth0 nodad preferred_lft 0
done
another client4
link "$gw" lan4 "$client4" eth0
ip -n "$gw" addr add 10.0.0.1/24 dev lan4
ip -n "$client4" addr add 10.0.0.2/24 dev eth0
ip -n "$client4" route add default via 10.0.0.1
serve "$client6" tcp6:80 tcp6:8080 tcp6:8081 udp6:53 udp6:5353
serve "$client4" tcp4:22
serve "$gw" tcp4:22 udp4:53 tcp4:7080

# The target

pre "ip daddr $static_ip $x dnat to $client_ip"
answers "address: TCP" tcp $static_ip 80
answers "address: UDP" udp $static_ip 53
check "address: echo" on "$server4" ping -c 2 -i 0.2 -W 10 $static_ip
check_match "address: a closed port is refused" "$(ask "$server4" tcp $static_ip 81)" "*refused*"
check_match "address: a closed UDP port is refused" "$(ask "$server4" udp $static_ip 81)" "*refused*"
answers "address: another is the gateway's" udp $pool_ip 53 $server_ip

pre "ip daddr $static_ip tcp dport 80 $x dnat to [$client_ip]:8080; ip daddr $static_ip udp dport 53 $x dnat to [$client_ip]:5353"
answers "port: TCP" tcp $static_ip 80
check "port: it is the new one" [ "$(to "sport=8080 ")" = 1 ]
answers "port: UDP" udp $static_ip 53
check "port: it is the new one" [ "$(to "sport=5353 ")" = 1 ]
answers "port: others are the gateway's" tcp $static_ip 22 $server_ip
pre "ip daddr $static_ip $x dnat to [$client_ip]:8080"
for id in 11 12; do check "port: an echo has none, id $id" on "$server4" ping -e $id -c 1 -W 10 $static_ip; done

pre "ip daddr $static_ip tcp dport 80 $x dnat to [$client_ip]:8080-8081"
for i in {1..12}; do ask "$server4" tcp $static_ip 80; done >"$tmp/range"
check_eq "range of ports: all are answered" "$(grep -c "hello from $seen64 " "$tmp/range")" 12
check_eq "range of ports: all are used" "$(sessions " src=.* src=" | grep -o 'sport=808[01] ' | sort -u | wc -l)" 2

pre "ip daddr $static_ip tcp dport 80 $x dnat to 2001:db8:c::10-2001:db8:c::13"
answers "range of addresses" tcp $static_ip 80
check_match "range of addresses: one of it" "$(sessions "dport=80 ")" "*src=2001:0db8:000c:0000:0000:0000:0000:001[0-3] dst=*"

pre "$x dnat to ip daddr . tcp dport map { $static_ip . 80 : $client_ip . 8080, $pool_ip . 81 : 2001:db8:c::10 . 8081 }"
answers "map: one element" tcp $static_ip 80
answers "map: the other" tcp $pool_ip 81
answers "map: what is not in it is the gateway's" tcp $pool_ip 7080 $server_ip
check "map: to where it says" [ "$(to "src=2001:0db8:000c:0000:0000:0000:0000:0010 .*sport=8081 ")" = 1 ]

# Where the rule may stand

for family in ip inet; do
	for prio in -199 mangle dstnat "dstnat + 10" filter; do
		pre "ip daddr $static_ip tcp dport 80 $x dnat to [$client_ip]:8080" $family "$prio"
		answers "table $family, priority $prio" tcp $static_ip 80
		# and beside a chain of NAT that has nothing to say about it
		on "$gw" "$NFT" "table ip nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 8022 dnat to 10.0.0.2:22; }; }"
		answers "table $family, priority $prio, and NAT44" tcp $static_ip 80
		answers "NAT44 of another port, priority $prio" tcp $static_ip 8022 $server_ip
	done
done
# Who comes first wins.
load "table ip gw { chain pre { type filter hook prerouting priority mangle; tcp dport 80 $x dnat to [$client_ip]:8080; }; }
	table ip nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 80 dnat to 10.0.0.2:22; }; }"
answers "before NAT44 of the same port" tcp $static_ip 80

# What local sockets have: a mapping does not take it, a rule does

load "table inet gw { chain pre { type filter hook prerouting priority dstnat;
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }; }"
serve "$server4" udp4:9000 tcp4:9000
for proto in udp:53 tcp:7080; do
	port=${proto#*:} proto=${proto%:*}
	background_python "$client6" crowd hold $proto $pref64$server_ip 9000 1 "$port" "$tmp/go" >"$tmp/held"
	held=$!
	wait_for 5 grep -q answered "$tmp/held"
	check_match "$proto: a mapping of a port that the gateway listens on" "$(cat "$tmp/held")" "*from $pool_ip $port*"
	answers "$proto: the gateway's service" $proto $pool_ip "$port" $server_ip
	touch "$tmp/go"
	wait $held
	check_match "$proto: and the session, still" "$(tail -n 1 "$tmp/held")" "1 of 1 answered again"
	rm "$tmp/go"
done

cat >"$tmp/connected.py" <<'PY'
# A connected socket gets what its peer says, even as the first to speak.
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 6000))
s.connect((sys.argv[2], 7000))
open(sys.argv[3], "w").close()
s.settimeout(20)
for _ in range(2):
    s.send(s.recv(100) + b", says the gateway")
PY
cat >"$tmp/asks.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[2])))
s.settimeout(20)
for _ in range(2):
    s.sendto(b"peer", (sys.argv[1], 6000))
    print(s.recv(100).decode().strip())
PY
background_python "$client6" crowd hold udp $pref64$server_ip 9000 1 6000 "$tmp/go" >"$tmp/held"
held=$!
wait_for 5 grep -q answered "$tmp/held"
touch "$tmp/go"
wait $held
rm "$tmp/go"
serve "$client6" udp6:6000
background "$gw" python3 -IS "$tmp/connected.py" $pool_ip $server_ip "$tmp/up"
wait_for 5 test -e "$tmp/up"
check_eq "connected UDP: the peer's" "$(on "$server4" python3 -IS "$tmp/asks.py" $pool_ip 7000)" \
	"peer, says the gateway
peer, says the gateway"
check_eq "connected UDP: another peer's are the mapping's" "$(on "$server4" python3 -IS "$tmp/asks.py" $pool_ip 7001)" \
	"peer from $seen64 7001
peer from $seen64 7001"
on "$gw" "$NFT" "insert rule inet gw pre ip daddr $pool_ip tcp dport 7080 $x dnat to [$client_ip]:8080"
on "$gw" conntrack -F 2>/dev/null
answers "a rule takes what the gateway listens on" tcp $pool_ip 7080

# Filters: requests are IPv6, from "wan", answers are IPv4, from "lan"

load "table inet gw {
	counter new6 { }; counter est6 { }; counter est4 { }; counter rel4 { }; counter rest { }
	chain pre { type filter hook prerouting priority dstnat; ip daddr $static_ip $x dnat to $client_ip; }
	chain forward { type filter hook forward priority filter; policy drop;
		ct state new meta nfproto ipv6 iifname wan oifname lan ip6 daddr $client_ip tcp dport 80 counter name new6 accept
		ct state new meta nfproto ipv6 iifname wan udp dport 5300 accept
		ct state established meta nfproto ipv6 iifname wan counter name est6 accept
		ct state established meta nfproto ipv4 iifname lan oifname wan ip saddr $static_ip counter name est4 accept
		ct state related meta nfproto ipv4 iifname lan icmp type destination-unreachable counter name rel4 accept
		counter name rest; }
}"
count() { on "$gw" "$NFT" list counter inet gw "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
answers "filters of both families let it pass" tcp $static_ip 80
check_eq "one packet began it, in IPv6" "$(count new6)" 1
check "others followed" [ "$(count est6)" -ge 3 ]
check "answers, in IPv4" [ "$(count est4)" -ge 3 ]
check_match "an error passes as related" "$(ask "$server4" udp $static_ip 5300)" "*refused*"
check_eq "in IPv4" "$(count rel4)" 1
check_eq "nothing else" "$(count rest)" 0
patience=1 check_not "another port does not pass" ask "$server4" tcp $static_ip 8080
check "by the filter" [ "$(count rest)" -ge 1 ]

# mtu: what IPv4 sends without DF is cut to it

on "$client6" "$NFT" "table ip6 t { counter pieces { }; chain c { type filter hook prerouting priority -450;
	exthdr frag exists counter name pieces; }; }"
pieces() { on "$client6" "$NFT" reset counter ip6 t pieces | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
on "$server4" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
line=$(printf '%01300d' 0)
for mtu in "" "mtu 1280" "mtu 1420"; do
	pre "ip daddr $static_ip $x $mtu dnat to $client_ip"
	pieces >/dev/null
	check_match "1300 bytes of UDP, $mtu" "$(ask "$server4" udp $static_ip 53 "$line")" "$line from $seen64 *"
	check_eq "fragments of it, $mtu" "$(pieces)" "$([ "$mtu" = "mtu 1420" ] && echo 0 || echo 2)"
done
on "$server4" sh -c 'echo 0 >/proc/sys/net/ipv4/ip_no_pmtu_disc'

# The rule goes, its sessions stay

pre "ip daddr $static_ip tcp dport 80 $x dnat to $client_ip; ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade"
mkdir "$tmp/hold"
background_python "$server4" hold $static_ip 80 "$tmp/hold"
held=$!
wait_for 5 test -e "$tmp/hold/0"
on "$gw" "$NFT" "flush chain inet gw pre; add rule inet gw pre ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade"
check_match "without the rule: none are begun" "$(ask "$server4" tcp $static_ip 80)" "*refused*"
touch "$tmp/hold/go"
wait_for 5 test -e "$tmp/hold/1"
check_match "without the rule: sessions go on" "$(cat "$tmp/hold/1")" "1 from $seen64 *"
kill $held

# The gateway is the client.

ip -n "$gw" route add 198.51.100.80 via $server_ip
load "table inet gw { chain out { type filter hook output priority mangle;
	ip daddr 198.51.100.80 $x dnat to $client_ip; }; }"
own="hello from ${pref64}c000:201 *"
check_match "the gateway's own call: TCP" "$(ask "$gw" tcp 198.51.100.80 80)" "$own"
check_match "the gateway's own call: UDP" "$(ask "$gw" udp 198.51.100.80 53)" "$own"
check "the gateway's own call: echo" on "$gw" ping -c 2 -i 0.2 -W 10 198.51.100.80
check_match "the gateway's own call: refused" "$(ask "$gw" tcp 198.51.100.80 81)" "*refused*"
check_match "the gateway's own call: refused UDP" "$(ask "$gw" udp 198.51.100.80 81)" "*refused*"

check_eq "nothing was dropped by the translator" "$(drops)" 0

done_testing
