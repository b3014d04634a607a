#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which address of a range a session gets: all of a range is used, whatever its
# size and that of the prefix; and no session takes an endpoint that is a mapping.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack

pref64=2001:db8:64::

load()
{
	on "$gw" "$NFT" "flush ruleset; table inet gw { chain pre {
		type filter hook prerouting priority dstnat; policy accept; $1; }; }" || fail "rules: $1"
	on "$gw" conntrack -F 2>/dev/null
}
# different NAME PORT: how many there are in the reply tuples of sessions to PORT
different() { sessions "dport=$2 .*src=" | sed "s/.* src=/src=/" | grep -o "$1=[^ ]*" | sort -u | wc -l; }
# shellcheck disable=SC2317 # check calls it
between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

setup_topo
ip -n "$gw" -batch - <<-EOF
	route add 198.51.100.0/24 via $server_ip
	route add 2001:db8:e::/64 via $client_ip
EOF

# A port per session: the destination counts, wherever the prefix has it. Of 64
# sessions, four of 16 addresses or less have none, but for one run in 10^6.

while read -r len base form flags want; do
	load "xlat 6to4 prefix $base/$len snat to 192.0.2.16-192.0.2.31 $flags mapping address-port-dependent"
	# shellcheck disable=SC2016,SC2046,SC2059 # for the inner shell, words, and a format
	on "$client6" bash -c 'for a; do echo >"/dev/udp/$a/53"; done' - $(for i in {1..64}; do printf "$form " "$i"; done)
	check_eq "/$len $flags: sessions" "$(sessions "dport=53 .*src=198" | wc -l)" 64
	n=$(different dst 53)
	# shellcheck disable=SC2086 # of two words
	check "/$len $flags: $n of 16 addresses" between "$n" ${want/-/ }
done <<-EOF
	32	fd00:64::		fd00:64:c633:64%02x::			random		12-16
	48	fd00:64:122::		fd00:64:122:c633:64:%02x00::		random		12-16
	96	fd00:64:122:344:0:1::	fd00:64:122:344:0:1:c633:64%02x		random		12-16
	48	fd00:64:122::		fd00:64:122:c633:64:%02x00::		persistent	1-1
EOF

# What IPv4 begins: a range is used to its end, one of 2^32 addresses as any

for range in 2001:db8:e::-2001:db8:e::ffff:ffff:16-64 2001:db8:e::-2001:db8:e::ffff:fffe:16-64 \
	2001:db8:e::10-2001:db8:e::13:3-4 2001:db8:e::ffff:ffff-2001:db8:e::ffff:ffff:1-1; do
	want=${range##*:} range=${range%:*}
	load "ip daddr $pool_ip udp dport 53 xlat 4to6 prefix $pref64/96 dnat to $range"
	python "$server4" flood udp 198.51.100.0/24 1000-1063 $pool_ip 53 64 >/dev/null
	n=$(different src 53)
	# shellcheck disable=SC2086 # of two words
	check "$range: $n addresses" between "$n" ${want/-/ }
done

# A port per session, of a pool where others have mappings

load "ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 snat to 192.0.2.17:6000-6099;
	ip6 daddr 2001:db8:65::/96 xlat 6to4 prefix 2001:db8:65::/96 snat to 192.0.2.17:6000-6099 mapping address-port-dependent"
ip -n "$client6" addr add 2001:db8:c::3/64 dev eth0 nodad
python "$client6" flood udp $client_ip 6000-6049 ${pref64}198.51.100.1 53 50 >/dev/null
mapped() { sessions "src=198.51.100.1 .*dst=192.0.2.17" | sed 's/.* dport=\([0-9]*\) .*/\1/' | sort -u; }
mapped >"$tmp/mapped"
check_eq "50 mappings" "$(wc -l <"$tmp/mapped") $(counter Bib)" "50 50"
for to in 2 3 4; do
	python "$client6" flood udp 2001:db8:c::3 6000-6049 2001:db8:65::198.51.100.$to 53 50 >/dev/null
	sessions "src=198.51.100.$to .*dst=192.0.2.17" | sed 's/.* dport=\([0-9]*\) .*/\1/' | sort >"$tmp/others"
	check_eq "50 sessions to 198.51.100.$to have ports of their own" "$(sort -u "$tmp/others" | wc -l)" 50
	check_eq "none is a mapping's" "$(comm -12 "$tmp/mapped" "$tmp/others")" ""
done
check_eq "which are not more" "$(counter Bib)" 50
before=$(counter DropNoPort)
python "$client6" flood udp 2001:db8:c::3 7000 2001:db8:65::198.51.100.4 53 1 >"$tmp/full"
check_eq "then there is none" "$(($(counter DropNoPort) - before))" 1
check_match "as its sender is told" "$(cat "$tmp/full")" "*icmp6 1/3*"

done_testing
