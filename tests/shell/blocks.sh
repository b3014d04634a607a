#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Ports in blocks: a subscriber, who is a /64, has all his ports from blocks of his own, whose
# begin and end are told; and blocks that follow from his address.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack ping
need_ip_xlat
xlat=$top/build/xlat/xlat
[ -x "$xlat" ] || skip "needs the program xlat (make tool)"

on_gw() { on "$gw" "$xlat" "$@"; }
# json EXPRESSION COMMAND...: of what the command says with --json, in d
json()
{
	local e=$1

	shift
	on_gw "$@" --json | python3 -ISc "import json, sys; d = json.load(sys.stdin); print($e)" 2>&1
}
blocks() { json 'len(d)' blocks "$@"; }
# refused TEXT COMMAND...
refused()
{
	local said=$1

	shift
	"$@" 2>"$tmp/err"
	check_eq "${*:2} is refused" "$?" 1
	check_match "and says why" "$(<"$tmp/err")" "*$said*"
}
flush() { on "$gw" conntrack -F >/dev/null 2>&1; wait_for 10 no_blocks; }
# shellcheck disable=SC2317 # called by wait_for
no_blocks() { [ "$(blocks)" = 0 ]; }
# send NS ADDRESS FIRST N [PORT]: a datagram from each of N ports of ADDRESS
send()
{
	on "$1" python3 -ISc 'import socket, sys
for port in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((sys.argv[1], port))
    s.sendto(b"x", (sys.argv[4], int(sys.argv[5])))
    s.close()' "$2" "$3" "$4" "$server64" "${5:-5353}"
}
# translate WORD...: how the gateway translates, by a rule or by a device: $way
translate()
{
	local words="$*"

	flush
	ip -n "$gw" link del xlat0 2>/dev/null
	on "$gw" "$NFT" flush ruleset
	if [ $way = device ]; then
		device_with_state up type xlat prefix $pref64/96 non-global "$@"
		check_match "the device lists its blocks" "$(ip -n "$gw" -d link show xlat0)" "* $* *"
	else
		rule gw "$pref64/96 non-global" "$@"
		check_match "the rule lists its blocks" "$(on "$gw" "$NFT" list ruleset)" "* ${words/snat/snat to}*"
	fi
}
# rule TABLE PREFIX WORD...
rule()
{
	local prefix=$2 words="${*:3}"

	check "a rule: ${*:3}" on "$gw" "$NFT" "table inet $1 { chain pre { type filter hook prerouting priority dstnat;
		ip6 daddr ${prefix% *} xlat 6to4 prefix $prefix ${words/snat/snat to}; }; }" || done_testing
}
# strays: mappings that are not of a block of their client
strays()
{
	{ on_gw blocks --json | tr -d '\n'; echo; on_gw mappings --json | tr -d '\n'; } | python3 -ISc 'import ipaddress, json, sys
blocks, mappings = map(json.loads, sys.stdin)
print([m for m in mappings if not [b for b in blocks if b["address"] == m["pool"]["address"]
       and b["first_port"] <= m["pool"]["port"] <= b["last_port"]
       and ipaddress.ip_address(m["client"]["address"]) in ipaddress.ip_network(b["client"])]])'
}
# shellcheck disable=SC2317 # called by check
told() { wait_for 30 grep -qE -- "$1" "$tmp/events"; }
lines() { grep -cE -- "$1" "$tmp/events"; }

