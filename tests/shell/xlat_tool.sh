#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The program xlat and the family nf-xlat of generic netlink: sessions, mappings, pools and
# counters, what filters let through, who may ask, and dumps while sessions come and go.
. "$(dirname "$0")/lib.sh"

need python3 conntrack ping setpriv unshare
[ -x "$top/build/xlat/xlat" ] || skip "needs the program xlat (make tool)"

# It looks for nft beside itself.
mkdir "$tmp/sbin"
cp "$top/build/xlat/xlat" "$tmp/sbin"
chmod 755 "$tmp"
xlat=$tmp/sbin/xlat
on_gw() { on "$gw" "$xlat" "$@"; }
# json EXPRESSION COMMAND...: of what the command says with --json, in d
json()
{
	local e=$1

	shift
	"$@" --json | python3 -ISc "import json, sys; d = json.load(sys.stdin); print($e)" 2>&1
}
# n COMMAND...: entries of its list
n() { on_gw "$@" --json | grep -c '"protocol": '; }
# shellcheck disable=SC2317 # called by check
says() { on_gw "${@:2}" >"$tmp/out" 2>&1; grep -qF -- "$1" "$tmp/out"; }
# refused STATUS TEXT COMMAND...
refused()
{
	local status=$1 said=$2

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	check_eq "${*:2} fails" "$?" "$status"
	check_match "and says why" "$(<"$tmp/err")" "$said"
}

# said: lines of ERROR: TEXT, as the kernel says them of a dump that it refuses to begin. On 6.1
# only generic netlink itself can tell the text, and who asks for what is no dump.
said() { if [[ $(uname -r) = 6.1.* ]]; then sed '/would end\|attribute/!s/: .*//'; else cat; fi; }
# why TEXT: what xlat says then
why() { if [[ $(uname -r) = 6.1.* ]]; then echo "Invalid argument"; else echo "$1"; fi; }

# what needs no kernel, and a disk without room
# shellcheck disable=SC2317 # called by refused
full() { "$@" >/dev/full; }
for i in --version --help "deterministic 1024 of 2001:db8::/59 range $pool_ip"; do
	# shellcheck disable=SC2086 # words
	check "$i" "$xlat" $i
	# shellcheck disable=SC2086 # words
	refused 1 "xlat: cannot write: No space left on device" full "$xlat" $i
done

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
on "$gw" sysctl -qw net.netfilter.nf_conntrack_acct=1
serve "$server4" tcp4:8080 udp4:5353
sport() { json 'd[0]["pool"]["port"]' on_gw sessions proto "$1"; }

check_match "a TCP session" "$(ask "$client6" tcp $server64 8080)" "hello from *"
check_match "a UDP session" "$(ask "$client6" udp $server64 5353)" "hello from *"
check "a ping" on "$client6" ping -c 1 -W 5 $server64

for i in sessions mappings; do
	check_eq "$i: all" "$(n $i)" 3
	for f in client\ $client_ip client\ 2001:db8:c::/64 pool\ $pool_ip $client_ip $pool_ip/24 \
		 pool\ 192.0.0.0/8; do
		# shellcheck disable=SC2086 # words
		check_eq "$i $f" "$(n $i $f)" 3
	done
	for f in client\ 2001:db8:c::3 client\ 2001:db8:d::/64 pool\ 192.0.2.0/32 2001:db8:c::/128 \
		 198.51.100.0/24 "client $client_ip proto sctp"; do
		# shellcheck disable=SC2086 # words
		check_eq "$i $f: none" "$(n $i $f)" 0
	done
	for p in tcp udp icmp 58; do
		check_eq "$i proto $p" "$(n $i proto "$p")" 1
	done
	port=$(sport udp)
	check_eq "$i by port of the pool" "$(n $i "pool" "$pool_ip:$port" proto udp)" 1
	check_eq "$i by any end" "$(n $i "$pool_ip:$port" proto udp)" 1
	check_eq "$i: not by another port" "$(n $i "$pool_ip:$((port - 1))" proto udp)" 0
