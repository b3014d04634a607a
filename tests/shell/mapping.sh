#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Endpoint-independent mappings: one port for all peers, who may use it, and how
# long it lives (RFC 6146 sections 3.1, 3.5 and 3.8, RFC 4787).
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip

# rule WORDS: the gateway's only rule
rule()
{
	on "$gw" $NFT "flush ruleset; table inet gw { chain pre {
		type filter hook prerouting priority dstnat; policy accept;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 $*; }; }" || fail "rule $*"
	on "$gw" conntrack -F 2>/dev/null
	check_eq "$*: no mappings" "$(counter Bib)" 0
}


setup_topo
ip -n "$server4" addr add 192.0.2.3/24 dev eth0
another client7
link "$gw" lan7 "$client7" eth0
ip -n "$gw" addr add 2001:db8:d::1/64 dev lan7 nodad
ip -n "$client7" addr add 2001:db8:d::2/64 dev eth0 nodad
ip -n "$client7" route add default via 2001:db8:d::1

start "$server4" endpoint 192.0.2.2 7000 192.0.2.3 7000 192.0.2.2 7001

rule masquerade
check_eq "one port for all peers" \
	"$(python "$client6" endpoint call $client_ip 5000 ${pref64}192.0.2.2 7000 ${pref64}192.0.2.3 7000 ${pref64}192.0.2.2 7001)" \
	"192.0.2.1 5000
192.0.2.1 5000
192.0.2.1 5000"
check_eq "one mapping" "$(counter Bib)" 1
check_eq "another client has another port" \
	"$(python "$client7" endpoint call 2001:db8:d::2 5000 ${pref64}192.0.2.2 7000 ${pref64}192.0.2.3 7000 | uniq -c | sed 's/^ *\([0-9]*\) 192.0.2.1 .*[02468]$/\1/')" 2
check_eq "two mappings" "$(counter Bib)" 2
on "$gw" conntrack -F 2>/dev/null
check_eq "gone with their sessions" "$(counter Bib)" 0

done_testing
