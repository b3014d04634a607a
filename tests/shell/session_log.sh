#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who talked to whom, and when: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

need conntrack dmesg sysctl
far64=$pref64$far_ip
ports="sport=40000 dport=5353"

# call tcp|udp PORT: from port 40000, and the port that the other side saw
call() { python "$client6" crowd call "$1" $far64 "$2" 1 40000 | sed -n "s/^from $pool_ip //p"; }
log() { dmesg | sed -n "/session_log: $suffix/,\$p" | grep 'nat64 '; }
# shellcheck disable=SC2317 # called by check
in_time() { [ "$1" -ge "$begin" ] && [ "$1" -le "$(date +%s)" ]; }
# sum LINE: packets and bytes, both ways
sum() { grep -oE '(packets|bytes)=[0-9]*' <<<"$1" | tr '\n' ' '; }

setup_recipe session_log
# without this, the kernel's log is for rules of the first namespace only
all=/proc/sys/net/netfilter/nf_log_all_netns
echo 1 >$all || fail "cannot write to $all"
echo "session_log: $suffix" >/dev/kmsg

for what in NEW DESTROY; do
	background "$gw" conntrack -E -e $what -o timestamp >"$tmp/$what" 2>/dev/null
done
# it says nothing of when it listens
# shellcheck disable=SC2016 # for the inner shell
check "conntrack -E listens" wait_for 10 sh -c 'ip netns exec "$0" ping -6 -c 1 -W 1 "$1"
	ip netns exec "$2" conntrack -F; test -s "$3/NEW" && test -s "$3/DESTROY"' \
	"$client6" $far64 "$gw" "$tmp"

background_python "$gw" sessionlog 2 >"$tmp/records"
records=$!
wait_for 10 grep -q ready "$tmp/records" || fail "nobody listens to group 1"

begin=$(date +%s)
udp=$(call udp 5353)
tcp=$(call tcp 80)
check_match "ports of the pool" "$udp $tcp" "2???? 2????"

check_match "log: a line for UDP" "$(log | grep PROTO=UDP)" \
	"*IN=lan OUT=wan * SRC=$pool_ip DST=$far_ip * PROTO=UDP SPT=$udp DPT=5353 *"
check_match "log: a line for TCP" "$(log | grep PROTO=TCP)" \
	"*IN=lan OUT=wan * SRC=$pool_ip DST=$far_ip * PROTO=TCP SPT=$tcp DPT=80 SEQ=* SYN *"

wait $records
read -r _ when record < <(grep " 17 " "$tmp/records")
check_eq "record: both halves" "$record" \
	"17 $client_ip#40000>${pref64}c633:6402#5353 $far_ip#5353>$pool_ip#$udp"
# 6.1 does not know of a forwarded packet
[ "$when" = - ] || check "with the time" in_time "$when"

entry=$(sessions "udp .*$ports")
check_match "nf_conntrack: both halves" "$entry" "*src=2001:0db8:000c:*:0002 dst=2001:0db8:0064:*:c633:6402 $ports packets=1 bytes=* src=$far_ip dst=$pool_ip sport=5353 dport=$udp packets=1 bytes=*"

on "$client6" ping -6 -c 1 -s 100 -W 10 $far64 >/dev/null
check_eq "each way as it came in: 40 of header there, 20 back" \
	"$(sum "$(sessions icmpv6)")" "packets=1 bytes=148 packets=1 bytes=128 "

check_match "event of the beginning" "$(grep "$ports" "$tmp/NEW")" \
	"\[*.*\]*\[NEW\] udp *src=$client_ip dst=${pref64}c633:6402 $ports \[UNREPLIED\] *sport=5353 dport=$udp"
on "$gw" conntrack -F 2>/dev/null
wait_for 5 grep -q "$ports" "$tmp/DESTROY"
event=$(grep "$ports" "$tmp/DESTROY")
check_match "event of the end" "$event" "\[*.*\]*\[DESTROY\] udp *src=$client_ip dst=${pref64}c633:6402 $ports packets=* sport=5353 dport=$udp packets=* delta-time=*"
check_eq "packets and bytes as they were" "$(sum "$event")" "$(sum "$entry")"
when=$(grep "$ports" "$tmp/NEW" | sed 's/^\[\([0-9]*\)\..*/\1/')
check "with the time" in_time "$when"
all_valid

done_testing
