#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The length in an IPv6 header counts what follows, that in an IPv4 header all:
# 20 bytes of the longest packet have no place there.
. "$(dirname "$0")/lib.sh"

need socat

# send SIZE: one datagram
send()
{
	head -c "$1" /dev/urandom >"$tmp/sent"
	truncate -s 0 "$tmp/got"
	on "$client6" socat -u -b 70000 OPEN:"$tmp/sent" "UDP6-SENDTO:[$server64]:9999"
}

# arrives WHAT: and is what was sent
arrives() { wait_for 5 cmp "$tmp/sent" "$tmp/got"; check "$1" cmp "$tmp/sent" "$tmp/got"; }

setup_topo
background "$server4" socat -u -b 70000 UDP4-RECV:9999 OPEN:"$tmp/got",creat,append
listening "$server4" udp 9999
check "ruleset loads" ruleset nat64 || done_testing

for size in 1472 30000 65507; do
	send $size
	arrives "$size bytes arrive"
done
check_eq "nothing was dropped" "$(drops)" 0

told() { on "$client6" awk '$1 == "Icmp6InDestUnreachs" { print $2 }' /proc/net/snmp6; }

n=0
for size in 65508 65516 65527; do
	send $size
	n=$((n + 1))
	check_eq "$size bytes are too many" "$(drops) $(counter DropTooBig)" "$n $n"
	check_eq "[63] $size bytes: the sender is told" "$(told)" $n
	check_eq "$size bytes: nothing arrives" "$(wc -c <"$tmp/got")" 0
done

send 1000
# and nothing in front of it
arrives "the next that fits arrives alone"

done_testing
