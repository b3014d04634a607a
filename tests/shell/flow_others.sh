#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What one namespace does with the fast path does not hold up the others: neither
# its entries nor the devices of its flowtables make a change of a link elsewhere
# take longer.
. "$(dirname "$0")/flow.inc"

n=20000 # entries
m=1000 # devices
is_uml || { n=4000 m=200; }
host6=2001:db8:6464::c000:209
xlat="ip6 saddr 2001:db8:6464::/96 ip6 daddr $pref64/96 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix $pref64/96"
add="xlat flow add @ft"

# changes: $us, how long the quickest of 10 times 20 changes took
changes()
{
	local start i took

	us=
	for ((i = 0; i < 10; i++)); do
		start=${EPOCHREALTIME/./}
		ip -n "$other" -batch "$tmp/changes"
		took=$((${EPOCHREALTIME/./} - start))
		[ "${us:-$took}" -lt "$took" ] || us=$took
	done
}

# slowest: $us, how long the third slowest of 200 changes took
slowest()
{
	us=$(on "$other" python3 -ISu "$here/linkchange.py" d0 200)
}

setup_topo
# There are no more than that without state.
max=$(sysctl -n net.netfilter.nf_conntrack_max)
sysctl -qw net.netfilter.nf_conntrack_max=100000
another other
ip -n "$other" link add d0 type dummy || skip "no dummy devices in this kernel"
for ((i = 0; i < 10; i++)); do printf 'link set d0 up\nlink set d0 down\n'; done >"$tmp/changes"
ip -n "$client6" addr add $host6/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
check "ruleset loads" rules || done_testing
hooks_come lan wan

# crowd: a packet of each flow; $slow, how many by the normal path
crowd()
{
	local before

	before=$(slow)
	python "$client6" flood udp $host6 20000-$((19999 + n)) $server64 53 $n >/dev/null
	slow=$(($(slow) - before))
}
# They last for 30 seconds. So have no more than can be made, and be sent to twice, in half
# of that, by what each of the first 200 takes.
took=$(python "$client6" flood udp $host6 10000-10199 $server64 53 200 us | sed -n 's/.* sent \([0-9]*\).*/\1/p')
[ $((4000000 / took)) -ge $n ] || n=$((4000000 / took))
check "there are some" [ "$n" -ge 200 ] || done_testing
changes
alone=$us
crowd
check "$n entries are made" [ "$slow" = $n ]
crowd
! sees_rules || check "they are there" [ "$slow" -lt $((n / 10)) ] || echo "# $slow packets by the normal path"
changes
crowd
! sees_rules || check "they are still there" [ "$slow" -lt $((n / 10)) ] || echo "# $slow packets by the normal path"
# A walk over the entries at each change would take some thirty times as long, and a busy host two
# or three times.
check "entries of one namespace: changes in another" [ "$us" -lt $((10 * alone)) ]
echo "# 20 changes: $us us, $alone us without entries"

# 16 flowtables of many devices each. Where nft or the kernel knows no wildcard, by name, and no
# more than a flowtable may name (less than NFT_NETDEVICE_MAX).
devices='"d*"'
on "$gw" "$NFT" -c "table inet x { flowtable ft { hook ingress priority filter; devices = { $devices }; }; }" 2>/dev/null ||
	{ m=$((m < 255 ? m : 255)); devices=$(seq -s, -f d%g 0 $((m - 1))); }
for ((i = 0; i < m; i++)); do echo "link add d$i type dummy"; done | ip -n "$gw" -batch -
slowest
alone=$us
for ((i = 0; i < 16; i++)); do
	echo "table inet x$i {
		flowtable ft { hook ingress priority filter; devices = { $devices }; }
		chain forward { type filter hook forward priority filter; xlat flow add @ft; }
	}"
done >"$tmp/tables"
check "16 flowtables load" on "$gw" "$NFT" -f "$tmp/tables"
hooks_come d0 d$((m - 1))
slowest
check "flowtables of one namespace: changes in another" [ "$us" -lt $((10 * alone + 20000)) ]
echo "# third slowest of 200 changes: $us us, $alone us without flowtables"

sysctl -qw net.netfilter.nf_conntrack_max="$max"
done_testing