done
check_eq "sessions by peer" "$(n sessions peer $server_ip)" 3
check_eq "by the peer that the client sees" "$(n sessions peer $server64)" 3
check_eq "by its port" "$(n sessions peer :8080)" 1
check_eq "any end's port" "$(n sessions "[$server64]:5353")" 1
check_eq "the fast path" "$(n sessions fast)" 0
check_eq "a session, by JSON" "$(json '[d[0][k] for k in ("protocol", "began", "state", "masquerade")] +
	[d[0]["client"]["address"], d[0]["pool"]["address"], d[0]["peer"], d[0]["peer6"]["address"]] +
	[d[0]["packets"]["from_client"], d[0]["packets"]["to_client"]]' on_gw sessions proto icmp |
	tr -d "' ")" "[icmp,ipv6,REPLIED,True,$client_ip,$pool_ip,{address:$server_ip,port:$(sport icmp)},64:ff9b::c000:202,1,1]"
check_match "and as text" "$(on_gw sessions proto udp | tail -n 1)" \
	"udp *s \[$client_ip\]:$port $pool_ip:$port $server_ip:5353"
check_eq "lines fit a terminal" "$(COLUMNS=60 on_gw sessions | awk 'length > 60')" ""
check_match "a mapping" "$(on_gw mappings proto udp | tail -n 1)" "udp *\[$client_ip\]:$port $pool_ip:$port 1 *s"
check_eq "pools" "$(json '[(p["address"], p["protocol"], p["ports"], p["clients"], p["sessions"]) for p in d]' on_gw pools)" \
	"[('$pool_ip', 'tcp', 1, 1, 1), ('$pool_ip', 'udp', 1, 1, 1), ('$pool_ip', 'icmp', 1, 1, 1)]"
check_match "as text" "$(on_gw pools proto udp | tail -n 1)" "$pool_ip udp *1 *1024-65535 0.0% 1 *1 *0"
check_eq "top" "$(json '[(c["client"], c["sessions"], c["ports"], c["bytes"] > 100) for c in d]' on_gw top)" \
	"[('$client_ip', 3, 3, True)]"
check_match "top bytes" "$(on_gw top bytes 1 | tail -n 1)" "3 *3 *$client_ip"

# status
on "$client6" ping -c 1 -W 1 64:ff9b::127.0.0.1 >/dev/null
check "status explains a counter" says "destination that may not be forwarded to (127.0.0.1" status
check_eq "and would each other one" "$(on "$gw" awk '{ print $1 }' /proc/net/nf_xlat | while read -r c; do
	grep -q "^	{ \"$c\", \"." "$top/build/xlat/counters.h" || echo "$c"; done)" ""
check "and needs nft for a check" says "no nft beside this program" status
check_eq "one source of counters" "$(json '"\n".join("%-24s\t%d" % c for c in d["counters"].items())' on_gw status)" \
	"$(on "$gw" cat /proc/net/nf_xlat)"
if [ -x "$NFT" ]; then
	printf '#!/bin/sh\nexec %s "$@"\n' "$NFT" >"$tmp/sbin/nft"
	chmod 755 "$tmp/sbin/nft"
	check "nft and the modules" says "nft and the modules understand each other" status
	on "$gw" "$NFT" 'add table inet rp; add chain inet rp c { type filter hook prerouting priority 0; }
		add rule inet rp c fib saddr . iif oif missing drop'
	check "a reverse path filter" says 'a rule asks "fib saddr . iif"' status
	on "$gw" "$NFT" delete table inet rp
	printf '#!/bin/sh\necho "no such word"; exit 1\n' >"$tmp/sbin/nft"
	check "an nft of another release" says "do not understand each other: no such word" status
	if command -v cc >/dev/null && cc -O2 -shared -fPIC -I"$top/include/uapi" -o "$tmp/later.so" "$here/later.c" -ldl; then
		printf '#!/bin/sh\nexport REV=0 LATER_IN=batch LD_PRELOAD=%s\nexec %s "$@"\n' "$tmp/later.so" "$NFT" >"$tmp/sbin/nft"
		check "an nft of another revision" says "Error: Could not process rule: Invalid argument; this nft and module nft_xlat do not match: install both of one release and load that module" status
	fi
	rm "$tmp/sbin/nft"