setup_topo
beyond "$gw" lan7 client7 2001:db8:d::
ip -n "$client6" addr add 2001:db8:c::22/64 dev eth0 nodad
serve "$server4" tcp4:8080 udp4:5353 udp4:5354
phases()
{
	translate snat $pool_ip:1024-2047 mapping endpoint-independent block 64
	background "$gw" "$xlat" monitor blocks >"$tmp/events"
	monitor=$!
	wait_for 20 grep -q start "$tmp/events"

	# A block for all that a subscriber has
	send "$client6" $client_ip 3000 1
	check "[108] the first mapping takes a block" told " begin block 2001:db8:c::/64 $pool_ip:[0-9]+-[0-9]+$"
	send "$client6" 2001:db8:c::22 3000 60
	check_match "TCP" "$(ask "$client6" tcp $server64 8080)" "hello from *"
	check "a ping" on "$client6" ping -c 1 -W 5 $server64
	check_eq "61 mappings of UDP, one of TCP and a ping, of two addresses, have one block" \
		"$(blocks) $(json 'd[0]["mappings"]' blocks) $(strays)" "1 63 []"
	send "$client7" 2001:db8:d::2 3000 1
	check_eq "another subscriber has another block" "$(blocks) $(strays)" "2 []"
	check_eq "who has a port of it" "$(json 'd[0]["client"]' blocks \
		"$pool_ip:$(json 'd[0]["pool"]["port"]' mappings client 2001:db8:d::2)")" 2001:db8:d::/64
	check_eq "which has a client" "$(json 'd[0]["client"]' blocks client 2001:db8:c::22)" 2001:db8:c::/64
	check_eq "the pool's ports of blocks" "$(json 'd[0]["in_blocks"]' pools)" 128
	send "$client6" $client_ip 4000 60
	check_eq "a full block is followed by another" "$(blocks client 2001:db8:c::/64) $(strays)" "2 []"
	before=$(counter DropNoPort)
	send "$client6" $client_ip 5000 600
	check_eq "of which a subscriber has 8" "$(blocks client 2001:db8:c::/64) $(strays)" "8 []"
	check "more is dropped" [ $(($(counter DropNoPort) - before)) -gt 50 ]
	send "$client7" 2001:db8:d::2 3001 10
	check_eq "which is nothing to others" "$(blocks client 2001:db8:d::/64) $(json 'len(d)' mappings client 2001:db8:d::2)" "1 11"
	flush
	check "the end is told" told " end +block 2001:db8:d::/64 .* after [0-9]+s$"
	check_eq "each block began once and ended once" "$(lines " begin block") $(lines " end +block")" "9 9"
	check_eq "[108] and no mapping was told" "$(lines mapping)" 0

	# Nobody else has a port of a block
	send "$client6" $client_ip 3000 1
	first=$(json 'd[0]["first_port"]' blocks)
	rule other 2001:db8:65::/96 snat $pool_ip:$first-$((first + 63))
	before=$(counter DropNoPort)
	server64=2001:db8:65::$server_ip send "$client7" 2001:db8:d::2 3000 3
	check_eq "a rule without blocks finds no port there" "$(($(counter DropNoPort) - before))" 3
	on "$gw" "$NFT" delete table inet other
	rule other 2001:db8:65::/96 snat $pool_ip:$first-$((first + 63)) mapping address-port-dependent
	server64=2001:db8:65::$server_ip send "$client7" 2001:db8:d::2 3000 3
	check_eq "nor do sessions without a mapping" "$(($(counter DropNoPort) - before))" 6
	on "$gw" "$NFT" delete table inet other

	# Static mappings
	port=$(json 'd[0]["pool"]["port"]' mappings)
	other=$((port == first ? first + 1 : first))
	refused "the block of another client has this address and port" \
		on_gw add mapping udp "[2001:db8:d::2]:7000" $pool_ip:$other
	refused "a block has this address and port" \
		on_gw add session udp "[2001:db8:d::2]:7000" $pool_ip:$other $server_ip:5353 unmapped timeout 60 non-global
	check "a static mapping in the client's own block" on_gw add mapping udp "[2001:db8:c::22]:7000" $pool_ip:$other
	check_eq "which remains one" "$(blocks)" 1
	free=$((first == 1024 ? 1100 : 1030))
	check "a static mapping elsewhere" on_gw add mapping udp "[2001:db8:d::2]:7000" $pool_ip:$free
	check_eq "takes the block that has the port" \
		"$(json 'd[0]["first_port"]' blocks client 2001:db8:d::/64)" $((free / 64 * 64))
	check_eq "what is saved" "$(on_gw save | grep -c '"block_port": ')" 3
	on_gw save >"$tmp/saved"
	on_gw delete mapping udp $pool_ip:$other
	on_gw delete mapping udp $pool_ip:$free
	flush
	check "is restored" on_gw restore <"$tmp/saved"
	check_match "with the same blocks" "$(json 'sorted((b["client"], b["first_port"]) for b in d)' blocks)" \
		"*(*2001:db8:c::/64*$first)*(*2001:db8:d::/64*$((free / 64 * 64)))*"
	on_gw delete mapping udp $pool_ip:$other
	on_gw delete mapping udp $pool_ip:$free
	flush

	# The gateway itself uses the client's port towards a peer: the session has another, of the block.
	send "$client6" $client_ip 3000 1
	port=$(json 'd[0]["pool"]["port"]' mappings)
	first=$(json 'd[0]["first_port"]' blocks)
	on "$gw" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
s.sendto(b"x", (sys.argv[3], 5354))' $pool_ip "$port" $server_ip
	send "$client6" $client_ip 3000 1 5354
	check_eq "both sessions are of the block" "$(json "all($first <= s['pool']['port'] < $first + 64 for s in d), len(d)" sessions)" \
		"True 2"
	on "$gw" conntrack -D -p udp --orig-port-dst 5353 >/dev/null 2>&1
	check_eq "which stays with the one that has no mapping" "$(blocks) $(json 'len(d)' mappings)" "1 0"
	flush
	check_eq "and goes with it" "$(blocks)" 0

	# Blocks that follow from addresses
	: >"$tmp/events"
	translate snat $pool_ip:1024-65535 mapping endpoint-independent block 1024 of 2001:db8:c::/59
	send "$client6" $client_ip 3000 20
	check_eq "the block of a client" "$(on_gw blocks | awk 'NR == 2 { print $1, $2, $5 }')" \
		"$(on_gw deterministic 1024 of 2001:db8:c::/59 range $pool_ip $client_ip) deterministic"
	check_eq "all his ports are of it" "$(strays)" "[]"
	check_eq "who had a port" "$(on_gw deterministic 1024 of 2001:db8:c::/59 range $pool_ip $pool_ip:1500)" \
		"2001:db8:c::/64 $pool_ip:1024-2047"
	before=$(counter DropAddress)
	send "$client7" 2001:db8:d::2 3000 1
	check_eq "clients of other prefixes are dropped" "$(($(counter DropAddress) - before))" 1
	sleep 1
	check_eq "nothing is told" "$(lines block)" 0
	translate masquerade mapping endpoint-independent block 512 filtering address-dependent
	send "$client6" $client_ip 3000 2
	check_eq "masquerade with filtering" "$(blocks) $(strays)" "1 []"
	check_match "an answer" "$(ask "$client6" udp $server64 5353)" "hello from *"
	flush
	kill $monitor
	wait $monitor 2>/dev/null
}

