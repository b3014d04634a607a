#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each row of the tables of docs/security.md about addresses of special purpose: what passes,
# and what is dropped or refused and counted where; and the recipe against those that pass.
. "$(dirname "$0")/recipe.inc"

need nstat tcpdump
own4=203.0.113.33
own6=2001:db8:6464::$own4
wkp=64:ff9b::

# rows FAMILY: "NET VERDICT [VERDICT]" of that table, a line for each net
rows()
{
	awk -F ' *[|] *' -v head="$1" '
		/^[|] IPv[46] / { on = $2 == head; next }
		on && $2 ~ "/" { n = split($2, nets, ", *"); for (i = 1; i <= n; i++) print nets[i], $4, head == "IPv4" ? $5 : "" }' \
		"$top/docs/security.md"
}
# some: lines, each with an address of the net
some()
{
	python3 -ISc 'import ipaddress, sys
for line in sys.stdin:
    net = ipaddress.ip_network(line.split()[0])
    print(line.rstrip(), net[min(77 if net.prefixlen > 4 else 1 << 20, net.num_addresses - 1)])'
}
# datagram SOURCE DESTINATION: in hex, of UDP without a payload; from the side of that family
datagram()
{
	python3 -ISc 'import ipaddress, socket, sys
a, b = (ipaddress.ip_address(x).packed for x in sys.argv[1:])
udp = bytes((31, 144, 31, 145, 0, 8, 0, 0))
if len(a) == 4:
    packet = bytes((69, 0, 0, 28, 0, 0, 64, 0, 64, 17, 0, 0)) + a + b + udp
else:
    words = a + b + bytes((0, 0, 0, 8, 0, 0, 0, 17)) + udp
    total = sum(int.from_bytes(words[i:i + 2], "big") for i in range(0, len(words), 2))
    while total >> 16:
        total = (total & 65535) + (total >> 16)
    packet = bytes((96, 0, 0, 0, 0, 8, 17, 64)) + a + b + udp[:6] + (total ^ 65535).to_bytes(2, "big")
print(packet.hex())' "$1" "$2"
}
# counted WHAT COUNTER COMMAND...: the command makes it one more
counted()
{
	local what=$1 name=$2 n

	n=$(counter "$name")
	shift 2
	"$@" >"$tmp/said" 2>&1
	check_eq "$what: $name" "$(counter "$name")" $((n + 1))
}
ping_one() { on "$client6" ping -6 -n -c 1 -W 1 "$1"; }
# told WHAT COUNTER ADDRESS: a ping of it gets 1/1
told()
{
	counted "$1" "$2" ping_one "$3"
	check_match "$1: the client is told" "$(cat "$tmp/said")" "*Destination unreachable: Administratively prohibited*"
}
# refusals: by that counter, or by the kernel before all rules, which ::1 and groups do not pass
refusals() { echo $(($(counter DropAddress) + $(on "$gw" nstat -asz Ip6InHdrErrors | awk '/InHdr/ { print $2 }'))); }
# silent WHAT NS DEV SOURCE DESTINATION: a packet with that source is dropped
silent()
{
	local n

	n=$(refusals)
	python "$2" send "$2" "$gw" "$3" "$(datagram "$4" "$5")"
	check_eq "$1: dropped" "$(refusals)" $((n + 1))
}

setup_topo
ip -n "$gw" route add default via $server_ip
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
serve "$server4" tcp4:80
rows IPv4 | some >"$tmp/rows4"
rows IPv6 | some >"$tmp/rows6"
check "the page has both tables" [ "$(cat "$tmp/rows4" "$tmp/rows6" | wc -l)" -ge 30 ]
while read -r net own well addr; do
	[ "$own" != passes ] || echo "addr replace $addr/32 dev lo"
done <"$tmp/rows4" | ip -n "$server4" -batch -