fi
check "no fault" on_gw status
on "$gw" sysctl -qw net.ipv6.conf.all.forwarding=0
check_not "forwarding is off: a fault" on_gw status
check "and it says so" says "fault sysctl net.ipv6.conf.all.forwarding is 0" status
check_eq "in JSON too" "$(json '[c["result"] for c in d["checks"] if "ipv6.conf" in c["text"]]' on_gw status)" "['fault']"
# Only some devices forward, of which IPv6 has no such sysctl before 6.17; or none needs to.
on "$gw" sysctl -qw net.ipv4.ip_forward=0
on "$gw" sysctl -qw net.ipv4.conf.lan.forwarding=1
check "a device that forwards is seen" says "note  sysctl net.ipv4.ip_forward is 0: only what comes in by some devices is forwarded (lan for one)" status
check "IPv6 has a fault still" says "fault sysctl net.ipv6.conf.all.forwarding is 0" status
on "$gw" sysctl -qw net.ipv4.conf.lan.forwarding=0
if on "$gw" sysctl -qw net.ipv6.conf.lan.force_forwarding=1 2>/dev/null; then
	check "one of IPv6" says "note  sysctl net.ipv6.conf.all.forwarding is 0: only what comes in by some devices is forwarded (lan for one)" status
	on "$gw" sysctl -qw net.ipv6.conf.lan.force_forwarding=0
fi
if [ -e "$top/build/ip/link_xlat.so" ] && modprobe -q nf_xlat_dev; then
	# xlat_link WORD...: "ip link" of the gateway, with the plugin
	xlat_link() { IP_LIB_DIR=$top/build/ip ip -n "$gw" link "$@"; }
	xlat_link add dev siit type xlat prefix 2001:db8:99::/96
	check_not "a device without \"host\" needs forwarding" on_gw status
	xlat_link add dev clat type xlat prefix 2001:db8:98::/96 host
	check "one with \"host\" does not" on_gw status
	check "and it says so" says 'note  sysctl net.ipv4.ip_forward is 0: nothing is forwarded, but by a device with "host", which there is' status
	xlat_link del siit
	xlat_link del clat
fi
router "$gw"
# 0 is no limit, up to 6.12.
max=$(sysctl -n net.netfilter.nf_conntrack_max)
if sysctl -qw net.netfilter.nf_conntrack_max=0 2>/dev/null; then
	check "conntrack without a limit" on_gw status
	sysctl -qw net.netfilter.nf_conntrack_max="$max"
else
	echo "# SKIP: nf_conntrack_max=0, which this kernel refuses"
fi

on_gw status --openmetrics >"$tmp/metrics"
check_eq "OpenMetrics" "$(python3 -IS "$here/openmetrics.py" <"$tmp/metrics")" "ok"
check_match "has packets" "$(grep '^xlat_packets' "$tmp/metrics" | tr '\n' ' ')" \
	"xlat_packets_total{from=\"ipv6\"} [1-9]* xlat_packets_total{from=\"ipv4\"} [1-9]* "
check "and the pool" grep -qF "xlat_pool_ports{address=\"$pool_ip\",protocol=\"udp\"} 1" "$tmp/metrics"

