#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two gateways, keepalived and conntrackd: docs/guides/failover.md, as it stands there. One is cut off, and
# sessions go on by the other one, with their ports; back; a standby that starts anew asks for them.
. "$(dirname "$0")/failover.inc"

need keepalived
many=1000
is_debug && many=50

prepare < <(text failover nft)
keepalive a
check "a is the master" master a
keepalive b
sleep 2

# Who is there
serve "$server4" tcp4:8080 udp4:5353
serve "$client6" tcp6:8080
background_python "$server4" failover sink 9100
listening "$server4" tcp 9100
hold "$client6" tcp $server64 8080 $many 20000 "$tmp/t" tcp
wait_for 60 test -e "$tmp/t/tcp.0"
# They cannot have the ports that they have at home, as the others have them.
hold "$client6" tcp $server64 8080 $((many / 10)) 20000 "$tmp/t" other 2001:db8:c::3
hold "$client6" udp $server64 5353 $((many / 5)) 20000 "$tmp/t" udp
hold "$server4" tcp 203.0.113.14 80 20 30000 "$tmp/t" forward
hold "$client6" tcp $server_ip 8080 20 20000 "$tmp/t" nat44
# In these the server speaks first: they do not begin anew by themselves.
for p in tcp udp; do
	background_python "$server4" failover pusher $p 9200 "$tmp/t" >>"$tmp/holders"
	listening "$server4" $p 9200
	background_python "$client6" failover pushed $p $server64 9200 50 "$tmp/t" pushed-$p >>"$tmp/holders"
done
background_python "$client6" failover hairpin $server64 5353 $pref64 "$tmp/t" hairpin
background_python "$client6" failover stream $server64 9100 "$tmp/t" stream
background "$client6" ping -D -i 0.1 -c 100000 $server64 >"$tmp/pings"
pinger=$!
names="pushed-tcp pushed-udp tcp other udp forward nat44"
# all_answered PHASE WHAT
all_answered()
{
	wait_for 90 done_in "$1"
	check_eq "$2: TCP" "$(cat "$tmp/t/tcp.$1")" "$many of $many"
	check_eq "$2: TCP of another client" "$(cat "$tmp/t/other.$1")" "$((many / 10)) of $((many / 10))"
	for p in tcp udp; do
		check_eq "$2: $p, and the server speaks first" "$(cat "$tmp/t/pushed-$p.$1")" "50 of 50"
	done
	check_eq "$2: UDP" "$(cat "$tmp/t/udp.$1")" "$((many / 5)) of $((many / 5))"
	check_eq "$2: a port forward" "$(cat "$tmp/t/forward.$1")" "20 of 20"
	check_eq "$2: NAT44" "$(cat "$tmp/t/nat44.$1")" "20 of 20"
	check_eq "$2: a hairpin" "$(cat "$tmp/t/hairpin.$1")" answered
}
all_answered 0 "sessions by a"
on "$gw" "$top/build/xlat/xlat" sessions --json >"$tmp/sessions"
check "some are on the fast path" grep -q '"fast_path": true' "$tmp/sessions"

# shellcheck disable=SC2317 # called by wait_for
all_there() { [ "$(entries "$1" external)" = "$(entries "$2" internal)" ] && [ "$(entries "$1" external)" -ge $((many + many / 10 + many / 5 + 40)) ]; }
check "b knows all of them" wait_for 30 all_there b a || { ctd a -s; ctd b -s; }
check_eq "its kernel has none" "$(on "$gw2" "$top/build/xlat/xlat" sessions --json)" "[]"
check_eq "nothing was malformed" "$(ctd b -s network | awk '/Malformed/ { s += $NF } END { print s }')" 0
mappings_of "$gw" >"$tmp/mappings"

# gap FROM: the longest time without a ping's answer since that line, in ms
gap() { tail -n +"$1" "$tmp/pings" | sed -n 's/^\[\([0-9.]*\)\].*bytes from.*/\1/p' | awk 'p && $1 - p > g { g = $1 - p } { p = $1 } END { printf "%d", g * 1000 }'; }

# The gateway is cut off.
from=$(wc -l <"$tmp/pings")
ip -n "$client6" link set to_a down
ip -n "$server4" link set to_a down
check "b is the master" master b
check "and has made the sessions" wait_for 30 has_committed b 1
touch "$tmp/t/go1"
all_answered 1 "sessions by b"
on "$gw2" "$top/build/xlat/xlat" sessions --json >"$tmp/sessions2"
check "some are on the fast path there" grep -q '"fast_path": true' "$tmp/sessions2"
mappings_of "$gw2" >"$tmp/mappings2"
check_eq "each mapping is there, with its port" "$(comm -23 "$tmp/mappings" "$tmp/mappings2" | head -n 2)" ""
grep -h "Committed\|can't be\|commit has" "$tmp/b/log/conntrackd.log" | sed 's/^/# /'
check_not "all could be made" grep -q "can't be committed" "$tmp/b/log/conntrackd.log"
wait_for 10 sh -c "[ \$(tail -n +$from $tmp/pings | grep -c 'bytes from') -gt 5 ]" || fail "pings go on"
echo "# no answer for $(gap "$from") ms"
# Another client with the same source ports has others, now that all of the first are there.
python "$client6" crowd call tcp $server64 8080 100 20000 2001:db8:c::4 >"$tmp/crowd"
check_eq "new sessions" "$(tail -n 1 "$tmp/crowd")" "100 of 100 answered" || head -n 5 "$tmp/crowd"
sed -n 's/^from //p' "$tmp/crowd" | sort - "$tmp"/t/{tcp,other}.peers >"$tmp/ports"
check_eq "no port is given out twice" "$(uniq -d "$tmp/ports")" ""
check_match "inbound works" "$(ask "$server4" tcp 203.0.113.14 80)" "hello from ${pref64}c000:202 *"

# It comes back, as the standby, and knows what has begun meanwhile.
ip -n "$client6" link set to_a up
ip -n "$server4" link set to_a up
check "a knows all of b's" wait_for 60 all_there a b || { ctd a -s; ctd b -s; }

# The other one goes, on purpose.
from=$(wc -l <"$tmp/pings")
kill "$(<"$tmp/b/run/vrrp.pid")" 2>/dev/null || kill "$(<"$tmp/b/run/k.pid")"
check "a is the master again" master a
check "and has made the sessions again" wait_for 30 has_committed a 2
touch "$tmp/t/go2"
all_answered 2 "sessions by a again"
echo "# no answer for $(gap "$from") ms"
grep -h "Committed\|can't be\|commit has" "$tmp/a/log/conntrackd.log" | sed 's/^/# /'

# A standby that starts anew
stop_conntrackd b
start=$(date +%s%N)
start_conntrackd b
check "a standby that starts anew asks for all" wait_for 60 all_there b a || { ctd a -s; ctd b -s; }
echo "# $(entries b external) sessions in $((($(date +%s%N) - start) / 1000000)) ms"

touch "$tmp/t/stop"
wait_for 30 test -s "$tmp/t/stream"
check_match "a stream has arrived as a whole" "$(cat "$tmp/t/stream")" "[1-9]* [1-9]*"
read -r sent came <"$tmp/t/stream"
check_eq "each byte of it" "$came" "$sent"
kill $pinger
stop_all
done_testing
