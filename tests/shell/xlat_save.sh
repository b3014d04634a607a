#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two gateways: what "xlat save" writes of one, "xlat restore" makes on the other. Sessions go
# on there with their ports, and a static mapping lets peers in.
. "$(dirname "$0")/lib.sh"

need python3 ping conntrack
need_nft
[ -x "$top/build/xlat/xlat" ] || skip "needs the program xlat (make tool)"
xlat=$top/build/xlat/xlat
pool=203.0.113.1
dest64=$pref64$server_ip

#	client6 ---- lan gw  wan ---- server4
#	      \----- lan gw2 wan ----/
setup_topo
another gw2
router "$gw2"
link "$gw2" lan "$client6" eth1
link "$gw2" wan "$server4" eth1
ip -n "$gw2" -batch - <<-EOF
	addr add 2001:db8:d::1/64 dev lan nodad
	addr add 192.0.3.1/24 dev wan
	route add 2001:db8:c::/64 via 2001:db8:d::2
	route add 192.0.2.0/24 via 192.0.3.2
EOF
ip -n "$client6" addr add 2001:db8:d::2/64 dev eth1 nodad
ip -n "$server4" addr add 192.0.3.2/24 dev eth1
# to GATEWAY: what the client and the server send goes there
to()
{
	local n=2 p=c

	[ "$1" = "$gw" ] || { n=3; p=d; }
	ip -n "$client6" route replace $pref64/96 via 2001:db8:$p::1 src $client_ip
	ip -n "$server4" route replace $pool via 192.0.$n.1 src $server_ip
}
to "$gw"

for ns in "$gw" "$gw2"; do
	ip -n "$ns" route add unreachable $pool
	on "$ns" "$NFT" "table inet gw {
		chain pre { type filter hook prerouting priority dstnat
			ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global snat to $pool:1024-65535 filtering address-dependent; }; }" ||
		{ fail "ruleset loads"; done_testing; }
done
serve "$server4" tcp4:8080 udp4:5353 udp4:5354 udp4:5355
on_gw() { on "$gw" "$xlat" "$@"; }
on_gw2() { on "$gw2" "$xlat" "$@"; }
# shellcheck disable=SC2317 # called by check
says() { on "$gw" "$xlat" "${@:2}" >"$tmp/out" 2>&1; grep -qF -- "$1" "$tmp/out"; }
# of NS: who has what, without what passes with time
of()
{
	on "$1" "$xlat" sessions --json | python3 -ISc 'import json, sys
for s in sorted(json.dumps([s[k] for k in ("protocol", "began", "client", "pool", "peer", "peer6", "mark", "state")]) for s in json.load(sys.stdin)):
	print(s)'
}
mappings_of()
{
	on "$1" "$xlat" mappings --json | python3 -ISc 'import json, sys
for m in sorted(json.dumps({k: v for k, v in m.items() if k != "age"}) for m in json.load(sys.stdin)):
	print(m)'
}
# refused TEXT COMMAND...
refused()
{
	check_not "${*:3} is refused" "${@:2}"
	check_match "and it says why" "$(<"$tmp/check")" "$1"
}

# A static mapping: before the first packet, only the message can say of which rule it is.
refused "xlat: add: no rule or device is known to have this address and port: name prefix and pool" \
	on_gw add mapping udp "[$client_ip]:7000" $pool:7000
check "a ping" on "$client6" ping -c 1 -W 5 $dest64
check "a static mapping" on_gw add mapping udp "[$client_ip]:7000" $pool:7000
check_match "is shown as such" "$(on_gw mappings proto udp | tail -n 1)" "udp *\[$client_ip\]:7000 $pool:7000 0 *filtered static"
refused "xlat: add: it is static already" on_gw add mapping udp "[$client_ip]:7000" $pool:7000
refused "xlat: add: another mapping has this address and port" on_gw add mapping udp "[$client_ip]:7001" $pool:7000
refused "xlat: add: the client's port has another mapping" on_gw add mapping udp "[$client_ip]:7000" $pool:7002
refused "xlat: add: no rule or device is known to have this address and port*" \
	on_gw add mapping udp "[$client_ip]:7001" 192.0.2.77:7000
