#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A host that has IPv4 only serves IPv6 clients, by "xlat 6to4 ... dnat to": docs/recipes.md,
# and every other form of where the packets go and what their source becomes.
. "$(dirname "$0")/recipe.inc"

need conntrack

gw6=2001:db8:c::1
gw6full=2001:0db8:000c:0000:0000:0000:0000:0001
far_to="dnat to $far_ip"
borrowed=203.0.113

# load RULES [FAMILY] [PRIORITY]: instead of those that are there, and no sessions
load()
{
	on "$gw" "$NFT" "table inet filter { }; flush ruleset
	table ${2:-inet} gw { chain pre {
		type filter hook prerouting priority ${3:-dstnat}; policy accept; $1
	}; }" || fail "rules: $1"
	on "$gw" conntrack -F 2>/dev/null
}
# answers WHAT PROTO PORT SEEN [NS] [ADDRESS]: far4 does, and sees the client as SEEN
answers() { check_match "$1" "$(ask "${5:-$client6}" "$2" "${6:-$gw6}" "$3")" "hello from $4"; }
refused() { check_match "$1" "$(ask "${4:-$client6}" "$2" "$gw6" "$3")" "*refused*"; }

setup_recipe forward_6to4
ip -n "$server4" route add $borrowed.0/24 via $pool_ip
# deprecated, so that they are used where a socket asks for them only
for i in 2001:db8:c::10 2001:db8:c::11 ${pref64}$borrowed.7 64:ff9b::10.0.0.7; do
	ip -n "$client6" addr add $i/128 dev eth0 nodad preferred_lft 0
done
for i in ${pref64}$borrowed.0/120 64:ff9b::/96; do
	ip -n "$gw" route add "$i" via $client_ip
done
serve "$far4" tcp4:22 tcp4:8080 tcp4:8081
for i in 4 5; do ip -n "$far4" addr add 198.51.100.$i/24 dev eth0; done
serve "$gw" tcp6:22 udp6:4000

# The recipe

answers "TCP" tcp 8080 "$pool_ip *"
check_match "one entry has both families" "$(sessions "tcp .*dport=8080 ")" \
	"*src=2001:0db8:000c:0000:0000:0000:0000:0002 dst=$gw6full sport=* dport=8080 src=$far_ip dst=$pool_ip sport=80 dport=* [[]ASSURED[]]*"
check_match "conntrack lists it" "$(on "$gw" conntrack -L -f ipv6 -p tcp --orig-port-dst 8080 2>&1)" \
	"*1 flow entries*dst=$gw6 sport=* dport=8080 *"
answers "UDP" udp 53 "$pool_ip *"
check_match "what is not in the map is the gateway's" "$(ask "$client6" tcp $gw6 22)" "hello from $client_ip *"
check_eq "the filter counts each session once" \
	"$(on "$gw" "$NFT" list counter inet forwards begun | grep -o 'packets [0-9]*')" "packets 2"
line=$(printf '%04000d' 0)
check_match "datagrams in pieces" "$(ask "$client6" udp $gw6 53 "$line")" "$line from $pool_ip *"
all_valid

# What routers and hosts say about a session

load "ip6 daddr $gw6 tcp dport 81 xlat 6to4 $far_to masquerade
	ip6 daddr $gw6 udp dport { 81, 5353 } xlat 6to4 $far_to masquerade
	ip6 daddr $gw6 meta l4proto ipv6-icmp xlat 6to4 dnat to $far_ip:22 masquerade
	ip6 daddr 2001:db8:c::9 xlat 6to4 dnat to 198.51.100.3 masquerade"
check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $gw6
check "another, of the same id" on "$client6" ping -6 -e 22 -c 1 -W 10 $gw6
check "and one of another source" on "$client6" ping -6 -e 22 -I 2001:db8:c::10 -c 1 -W 10 $gw6
check "ping, in pieces" on "$client6" ping -6 -M dont -s 3000 -c 1 -W 10 $gw6
refused "closed TCP port" tcp 81
refused "closed UDP port" udp 81
ip -n "$gw" -6 neigh add proxy 2001:db8:c::9 dev lan
on "$gw" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/lan/proxy_ndp'
check_match "no such host: from whom the client talked to" "$(on "$client6" ping -6 -n -c 1 -W 10 2001:db8:c::9)" \
	"*From 2001:db8:c::9 icmp_seq=1 Destination unreachable: No route*"
check_match "too big: from whom it talked to" "$(on "$client6" ping -6 -n -M "do" -s 1400 -c 1 -W 10 $gw6)" \
	"*From $gw6 icmp_seq=1 Packet too big: mtu=1420*"
check_match "hop limit: the gateway" "$(on "$client6" ping -6 -n -t 1 -c 1 -W 10 $gw6)" "*From $gw6 icmp_seq=1 Time exceeded: Hop limit*"
check_match "hop limit: a router of IPv4" "$(on "$client6" ping -6 -n -t 2 -c 1 -W 10 $gw6)" "*From $gw6 icmp_seq=1 Time exceeded: Hop limit*"
on "$far4" "$NFT" "table ip t { counter told { }; chain in { type filter hook input priority 0;
	icmp type destination-unreachable icmp code port-unreachable counter name told; }; }"
