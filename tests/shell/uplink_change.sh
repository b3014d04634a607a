#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two uplinks: when the route changes to the other one, or the device of the first goes
# down, masqueraded sessions end as those of NAT44 beside them do, in the normal path and
# in the fast one. What has no uplink of its own goes on: a pool, what IPv4 began, hairpins.
. "$(dirname "$0")/flow.inc"

devices="lan, wan, wan2"
snat64=2001:db8:65::
xlat="$xlat
	ip6 daddr $snat64/96 xlat 6to4 prefix $snat64/96 snat to $pool_ip:20000-20999"

# as IP: sessions that masquerade as this address
as() { sessions "src=(2001|10\.1\.1\.).* src=[0-9.]* dst=$1 " | grep -cv 'dport=20[0-9]\{3\} '; }
# inbound: sessions that IPv4 has begun
inbound() { sessions "src=$far_ip dst=$pool_ip .*src=2001" | wc -l; }
# is N COMMAND...: it prints that number
# shellcheck disable=SC2317 # called by wait_for, as the next one is
is() { [ "$("${@:2}")" = "$1" ]; }
# shellcheck disable=SC2317
asked() { said=$(tell "$1" ask 1 0.5); [[ $said == "1 from $2 "* ]]; }
# flies NAME PEER: fast, once the work has seen to devices that went down before; it rests
# for many times as long as it takes
# shellcheck disable=SC2317
quick() { local n; n=$(slow); tell "$1" ask 20 >/dev/null; is "$n" slow; }
flies() { wait_for 6 quick "$1"; fast "$1" "$1" "$2"; }

# uplink IP DEV: the way to the server
uplink() { ip -n "$gw" route replace $far_ip via "$1" dev "$2"; }

# others WHAT: what goes on
others()
{
	check_match "$1: a pool" "$(tell snat ask 3)" "3 from $pool_ip 20???"
	check_match "$1: what IPv4 began" "$(tell in4 ask 3)" "3 from ${pref64}c633:6409 *"
	check_match "$1: a hairpin" "$(tell hair ask 3)" "3 from ${pref64}c000:201 *"
}

setup_topo
second_uplink
ip -n "$gw" addr add 10.1.1.1/24 dev lan
ip -n "$client6" addr add 10.1.1.2/24 dev eth0
ip -n "$client6" route add $far_ip via 10.1.1.1
check "NAT44 loads" on "$gw" "$NFT" "table ip nat { chain post {
	type nat hook postrouting priority srcnat;
	ip saddr 10.1.1.2 masquerade; }; }" || done_testing
serve "$server4" tcp4:80 udp4:53
serve "$client6" udp6:5353
wish=$add

for path in normal fast; do
	add=
	[ $path = normal ] || add=$wish
	uplink $server_ip wan
	check "$path: ruleset loads" rules || done_testing
	[ $path = normal ] || hooks_come lan wan wan2

	# From ports of their own: the server has the other path's TCP still.
	both="$path.udp44 $path.tcp44 $path.udp64 $path.tcp64"
	helper $path.udp44 "$client6" call udp $far_ip 53
	helper $path.tcp44 "$client6" call tcp $far_ip 80
	helper $path.udp64 "$client6" call udp $pref64$far_ip 53
	helper $path.tcp64 "$client6" call tcp $pref64$far_ip 80
	if [ $path = normal ]; then
		helper snat "$client6" call tcp $snat64$far_ip 80
		helper in4 "$server4" call udp $pool_ip 5353
		helper hair "$client6" call udp $pref64$pool_ip 5353
	fi
	# what makes the mapping that IPv4 calls
	python "$client6" flood udp $client_ip 5353 $pref64$far_ip 53 1 >/dev/null
	for name in $both; do
		if [[ $name = fast.*64 ]]; then
			flies "$name" "$pool_ip *"
		else
			check_match "$name: at first" "$(tell "$name" ask 5)" "5 from $pool_ip *"
		fi
	done
	others "$path: at first"

	drops=$(counter DropState)
	uplink 192.0.3.2 wan2
	for name in $path.udp44 $path.udp64; do
		check "route: $name goes on by the other uplink" wait_for 1 asked "$name" 192.0.3.1 ||
			echo "# $said"
	done
	for name in $path.tcp44 $path.tcp64; do
		check_match "route: $name ends at once" "$(tell "$name" ask 1 20)" "0 *Connection reset*"
		tell "$name" open >/dev/null
		check_match "route: $name begins anew" "$(tell "$name" ask 5)" "5 from 192.0.3.1 *"
	done
	check "$path: route: the packets that told so were dropped" [ "$(counter DropState)" -gt "$drops" ]
	# one, of the host's own port, which has sent nothing since
	check "$path: route: no session of the old address is left" wait_for 1 is 1 as $pool_ip ||
		sessions "dst=$pool_ip " | sed 's/^/# /'
	others "$path: route"
	[ $path = normal ] || flies $path.udp64 "192.0.3.1 *"

	bib=$(counter Bib)
	ip -n "$gw" link set wan2 down
	check "$path: down: sessions end" wait_for 3 is 0 as 192.0.3.1
	check "$path: down: so do mappings" wait_for 1 is $((bib - 2)) counter Bib
	check_eq "$path: down: those of the other device stay" "$(as $pool_ip)" 1
	uplink $server_ip wan
	for name in $path.udp44 $path.udp64; do
		check "down: $name goes on by the other uplink" wait_for 1 asked "$name" $pool_ip ||
			echo "# $said"
	done
	others "$path: down"

	# Its device is no longer there for the mapping either.
	check_eq "$path: a session from IPv4" "$(inbound)" 1
	ip -n "$gw" link set wan down
	check "$path: wan down: sessions end" wait_for 3 is 0 as $pool_ip
	check "$path: wan down: what IPv4 began too" wait_for 1 is 0 inbound
	check_match "$path: wan down: a hairpin goes on" "$(tell hair ask 3)" "3 from ${pref64}c000:201 *"
	ip -n "$gw" link set wan up
	ip -n "$gw" link set wan2 up
	uplink $server_ip wan
done

# The gateway's own sessions
ip -n "$gw" -6 route add $pref64/96 dev lan
check "rule for output loads" on "$gw" "$NFT" "add chain inet gw out { type filter hook output priority mangle; }
	add rule inet gw out ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade"
helper own "$gw" call udp $pref64$far_ip 53
check_match "own: at first" "$(tell own ask 3)" "3 from $pool_ip *"
uplink 192.0.3.2 wan2
check "own: goes on by the other uplink" wait_for 1 asked own 192.0.3.1 || echo "# $said"

done_testing