# words that are wrong
refused 2 'xlat: "sesions" is no command (see --help)' on_gw sesions
refused 2 'xlat: "--jsn" is no option (see --help)' on_gw sessions --jsn
refused 2 'xlat: "192.0.2" is no address' on_gw sessions pool 192.0.2
refused 2 'xlat: "33" in "192.0.2.1/33" is no length of a prefix' on_gw sessions 192.0.2.1/33
refused 2 'xlat: "65536" in "192.0.2.1:65536" is no port' on_gw sessions 192.0.2.1:65536
refused 2 'xlat: "tpc" is no protocol' on_gw sessions proto tpc
refused 2 'xlat: "client" without an address' on_gw sessions client
refused 2 'xlat: mappings have no "peer"' on_gw mappings peer 192.0.2.2
refused 1 "xlat: sessions: $(why "a client has an IPv6 address")" on_gw sessions client 192.0.2.1
refused 1 "xlat: mappings: $(why "a pool has IPv4 addresses")" on_gw mappings pool ::1
check_eq "what the kernel says of bad filters" "$(python "$gw" xlat_dump bad)" "$(said <<-'END'
	Invalid argument: a client has an IPv6 address
	Invalid argument: a pool has IPv4 addresses
	Invalid argument: an end has one address
	Numerical result out of range: longer than the address
	Numerical result out of range: longer than the address
	Invalid argument: an end has an address, a port or a zone
	Invalid argument: the filter asks for nothing, and all sessions would end
	Invalid argument: Unknown attribute type
	Numerical result out of range: binary attribute size out of range
	Invalid argument: mappings and blocks have neither a peer nor a fast path
	Invalid argument: mappings and blocks have neither a peer nor a fast path
	END
)"

# who may ask
# shellcheck disable=SC2317 # called by check
user() { on "$gw" setpriv --reuid=65534 --regid=65534 --clear-groups "$xlat" "$@"; }
refused 1 'xlat: sessions: not permitted: it needs CAP_NET_ADMIN in this network namespace (be root)' user sessions
refused 1 'xlat: mappings: not permitted*' user mappings
check "counters are for all" user status
check_eq "root of a namespace has his own" "$(json 'd' on "$gw" unshare -rn "$xlat" sessions)" "[]"
for i in sessions mappings pools top; do
	check_eq "$i: nothing of another namespace" "$(json 'd' on "$server4" "$xlat" $i)" "[]"
done
check_eq "nor do counters show it" "$(json 'sum(d["counters"].values())' on "$client6" "$xlat" status)" 0

# what it ends
refused 2 'xlat: "delete" needs a filter*' on_gw delete
refused 1 'xlat: delete: not permitted*' user delete proto tcp
check_eq "sessions of another port are not ended" "$(on_gw delete "pool" "$pool_ip:$((port - 1))" proto udp)" "0 sessions deleted"
check_eq "one is, by its IPv4 half" "$(on_gw delete "pool" "$pool_ip:$port" proto udp)" "1 sessions deleted"
check_eq "that one" "$(n sessions) $(n sessions proto udp)" "2 0"
check_eq "its mapping goes with it" "$(n mappings proto udp)" 0
check_eq "no other namespace's" "$(json 'd' on "$server4" "$xlat" delete client ::/0)" "{'deleted': 0}"
check_eq "all" "$(json 'd' on_gw delete client ::/0)" "{'deleted': 2}"
check_eq "none is left" "$(n sessions)" 0

# a pool of four ports, of six who want one
if [ -x "$NFT" ]; then
	on "$gw" "$NFT" "flush ruleset; table inet gw { chain pre { type filter hook prerouting priority dstnat
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global snat to $pool_ip:5000-5003; }; }"
	no_port=$(counter DropNoPort)
	on "$client6" python3 -ISc 'import socket, sys