for way in device rule; do
	phases
done

# A log of many subscribers: docs/guides/isp.md has its size.
way=rule
ip -n "$client6" route add local 2001:db8:e::/48 dev lo
ip -n "$gw" route add 2001:db8:e::/48 via $client_ip
on "$client6" sysctl -qw net.ipv6.ip_nonlocal_bind=1
translate snat $pool_ip:1024-65535 mapping endpoint-independent block 64
background "$gw" "$xlat" monitor blocks --json >"$tmp/log"
logger=$!
wait_for 20 grep -q start "$tmp/log"
on "$client6" python3 -ISc 'import socket, sys
for n in range(500):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((f"2001:db8:e:{n * 131 % 65536:x}::2", 0))
    s.sendto(b"x", (sys.argv[1], 5353))
    s.close()' "$server64"
check_eq "500 subscribers have a block each" "$(blocks) $(strays)" "500 []"
check_eq "which do not overlap" "$(json 'len({b["first_port"] for b in d}), {b["first_port"] % 64 for b in d}' blocks)" \
	"500 {0}"
flush
check "the log has them" wait_for 30 eval '[ "$(grep -c "\"end\"" "$tmp/log")" = 500 ]'
echo "# log: $(($(wc -c <"$tmp/log") / 500)) bytes for a block, $(($(gzip -c "$tmp/log" | wc -c) / 500)) by gzip"
kill $logger

