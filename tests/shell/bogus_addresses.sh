#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IPv4 addresses that no router forwards to or from: the stack would have refused
# them, had it seen them in a packet that came in as IPv4.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping socat tcpdump

bogus="0.0.0.0 0.1.2.3 127.0.0.1 169.254.169.254 224.0.0.251 239.1.2.3 255.255.255.255"

# probe SOURCE DESTINATION...: a datagram and a ping to each
probe()
{
	local src=$1 dst

	shift
	for dst; do
		echo bogus | on "$client6" socat -u - "UDP6-SENDTO:[64:ff9b::$dst]:8081,bind=[$src]"
		on "$client6" ping -6 -q -c 1 -W 0.1 -I "$src" "64:ff9b::$dst" >/dev/null 2>&1
	done
}

# nothing WHAT DROPS: that was counted, and nobody got anything
nothing()
{
	check_eq "$1: all dropped" "$(drops) $(($(counter DropAddress) + $(counter DropDestination)))" "$2 $2"
	check_eq "$1: none translated" "$(counter 6to4)" 0
	check_eq "$1: no session" "$(sessions 'src=2001:.* dst=0064:ff9b')" ""
	check_eq "$1: nothing for the gateway" "$(cat "$tmp/got")" ""
}

setup_topo
# so that routes lead everywhere
ip -n "$gw" route add default via $server_ip
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
background "$gw" socat -u UDP4-RECV:8081 OPEN:"$tmp/got",creat,append
background "$gw" socat TCP4-LISTEN:8081,bind=127.0.0.1,fork,reuseaddr PIPE
listening "$gw" tcp 8081
serve "$server4" udp4:5353
background "$gw" tcpdump -Ulni wan ip >"$tmp/wan" 2>"$tmp/dump"
wait_for 10 grep -q listening "$tmp/dump"

check "stateful ruleset loads" ruleset nat64 || done_testing
# shellcheck disable=SC2086 # words are meant
probe $client_ip $bogus 192.0.2.255
nothing "stateful" 16
patience=1 check_not "stateful: no TCP to loopback" ask "$client6" tcp ${pref64}127.0.0.1 8081
# whose source is not taken from the route
check "ruleset with an address loads" on "$gw" $NFT "flush ruleset; table inet gw { chain pre {
	type filter hook prerouting priority dstnat; ip6 daddr 64:ff9b::/96
	xlat 6to4 prefix 64:ff9b::/96 non-global snat to $pool_ip; }; }"
n=$(drops)
probe $client_ip 127.0.0.1
nothing "stateful, with an address" $((n + 2))
ruleset flush

check "stateless ruleset loads" ruleset siit
for src in $bogus; do
	ip -n "$client6" addr add "2001:db8:6464::$src/128" dev eth0 nodad
done
ip -n "$client6" addr add 2001:db8:6464::203.0.113.33/128 dev eth0 nodad
n=$(drops)
# Stateless, a group is fine unless it is the link's own.
# shellcheck disable=SC2086
probe 2001:db8:6464::203.0.113.33 ${bogus/239.1.2.3/224.0.0.5} 192.0.2.255
for src in $bogus; do
	probe 2001:db8:6464::"$src" $server_ip $pool_ip
done
nothing "stateless" $((n + 44))
ruleset flush

# All there was on the wire is what comes now.
ruleset nat64
check_match "a session works" "$(ask "$client6" udp $server64 5353)" "hello from $pool_ip *"
wait_for 5 grep -q "$server_ip.5353 > " "$tmp/wan"
check_eq "nothing bogus on the wire" "$(grep -v "$server_ip.5353" "$tmp/wan")" ""

# Prefixes of addresses that are no router's business.
for prefix in ::/96 fe80::/64 fe80::/96 ff00::/32 ff0e:db8::/96 ::ffff:0:0/96; do
	for form in "prefix $prefix" "prefix $prefix masquerade" \
		"saddr prefix $prefix daddr prefix 64:ff9b::/96 non-global" \
		"saddr prefix 64:ff9b::/96 non-global daddr prefix $prefix"; do
		# nft says which of the two; without it, the kernel: EADDRNOTAVAIL
		check_match "$form is refused" "$(on "$gw" $NFT "table inet t { chain c {
			type filter hook prerouting priority dstnat; xlat 6to4 $form; }; }" 2>&1 | head -1)" \
			"*Error: *prefix must not be *"
	done
done

done_testing
