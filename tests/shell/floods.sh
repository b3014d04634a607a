#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Floods at the limit of conntrack's table, a scan of the pool, errors about nothing:
# "Under attack" in docs/design.md (RFC 6146 section 5.3).
. "$(dirname "$0")/flood.inc"

limit=2000
attack=10000
all=65535
is_uml || attack=3000 all=4096

# rule WORDS: the gateway's rule, and who begins from IPv4
rule()
{
	rules "ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 $*; }
	chain forward { type filter hook forward priority filter; policy accept;
		meta nfproto ipv6 iifname wan ct state new counter"
}

entries() { on "$gw" conntrack -C; }
reset() { on "$gw" conntrack -F 2>/dev/null; }

# goes_on WHAT: the session that is held is asked once more
asked=0
goes_on()
{
	asked=$((asked + 1))
	touch "$tmp/held/go"
	wait_for 6 test -s "$tmp/held/$asked"
	check_match "$1: what was there goes on" "$(cat "$tmp/held/$asked")" "$asked from $pool *"
}

# gets_through WHAT: when the table is full, early_drop() looks for an entry to remove in 8
# places that the packet's tuple gives, and gc_worker() removes what is not assured, a
# handshake too. Whoever calls again does so from another port.
gets_through()
{
	local got tries=3

	until got=$(patience=8 ask "$client6" tcp $server64 8080) && [ "$got" ] || [ $((--tries)) = 0 ]; do :; done
	check_match "$1: new TCP gets through" "$got" "hello from $pool *"
}

setup_flood
serve "$server4" tcp4:8080 udp4:5353

# The limit is for each namespace, but set for all.
rule snat to $pool
max=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
# shellcheck disable=SC2317 # called by trap
restore()
{
	echo "$max" >/proc/sys/net/netfilter/nf_conntrack_max
	cleanup
}
trap restore EXIT
echo $limit >/proc/sys/net/netfilter/nf_conntrack_max

mkdir "$tmp/held"
background_python "$client6" hold $server64 8080 "$tmp/held"
wait_for 5 test -s "$tmp/held/0" || fail "no session"
for i in 1 2 3 4 5; do ask "$client6" tcp $server64 8080 >/dev/null & done
for kind in syn udp; do
	flood "$client6" $kind 2001:db8:d::/64 1024-65535? $pref64$silent 1-65535? $attack
	n=$(entries) bib=$(counter Bib)
	echo "# after $attack $kind: $n entries, $bib mappings"
	check "$kind flood: the table keeps its limit" [ "$n" -le $((limit + 100)) ]
	check "$kind flood: it was filled" [ "$n" -ge $((limit / 2)) ]
	check "$kind flood: no more mappings than entries" [ "$bib" -le "$n" ]
	goes_on "$kind flood"
	gets_through "$kind flood"
done
# while it runs
background_python "$client6" flood syn 2001:db8:d::/64 1024-65535? $pref64$silent 1-65535? $attack >/dev/null
flooding=$!
gets_through "amid the flood"
goes_on "amid the flood"
wait $flooding
flood "$server4" syn 192.0.2.0/24 1024-65535? $pool 1-65535? 3000
goes_on "flood from IPv4"
reset
check_eq "nothing is left of it" "$(counter Bib)" 0
echo "$max" >/proc/sys/net/netfilter/nf_conntrack_max

# A scan of all ports of an address with some mappings, which is nobody's. Errors
# are limited as the kernel does it by default.
ip -n "$gw" route add blackhole $pool
on "$gw" sh -c 'cd /proc/sys/net/ipv4; echo 1000 >icmp_ratelimit; echo 6168 >icmp_ratemask'
for filter in endpoint-independent address-dependent; do
	rule snat to $pool filtering $filter
	reset
	flood "$client6" udp $client_ip 3000-3199 $pref64$silent 53 200
	check_eq "$filter: mappings" "$(counter Bib)" 200
	before 4to6 DropFiltered
	passed=200 ports=$all
	[ $filter = endpoint-independent ] || passed=0 ports=4096
	start=$SECONDS
	flood "$server4" udp $server_ip 40000 $pool 1-$ports $ports
	echo "# $ports ports in $((SECONDS - start)) s; came back: ${came//$'\n'/, }"
	check_eq "$filter: mapped ports pass, if they may" "$(since 4to6)" $passed
	check_eq "$filter: the others are counted" "$(since DropFiltered)" $((200 - passed))
	check_eq "$filter: sessions from IPv4" "$(sessions "src=$server_ip dst=$pool .*dst=2001" | wc -l)" $passed
	check_eq "$filter: no session for what is not mapped" "$(sessions "src=$server_ip dst=$pool " | wc -l)" $passed
	check_match "$filter: seen as new by IPv6's forward chain" \
		"$(on "$gw" $NFT list chain inet gw forward)" "*counter packets $passed *"
	check_eq "$filter: no mapping is made" "$(counter Bib)" 200
	if [ $passed = 0 ]; then
		# another, as the gateway has told this one enough
		flood "$server4" udp 198.51.100.7 40000 $pool 3000-3199 200
		told=$(told icmp 3/13)
		check "$filter: a sender is told" [ "${told:-0}" -gt 0 ]
		check "$filter: but not about each" [ "${told:-0}" -lt 50 ]
	fi
done

# Errors that quote what was never sent, from both sides
reset
before 6to4 4to6
flood "$server4" error 192.0.2.0/24 1-65535? $pool 1-65535? 5000
flood "$server4" error 192.0.2.0/24 1-65535? $pool_ip 1-65535? 5000
check_eq "errors from IPv4: no state" "$(entries) $(counter Bib)" "0 0"
before DropState
flood "$client6" error 2001:db8:d::/64 1-65535? $pref64$silent 1-65535? 5000
check_eq "errors from IPv6: no state" "$(entries) $(counter Bib)" "0 0"
check_eq "errors from IPv6: counted" "$(since DropState)" 5000
check_eq "errors: nothing is translated" "$(since 6to4) $(since 4to6)" "0 0"
check_match "and it works" "$(ask "$client6" tcp $server64 8080)" "hello from $pool *"

done_testing