refused "xlat: add: the client is in the prefix" on_gw add mapping udp "[64:ff9b::1.2.3.4]:7001" $pool:7009
refused "xlat: add: the pool does not have the port" \
	on_gw add mapping udp "[$client_ip]:80" $pool:80 prefix 64:ff9b::/96 range $pool:1024-65535
refused "xlat: \"192.0.2.0/24\" is no range of IPv4 addresses" \
	on_gw add mapping udp "[$client_ip]:7001" 192.0.2.0:7001 prefix 64:ff9b::/96 range 192.0.2.0/24
for i in 64:ff9b::/128 64:ff9b::/95 ::/0; do
	refused "xlat: \"$i\" has a length other than 32, 40, 48, 56, 64 and 96" \
		on_gw add mapping udp "[$client_ip]:7001" $pool:7001 prefix $i range $pool
	refused "xlat: \"$i\" has a length other than 32, 40, 48, 56, 64 and 96" \
		on_gw add session tcp "[$client_ip]:4000" $pool:4001 $server_ip:80 prefix $i unmapped
done
refused 'xlat: "64:ff9b::1/96" has bits set behind its length' \
	on_gw add session tcp "[$client_ip]:4000" $pool:4001 $server_ip:80 prefix 64:ff9b::1/96 unmapped
check_eq "no session" "$(on_gw sessions proto tcp --json)" "[]"
# A mapping for all peers, of a rule that the message describes
check "a mapping with settings of its own" on_gw add mapping udp "[$client_ip]:7005" $pool:7005 \
	prefix 64:ff9b::/96 non-global range $pool:1024-65535
refused "xlat: add: masquerading, and the address is none of this host" \
	on_gw add mapping udp "[$client_ip]:7006" $pool:7006 prefix 64:ff9b::/96 masquerade
serve "$client6" udp6:7005 udp6:7000 udp6:7061
check_match "a peer begins a session with it" "$(ask "$server4" udp $pool 7005)" "hello from 64:ff9b::c000:202 *"
check_match "not with the one that filters" "$(ask "$server4" udp $pool 7000)" "*No route to host"
# from PORT [PORT]: as whom the server, at its port 5353 or that one, sees what the client sends from
# that port
from()
{
	on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(4)
s.bind(("", int(sys.argv[2])))
for i in range(5):
	s.sendto(b"x", (sys.argv[1], int(sys.argv[3])))
	try:
		print(*s.recv(99).decode().split()[2:])
		break
	except OSError:
		pass' $dest64 "$1" "${2:-5353}"
}
check "a mapping with another port" on_gw add mapping udp "[$client_ip]:7010" $pool:7011
check_eq "a session of the client has it" "$(from 7010)" "$pool 7011"
check_match "and is one of it" "$(on_gw mappings pool $pool:7011 | tail -n 1)" "udp *:7010 $pool:7011 1 *static"
check_match "a hairpin" "$(ask "$client6" udp "$pref64$pool" 7005)" "hello from ${pref64}cb00:7101 *"
check_match "of a ping as well" "$(on "$client6" ping -c 1 -W 5 "$pref64$pool" 2>&1)" "*1 packets transmitted*"

