#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two gateways that do not hear each other, each with a client and a server on its side: both are master, and
# give the same ports to different clients. When they hear each other again, docs/guides/failover.md says who
# wins, and what becomes of which session.
cables=2
. "$(dirname "$0")/failover.inc"

need keepalived
n=20
is_debug && n=5
server5_ip=192.0.2.5
server5_64=$pref64$server5_ip

ip -n "$client7" -batch - <<-EOF
	addr add 2001:db8:c::7/64 dev eth0 nodad
	route add default via fe80::64 dev eth0 src 2001:db8:c::7
EOF
ip -n "$server5" -batch - <<-EOF
	addr add $server5_ip/24 dev eth0
	route add 203.0.113.0/28 via 192.0.2.1
EOF
for g in a b; do sed -i 's/PurgeTimeout 20/PurgeTimeout 6/' "$tmp/$g/conntrackd/conntrackd.conf"; done
# One address, so that the same port is the same address and port
prepare < <(text failover nft | sed 's/203\.0\.113\.1-203\.0\.113\.4/203.0.113.1/')

# b is the master at first, and is to lose nevertheless.
keepalive b
check "b is the master" master b
keepalive a
sleep 2
check_not "a leaves it to b, although its priority is higher" has_all "$gw"

serve "$server4" tcp4:8080 udp4:5353
serve "$server5" tcp4:8080 udp4:5353
names=
# four NAME PORT: sessions of both clients, TCP and UDP: NAME-a-tcp, NAME-a-udp, NAME-b-tcp, NAME-b-udp
four()
{
	hold "$client6" tcp $server64 8080 $n "$2" "$tmp/t" "$1-a-tcp"
	hold "$client6" udp $server64 5353 $n "$2" "$tmp/t" "$1-a-udp"
	hold "$client7" tcp $server5_64 8080 $n "${3:-$2}" "$tmp/t" "$1-b-tcp"
	hold "$client7" udp $server5_64 5353 $n "${3:-$2}" "$tmp/t" "$1-b-udp"
	names="$names $1-a-tcp $1-a-udp $1-b-tcp $1-b-udp"
}
# shellcheck disable=SC2317 # called by wait_for
all_done() { local name; for name in $names; do [ -e "$tmp/t/$name.$1" ] || return 1; done; }
# answered PHASE WHAT NAME...: all of these, as before
answered()
{
	local name

	wait_for 60 all_done "$1"
	for name in "${@:3}"; do
		check_eq "$2: $name" "$(cat "$tmp/t/$name.$1")" "$n of $n"
	done
}
four old 20000 30000
# shellcheck disable=SC2086 # words
answered 0 "by b" $names
check "a knows all of them" wait_for 30 knows a b

# The cut: of both networks, and of the cable between the gateways
ip -n "$client6" link set trunk down
ip -n "$server4" link set trunk down
ip -n "$gw" link set sync down
check "a is master" master a
check "and has made the sessions" wait_for 30 has_committed a 1
check "b is master as well" has_all "$gw2"
old=$names
four new 21000 31000
four same 40000
# shellcheck disable=SC2086
answered 0 "new ones" ${names#"$old"}
touch "$tmp/t/go1"
# shellcheck disable=SC2086
answered 1 "by both" $names
for p in tcp udp; do
	check "$p: two clients have the same ports" diff "$tmp/t/same-a-$p.peers" "$tmp/t/same-b-$p.peers"
done

# They hear each other again.
ip -n "$client6" link set trunk up
ip -n "$server4" link set trunk up
ip -n "$gw" link set sync up
# shellcheck disable=SC2317 # called by wait_for
one() { has_all "$gw" && ! has "$gw2" wan 192.0.2.1/ && ! has "$gw2" lan fe80::64/; }
check "a alone is master" wait_for 20 one
check "b has said why" grep -q "with higher priority 100, ours 90" "$tmp/b/log/keepalived"
touch "$tmp/t/go2"
answered 2 "those of before" old-{a,b}-{tcp,udp}
answered 2 "those of a" new-a-{tcp,udp} same-a-{tcp,udp}
answered 2 "those of b whose ports are free" new-b-{tcp,udp}
check_eq "UDP of b: other ports, where a has given them away" "$(cat "$tmp/t/same-b-udp.2")" "0 of $n"
check_eq "and answered" "$(grep -c '^203\.0\.113\.1 [0-9]*$' "$tmp/t/same-b-udp.peers2")" $n
check_eq "TCP of b: the server resets it" "$(sort "$tmp/t/same-b-tcp.peers2" | uniq -c | xargs)" \
	"$n [Errno 104] Connection reset by peer"
check_match "a new one of the same client" "$(ask "$client7" tcp $server5_64 8080)" "hello from 203.0.113.1 *"
for p in tcp udp; do
	check_eq "$p: no port has two clients" "$(sort "$tmp"/t/*-"$p.peers2" | grep ^203 | uniq -d)" ""
done

# What is left on b
# shellcheck disable=SC2317 # called by wait_for
empty() { [ "$(xlat "$1" sessions --json)" = "[]" ] && [ "$(xlat "$1" mappings --json)" = "[]" ]; }
check "b ends its sessions and mappings" wait_for 40 empty "$gw2"
check "which is in its log" grep -q "flushing kernel conntrack table (scheduled)" "$tmp/b/log/conntrackd.log"
check "it knows those of a" wait_for 20 knows b a || { ctd a -s; ctd b -s; }
check_not "nothing is in the logs" grep -h "can't be committed\|could not" "$tmp"/{a,b}/log/conntrackd.log

# The pair is one again: b goes on with all of it.
kill "$(<"$tmp/a/run/k.pid")"
check "b is the master" master b
check "and has made the sessions" wait_for 30 has_committed b 2
touch "$tmp/t/go3"
answered 3 "by b again" old-{a,b}-{tcp,udp} new-a-{tcp,udp} new-b-{tcp,udp} same-a-{tcp,udp}
wait_for 20 test ! -e "$tmp/a/run/k.pid"
keepalive a
check "a knows those of b, and no others" wait_for 20 knows a b || { ctd a -s; ctd b -s; }
xlat "$gw2" delete client ::/0 >/dev/null
check "all of them end on b" wait_for 5 empty "$gw2"
check "and on a" wait_for 40 empty "$gw"
stop_all
done_testing
