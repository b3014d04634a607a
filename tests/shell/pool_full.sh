#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Pools that are nearly or quite full, of several addresses, and several pools
# (RFC 6146 section 3.5.1.1, RFC 6888 REQ-2).
. "$(dirname "$0")/flood.inc"

# from6 ARGUMENT...: from client6, to the one that is silent
from6() { flood "$client6" "$1" "$2" "$3" "$pref64$silent" 53 "${@:4}"; }
us() { sed -n 's/^[0-9]* sent //p' "$tmp/flood"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

# used: "ADDRESS FLOWS" of each pool address in use
used() { sessions "src=$silent" | sed "s/.*src=$silent dst=\([^ ]*\) .*/\1/" | sort | uniq -c | awk '{ print $2, $1 }'; }

setup_flood
serve "$server4" udp4:5353 tcp4:8080

# 4096 ports, of which 95 % are 3891. Ports of the clients are not in the pool, so
# that each is searched for.
rule snat to $pool:1024-5119
mkdir "$tmp/hold"
background_python "$client6" hold $pref64$server_ip 8080 "$tmp/hold"
wait_for 5 test -s "$tmp/hold/0"
check_match "a session in the empty pool" "$(cat "$tmp/hold/0")" "0 from $pool *"
from6 syn 2001:db8:d::/64 20000-60000? 500 us
empty=$(us)
from6 syn 2001:db8:d::/64 20000-60000? 3390 us
from6 syn 2001:db8:d::/64 20000-60000? $((3891 - $(counter Bib)))
while [ "$(counter Bib)" -lt 3891 ]; do from6 syn 2001:db8:d::/64 20000-60000? 1; done
check_eq "95 % of a pool in use" "$(counter Bib)" 3891

# A search looks at 248 ports, in steps of random size: three in a million fail. In
# steps of one, 3 % would, as a pool filled by such searches has its free ports in
# rows.
before=$(counter DropNoPort)
times=
for i in {1..5}; do
	from6 syn 2001:db8:c::2 "$((i * 1000))-$((i * 1000 + 39))" 40 us
	times="$times $(us)"
	on "$gw" conntrack -D -f ipv6 -s 2001:db8:c::2 -d "$pref64$silent" >/dev/null 2>&1
	check_eq "95 % again" "$(counter Bib)" 3891
done
failed=$(($(counter DropNoPort) - before))
echo "# $failed of 200 new sessions found no port at 95 %"
check "at 95 % there are ports for new sessions" [ $failed -le 1 ]
nearly=$(tr ' ' '\n' <<<"$times" | awk 'NF { s += $1 } END { printf "%.1f", s / NR }')

# Full, but for what a search may miss.
for i in {1..8}; do from6 syn 2001:db8:d::/64 20000-60000? 400; [ "$(counter Bib)" -lt 4096 ] || break; done
check_match "all of the pool" "$(counter Bib)" "409[0-6]"
before=$(counter DropNoPort) mapped=$(counter Bib)
from6 syn 2001:db8:d::/64 20000-60000? 500 us
full=$(us)
new=$(($(counter Bib) - mapped))
# were one thrown out, another would have its port
check_eq "no port: dropped, nobody is thrown out" "$(($(counter DropNoPort) - before + new))" 500
check_eq "no port: the sender is told" "$(($(told icmp6 1/3) + new))" 500
touch "$tmp/hold/go"
wait_for 5 test -s "$tmp/hold/1"
check_match "the old session goes on" "$(cat "$tmp/hold/1")" "1 from $pool *"
echo "# us for a new session: empty $empty, 95 % $nearly ($(ratio "$nearly" "$empty")), full $full ($(ratio "$full" "$empty"))"
on "$gw" conntrack -F 2>/dev/null
check_match "room again" "$(ask "$client6" tcp $pref64$server_ip 8080)" "hello from $pool *"

# Ranges so small that a search sees all
for flags in "" persistent; do
	rule snat to $pool-203.0.113.2:1024-1039 $flags
	from6 syn 2001:db8:d::1 20000-20039 40
	if [ -z "$flags" ]; then
		check_eq "one host, next address when one is full" "$(used | tr '\n' ' ')" "$pool 16 203.0.113.2 16 "
		check_eq "no port in either" "$(told icmp6 1/3)" 8
	else
		check_match "persistent: one host, one address" "$(used)" "203.0.113.[12] 16"
		check_eq "persistent: no port in it" "$(told icmp6 1/3)" 24
		from6 syn 2001:db8:d::/64 20000-60000? 100
		check_eq "persistent: the other is for others" "$(used | tr '\n' ' ')" "$pool 16 203.0.113.2 16 "
	fi
done

# One address per host as long as it has ports
for words in "" persistent "persistent mapping address-port-dependent"; do
	rule snat to 203.0.113.1-203.0.113.8 "$words"
	from6 udp 2001:db8:d::/124 20000-20199 200
	what=${words:-endpoint-independent}
	check_eq "$what: sessions" "$(sessions "src=$silent" | wc -l)" 200
	sessions "src=$silent" | sed 's/.* src=\(2001[^ ]*\) .* dst=\(203[^ ]*\) .*/\1 \2/' | sort -u >"$tmp/pairs"
	check_eq "[103] $what: each host has one address" "$(cut -d' ' -f1 "$tmp/pairs" | uniq -d)" ""
	check "$what: not all the same" [ "$(cut -d' ' -f2 "$tmp/pairs" | sort -u | wc -l)" -gt 2 ]
done

# Two rules for one pool address, and a third beside
rules "ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 snat to $pool
	ip6 daddr 2001:db8:65::/96 xlat 6to4 prefix 2001:db8:65::/96 snat to $pool mapping address-port-dependent
	ip6 daddr 2001:db8:6600::/40 xlat 6to4 prefix 2001:db8:6600::/40 snat to 203.0.113.9:7000-7009 random filtering address-dependent"
ip -n "$server4" addr add 192.0.2.3/24 dev eth0
start "$server4" endpoint 192.0.2.2 7000 192.0.2.3 7000
mapped=$(python "$client6" endpoint call $client_ip 5000 ${pref64}192.0.2.2 7000 ${pref64}192.0.2.3 7000)
check_eq "rule 1: one port for both" "$mapped" "$pool 5000
$pool 5000"
other=$(python "$client6" endpoint call $client_ip 5000 2001:db8:65::192.0.2.2 7000 2001:db8:65::192.0.2.3 7000)
check_eq "rule 2: the same address" "$(cut -d' ' -f1 <<<"$other" | sort -u)" "$pool"
check_not "rule 2: not a port that these have" grep -q " 5000$" <<<"$other"
third=$(python "$client6" endpoint call $client_ip 5000 2001:db8:66c0:2:2:: 7000 2001:db8:66c0:2:3:: 7000)
check_match "rule 3: its pool" "$third" "203.0.113.9 700[0-9]
203.0.113.9 700[0-9]"
check_eq "rule 3: one port for both" "$(sort -u <<<"$third" | wc -l)" 1
check_eq "mappings of rules 1 and 3" "$(counter Bib)" 2
sessions "dport=7000" | sed 's/.* src=192/192/; s/ \[.*//; s/ mark.*//' | sort | uniq -d >"$tmp/twice"
check_eq "no external tuple is there twice" "$(cat "$tmp/twice")" ""
# The port of rule 2 is no mapping: nobody gets in by it.
before=$(counter 4to6)
python "$server4" flood udp 192.0.2.2 9999 $pool "$(head -n 1 <<<"$other" | cut -d' ' -f2)" 1 >/dev/null
check_eq "rule 2: closed to others" "$(counter 4to6)" "$before"
python "$server4" flood udp 192.0.2.2 9999 $pool 5000 1 >/dev/null
check_eq "rule 1: open to others" "$(counter 4to6)" $((before + 1))

done_testing