told() { on "$far4" "$NFT" list counter ip t told | grep -q "packets 1 "; }
python "$client6" flood udp $client_ip 4444 $gw6 5353 1 >/dev/null
check "the server is told of a closed port of the client" wait_for 10 told
check_eq "nothing was dropped but what is too big or at its last hop" "$(drops)" \
	"$(($(counter DropHopLimit) + $(counter DropTooBig)))"

# Where to

load "ip6 daddr $gw6 tcp dport 2222 xlat 6to4 dnat to $far_ip:22 masquerade"
answers "address and port" tcp 2222 "$pool_ip *"
answers "other ports are the gateway's" tcp 22 "$client_ip *"
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to 198.51.100.4-198.51.100.5:8080 masquerade"
answers "range of addresses" tcp 80 "$pool_ip *"
check "range of addresses: one of it" [ "$(sessions "src=198.51.100.[45] dst=$pool_ip sport=8080 " | wc -l)" = 1 ]
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $far_ip:8080-8081 masquerade"
for i in {1..12}; do ask "$client6" tcp $gw6 80; done >"$tmp/range"
check_eq "range of ports: all are answered" "$(grep -c "hello from $pool_ip " "$tmp/range")" 12
check_eq "range of ports: all are used" "$(sessions "dport=80 " | grep -o 'sport=808[01] ' | sort -u | wc -l)" 2
load "xlat 6to4 dnat to ip6 daddr . tcp dport map { $gw6 . 80 : $far_ip . 8080-8080, $gw6 . 81 : $far_ip . 22-22 } masquerade"
answers "map: one element" tcp 80 "$pool_ip *"
answers "map: the other, with a range of ports" tcp 81 "$pool_ip *"
case $("$NFT" --version) in
*" v1.0.6 "*) echo "# SKIP: a port beside a range of ports in one map: nft 1.0.6 does not take it" ;;
*)
	load "xlat 6to4 dnat to ip6 daddr . tcp dport map { $gw6 . 80 : $far_ip . 8080, $gw6 . 81 : $far_ip . 22-22 } masquerade"
	answers "map: a port beside a range" tcp 80 "$pool_ip *" ;;
esac
for place in "ip6 -199" "inet mangle" "ip6 dstnat" "inet filter"; do
	# shellcheck disable=SC2086 # two words
	load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $far_ip:8080 masquerade" $place
	answers "table and priority: $place" tcp 80 "$pool_ip *"
done
# Neighbour discovery to a multicast address, and what conntrack does not track, are not its.
load "iifname lan xlat 6to4 $far_to masquerade"
ip -n "$client6" neigh flush dev eth0
ip -n "$gw" neigh flush dev lan
answers "a rule for all: neighbours find each other" tcp 8080 "$pool_ip *"

# The source

load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $far_ip:8080 masquerade to :30000-30009"
answers "masquerade: from a range of ports" tcp 80 "$pool_ip 3000[0-9]"
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $far_ip:8080 snat to $borrowed.1-$borrowed.2:30000-30009 random"
answers "snat: from a range" tcp 80 "$borrowed.[12] 3000[0-9]"
load "ip6 daddr $gw6 xlat 6to4 dnat to ip6 daddr . tcp dport map { $gw6 . 80 : $far_ip . 8080 } snat to ip6 saddr map { $client_ip : $borrowed.5, 2001:db8:c::10 : $borrowed.6 }"
answers "snat: by a map, as the destination" tcp 80 "$borrowed.5 *"
check_match "and the other" "$(python "$client6" crowd call tcp $gw6 80 1 30000 2001:db8:c::10)" \
	"from $borrowed.6 30000*1 of 1 answered"

load "ip6 daddr $gw6 tcp dport { 22, 80 } xlat 6to4 prefix $pref64/96 $far_to"
answers "prefix: what it does not map is for the next rule" tcp 22 "$client_ip *"
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 prefix $pref64/96 dnat to $far_ip:8080"
check_match "prefix: what it maps" "$(python "$client6" crowd call tcp $gw6 80 1 30000 ${pref64}$borrowed.7)" \
	"from $borrowed.7 30000*1 of 1 answered"
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 prefix 64:ff9b::/96 dnat to $far_ip:8080"
check_match "prefix: the well-known one is for global addresses" \
	"$(patience=2 python "$client6" crowd call tcp $gw6 80 1 30000 64:ff9b::10.0.0.7)" "*Permission denied*"
check "and the reason is counted" [ "$(counter DropNonGlobal)" -ge 1 ]

load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 saddr prefix 2001:db8:c::10/127 to $borrowed.16/31 dnat to $far_ip:8080"
check_match "pair" "$(python "$client6" crowd call tcp $gw6 80 1 30000 2001:db8:c::11)" \
	"from $borrowed.17 30000*1 of 1 answered"