for port in range(20000, 20006):
	s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	s.bind(("", port))
	s.sendto(b"", (sys.argv[1], 5353))' $server64
	# shellcheck disable=SC2317 # called by wait_for
	four_and_two() { [ "$(n sessions proto udp) $(counter DropNoPort)" = "4 $((no_port + 2))" ]; }
	check "four have one, two have none" wait_for 10 four_and_two
	check_eq "pools: who failed" "$(json '[(p["protocol"], p["ports"], p["size"], p["failed"]) for p in d]' on_gw pools)" \
		"[('udp', 4, 4, 2)]"
	check_match "as text" "$(on_gw pools proto udp | tail -n 1)" "$pool_ip udp *4 *5000-5003 100.0% 1 *4 *2"
	check_eq "as metrics" "$(on_gw status --openmetrics | grep '^xlat_pool_failures_total')" \
		"xlat_pool_failures_total{address=\"$pool_ip\",protocol=\"udp\"} 2"
	on "$client6" ping -c 1 -W 5 $server64 >/dev/null
	check_eq "what the kernel counts" "$(python "$gw" xlat_dump pools)" "$pool_ip 17 4 2
$pool_ip 1 1 0"
	check_match "not for everybody" "$(user pools 2>&1)" "xlat: pools: not permitted*"
	on_gw delete client ::/0 >/dev/null
	check_eq "and forgets" "$(python "$gw" xlat_dump pools)" ""
	on "$gw" "$NFT" flush ruleset
	check "ruleset loads" ruleset nat64
fi

# Two first packets of a socket at once, each with a port of its own: conntrack has the second
# entry in its table by its reply only, for a second (IPS_NAT_CLASH).
clashes=10100
# shellcheck disable=SC2317 # called by wait_for
clash()
{
	local user

	clashes=$((clashes + 1))
	rm -f "$tmp/ready"
	background_python "$gw" nfqueue "$tmp/ready" two -
	user=$!
	wait_for 10 test -e "$tmp/ready"
	on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[2])))
for i in range(2):
	s.sendto(b"", (sys.argv[1], 7))' $server64 $clashes
	wait $user
	[ "$(n sessions client :$clashes)-$(on_gw delete client :$clashes)" = "2-2 sessions deleted" ]
}
if [[ $(uname -r) = 6.1.* ]]; then
	echo "# no clash: nf_conntrack_update() of 6.1 gives the second packet the entry of the first"
elif [ -x "$NFT" ] && modprobe -qa nfnetlink_queue nft_queue; then
	on "$gw" "$NFT" "flush ruleset; table inet gw {
		chain first { type filter hook prerouting priority mangle; meta nfproto ipv6 udp dport 7 queue flags bypass to 0; }
		chain pre { type filter hook prerouting priority dstnat
			ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade fully-random mapping address-port-dependent; }; }"
	check "both sessions of a clash are shown, and deleted" wait_for 30 clash

	# The second entry of a clash has the original tuple of the first: no flow is made of it.
	on "$gw" "$NFT" "table inet gw { flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
		chain forward { type filter hook forward priority filter; ct state established xlat flow add @ft; }; }"
	# clash_ports: from which ports of the gateway a client's datagrams come: of the first, of
	# the second, which is answered, and of the next. Like clash(), it does not always find one.
	# shellcheck disable=SC2317 # called by wait_for
	clash_ports()
	{
		local user server

		rm -f "$tmp/ready" "$tmp/ports"
		background_python "$gw" nfqueue "$tmp/ready" two -
		user=$!
		background "$server4" timeout 10 python3 -ISc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7))
print("ready", flush=True)
came = [s.recvfrom(9)[1] for i in range(2)]
s.sendto(b"", came[1])
came.append(s.recvfrom(9)[1])
print(*(port for _, port in came))' >"$tmp/ports"
		server=$!
		wait_for 10 test -e "$tmp/ready" && wait_for 10 test -s "$tmp/ports"
		on "$client6" timeout 10 python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in range(2):
	s.sendto(b"", (sys.argv[1], 7))