# With state
check "rules with state" on "$gw" "$NFT" "table inet xlat { chain pre {
	type filter hook prerouting priority dstnat
	xlat 6to4 prefix $pref64/96 masquerade
	xlat 6to4 prefix $wkp/96 masquerade; }; }" || done_testing
while read -r net own well addr; do
	case $own in
	passes) check_match "$net, a prefix of one's own" "$(ask "$client6" tcp "$pref64$addr" 80)" "hello from $pool_ip *" ;;
	dropped | groups) told "$net, a prefix of one's own" DropDestination "$pref64$addr" ;;
	*) fail "$net: what is $own?" ;;
	esac
	case $well in
	passes) check_match "$net, 64:ff9b::/96" "$(ask "$client6" tcp "$wkp$addr" 80)" "hello from $pool_ip *" ;;
	dropped) told "$net, 64:ff9b::/96" DropDestination "$wkp$addr" ;;
	refused) told "$net, 64:ff9b::/96" DropNonGlobal "$wkp$addr" ;;
	*) fail "$net: what is $well?" ;;
	esac
done <"$tmp/rows4"

# Clients
while read -r net own addr; do
	case $own in
	passes)
		ip -n "$client6" addr add "$addr/128" dev eth0 nodad
		ip -n "$gw" route add "$addr" via $client_ip
		ip -n "$client6" route change default via 2001:db8:c::1 src "$addr"
		check_match "client of $net" "$(ask "$client6" tcp $pref64$server_ip 80)" "hello from $pool_ip *" ;;
	dropped) silent "client of $net" "$client6" lan "$addr" $pref64$server_ip ;;
	*) fail "$net: what is $own?" ;;
	esac
done <"$tmp/rows6"
ip -n "$client6" route change default via 2001:db8:c::1 src $client_ip

# The recipe, while the rules are there
check "the recipe loads" recipe special_addresses
while read -r net own well addr; do
	case $own,$well in
	passes,refused)
		check_match "$net, with the recipe" "$(ask "$client6" tcp "$pref64$addr" 80)" "*Permission denied*" ;;
	passes,*)
		check_match "$net, with the recipe" "$(ask "$client6" tcp "$pref64$addr" 80)" "hello from $pool_ip *" ;;
	esac
done <"$tmp/rows4"
on "$gw" "$NFT" flush ruleset

# Without state; IPv4 is the source as well
ip -n "$client6" addr add $own6/128 dev eth0 nodad
ip -n "$client6" route change default via 2001:db8:c::1 src $own6
check "rules without state" on "$gw" "$NFT" "table inet xlat { chain pre {
	type filter hook prerouting priority dstnat
	ip6 saddr $own6 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix $pref64/96
	ip daddr $own4 xlat 4to6 saddr prefix $pref64/96 daddr prefix 2001:db8:6464::/96; }; }"
tapped wan "host $own4"
while read -r net own well addr; do
	case $own in
	passes)
		check_match "$net, without state" "$(ask "$client6" tcp "$pref64$addr" 80)" "hello from $own4 *" ;;
	groups)
		ping_one "$pref64$addr" >"$tmp/said"
		check "$net: a group" wait_for 5 grep -q "$own4 > $addr: " "$tmp/wan"
		silent "$net as a source" "$server4" wan "$addr" $own4 ;;
	*)
		told "$net, without state" DropDestination "$pref64$addr"
		silent "$net as a source" "$server4" wan "$addr" $own4 ;;
	esac
done <"$tmp/rows4"

# A pair of a device may be of a group.
need_ip_xlat
on "$gw" "$NFT" flush ruleset
check "a device" ip -n "$gw" link add xlat0 up type xlat prefix $pref64/96 local $own4 as $own6 local 239.1.2.3 as 2001:db8:66::3
ip -n "$gw" route add 2001:db8:66::/64 dev xlat0
ping_one 2001:db8:66::3 >"$tmp/said"
check "to a group" wait_for 5 grep -q "$own4 > 239.1.2.3: " "$tmp/wan"

done_testing
