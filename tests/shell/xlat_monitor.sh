#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# xlat monitor: each mapping and session that begins or ends is told once, to who may hear it,
# and so is what was lost.
#
#	client6 ---- gw ---- server4
#	client7 -----/
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack ping setpriv unshare
xlat=$top/build/xlat/xlat
[ -x "$xlat" ] || skip "needs the program xlat (make tool)"

# monitor FILE WORD...: what it prints goes to $tmp/FILE, from when on it listens; it is $pid
monitor()
{
	background "$gw" "$xlat" monitor "${@:2}" >"$tmp/$1" 2>"$tmp/$1.err"
	pid=$!
	monitors+=("$pid")
	wait_for 20 grep -q start "$tmp/$1" || fail "monitor ${*:2}: $(<"$tmp/$1.err")"
}
# quiet: nobody listens any more
quiet() { kill "${monitors[@]}"; wait "${monitors[@]}"; monitors=(); } 2>/dev/null
# told FILE PATTERN: such a line comes
# shellcheck disable=SC2317 # called by check
told() { wait_for 30 grep -q -- "$2" "$tmp/$1"; }
# lines FILE PATTERN: how many have come
lines() { grep -c -- "$2" "$tmp/$1"; }
flush() { on "$gw" conntrack -F >/dev/null 2>&1; }
# nat64 [WORD...]: the rule, and one that drops what is for port 9
nat64()
{
	check "$*: ruleset loads" on "$gw" "$NFT" "flush ruleset; table inet gw {
		chain pre {
			type filter hook prerouting priority dstnat
			ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 non-global masquerade $*
			ip daddr $pool_ip tcp dport 8022 xlat 4to6 prefix $pref64/96 non-global dnat to [$client_ip]:22
		}
		chain forward {
			type filter hook forward priority filter
			udp dport 9 drop
		}
	}"
}

monitors=()
setup_topo
beyond "$gw" lan7 client7 2001:db8:d::
serve "$server4" tcp4:8080 udp4:5353
# so that no late packet of a connection that was flushed begins another session
on "$gw" sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_tcp_loose=0
nat64 || done_testing
pool64=$pref64$pool_ip

monitor all
monitor json --json
monitor mappings mappings proto udp
monitor peer peer :8080
monitor client client 2001:db8:d::/64
monitor pool sessions "$pool_ip/32" proto tcp
monitor "no" pool 192.0.2.0/32

date +%s >"$tmp/began"
ask "$client6" udp $server64 5353 >/dev/null
ask "$client6" tcp $server64 8080 >/dev/null
check "a session begins" told all "begin session tcp .*$server_ip:8080"
check_match "a mapping, with its time" "$(grep "begin mapping udp" "$tmp/all")" \
	"20[0-9][0-9]-??-?? ??:??:??.???[+-]???? begin mapping udp \[$client_ip\]:* $pool_ip:*"
check_match "a session" "$(grep "begin session udp" "$tmp/all")" \
	"* begin session udp \[$client_ip\]:* $pool_ip:* $server_ip:5353"
flush
check "and ends" told all "end   session tcp"
check "its mapping too" told all "end   mapping tcp"
check_match "with what it had" "$(grep "end   session udp" "$tmp/all")" "*$server_ip:5353 1+1 packets, 54+* bytes"
check_match "and for how long" "$(grep "end   mapping udp" "$tmp/all")" "* after [0-9]*s"
check_eq "in this order" "$(sed -n 's/^.\{29\}\([a-z]* *[a-z]*\) udp.*/\1/p' "$tmp/all" | tr -s '\n ' ' ')" \
	"begin mapping begin session end session end mapping "

# As the next events are told to each monitor in turn, the earlier ones have been by then.
on "$client7" ping -c 1 -W 5 $server64 >/dev/null
flush
for i in all json client; do
	check "$i: a ping of another client ends" told $i 'end.*mapping.*icmp' || cat "$tmp/$i"