s.recvfrom(9)
s.sendto(b"", (sys.argv[1], 7))' $server64
		wait $user
		wait $server
		read -r one two next < <(tail -n 1 "$tmp/ports")
		[ "$next" ] && [ "$one" != "$two" ]
	}
	check "a clash" wait_for 30 clash_ports
	echo "# ports $one $two $next"
	check_eq "the next by the port of the first" "$next" "$one"
	on "$gw" conntrack -F 2>/dev/null
	on "$gw" "$NFT" flush ruleset
	check "ruleset loads" ruleset nat64
fi

# dumps while sessions come and go
crowd() { python "$client6" crowd call udp $server64 5353 "$1" "$2" | grep -c from; }
# begin WHAT SIZE: a dump, up to its first message
begin()
{
	rm -f "$tmp/pause" "$tmp/go"
	background_python "$gw" xlat_dump "$1" "$2" "$tmp/pause" "$tmp/go" >"$tmp/dumped"
	dump=$!
	wait_for 20 test -e "$tmp/pause" || fail "the dump does not begin"
}
# end: go on with it, up to its end; $all $once $stay $how as xlat_dump has them
end()
{
	touch "$tmp/go"
	wait "$dump"
	read -r all once stay how <"$tmp/dumped"
}
many=900
check_eq "sessions that stay" "$(crowd $many 20000)" $many
check_eq "and that go" "$(crowd 300 10000)" 300
check_eq "all of them" "$(n sessions client :10007)-$(n sessions proto udp)" "1-$((many + 300))"
new=11000
for i in sessions mappings; do
	begin $i 4096
	on "$gw" conntrack -D -p udp --orig-port-src 10000 >/dev/null 2>&1
	check_eq "$i go and come" "$(crowd 100 "$new")" 100
	for p in 10001 10002 10003 10004 10005; do
		on "$gw" conntrack -D -p udp --orig-port-src $p >/dev/null 2>&1
	done
	end
	new=12000
	if [ "$how" = whole ]; then
		check_eq "$i: each that stays, once" "$all $stay" "$once $many"
	else
		check_eq "$i: the table was resized, which was told" "$how" resized
	fi
done

begin mappings 4096
check_eq "a dump that stands at a mapping is none of its sessions" \
	"$(json 'sorted({m["sessions"] for m in d})' on_gw mappings)" \
	"[1]"
end

# The table of mappings grows. The dump begins anew and says so, and each that stays comes.
begin mappings 4096
check_eq "the table grows" "$(crowd 2000 30000)" 2000
end
check_eq "which a dump says, and has each mapping that stays" "$how $stay" "resized $many"

# few buckets: more in each than a message holds
buckets=$(sysctl -n net.netfilter.nf_conntrack_buckets)
# shellcheck disable=SC2064 # as it is now
trap "sysctl -qw net.netfilter.nf_conntrack_buckets=$buckets; cleanup" EXIT
begin sessions 4096
check "conntrack's table is resized" sysctl -qw net.netfilter.nf_conntrack_buckets=64
end
check_eq "and the dump says so" "$how" resized
all=$(n sessions)
check_eq "buckets of several messages" "$(python "$gw" xlat_dump sessions 4096)" "$all $all $many whole"

# the module waits for a dump
on "$gw" conntrack -F >/dev/null 2>&1
check_eq "no session, no mapping" "$(n sessions) $(n mappings)" "0 0"
check_eq "sessions for a dump" "$(crowd 50 20000)" 50
begin sessions 4096
on "$gw" "$NFT" flush ruleset 2>/dev/null || ruleset flush
modprobe -q -r nf_xlat_dev
wait_for 20 modprobe -r nft_xlat_flow nft_xlat
check_not "a module with a dump stays" modprobe -r nf_xlat_ct
end
check_eq "the dump has its end" "$all $once $stay" "50 50 50"
check "then the module goes" wait_for 20 modprobe -r nf_xlat_ct
refused 1 'xlat: sessions: the kernel has no family nf-xlat*' on_gw sessions
modprobe nft_xlat

done_testing
