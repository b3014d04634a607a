#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A provider's gateway: pools, blocks of ports, limits for each subscriber, a /64,
# and a log of mappings: docs/guides/isp.md.
. "$(dirname "$0")/recipe.inc"

need conntrack
far64=$pref64$far_ip

# crowd tcp|udp PORT N SOURCE-PORT SOURCE: sessions at once, what became of them
crowd() { python "$client6" crowd call "$1" $far64 "$2" "$3" "$4" "2001:db8:1:$5" >"$tmp/crowd"; tail -n 1 "$tmp/crowd"; }
# ports ADDRESS: of the last crowd, as the server saw them
ports() { sed -n "s/^from $1 //p" "$tmp/crowd"; }
# outside LOW HIGH: of the ports on stdin, those that are
outside() { awk -v lo="$1" -v hi="$2" '$1 < lo || $1 > hi'; }
# calls PORT: TCP from many clients, as which address the server saw each
calls() { python "$client6" callers tcp $server64 "$1" 41 spread | sed -n 's/^\(call [0-9]* \)from \([^ ]*\) .*/\1\2/p'; }

# flood NS SOURCE N ADDRESS PORT: a datagram from each of N ports, no answer awaited
flood()
{
	on "$1" python3 -ISc 'import socket, sys
source, n, addr, port = sys.argv[1:]
for i in range(int(n)):
	s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((source, 20000 + i))
	s.sendto(b"x", (addr, int(port)))' "${@:2}"
}

# hits VERDICT: packets of that rule
hits() { on "$gw" $NFT list chain inet cgn limit_subscriber | sed -n "s/.*counter packets \([0-9]*\) .* $1.*/\1/p"; }
# open_of N: sessions of that subscriber
open_of() { sessions "src=2001:0db8:0001:000$1:" | wc -l; }
# between LOW HIGH NUMBER
# shellcheck disable=SC2317 # called by check
between() { [ "$3" -ge "$1" ] && [ "$3" -le "$2" ]; }

# shellcheck disable=SC2317 # called by setup_recipe
routes()
{
	ip -n "$server4" route add 192.0.2.16/29 via $pool_ip
	ip -n "$server4" route add 192.0.2.40/32 via $pool_ip
	ip -n "$server4" addr add 10.0.0.1/32 dev lo
	ip -n "$gw" route add 10.0.0.0/8 via $server_ip
}
before_recipe=routes
setup_recipe isp
serve "$server4" tcp4:25 tcp4:8001 tcp4:8002
serve "$far4" udp4:123
subscribers 1 2 3 4 5
ip -n "$client6" addr add 2001:db8:1:1::3/64 dev eth0 nodad
ip -n "$client6" addr add 2001:db8:1:3::3/64 dev eth0 nodad

out "192.0.2.*"

# Blocks
crowd tcp 80 40 30000 1::2 >/dev/null
p=$(ports 192.0.2.16)
check_eq "40 ports of 64" "$(sort -u <<<"$p" | wc -l)" 40
check_eq "in the block" "$(outside 1024 1087 <<<"$p")" ""
# another host of the /64
crowd tcp 80 26 30000 1::3 >/dev/null
p=$(ports 192.0.2.16)
check_eq "[104] the other 24" "$(sort -u <<<"$p" | wc -l)" 24
check_eq "in the same block" "$(outside 1024 1087 <<<"$p")" ""
check_eq "the rest is told" "$(grep -c '^session .*No route to host' "$tmp/crowd")" 2
check "and counted" [ "$(counter DropNoPort)" -ge 2 ]
crowd tcp 80 40 30000 2::2 >/dev/null
p=$(ports 192.0.2.16)
check_eq "another subscriber has all" "$(sort -u <<<"$p" | wc -l)" 40
check_eq "[108] in its own block" "$(outside 1088 1151 <<<"$p")" ""
check "identifiers are in it too" on "$client6" ping -6 -c 1 -W 10 -I 2001:db8:1:2::2 $far64
check_eq "of the block" "$(sessions 'icmpv6.*src=2001:0db8:0001:0002' | sed -n 's/.* id=//p' | cut -d' ' -f 1 | outside 1088 1151)" ""
dropped=$(drops)