# "replace": a client that sends all the time has a mapping before anybody can make one
# (FDio/vpp#2688).
# steady PORT SOURCE: sends all the time; $tmp/steady.PORT has whom the server sees
steady()
{
	background "$client6" python3 -ISuc 'import os, socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind((sys.argv[3], int(sys.argv[2])))
s.settimeout(0.001)
while True:
    try:
        s.sendto(b"x\n", (sys.argv[1], 5353))
        seen = s.recv(99).decode().split()
    except OSError:
        continue
    with open(sys.argv[4] + ".new", "w") as f:
        print(*seen[2:], file=f)
    os.rename(sys.argv[4] + ".new", sys.argv[4])' $dest64 "$1" "$2" "$tmp/steady.$1" 2>/dev/null
}
# shellcheck disable=SC2317 # called by check
seen_as() { grep -qxF "$2" "$tmp/steady.$1"; }
ip -n "$client6" addr add 2001:db8:c::9/64 dev eth0 nodad
steady 7020 $client_ip
mine=$!
steady 7030 2001:db8:c::9
theirs=$!
check "a client has its port" wait_for 10 seen_as 7020 "$pool 7020"
check "and so has another" wait_for 10 seen_as 7030 "$pool 7030"
refused "xlat: add: the client's port has another mapping" on_gw add mapping udp "[$client_ip]:7020" $pool:7021
check "another port for the client" on_gw add mapping udp "[$client_ip]:7020" $pool:7021 replace
check "he goes on with it" wait_for 10 seen_as 7020 "$pool 7021"
refused "xlat: add: another mapping has this address and port" on_gw add mapping udp "[$client_ip]:7031" $pool:7030
check "the port of the other one" on_gw add mapping udp "[$client_ip]:7031" $pool:7030 replace
check_eq "is the client's" "$(from 7031)" "$pool 7030"
check "the other one has another" wait_for 10 eval '! seen_as 7030 "$pool 7030"'
number() { on "$gw" conntrack -L -o id -f ipv6 -p udp --orig-port-src 7020 2>/dev/null | grep -o ' id=[0-9]*'; }
before=$(number)
check_match "his session" "$before" " id=*"
refused "xlat: add: it is static already" on_gw add mapping udp "[$client_ip]:7020" $pool:7021 replace
refused "xlat: add: the client's port has another mapping" on_gw add mapping udp "[$client_ip]:7020" $pool:7022 replace
check_eq "no session has ended for these" "$(number)" "$before"
kill $mine $theirs
for m in 7021 7030; do check "takes back $m" on_gw delete mapping udp $pool:$m; done
on_gw delete client ::/0 >/dev/null

# Only what is in its way: the same client in other zones, of which the second holds for IPv4 too, and
# what he has of another rule
check "zones" on "$gw" "$NFT" "table inet zones { chain raw { type filter hook prerouting priority raw
	udp dport 5354 ct original zone set 1
	udp dport 5355 ct zone set 2
	udp sport 5355 ct zone set 2; }; }"
# id SPORT DPORT: of the session of the client
id() { on "$gw" conntrack -L -o id -f ipv6 -p udp --orig-port-src "$1" --orig-port-dst "$2" 2>/dev/null | grep -o ' id=[0-9]*'; }
check_eq "a session" "$(from 7050)" "$pool 7050"
one=$(from 7050 5354)
check_match "one of the same port in another zone" "$one" "$pool [0-9]*"
check "with another port there" test "$one" != "$pool 7050"
before=$(id 7050 5354)
check_match "it is there" "$before" " id=*"
check "another port for the first" on_gw add mapping udp "[$client_ip]:7050" $pool:7053 replace
check_eq "he has it" "$(from 7050)" "$pool 7053"
check_eq "the other zone's session stays" "$(id 7050 5354)" "$before"
before=$(id 7050 5353)
check "the port of the other zone's" on_gw add mapping udp "[$client_ip]:7055" "$pool:${one#* }" replace
check_eq "is the client's" "$(from 7055)" "$one"
check_eq "the other zone's session has ended for it" "$(id 7050 5354)" ""
check_eq "and no other" "$(id 7050 5353)" "$before"
check_eq "a session" "$(from 7051)" "$pool 7051"
# static ADDRESS PORT MORE: a line for a mapping of the client's port
static()
{
	printf '{"mapping": {"client": "%s", "client_port": 7051, "address": "%s", "port": %s, "protocol": 17%s, ' $client_ip "$@"
	printf '"prefix": "64:ff9b::", "prefix_len": 96, "non_global": true, "pool_min": "%s"}}\n' "$1"
}
check_match "a static mapping of another zone, and one of another rule" \
	"$({ static 203.0.113.2 7052 ', "client_zone": 1'; static 203.0.113.4 7054 ''; } | on_gw restore 2>/dev/null)" "*2 static*"
