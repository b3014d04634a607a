#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bulk transfer between two gateways: a standby that starts anew is told of all sessions, and makes all of them
# when it becomes the master. SESSIONS says how many (2000); 100000 are for
#	SESSIONS=100000 tests/lab run -m 2G -e SESSIONS uml -- tests/shell/failover_bulk.sh | grep '# bulk'
. "$(dirname "$0")/failover.inc"

many=${SESSIONS:-2000}
is_debug && many=200
[ "$many" -le 100000 ] || { echo "FAIL: a host has no more ports"; exit 1; }
modprobe nf_conntrack
max=/proc/sys/net/netfilter/nf_conntrack_max
[ "$(<$max)" -ge $((many * 4)) ] || echo $((many * 4)) >$max

ms() { echo $(($(date +%s%N) / 1000000)); }
# took: seconds since $start
took() { local t=$(($(ms) - start)); printf '%d.%d s' $((t / 1000)) $((t % 1000 / 100)); }
# at_least a|b internal|external N
# shellcheck disable=SC2317 # called by wait_for, as the next one
at_least() { [ "$(entries "$1" "$2")" -ge "$3" ]; }
# shellcheck disable=SC2317
told() { knows b a && at_least b external $((many + 20)); }

prepare < <(text failover nft)
for ns in "$gw" "$gw2"; do
	on "$ns" sysctl -q -w net.netfilter.nf_conntrack_udp_timeout=3600
done
to a
serve "$server4" udp4:5353
background_python "$server4" failover deaf 5354
listening "$server4" udp 5354
hold "$client6" udp $server64 5353 20 9000 "$tmp/t" few
names=few
background_python "$client6" failover hairpin $server64 5353 $pref64 "$tmp/t" hairpin
wait_for 30 done_in 0
start=$(ms)
check "they begin" python "$client6" failover burst $server64 5354 "$many" $client_ip 2001:db8:c::3
check "a has them" wait_for 30 at_least a internal $((many + 20))
check "and b is told" wait_for 120 told || { ctd a -s; ctd b -s; }
echo "# bulk: $many sessions began in $(took)"

stop_conntrackd b
start=$(ms)
start_conntrackd b
check "a standby that starts anew is told of all" wait_for 250 told || { ctd a -s; ctd b -s; }
all=$(entries a internal)
echo "# bulk: told $(entries b external) of $all in $(took)"
check_eq "nothing was malformed" "$(ctd b -s network | awk '/Malformed/ { s += $NF } END { print s }')" 0

to b
start=$(ms)
check "it becomes the master" node b /etc/conntrackd/failover master
made=$(sed -n 's/.*Committed \([0-9]*\) new entries.*/\1/p' "$tmp/b/log/conntrackd.log" | tail -n 1)
echo "# bulk: made $made of $all in $(took) $(grep -o "commit has taken .*" "$tmp/b/log/conntrackd.log" | tail -n 1)"
check_eq "it has made all of them" "$made" "$all"
# saved NS: its sessions and their mappings, without what passes with time
saved() { xlat "$1" save | sed 's/"timeout": [0-9]*, //' | sort; }
saved "$gw" >"$tmp/of_a"
saved "$gw2" >"$tmp/of_b"
check "with all that a knew of them" cmp "$tmp/of_a" "$tmp/of_b" || diff "$tmp/of_a" "$tmp/of_b" | head -n 4
check "in the kernel as well" [ "$(grep -c '"mapping"' "$tmp/of_b")" -ge $((many + 20)) ]
touch "$tmp/t/go1"
wait_for 60 done_in 1
check_eq "sessions go on" "$(cat "$tmp/t/few.1") $(cat "$tmp/t/hairpin.1")" "20 of 20 answered"
stop_all
done_testing