done
ask "$client6" udp $server64 5353 >/dev/null
check "the next mapping" told mappings "begin mapping.*"
monitor is mappings
monitor isjson mappings --json
check_match "who begins to listen gets what is there" "$(sed 1d "$tmp/is")" "* is    mapping udp \[$client_ip\]:* $pool_ip:* after *s"
check_match "in JSON" "$(sed 1d "$tmp/isjson")" '*"event": "is", "mapping": {*"age": *'
check_eq "filter: mappings of a protocol" "$(lines mappings "mapping udp") $(lines mappings session)" "3 0"
check_eq "a peer" "$(lines peer session) $(lines peer mapping)" "2 0"
check_eq "a client" "$(lines client icmp) $(lines client .)" "4 5"
check_eq "sessions with an address of the pool" "$(lines pool 'session tcp') $(lines pool .)" "2 3"
check_eq "nobody's address" "$(lines "no" .)" 1
python3 -ISc 'import json, sys
for line in open(sys.argv[1]):
	e = json.loads(line)
	if e["event"] == "start":
		continue
	now = int(open(sys.argv[2]).read())
	assert now <= e["time"] < now + 3600, e
	kind = "mapping" if "mapping" in e else "session"
	o = e[kind]
	if o["protocol"] == "udp" and len(sys.argv) > 3:
		sys.argv.pop()
		print(e["event"], kind, o["client"]["address"], o["pool"]["address"], *sorted(o))' \
	"$tmp/json" "$tmp/began" once >"$tmp/out" 2>&1
check_eq "JSON: an object in a line, without a destination" "$(<"$tmp/out")" \
	"begin mapping $client_ip $pool_ip client client_zone pool protocol zone"
check_eq "JSON: of a session" "$(grep '"end", "session".*"udp"' "$tmp/json" | head -n 1 | grep -o '"peer": {[^}]*}\|"packets": {[^}]*}')" \
	"\"peer\": {\"address\": \"$server_ip\", \"port\": 5353}
\"packets\": {\"from_client\": 1, \"to_client\": 1}"
flush
quiet

# What rules do with the first packet
monitor filtered
on "$client6" bash -c "echo >/dev/udp/$server64/9"
ask "$client6" udp $server64 5353 >/dev/null
check "the next session begins" told filtered "begin session"
check_eq "a mapping whose packet a rule drops has no events" "$(lines filtered mapping) $(lines filtered session)" "1 1"
flush

# Begun by IPv4, and between two clients, of which both ends translate the first packet
monitor ways
port=$(python "$client6" crowd call udp $server64 5353 1 4000 | sed -n "s/^from $pool_ip //p")
serve "$client6" tcp6:22 udp6:4000
ask "$server4" tcp $pool_ip 8022 >/dev/null
check "a port forward" told ways "begin session tcp \[$client_ip\]:22 $pool_ip:8022 $server_ip:[0-9]* in"
check_match "a hairpin by a mapping" "$(ask "$client7" udp "$pool64" "$port")" "hello from *"
check_match "a hairpin by a rule" "$(ask "$client7" tcp "$pool64" 8022)" "hello from *"
flush
for what in "session udp .* hairpin" "session tcp .* hairpin" "session tcp .* in" "mapping udp .*$client_ip\]:4000"; do
	check "ends: $what" told ways "end   $what"
	check_eq "each was told once" "$(lines ways "begin $what") $(lines ways "end   $what")" "1 1"
done

# many at once: each begins and ends once; also in the log of xlat-log.service
n=300
nat64 random
monitor many --json
read -ra words < <(sed -n 's,^ExecStart=[^ ]*/xlat monitor ,,p' "$top/packaging/xlat-log.service")
monitor log "${words[@]}"
check_eq "sessions" "$(python "$client6" crowd call udp $server64 5353 $n 20000 | grep -c from)" $n
flush
# shellcheck disable=SC2016 # for eval
check "the last one ends" wait_for 30 eval '[ $(grep -c "\"end\", \"mapping\"" "$tmp/many") = $n ]'
check_eq "all of them, once" "$(python3 -ISc 'import json, sys
seen = {}
for line in open(sys.argv[1]):
	e = json.loads(line)
	for kind in "mapping", "session":
		if kind in e:
			o = e[kind]
			key = kind, o.get("id"), o["client"]["port"], o["pool"]["port"]
			seen.setdefault(key, []).append(e["event"])
