#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fast path: sessions of all modes take it, in both directions, whoever began
# them; and what the rule must not say.
. "$(dirname "$0")/flow.inc"

prefix() { echo "ip6 daddr 2001:db8:$1::/96 xlat 6to4 prefix 2001:db8:$1::/96"; }

setup_topo
xlat="$xlat
	$(prefix 65) masquerade mapping address-port-dependent
	$(prefix 66) masquerade filtering address-dependent
	$(prefix 67) snat to 192.0.2.8-192.0.2.9:20000-29999
	$(prefix 68) snat to 192.0.2.10:20000-29999 random,persistent mapping address-port-dependent
	ip daddr 192.0.2.11 tcp dport 8080 xlat 4to6 prefix $pref64/96 dnat to [$client_ip]:80
	ip daddr 192.0.2.11 udp dport 5353 xlat 4to6 prefix $pref64/96 dnat to [$client_ip]:53
	ip6 daddr 2001:db8:c::1 xlat 6to4 dnat to ip6 daddr . meta l4proto . th dport map {
		2001:db8:c::1 . tcp . 8080 : $server_ip . 80, 2001:db8:c::1 . udp . 5353 : $server_ip . 53 } masquerade
	ip6 daddr 2001:db8:69::1 xlat 6to4 saddr prefix $client_ip to 192.0.2.12 dnat to $server_ip"
for i in 8 9 10 11 12; do ip -n "$gw" addr add 192.0.2.$i/32 dev wan; done
check "ruleset loads" rules || done_testing
hooks_come lan wan
serve "$server4" tcp4:80 udp4:53
serve "$client6" tcp6:80 udp6:53 udp6:4000

for proto in "udp 53" "tcp 80"; do
	set -- $proto
	for mode in "64 masquerade $pool_ip" "65 a-port-per-session $pool_ip" "66 filtering $pool_ip" \
		"67 snat 192.0.2.[89]" "68 snat-per-session 192.0.2.10"; do
		read -r n what peer <<<"$mode"
		helper $1-$n "$client6" call $1 2001:db8:$n::$server_ip $2
		fast "$1, $what" $1-$n "$peer [0-9]*"
	done
	helper $1-dnat "$server4" call $1 192.0.2.11 $(($2 == 80 ? 8080 : 5353))
	fast "$1, dnat" $1-dnat "$server64hex [0-9]*"
	helper $1-dnat4 "$client6" call $1 2001:db8:c::1 $(($2 == 80 ? 8080 : 5353))
	fast "$1, dnat to IPv4" $1-dnat4 "$pool_ip [0-9]*"
	helper $1-mapped "$client6" call $1 2001:db8:69::1 $2
	fast "$1, dnat to IPv4 of a mapped source" $1-mapped "192.0.2.12 [0-9]*"
done

# From IPv4 to a mapping: of client6's port 4000, which a first packet makes.
python "$client6" flood udp $client_ip 4000 $server64 7777 1 >/dev/null
helper mapping "$server4" call udp $pool_ip 4000
fast "udp, by a mapping" mapping "$server64hex [0-9]*"

# What has lasted for two seconds is none of those that a full table drops first.
assured()
{
	tell udp-64 ask 1 >/dev/null
	sessions "udp .*dst=2001:0db8:0064:.* dport=53 .*ASSURED"
}
check "udp becomes assured" wait_for 8 assured

check_eq "nothing was dropped" "$(drops)" 0

# refused WHAT ERROR RULE: with the chain that is there
refused() { check_match "$1" "$(on "$gw" "$NFT" "$3" 2>&1)" "*$2*"; }

refused "no such flowtable" "No such file or directory" "add rule inet gw forward xlat flow add @none"
refused "not in prerouting" "not supported in the prerouting hook" "add rule inet gw pre xlat flow add @ft"
refused "not in the chain of a device" "not" "table netdev d { flowtable ft { hook ingress priority 0; devices = { lan }; }
	chain in { type filter hook ingress device lan priority 0; xlat flow add @ft; }; }"
refused "not a flowtable of another table" "No such file or directory" "table ip other {
	chain forward { type filter hook forward priority 0; xlat flow add @ft; }; }"
refused "not in a chain that prerouting calls" "Operation not supported" \
	"add chain inet gw sub; add rule inet gw sub xlat flow add @ft; add rule inet gw pre jump sub"

done_testing