on "$gw" "$NFT" "flush ruleset; table inet gw {
	map eam { type ipv6_addr : ipv4_addr; elements = { 2001:db8:c::10 : $borrowed.20, 2001:db8:c::11 : $borrowed.20 }; }
	chain pre { type filter hook prerouting priority dstnat;
		ip6 daddr $gw6 tcp dport 80 xlat 6to4 prefix $pref64/96 saddr prefix to ip6 saddr map @eam dnat to $far_ip:8080; }; }" ||
	fail "table of pairs"
on "$gw" conntrack -F 2>/dev/null
python "$client6" crowd call tcp $gw6 80 1 30000 2001:db8:c::10 >"$tmp/one"
python "$client6" crowd call tcp $gw6 80 1 30000 2001:db8:c::11 >"$tmp/two"
check_match "table of pairs" "$(cat "$tmp/one")" "from $borrowed.20 30000*1 of 1 answered"
check_match "two with one address: another port" "$(cat "$tmp/two")" "from $borrowed.20 *1 of 1 answered"
check_not "that the first does not have" grep -q " 30000" "$tmp/two"
check_match "and the prefix for the rest" "$(python "$client6" crowd call tcp $gw6 80 1 30000 ${pref64}$borrowed.7)" \
	"from $borrowed.7 30000*1 of 1 answered"

# Ports of the gateway's own

load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $far_ip:8080 masquerade"
# hold NS ADDRESS PORT SOURCE-PORT NAME: a session, until $tmp/NAME.go
hold()
{
	background_python "$1" crowd hold tcp "$2" "$3" 1 "$4" "$tmp/$5.go" >"$tmp/$5"
	wait_for 10 grep -q "answered" "$tmp/$5"
}
hold "$gw" $far_ip 8080 31000 own
own=$!
hold "$client6" $gw6 80 31000 theirs
theirs=$!
check_match "the gateway's socket has the port" "$(cat "$tmp/own")" "from $pool_ip 31000*1 of 1 answered"
check_match "a session gets another" "$(cat "$tmp/theirs")" "from $pool_ip *1 of 1 answered"
check_not "not the gateway's" grep -q " 31000" "$tmp/theirs"
hold "$client6" $gw6 80 31001 theirs2
theirs2=$!
hold "$gw" $far_ip 8080 31001 own2
own2=$!
check_match "a session has the port" "$(cat "$tmp/theirs2")" "from $pool_ip 31001*1 of 1 answered"
check_match "the gateway's socket is given another" "$(cat "$tmp/own2")" "from $pool_ip *1 of 1 answered"
check_not "not the session's" grep -q " 31001" "$tmp/own2"
touch "$tmp"/{own,theirs,own2,theirs2}.go
wait $own $theirs $own2 $theirs2
check_eq "all go on" "$(tail -qn 1 "$tmp"/{own,theirs,own2,theirs2} | sort | uniq -c | sed 's/^ *//')" "4 1 of 1 answered again"

# Turned back: to the link that it came from, and to an IPv6 host by its IPv4 address

ip -n "$gw" addr add 10.9.0.1/24 dev lan
ip -n "$client6" addr add 10.9.0.2/24 dev eth0
serve "$client6" tcp4:8081
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to 10.9.0.2:8081 masquerade"
answers "the link that it came from" tcp 80 "10.9.0.1 *"
beyond "$gw" lan7 client7 2001:db8:d::
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $pool_ip:443 snat to $borrowed.1
	ip daddr $pool_ip tcp dport 443 xlat 4to6 prefix $pref64/96 dnat to [$client_ip]:8080"
answers "an IPv6 host behind an address of IPv4" tcp 80 "${pref64}cb00:7101 *" "$client7"
check "ends in one entry" [ "$(sessions "sport=8080 " | wc -l)" = 1 ]

# The gateway is the client, and the server

on "$gw" "$NFT" "flush ruleset; table inet gw { chain out { type filter hook output priority mangle;
	ip6 daddr 2001:db8:9::1 xlat 6to4 $far_to masquerade; }; }"
ip -n "$gw" route add 2001:db8:9::/64 via $client_ip
answers "the gateway's own call: TCP" tcp 8080 "$pool_ip *" "$gw" 2001:db8:9::1
answers "the gateway's own call: UDP" udp 5353 "$pool_ip *" "$gw" 2001:db8:9::1
check "the gateway's own call: echo" on "$gw" ping -6 -c 2 -i 0.2 -W 10 2001:db8:9::1
serve "$gw" tcp4:7080
load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $pool_ip:7080 masquerade"
answers "a service of the gateway's that has IPv4 only" tcp 80 "$pool_ip *"

# With the address that masquerading takes, its sessions end.

load "ip6 daddr $gw6 tcp dport 80 xlat 6to4 dnat to $far_ip:8080 masquerade"
answers "before" tcp 80 "$pool_ip *"
ip -n "$gw" addr del $pool_ip/24 dev wan
gone() { [ -z "$(sessions "src=$far_ip dst=$pool_ip ")" ]; }
check "the session has ended" wait_for 10 gone

done_testing