print(sorted((kind, sum(k[0] == kind and v == ["begin", "end"] for k, v in seen.items())) for kind in ("mapping", "session")),
	[v for v in seen.values() if v != ["begin", "end"]])' "$tmp/many")" \
	"[('mapping', $n), ('session', $n)] []"

# shellcheck disable=SC2016 # for eval
check "the log has them as well" wait_for 30 eval '[ $(lines log "\"end\"") = $n ]'
check_eq "and nothing else" "$(lines log '"begin", "mapping"') $(lines log .)" "$n $((2 * n + 1))"
port=$(sed -n 's/.*"end".*"port": \([0-9]*\)}, "age".*/\1/p' "$tmp/log" | head -n 1)
check_eq "who had a port" "$(grep -F "\"pool\": {\"address\": \"$pool_ip\", \"port\": $port}" "$tmp/log" |
	grep -o '"begin"\|"end"\|"client": {"address": "[^"]*"' | tr '\n' ' ')" \
	"\"begin\" \"client\": {\"address\": \"$client_ip\" \"end\" \"client\": {\"address\": \"$client_ip\" "
echo "# log: $(($(wc -c <"$tmp/log") / n)) bytes for a mapping, $(($(gzip -c "$tmp/log" | wc -c) / n)) by gzip"

# Without a mapping: who did not hear the begin does not hear the end, as of conntrack's events
quiet
background "$server4" "$xlat" monitor >"$tmp/foreign" 2>&1
monitors+=($!)
check "a listener of another namespace" told foreign start
nat64 mapping address-port-dependent
check_eq "nobody hears of a session" "$(python "$client6" crowd call udp $server64 5353 1 31000 | grep -c from)" 1
monitor ports
ask "$client6" udp $server64 5353 >/dev/null
flush
check "a session with a port of its own" told ports "end   session udp"
check_eq "its begin and its end, no mapping" "$(lines ports "begin session") $(lines ports mapping)" "1 0"
ask "$client6" udp $server64 5353 >/dev/null
# shellcheck disable=SC2016 # for eval
check "the next one" wait_for 30 eval '[ $(lines ports "begin session udp") = 2 ]'
check_eq "not that of an earlier one" "$(lines ports 31000)" 0
nat64

# By a device
if [ -e "$top/build/ip/link_xlat.so" ] && modprobe -q nf_xlat_dev; then
	on "$gw" "$NFT" delete table inet gw
	check "a device" env IP_LIB_DIR="$top/build/ip" ip -n "$gw" link add xlat0 up type xlat \
		prefix $pref64/96 non-global masquerade
	monitor device --json
	ask "$client6" udp $server64 5353 >/dev/null
	check "its session" told device '"begin", "session".*"device": "xlat0"'
	check "its mapping" told device '"begin", "mapping"'
	flush
	check "end" told device '"end", "mapping"'
	ip -n "$gw" link del xlat0
	nat64
else
	echo "# SKIP: devices: no plugin of ip, or no nf_xlat_dev"
fi

# Who may hear
# refused STATUS TEXT COMMAND...
refused()
{
	"${@:3}" >"$tmp/out" 2>"$tmp/err" </dev/null
	check_eq "${*:5} fails" "$?" "$1"
	check_match "and says why" "$(<"$tmp/err")" "$2"
}
chmod 755 "$tmp"
cp "$xlat" "$tmp/xlat"
refused 1 "xlat: monitor: not permitted: it needs CAP_NET_ADMIN*" \
	on "$gw" setpriv --reuid=65534 --regid=65534 --clear-groups "$tmp/xlat" monitor
refused 2 'xlat: mappings have no "peer"' on "$gw" "$xlat" monitor mappings peer :80
refused 2 'xlat: sessions begin outside of the fast path*' on "$gw" "$xlat" monitor fast
refused 2 'xlat: "mapping" is no address*' on "$gw" "$xlat" monitor mapping
background "$gw" unshare -rn "$xlat" monitor >"$tmp/root" 2>&1
background "$server4" "$xlat" monitor >"$tmp/other" 2>&1
for i in root other; do
	check "another namespace, $i: he may listen" told $i start
