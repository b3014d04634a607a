#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What many mappings and flows of a namespace have taken goes back when they have gone, although the
# namespace stays: their objects, and the pages of the hash tables that have grown for them.
. "$(dirname "$0")/flood.inc"
. "$(dirname "$0")/allocs.inc"

modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"
n=20000
is_uml || n=5000

trap 'allocs_end; echo "$max" >$limit; cleanup' EXIT
limit=/proc/sys/net/netfilter/nf_conntrack_max
modprobe nf_conntrack
max=$(<$limit)
echo 100000 >$limit
traced=
! allocs_begin || traced=yes
# A table that does not get its pages in one piece is not seen.
[ ! -e /proc/sys/vm/compact_memory ] || echo 1 >/proc/sys/vm/compact_memory

# room CACHE: for how many objects there is memory, which is not less than there are
room()
{
	echo 1 >"/sys/kernel/slab/nf_xlat_$1/shrink"
	awk '{ print $1 }' "/sys/kernel/slab/nf_xlat_$1/total_objects"
}
# shellcheck disable=SC2317 # wait_for calls it
back() { [ $(($(room "$1") - room)) -le $((n / 10)) ] && { [ ! "$traced" ] || [ "$(pages_held)" = 0 ]; }; }
# shellcheck disable=SC2317 # wait_for calls it
grown() { [ "$(pages_held)" -ge "$1" ]; }

# begin CACHE, crowd CACHE TABLES, end CACHE
begin()
{
	room=$(room "$1")
	[ ! "$traced" ] || pages_of 5
}
crowd()
{
	# of pointers, one for each
	local kib=$(($2 * n * 8 / 1024))

	check "$1: many" [ $(($(room "$1") - room)) -ge $((n * 9 / 10)) ]
	[ ! "$traced" ] || check "$1: tables have grown" wait_for 10 grown $kib
	echo "# $1: room for $room before, then $(room "$1")${traced:+; tables of $(pages_held) KiB}"
}
end()
{
	check "$1: all of it goes back" wait_for 20 back "$1" ||
		echo "# room for $(room "$1")${traced:+, tables of $(pages_held) KiB}"
}

setup_flood
# Mappings, which are in two tables
rule snat to $pool
begin bib
flood "$client6" udp $client_ip 20000-$((19999 + n)) $pref64$silent 53 $n
check_eq "mappings" "$(counter Bib)" $n
crowd bib 2
on "$gw" conntrack -F 2>/dev/null
check_eq "no mapping" "$(counter Bib)" 0
end bib

# Flows without state, in one table, end with the device that they came in by
host6=2001:db8:6464::c000:209
ip -n "$client6" addr add $host6/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
on "$gw" "$NFT" "flush ruleset; table inet gw {
	flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
	chain pre { type filter hook prerouting priority dstnat
		ip6 saddr 2001:db8:6464::/96 ip6 daddr $pref64/96 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix $pref64/96; }
	chain forward { type filter hook forward priority filter
		xlat flow add @ft; }; }" || fail "rules of flows"
begin flow
flood "$client6" udp $host6 20000-$((19999 + n)) $pref64$silent 53 $n
crowd flow 1
ip -n "$gw" link set lan down
end flow
check_eq "nothing was dropped" "$(drops)" 0

done_testing