# Limits. Calls before these came from one of the addresses.
on "$gw" conntrack -F >/dev/null 2>&1
check_eq "[104] 100 sessions of 120" "$(crowd udp 5353 120 30000 3::2)" "100 of 120 answered"
check_eq "the rest is told why" "$(grep -c '^session .*Permission denied' "$tmp/crowd")" 20
check_eq "and has no entry" "$(open_of 3)" 100
check_eq "another address of the /64 does not help" "$(crowd udp 5353 1 30000 3::3)" "0 of 1 answered"
check_match "TCP neither" "$(crowd tcp 80 1 30000 3::3; cat "$tmp/crowd")" "*Permission denied*0 of 1 answered"
check_eq "another subscriber has all" "$(crowd udp 5353 20 30000 4::2)" "20 of 20 answered"
check_eq "sessions that are there go on" "$(crowd udp 5353 100 30000 3::2)" "100 of 100 answered"
check_eq "none was too fast" "$(hits drop)" 0
on "$gw" conntrack -D -f ipv6 -s 2001:db8:1:3::2 -p udp --dport 5353 >/dev/null 2>&1
check_eq "and make room when they end" "$(crowd udp 5353 20 31000 3::3)" "20 of 20 answered"

refused=$(hits reject)
flood "$client6" 2001:db8:1:5::2 400 $far64 5353
check_eq "of a flood, as many sessions as may be" "$(open_of 5)" 100
check "some were too many" between 50 300 $(($(hits reject) - refused))
# 150 and 20 for each second
check "[104] some were too fast" between 1 250 "$(hits drop)"
check_eq "the others notice nothing" "$(crowd udp 5353 20 31000 4::2)" "20 of 20 answered"

# Log, of the last of these 20
read -r _ ip port < <(grep '^from ' "$tmp/crowd" | tail -n 1)
check_match "[108] mappings: both halves, no destination" \
	"$(on "$gw" $NFT list set inet cgn mappings | tr -s '\n\t ' ' ')" \
	"*udp . 2001:db8:1:4::2 . 31019 . $ip . $port *expires *"
before=$(open_of 4)
flood "$server4" $server_ip 150 "$ip" "$port"
check_eq "sessions that IPv4 begins count" "$before, then $(open_of 4)" "40, then 100"
check_eq "the gateway remembers each" \
	"$(on "$gw" $NFT list set inet cgn pace | grep -o '2001:db8:1:[345]::' | sort | tr '\n' ' ')" \
	"2001:db8:1:3:: 2001:db8:1:4:: 2001:db8:1:5:: "
check_eq "the translator dropped nothing" "$(drops)" "$dropped"

# Ports of queries serve many, and nobody else may send there
on "$gw" conntrack -F >/dev/null 2>&1
sleep 2 # for the limit of new sessions to forget the crowds before
crowd udp 123 20 32000 4::2 >/dev/null
check_eq "queries have an address of their own" "$(ports 192.0.2.20 | wc -l)" 20
patience=1 check_not "where nobody answers" ask "$server4" udp 192.0.2.20 "$(ports 192.0.2.20 | tail -n 1)"

# Pools. More subscribers, without blocks; the others are not to be among the callers
ip -n "$gw" route add 2001:db8:d0::/48 via $client_ip
{
	for i in {1..40}; do echo "addr add 2001:db8:d0:$i::2/128 dev eth0 nodad"; done
	for i in 1::2 1::3 2::2 3::2 3::3 4::2 5::2; do echo "addr del 2001:db8:1:$i/64 dev eth0"; done
} | ip -n "$client6" -batch -
p=$(calls 8001)
check_eq "all were answered" "$(wc -l <<<"$p")" 41
check_eq "[105] all of it is used, nothing else" "$(cut -d' ' -f 3 <<<"$p" | sort -u | tr '\n' ' ')" \
	"192.0.2.17 192.0.2.18 192.0.2.40 "
check_eq "[103] each has the same address next time" "$(calls 8002)" "$p"
for i in {1..40}; do echo "addr add 2001:db8:d0:$i::3/128 dev eth0 nodad"; echo "addr del 2001:db8:d0:$i::2/128 dev eth0"; done |
	ip -n "$client6" -batch -
check_eq "[103] and all hosts of a subscriber" "$(calls 8001 | cut -d' ' -f 3 | sort | uniq -c)" \
	"$(cut -d' ' -f 3 <<<"$p" | sort | uniq -c)"

# Exempt
check_match "[105] mail is refused" "$(ask "$client6" tcp $server64 25)" "*Permission denied*"
check_match "[105] 10/8 is not translated" "$(ask "$client6" tcp ${pref64}10.0.0.1 8002)" "*unreachable*"
# so that another gateway may
ip -n "$gw" addr add 2001:db8:d::1/64 dev wan nodad
ip -n "$server4" -batch - <<-END
	addr add 2001:db8:d::2/64 dev eth0 nodad
	addr add ${pref64}10.0.0.1/128 dev lo nodad
	route add 2001:db8::/32 via 2001:db8:d::1
END
ip -n "$gw" route add ${pref64}10.0.0.0/104 via 2001:db8:d::2
serve "$server4" tcp6:8002
check_match "but routed" "$(ask "$client6" tcp ${pref64}10.0.0.1 8002)" "hello from 2001:db8:*"

done_testing