done
monitor last
ask "$client6" udp $server64 5353 >/dev/null
flush
check "events" told last "end   mapping"
check_eq "not for other namespaces" "$(lines root .) $(lines other .)" "1 1"

# Their number is bounded.
quiet
for i in {1..16}; do monitor "of16-$i"; done
refused 1 "xlat: monitor: 16 sockets of this network namespace listen already" on "$gw" "$xlat" monitor
quiet
monitor again
quiet

# What cannot be written
background "$gw" "$xlat" monitor >/dev/full 2>"$tmp/full"
check "a full disk ends it" wait_for 20 grep -q "cannot write" "$tmp/full"

# More than a reader takes
flood()
{
	on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for port in range(10000, 18000):
	s.sendto(b"", (sys.argv[1], port))' $server64
	flush
}
monitor lost
kill -STOP $pid
flood
kill -CONT $pid
check "what is lost is told" told lost " lost"
check_match "also to the terminal" "$(<"$tmp/lost.err")" "xlat: monitor: events were lost*"
# until he has read what there was, more is lost
# shellcheck disable=SC2317 # called by check
later() { ask "$client6" tcp $server64 8080 >/dev/null; grep -q "begin session tcp" "$tmp/lost"; }
check "and what comes later" wait_for 30 later
check_eq "in this order" "$(grep -o 'lost\|begin session tcp' "$tmp/lost" | uniq | tr '\n' ' ')" "lost begin session tcp "
flush
quiet

# Who is told that a session begins, and asks for it at once, gets its mapping: the kernel makes him
# wait for that, but not where there is none.
nat64 mapping address-port-dependent
for who in nobody somebody; do
	[ $who = nobody ] || monitor unmapped
	python "$client6" flood udp $client_ip 20000-20049 $server64 9999 50 >/dev/null
	read -r n waits < <(python "$gw" netlink_new get)
	check "$who listens: 50 sessions without a mapping: $waits waits for $n" [ "$n" = 50 -a "$waits" -lt 25 ]
	flush
done
# shellcheck disable=SC2016 # for eval
check "each begins and ends" wait_for 30 eval \
	'[ "$(lines unmapped "begin session") $(lines unmapped "end   session")" = "50 50" ]'
quiet

# More than the kernel keeps: whoever listens is told that events were lost, but not for each, as
# that costs a look at all sockets that listen to anything.
nat64 random
background_python "$gw" overrun 200 "$tmp/ready" "$tmp/done" >"$tmp/overrun"
pid=$!
wait_for 20 test -e "$tmp/ready" || fail "overrun does not listen"
python "$client6" flood udp $client_ip 20000-39999 $server64 9999 20000 >/dev/null
touch "$tmp/done"
wait $pid
read -r events errors <"$tmp/overrun"
echo "# 20000 sessions: $events events, $errors errors"
check "that events are lost is told, a few times" [ "$errors" -ge 1 -a "$errors" -le 100 ]
flush

# The module goes
monitor gone
ask "$client6" udp $server64 5353 >/dev/null
check "a session" told gone "begin session"
on "$gw" "$NFT" flush ruleset
modprobe -q -r nf_xlat_dev
wait_for 20 modprobe -r nft_xlat_flow nft_xlat
check "the module goes" wait_for 20 modprobe -r nf_xlat_ct
check_not "monitor ends" wait $pid
check_eq "after the session, and the mapping" "$(lines gone "end   session") $(lines gone "end   mapping")" "1 1"
check_eq "and says why" "$(<"$tmp/gone.err")" "xlat: monitor: nf_xlat_ct was unloaded"
modprobe nft_xlat

# It goes when what tells so is lost as well.
nat64
monitor deaf
kill -STOP $pid
flood
on "$gw" "$NFT" flush ruleset
wait_for 20 modprobe -r nft_xlat_flow nft_xlat
check "the module goes, and comes again" wait_for 20 modprobe -r nf_xlat_ct
modprobe nft_xlat
kill -CONT $pid
check "a monitor that has lost events learns of it" wait_for 30 grep -q "nf_xlat_ct was unloaded" "$tmp/deaf.err"
check "and has said so" told deaf " lost"

done_testing
