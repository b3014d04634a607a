#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The address that sessions masquerade as is removed, changed, or its device goes
# down: they end, others do not. Namespaces and modules go with mappings in use.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip

# shellcheck disable=SC2317 # called by check, as the next ones are
rules()
{
	on "$gw" $NFT "flush ruleset; table inet gw { chain pre {
		type filter hook prerouting priority dstnat; policy accept;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade;
		ip6 daddr 2001:db8:65::/96 xlat 6to4 prefix 2001:db8:65::/96 snat to $pool_ip:20000-20999;
		ip6 daddr 2001:db8:66::/96 xlat 6to4 prefix 2001:db8:66::/96 masquerade mapping address-port-dependent; }; }"
}

# hold NAME ADDRESS: a TCP session that is asked now and then
hold()
{
	mkdir -p "$tmp/$1"
	rm -f "$tmp/$1"/*
	background_python "$client6" hold "$2" 8080 "$tmp/$1"
	wait_for 5 test -s "$tmp/$1/0" || fail "$1: no session"
}

# again NAME N: question N of it
again()
{
	touch "$tmp/$1/go"
	wait_for 6 test -s "$tmp/$1/$2"
	cat "$tmp/$1/$2"
}

# of IP: sessions of IPv6 hosts as this address
of() { sessions "src=2001.* src=.* dst=$1 " | wc -l; }
# shellcheck disable=SC2317
of_is() { [ "$(of "$1")" = "$2" ]; }
# shellcheck disable=SC2317
bib_is() { [ "$(counter Bib)" = "$1" ]; }

# shellcheck disable=SC2317
bib_more() { [ "$(counter Bib)" -gt "$1" ]; }

setup_topo
ip -n "$gw" -batch - <<-EOF
	addr add 198.51.100.1/24 dev wan
	addr add 192.0.2.5/24 dev wan
EOF
ip -n "$server4" addr add 198.51.100.2/24 dev eth0
check "rules load" rules || done_testing
serve "$server4" tcp4:8080 udp4:5353

# the outgoing device's address, as the route says
hold masq $server64
hold snat 2001:db8:65::$server_ip
hold session 2001:db8:66::$server_ip
hold other ${pref64}198.51.100.2
check_match "masquerade" "$(cat "$tmp/masq/0")" "0 from $pool_ip *"
check_match "of another network" "$(cat "$tmp/other/0")" "0 from 198.51.100.1 *"
check_match "snat to the same address" "$(cat "$tmp/snat/0")" "0 from $pool_ip 20???"
check_match "a port per session" "$(cat "$tmp/session/0")" "0 from $pool_ip *"
port=$(cut -d" " -f4 "$tmp/masq/0")
# and of datagrams, one of them inbound, by a mapping
others()
{
	local udp

	for i in 1 2 3; do
		udp=$(ask "$client6" udp $server64 5353)
		check_match "UDP $i" "$udp" "hello from $pool_ip *"
	done
	python "$server4" flood udp $server_ip 7777 $pool_ip "${udp##* }" 1 >/dev/null
	check_eq "a session from IPv4" "$(sessions "src=$server_ip dst=$pool_ip .*dst=2001" | wc -l)" 1
	check_eq "sessions of the address" "$(of $pool_ip)" 6
	check_eq "mappings" "$(counter Bib)" 6
}
others

# An address that nobody uses goes: nothing ends.
ip -n "$gw" addr del 192.0.2.5/24 dev wan
check_match "an unused address is removed" "$(again masq 1)" "1 from $pool_ip *"
check_eq "all sessions are there" "$(of $pool_ip)" 6

# The device goes down: so do its sessions, as with NAT44. TCP has the same port again.
ip -n "$gw" link set wan down
check "device down: sessions end, but for snat's" wait_for 5 of_is $pool_ip 1
check "device down: mappings end" wait_for 5 bib_is 1
check_eq "device down: no session from IPv4 is left" "$(sessions "src=$server_ip dst=$pool_ip .*dst=2001")" ""
ip -n "$gw" link set wan up
check_match "device up: new sessions" "$(again masq 2)" "2 from $pool_ip $port"
check_match "device up: per session too" "$(again session 1)" "1 from $pool_ip *"
check_match "device up: of the other network" "$(again other 1)" "1 from 198.51.100.1 *"
check_match "device up: snat goes on" "$(again snat 1)" "1 from $pool_ip *"
others

# The address goes. Another of the network takes its place.
ip -n "$gw" addr add 192.0.2.9/24 dev wan
ip -n "$gw" addr del $pool_ip/24 dev wan
ip -n "$gw" addr replace 192.0.2.9/24 dev wan # secondary, it may have gone too
ip -n "$server4" route replace default via 192.0.2.9
check "removed: sessions end, but for snat's" wait_for 5 of_is $pool_ip 1
check "removed: mappings end" wait_for 5 bib_is 2
check_eq "removed: no session from IPv4 is left" "$(sessions "src=$server_ip dst=$pool_ip .*dst=2001")" ""
check_match "removed: snat goes on" "$(again snat 2)" "2 from $pool_ip *"
check_match "removed: the other network goes on" "$(again other 2)" "2 from 198.51.100.1 *"
check_match "a new session has the new address" "$(ask "$client6" tcp $server64 8080)" "hello from 192.0.2.9 *"
check_match "a new one per session too" "$(ask "$client6" tcp 2001:db8:66::$server_ip 8080)" "hello from 192.0.2.9 *"
check_match "UDP" "$(ask "$client6" udp $server64 5353)" "hello from 192.0.2.9 *"

# Modules go while mappings are in use.
python "$client6" flood udp $client_ip 10000-10499 ${pref64}198.51.100.9 53 500 >/dev/null
check "mappings in use" [ "$(counter Bib)" -gt 500 ]
check "ruleset is flushed" on "$gw" $NFT flush ruleset
check "modules unload" modprobe -r nft_xlat_flow nft_xlat nf_xlat_flow nf_xlat_ct nf_xlat
check_eq "no session is left" "$(sessions 'src=2001.*src=[0-9]*\.' | wc -l)" 0
check "rules load again" rules
check_eq "no mapping" "$(counter Bib)" 0
check_match "a new session" "$(ask "$client6" tcp $server64 8080)" "hello from 192.0.2.9 *"

# The gateway goes while it translates.
python "$client6" flood udp $client_ip 10000-10499 ${pref64}198.51.100.9 53 500 >/dev/null
for i in 1 2; do
	background_python "$client6" flood udp $client_ip 11000-60000? ${pref64}198.51.100.9 53 20000 >/dev/null 2>&1 # the link goes too
done
check "traffic" wait_for 5 bib_more 600
check "delete the namespace" ip netns del "$gw"
wait_for 20 modprobe -r nft_xlat_flow nft_xlat
check "no reference is left" modprobe -r nf_xlat_ct

done_testing
