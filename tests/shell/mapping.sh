#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Endpoint-independent mappings: one port for all peers, who may use it, and how
# long it lives (RFC 6146 sections 3.1, 3.5 and 3.8, RFC 4787).
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack

pref64=2001:db8:64::

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
beyond "$gw" lan7 client7 2001:db8:d::

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

# Who may send to a mapping. stranger FROM PORT: to that of client6
stranger() { python "$server4" endpoint call "$1" "$2" $pool_ip 5000; }
# waiting: client6 has talked to 192.0.2.2 port 7000, and listens
waiting()
{
	background_python "$client6" endpoint wait $client_ip 5000 ${pref64}192.0.2.2 7000 >"$tmp/waiting"
	waiter=$!
	wait_for 5 grep -q waits "$tmp/waiting" || fail "no mapping"
}
# no_more: whoever wrote, client6 has it now
no_more()
{
	on "$server4" python3 -ISc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.2", 7004))
s.sendto(b"", ("192.0.2.1", 5000))'
	wait "$waiter"
}

rule masquerade
waiting
check_eq "anybody may send" "$(stranger 192.0.2.3 7002)" "${pref64}c000:203 7002"
check_eq "from any port" "$(stranger 192.0.2.2 7003)" "${pref64}c000:202 7003"
check_eq "all of it is one mapping" "$(counter Bib)" 1
# Protocol 0 has no mappings, and no ports that would tell the object of an address from one.
on "$gw" $NFT "table ip seen { chain in { type filter hook input priority filter; ip protocol 0 counter; }; }"
before=$(drops)
on "$server4" python3 -ISc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
head = bytes([0x45, 0]) + bytes(6) + bytes([64, 0]) + bytes(2)
s.sendto(head + socket.inet_aton("192.0.2.2") + socket.inet_aton("192.0.2.1") + bytes(8), ("192.0.2.1", 0))'
check_match "a packet of protocol 0 passes on" "$(on "$gw" $NFT list table ip seen)" "*packets 1 *"
check_eq "and is not dropped" "$(drops)" "$before"
no_more

rule masquerade filtering address-dependent
waiting
before=$(counter DropFiltered)
check_match "a stranger may not" "$(stranger 192.0.2.3 7002)" "*Error*"
check_eq "is filtered" "$(($(counter DropFiltered) - before))" 1
check_eq "another port of who was talked to may" "$(stranger 192.0.2.2 7003)" "${pref64}c000:202 7003"
no_more

rule masquerade mapping address-port-dependent
waiting
check_eq "no mapping is made" "$(counter Bib)" 0
check_match "nobody else may send" "$(stranger 192.0.2.2 7003)" "*Error*"
kill $waiter

# Rules with pools of their own have mappings of their own.
on "$gw" conntrack -F 2>/dev/null
on "$gw" $NFT "flush ruleset; table inet gw { chain pre {
	type filter hook prerouting priority dstnat; policy accept;
	ip6 daddr ${pref64}192.0.2.3 xlat 6to4 prefix $pref64/96 snat to 192.0.2.17
	ip6 daddr $pref64/96 udp dport 7001 xlat 6to4 prefix $pref64/96 snat to 192.0.2.1:6000-6999
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }; }" || fail "rules of three pools"
ip -n "$gw" addr add 192.0.2.17/24 dev wan
check_match "three rules, three mappings" \
	"$(python "$client6" endpoint call $client_ip 5000 ${pref64}192.0.2.2 7000 ${pref64}192.0.2.3 7000 ${pref64}192.0.2.2 7001)" \
	"192.0.2.1 5000
192.0.2.17 5000
192.0.2.1 6???"
check_eq "are three" "$(counter Bib)" 3

done_testing