check "are not in its way" on_gw add mapping udp "[$client_ip]:7051" $pool:7056 replace
check_eq "he has it" "$(from 7051)" "$pool 7056"
check_eq "a session" "$(from 7057)" "$pool 7057"
check_eq "the same ends in another zone" "$(from 7057 5355)" "$pool 7057"
before=$(id 7057 5355)
check "are not in the way of another port" on_gw add mapping udp "[$client_ip]:7057" $pool:7058 replace
check_eq "he has it" "$(from 7057)" "$pool 7058"
check_eq "the other zone's session stays" "$(id 7057 5355)" "$before"
# How many sessions (2) have a client, an address of the pool, a peer, and any end in a zone; and mappings (3),
# which have no peer
check_match "a session of a client in the first zone" "$(from 7059 5354)" "$pool [0-9]*"
check_eq "sessions by the zones of their ends" "$(python "$gw" netlink_new zones 2 1 2 3)" "1: 1 0 1 1; 2: 1 1 1 1; 3: 0 0 0 0; "
check_eq "mappings by the zones of theirs" "$(python "$gw" netlink_new zones 3 1 2 3)" "1: 2 0 2; 2: 1 1 1; 3: 0 0 0; "

# A mapping that has a hairpin alone
check "a mapping for all peers" on_gw add mapping udp "[$client_ip]:7061" $pool:7061 prefix 64:ff9b::/96 non-global range $pool:1024-65535
check_match "a hairpin" "$(ask "$client6" udp "$pref64$pool" 7061)" "hello from ${pref64}cb00:7101 *"
check "it is static no longer" on_gw delete mapping udp $pool:7061
check_match "but stays" "$(on_gw mappings pool $pool:7061 | tail -n 1)" "udp *:7061 $pool:7061 1 *"
check "its port" on_gw add mapping udp "[$client_ip]:7062" $pool:7061 replace
check_match "has another client" "$(on_gw mappings pool $pool:7061 | tail -n 1)" "udp *:7062 $pool:7061 0 *static"
for m in "$pool:7053" "${one/ /:}" 203.0.113.2:7052 203.0.113.4:7054 "$pool:7056" "$pool:7058" "$pool:7061"; do
	check "takes back $m" on_gw delete mapping udp "$m"
done
on "$gw" "$NFT" delete table inet zones
on_gw delete client ::/0 >/dev/null

