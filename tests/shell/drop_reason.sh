#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whoever traces the kernel learns which packet was dropped, and why: the tracepoint
# nf_xlat:nf_xlat_drop has the reason that the counter has, and the packet as it came
# in. The log of the host has what an operator must mend, but not of every namespace.
. "$(dirname "$0")/lib.sh"

need_nft
need ping python3
events=/sys/kernel/tracing/events/nf_xlat/nf_xlat_drop

setup_topo
check "ruleset loads" ruleset siit || done_testing
[ -e $events ] || skip "this kernel has no tracepoints"
mapped=2001:db8:6464::203.0.113.33
ip -n "$client6" addr add $mapped/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
netns=$(on "$gw" stat -Lc %i /proc/self/ns/net)
lan=$(on "$gw" cat /sys/class/net/lan/ifindex)
wan=$(on "$gw" cat /sys/class/net/wan/ifindex)

# traced COMMAND...: what it has dropped in this namespace, without the packet's address
traced()
{
	echo >/sys/kernel/tracing/trace
	echo 1 >$events/enable
	"$@" >/dev/null
	wait_for 5 grep -q "netns=$netns " /sys/kernel/tracing/trace
	echo 0 >$events/enable
	sed -n "s/.* nf_xlat_drop: skbaddr=[^ ]* netns=$netns //p" /sys/kernel/tracing/trace
}

# from6 LENGTH PROTOCOL PAYLOAD...: hop limit 1, 2001:db8:6464::203.0.113.33 to 64:ff9b::192.0.2.2
from6()
{
	local hex="60000000 $1 ${2}01 20010db86464000000000000cb007121 0064ff9b0000000000000000c0000202"

	traced python "$client6" send "$client6" "$gw" lan "$hex ${*:3}"
}
# is6 SPORT DPORT PROTOCOL TYPE CODE [REASON]
is6()
{
	echo "ifindex=$lan protocol=0x86dd src=[2001:db8:6464::cb00:7121]:$1 dest=[64:ff9b::c000:202]:$2" \
		"l4proto=$3 icmp_type=$4 icmp_code=$5 reason=${6:-HOP_LIMIT}"
}
udp="9c40 0035 000a 1234 ffff"
check_eq "UDP" "$(from6 000a 11 "$udp")" "$(is6 40000 53 17 0 0)"
check_eq "an echo request" "$(from6 0008 3a 8000c70900010001)" "$(is6 0 0 58 128 0)"
check_eq "UDP behind destination options" "$(from6 0012 3c 1100010400000000 "$udp")" "$(is6 40000 53 17 0 0)"
check_eq "a first fragment" "$(from6 0018 2c 1100000100000007 9c40003500181234 0000000000000000)" \
	"$(is6 40000 53 17 0 0)"
check_eq "another fragment has no ports" "$(from6 0012 2c 1100001000000007 "$udp")" "$(is6 0 0 44 0 0)"
check_eq "cut off behind the first port" "$(from6 0002 11 9c40)" "$(is6 0 0 17 0 0 MALFORMED)"
check_eq "the other family's ICMP" "$(from6 0008 01 0800f7fd00010001)" "$(is6 0 0 1 8 0 PROTOCOL)"

# from4 HEADER PAYLOAD...: 192.0.2.2 to 203.0.113.33
from4() { traced python "$server4" send "$server4" "$gw" wan "${1}0000 c0000202 cb007121 ${*:2}"; }
is4()
{
	echo "ifindex=$wan protocol=0x0800 src=192.0.2.2:$1 dest=203.0.113.33:$2" \
		"l4proto=$3 icmp_type=$4 icmp_code=$5 reason=${6:-HOP_LIMIT}"
}
check_eq "IPv4: UDP behind an option" "$(from4 46000022000700000111 01010101 "$udp")" "$(is4 40000 53 17 0 0)"
check_eq "IPv4: an echo request" "$(from4 4500001c000700000101 0800f7fd00010001)" "$(is4 0 0 1 8 0)"
check_eq "IPv4: another fragment has no ports" "$(from4 4500001c000700010111 0800f7fd00010001)" "$(is4 0 0 17 0 0)"
check_eq "each is counted" "$(drops) $(counter DropHopLimit) $(counter DropMalformed) $(counter DropProtocol)" "10 8 1 1"

# What is noticed behind the translation is told as it came.
on "$gw" "$NFT" flush ruleset
check "stateful ruleset loads" ruleset nat64 || done_testing
traced on "$client6" ping -6 -q -I $client_ip -c 2 -i 0.1 -W 0.2 ${pref64}127.0.0.1 >"$tmp/two"
check_eq "one drop, one event" "$(grep -c "src=\[$client_ip\]:0 dest=\[64:ff9b::7f00:1\]:0 .*=128 .* reason=DESTINATION$" "$tmp/two")" 2
check_eq "no route: the packet of the client" \
	"$(traced python "$client6" flood udp $client_ip 40000 ${pref64}198.51.100.9 53 1)" \
	"ifindex=$lan protocol=0x86dd src=[$client_ip]:40000 dest=[64:ff9b::c633:6409]:53 l4proto=17 icmp_type=0 icmp_code=0 reason=NO_ROUTE"
check_eq "and the counters agree" "$(counter DropDestination) $(counter DropNoRoute)" "2 1"

# A pool of one port, and one client too many
on "$gw" "$NFT" flush ruleset
check "a small pool" on "$gw" "$NFT" "table inet gw { chain pre { type filter hook prerouting priority dstnat;
	ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global snat to 203.0.113.1:5000-5000; }; }" || done_testing
full="nf_xlat: netns $netns: no free port in 203.0.113.1-203.0.113.1, dropping packet"
all=/proc/sys/net/netfilter/nf_log_all_netns
was=$(cat $all)
before=$(logged "$full")
echo 0 >$all
python "$client6" flood udp $client_ip 40000-40099 $server64 53 100 >/dev/null
check_eq "no port" "$(counter DropNoPort)" 99
check_eq "not in the log, of any namespace" "$(logged "$full")" "$before"
echo 1 >$all
python "$client6" flood udp $client_ip 40000-40099 $server64 53 100 >/dev/null
echo "$was" >$all
check_eq "no port" "$(counter DropNoPort)" 198
lines=$(($(logged "$full") - before))
check "in the log where that is wanted, and not each" test $lines -ge 1 -a $lines -le 10

done_testing