# Blocks that follow from addresses, of a pool of several addresses with 3 blocks each. What the
# kernel does, what the tool computes without it, and what RFC 7422's arithmetic says are the same.
for way in device rule; do
	translate snat 192.0.2.40-192.0.2.45:1024-65535 mapping endpoint-independent block 16384 of 2001:db8:e::/60
	of=(16384 of 2001:db8:e::/60 range 192.0.2.40-192.0.2.45)
	for expected in "0 40:1024-17407" "2 40:33792-50175" "4 41:17408-33791" "f 45:1024-17407"; do
		client=2001:db8:e:${expected% *}::
		client=${client/:0::/::}
		block=192.0.2.${expected#* }
		send "$client6" ${client}2 3000 2
		check_eq "the block of subscriber ${expected% *}" \
			"$(on_gw blocks client ${client}2 | awk 'NR == 2 { print $1, $2 }')" "$client/64 $block"
		check_eq "by the tool" "$(on_gw deterministic "${of[@]}" ${client}2)" "$client/64 $block"
		check_eq "who has its first port" "$(on_gw deterministic "${of[@]}" "${block%-*}")" "$client/64 $block"
		check_eq "and its last" "$(on_gw deterministic "${of[@]}" "${block%:*}:${block#*-}")" "$client/64 $block"
	done
	check_eq "no port is of another block" "$(blocks) $(strays)" "4 []"
done

# Many at once, whose sessions end at any time: no block is left, nor two have a port at once.
translate snat $pool_ip:1024-2047 mapping endpoint-independent block 64
background "$gw" "$xlat" monitor blocks --json >"$tmp/race"
wait_for 20 grep -q start "$tmp/race"
for i in 1 2 3 4; do
	background "$client6" python3 -ISc 'import random, socket, sys, time
end = time.time() + 8
while time.time() < end:
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((f"2001:db8:e:{random.randrange(20):x}::2", 0))
    s.sendto(b"x", (sys.argv[1], 5353))
    s.close()' "$server64"
	senders[i]=$!
done
background "$gw" sh -c 'while :; do conntrack -F; done' >/dev/null 2>&1
flusher=$!
wait "${senders[@]}"
kill $flusher
wait $flusher 2>/dev/null
flush
check_eq "no block is left, nor ports of one" "$(blocks) $(json 'sum(p["in_blocks"] for p in d)' pools)" "0 0"
sleep 1
check_eq "at no time had two the same ports" "$(python3 -ISc 'import json, sys
has, begun, lost = {}, 0, False
for line in open(sys.argv[1]):
    e = json.loads(line)
    if e["event"] == "lost":
        has, lost = {}, True
    if "block" not in e:
        continue
    place = e["block"]["address"], e["block"]["first_port"]
    if e["event"] == "begin":
        begun += 1
        if place in has and not lost:
            print(line, "while", has[place])
        has[place] = line
    elif has.pop(place, None) is None and not lost:
        print("no begin:", line)
print(len(has), "left" if lost or begun > 20 else f"of {begun}")' "$tmp/race")" "0 left"

# Two devices have one address, of which one has no block for the client: the other it is.
on "$gw" "$NFT" flush ruleset
ip -n "$gw" link del xlat0 2>/dev/null
for words in "" "mapping endpoint-independent block 64 of 2001:db8:ff::/64"; do
	# shellcheck disable=SC2086 # words are meant
	check "a device: ${words:-no blocks}" ip -n "$gw" link add "xlat${#words}" up type xlat \
		prefix $pref64/96 non-global snat 192.0.2.50 $words || done_testing
done
check "a static mapping of who has no block" on_gw add mapping udp "[2001:db8:d::2]:7000" 192.0.2.50:5000
check_eq "it has none" "$(json '[("block" in m, m["pool"]["port"]) for m in d]' mappings 192.0.2.50) $(blocks)" \
	"[(False, 5000)] 0"
for dev in $(ip -n "$gw" -br link show type xlat | awk '{ print $1 }'); do ip -n "$gw" link del "$dev"; done
on_gw delete mapping udp "[2001:db8:d::2]:7000" >/dev/null

# No block has identifier 0.
check "a device without a range of ports" ip -n "$gw" link add xlat0 up type xlat prefix $pref64/96 non-global \
	snat 192.0.2.50 mapping endpoint-independent block 64 || done_testing
refused "no block of the pool has this port" on_gw add mapping icmp "[2001:db8:ff::2]:7" 192.0.2.50:0
check_eq "and no block is taken" "$(blocks)" 0

done_testing