# Sessions that stay: TCP, UDP, and pings that go on
n=1000
is_debug && n=50
rm -f "$tmp/go"
for p in tcp:8080 udp:5353; do
	background_python "$client6" crowd hold ${p%:*} $dest64 ${p#*:} $n 20000 "$tmp/go" >"$tmp/${p%:*}"
	echo $! >"$tmp/${p%:*}.pid"
done
background "$client6" ping -i 0.5 -c 100000 $dest64 >"$tmp/pings"
pinger=$!
# a stream with a window over 64 KiB, of which the standby has not seen the scale
background "$server4" python3 -ISc 'import socket
l = socket.create_server(("", 9100))
print("ready", flush=True)
s, n = l.accept()[0], 0
while data := s.recv(1 << 20):
	n += len(data)
s.sendall(b"%d" % n)' >"$tmp/sink"
wait_for 10 grep -q ready "$tmp/sink"
background "$client6" timeout 120 python3 -ISc 'import os, socket, sys, time
s = socket.create_connection((sys.argv[1], 9100))
s.sendall(b"x")
print("ready", flush=True)
while not os.path.exists(sys.argv[2]):
	time.sleep(0.05)
s.sendall(bytes(20000000))
s.shutdown(socket.SHUT_WR)
print(s.recv(99).decode())' $dest64 "$tmp/go" >"$tmp/stream"
stream=$!
wait_for 10 grep -q ready "$tmp/stream"
for p in tcp udp; do
	check "$n of $p are there" wait_for 60 grep -q "^$n of $n answered" "$tmp/$p"
done

# The standby has learnt nothing by itself.
check_eq "nothing on the standby" "$(of "$gw2")" ""
# Only now the counts are still: no session begins or ends.
on_gw save >"$tmp/saved"
check_eq "what is saved" "$(grep -c '^{"session"' "$tmp/saved") $(grep -c '^{"mapping"' "$tmp/saved")" \
	"$(of "$gw" | wc -l) 3"
check_eq "and the last line says how many" "$(tail -n 1 "$tmp/saved")" "{\"entries\": $(($(wc -l <"$tmp/saved") - 1))}"
restored=$(on_gw2 restore <"$tmp/saved" 2>&1) || fail "restore: status $?"
check_eq "what is restored" "$restored" "$(of "$gw" | wc -l) sessions and 3 static mappings restored, 0 not"
of "$gw" >"$tmp/of"
of "$gw2" >"$tmp/of2"
check "each session as it was" diff "$tmp/of" "$tmp/of2"
mappings_of "$gw" >"$tmp/of"
mappings_of "$gw2" >"$tmp/of3"
check "each mapping as it was" diff "$tmp/of" "$tmp/of3"

# The packets go by the standby. The other gateway is gone.
to "$gw2"
ip -n "$gw" link set lan down
ip -n "$gw" link set wan down
before=$(grep -c "bytes from" "$tmp/pings")
touch "$tmp/go"
for p in tcp udp; do
	wait "$(<"$tmp/$p.pid")"
	check_eq "$p: all go on, from the ports that they had" "$(tail -n 1 "$tmp/$p")" "$n of $n answered again"
done
# shellcheck disable=SC2317 # called by wait_for
more_pings() { [ "$(grep -c "bytes from" "$tmp/pings")" -gt $((before + 3)) ]; }
wait $stream
check_eq "a stream arrives as a whole" "$(tail -n 1 "$tmp/stream")" 20000001
check "pings go on" wait_for 20 more_pings
kill $pinger
of "$gw2" | sed 's/ "[A-Z_0-9]*"]$/]/' >"$tmp/of4"
sed -i 's/ "[A-Z_0-9]*"]$/]/' "$tmp/of2"
check "and no session has begun" diff <(grep -v 7005 "$tmp/of2") <(grep -v 7005 "$tmp/of4")
check_match "a peer begins one by the static mapping" "$(ask "$server4" udp $pool 7005)" "hello from 64:ff9b::c000:202 *"
check_eq "the standby drops nothing" "$(on "$gw2" awk '/Drop/ { s += $2 } END { print s }' /proc/net/nf_xlat)" 0
check_match "who had a port has it still" "$(ask "$client6" udp $dest64 5353)" "hello from $pool *"

# once more: each has its place
restored=$(on_gw2 restore <"$tmp/saved" 2>"$tmp/err")
check_match "a second time nothing is restored" "$restored" "0 sessions and 0 static mappings restored, *"
check_match "and it says why" "$(sort -u -k 4 "$tmp/err")" "*line * conntrack has an entry with this tuple*"
check_match "for mappings too" "$(<"$tmp/err")" "*line 1: it is static already*"
check_not "which is a failure" on_gw2 restore <"$tmp/saved"

# The mapping is static no longer.
refused "xlat: delete: there is no such mapping" on_gw2 delete mapping udp $pool:7099
refused "xlat: delete: it is not static: it ends with its sessions" on_gw2 delete mapping tcp \
	"$(on_gw2 mappings proto tcp --json | python3 -ISc 'import json, sys
p = json.load(sys.stdin)[0]["pool"]
print(p["address"], p["port"], sep=":")')"
check "a static mapping without a session is deleted" on_gw2 delete mapping udp $pool:7000
check_eq "and has ended" "$(on_gw2 mappings pool $pool:7000 --json)" "[]"
check "one with sessions" on_gw2 delete mapping udp $pool:7005
check_match "stays for them" "$(on_gw2 mappings pool $pool:7005 | tail -n 1)" "udp *$pool:7005 [1-9]* *s*"
on_gw2 delete :7005 proto udp >/dev/null
check_eq "and ends with the last" "$(on_gw2 mappings pool $pool:7005 --json)" "[]"

# sessions by hand
on_gw2 delete client ::/0 >/dev/null
check "a session by hand" on_gw2 add session tcp "[$client_ip]:4000" $pool:4001 $server_ip:80 timeout 500 state FIN_WAIT
check_match "is one" "$(on_gw2 sessions | tail -n 1)" "tcp *FIN_WAIT *[45][0-9]*s *\[$client_ip\]:4000 $pool:4001 $server_ip:80"
check_match "with a mapping" "$(on_gw2 mappings proto tcp | tail -n 1)" "tcp *\[$client_ip\]:4000 $pool:4001 1 *"
refused "xlat: add: conntrack has an entry with this tuple" on_gw2 add session tcp "[$client_ip]:4000" $pool:4001 $server_ip:80
refused "xlat: add: another mapping has this address and port" on_gw2 add session tcp "[$client_ip]:4002" $pool:4001 $server_ip:81
refused "xlat: add: another mapping has this address and port" \
	on_gw2 add session tcp "[$client_ip]:4002" $pool:4001 $server_ip:81 unmapped non-global
refused "xlat: add: the well-known prefix, and an address that is not global" \
	on_gw2 add session tcp "[$client_ip]:4002" $pool:4003 $server_ip:81 unmapped
check "one that IPv4 began, of that mapping" on_gw2 add session tcp "[$client_ip]:4000" $pool:4001 $server_ip:82 in
check_match "has it too" "$(on_gw2 mappings proto tcp | tail -n 1)" "tcp *\[$client_ip\]:4000 $pool:4001 2 *"
check "one without" on_gw2 add session udp "[$client_ip]:4002" $pool:4003 $server_ip:81 unmapped non-global
check_eq "has none" "$(on_gw2 mappings client :4002 --json)" "[]"
check "conntrack shows them" on "$gw2" grep -q "src=$server_ip dst=$pool sport=80 dport=4001" /proc/net/nf_conntrack

# lines that are wrong
bad() { check_match "a line with $2" "$(on_gw2 restore <<<"$1"$'\n{"entries": 1}' 2>&1)" "*: $3$(printf '\n')*, 1 not"; }
bad '{' "no name" "no name of a member"
bad '[]' "a list" "no object"
bad '{"session": {"orig": 5}}' "a number" "no object"
bad '{"mapping": {"client": "192.0.2.1"}}' "an address of the other family" "client: no address"
bad '{"mapping": {"port": 65536}}' "a large port" "port: too large a number"
bad '{"mapping": {"port": 1, "port": 2}}' "a member twice" "port: twice"
bad '{"mapping": {"colour": 1}}' "an unknown member" "colour: a member that is not known"
bad '{"mapping": {}} x' "more" "more than an object"
bad '{"mapping": {"uplink": "nodev"}}' "no device" "nodev: no such device"
bad '{"mapping": {}}' "nothing" "a mapping has an address, a port and a protocol"
bad '{"mapping": {"uplink": "\u0000"}}' "a character that no name has" "uplink: no string"
bad '{"mapping": {"uplink": "a\u00' "half a character" "uplink: no string"
ip -n "$gw2" link add session type veth peer name session2
bad '{"mapping": {"uplink": "session"}}' "a device called session" "a mapping has an address, a port and a protocol"
ip -n "$gw2" link del session
refused "*xlat: restore: the last line is missing*" on_gw2 restore </dev/null
refused "*xlat: restore: line 1: 2 entries were written, and 0 have come*" on_gw2 restore <<<'{"entries": 2}'
check_eq "an empty list" "$(on_gw2 restore <<<'{ "entries":0 }' 2>&1)" "0 sessions and 0 static mappings restored, 0 not"
check "is well" on_gw2 restore <<<'{"entries": 0}'
on "$gw2" "$NFT" flush ruleset
refused "*this network namespace has neither a rule nor a device with state" \
	on_gw2 add mapping udp "[$client_ip]:7000" $pool:7000
check_match "not for everybody" "$(on "$gw2" setpriv --reuid=65534 --regid=65534 --clear-groups "$xlat" restore 2>&1 <<<'{"mapping": {}}')" \
	"xlat: restore: not permitted*"

# Masquerading, and ports for each session: they end with the address, restored as well.
on "$gw" "$NFT" flush ruleset
on_gw delete client ::/0 >/dev/null
on_gw delete mapping udp $pool:7000
on_gw delete mapping udp $pool:7005
on_gw delete mapping udp $pool:7011
check_eq "nothing is left" "$(on_gw save)" '{"entries": 0}'
ip -n "$gw" link set lan up
# a name that JSON has to escape
wan=$'w"\\\x01'
ip -n "$gw" link set wan name "$wan"
ip -n "$gw" link set "$wan" up
ip -n "$gw" addr add 2001:db8:c::1/64 dev lan nodad
to "$gw"
ip -n "$client6" neigh flush dev eth0
check "a ruleset" on "$gw" "$NFT" "table inet gw {
	chain pre { type filter hook prerouting priority dstnat
		udp dport 5353 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade mapping address-port-dependent
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global mtu 1400 masquerade; }; }"
check_match "a session with a mapping" "$(ask "$client6" tcp $dest64 8080)" "hello from $pool_ip *"
check_match "one without" "$(ask "$client6" udp $dest64 5353)" "hello from $pool_ip *"
of "$gw" >"$tmp/of"
mappings_of "$gw" >"$tmp/of3"
on_gw save >"$tmp/saved"
check_match "the uplink is saved by its name" "$(<"$tmp/saved")" '*"mtu": 1400*"uplink": "w\\"\\\\\\u0001"*'
on_gw delete client ::/0 >/dev/null
check_eq "both are restored" "$(on_gw restore <"$tmp/saved" 2>&1)" "2 sessions and 0 static mappings restored, 0 not"
check "as they were" diff "$tmp/of" <(of "$gw")
check "the mapping too" diff "$tmp/of3" <(mappings_of "$gw")
check_match "not where the address is not" "$(sed "s/\"$pool_ip\"/\"192.0.2.9\"/g" "$tmp/saved" | on_gw restore 2>&1)" \
	"*masquerading, and the address is none of this host*0 sessions*2 not"
check_match "nor the device" "$(sed 's/"uplink": "[^,}]*"/"uplink": "wan9"/' "$tmp/saved" | on_gw restore 2>&1)" \
	"*wan9: no such device*0 sessions*2 not"
ip -n "$gw" addr del $pool_ip/24 dev "$wan"
# shellcheck disable=SC2317 # called by wait_for
none_left() { [ -z "$(of "$gw")" ]; }
check "they end with the address" wait_for 20 none_left
ip -n "$gw" addr add $pool_ip/24 dev "$wan"
on "$gw" "$NFT" flush ruleset

# Static mappings end with their namespace, and with the module.
check "a ruleset" on "$gw" "$NFT" -f "$here/rulesets/nat64.nft"
for i in 1 2 3; do # of a rule that is not there
	on_gw add mapping udp "[$client_ip]:800$i" $pool:800$i prefix 64:ff9b::/96 range $pool || fail "mapping $i"
done
if ! is_debug; then
	python3 -ISc 'for i in range(65534):
	print("""{"mapping": {"client": "2001:db8:c::3", "client_port": %d, "address": "203.0.113.2", "port": %d, "protocol": 6, "prefix": "64:ff9b::", "pool_min": "203.0.113.2"}}""" % (i + 1, i + 1))' >"$tmp/many"
	check_eq "a namespace has 65536 at most" "$(on_gw restore <"$tmp/many" 2>"$tmp/err")" \
		"0 sessions and 65533 static mappings restored, 1 not"
	check_match "it says" "$(<"$tmp/err")" \
		"*line 65534: this network namespace has as many static mappings as it may have*"
	check "one less" on_gw delete mapping udp $pool:8001
	check_eq "is one more" "$(tail -n 1 "$tmp/many" | on_gw restore)" "0 sessions and 1 static mappings restored, 0 not"
	check_eq "the counter has them" "$(counter Bib)" 65536
fi
ip netns del "$gw2"
on "$gw" "$NFT" flush ruleset
on_gw delete client ::/0 >/dev/null
modprobe -q -r nf_xlat_dev
wait_for 20 modprobe -r nft_xlat_flow nft_xlat
modprobe -q -r nf_xlat_flow
check "the module goes with them" wait_for 60 modprobe -r nf_xlat_ct
modprobe nft_xlat

done_testing
