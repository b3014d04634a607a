#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What docs/guides/from_jool.md says that a configuration of Jool becomes.
. "$(dirname "$0")/recipe.inc"

setup_recipe from_jool
server6=$!
far64=$pref64$far_ip
out $pool_ip
serve "$server4" udp4:5353

# between LOW HIGH NUMBER
# shellcheck disable=SC2317 # called by check
between() { [ "$3" -ge "$1" ] && [ "$3" -le "$2" ]; }

# call NS tcp|udp ADDRESS PORT SOURCE-PORT: from that port
call()
{
	on "$1" timeout 30 python3 -ISc 'import socket, sys
proto, to, port, source = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET,
	socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.settimeout(20)
s.bind(("", int(source)))
try:
	s.connect((to, int(port)))
	s.send(b"hello")
	print(s.recv(100).decode().strip())
except OSError as e:
	print(e)' "${@:2}"
}

read -r _ _ ip port < <(call "$client6" udp $far64 5353 40000)
check "pool4: ports of the range ($ip $port)" between 1024 32767 "$port"
check_match "udp-timeout" "$(sessions "udp .*sport=40000 dport=5353" | tr -s ' ' | cut -d' ' -f 5)" "1[12]?"
check_eq "address-dependent-filtering: nobody else" "$(call "$server4" udp $pool_ip "$port" 50000)" "[Errno 113] No route to host"
check_eq "and counted" "$(counter DropFiltered)" 1
check_match "bib: from IPv4" "$(ask "$far4" tcp $pool_ip 80)" "hello from ${pref64}c633:6402 *"
check_match "by anybody" "$(ask "$server4" tcp $pool_ip 80)" "hello from ${pref64}c000:202 *"
kill $server6 # which has that port
wait $server6 2>/dev/null
check_eq "bib: and from the host itself" "$(call "$client6" tcp $far64 80 8080)" "hello from $pool_ip 80"

# counted NAME NUMBER: within some time
# shellcheck disable=SC2317 # called by check
counted() { wait_for 10 eval "[ \$(counter $1) = $2 ]"; }

# a wrong checksum
bad=600000000011114020010db8000c0000000000000000000220010db80064000000000000c6336402
bad=${bad}9c4214e900111234$(printf '%018d' 0)
dropped=$(counter DropState)
python "$client6" send "$client6" "$gw" lan "$bad"
check "a wrong checksum: dropped" counted DropState $((dropped + 1))
check "sysctl" on "$gw" sysctl -q -w net.netfilter.nf_conntrack_checksum=0
passed=$(counter 6to4)
python "$client6" send "$client6" "$gw" lan "$bad"
check "nf_conntrack_checksum=0: translated" counted 6to4 $((passed + 1))

# icmp-timeout
check "sysctl" on "$gw" sysctl -q -w net.netfilter.nf_conntrack_icmpv6_timeout=90
check "ping" on "$client6" ping -6 -c 1 -W 10 -e 4242 $far64
check_match "icmp-timeout" "$(sessions "icmpv6 .* id=4242 " | tr -s ' ' | cut -d' ' -f 5)" "[89]?"

# The gateway's own programs
serve "$client6" tcp6:8080
check "what they need" on "$gw" $NFT -f - < <(text from_jool nft)
check "and a route" on "$gw" sh -ec "$(grep -o 'ip -6 route add [^`]*' "$top/docs/guides/from_jool.md")"
check_match "TCP" "$(ask "$gw" tcp $far64 80)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$gw" udp $far64 5353)" "hello from $pool_ip *"
check "ping" on "$gw" ping -6 -c 1 -W 10 $far64
check_match "errors come from the router" "$(on "$gw" ping -6 -n -c 1 -W 10 ${pref64}198.51.100.3)" "*From $router64 icmp_seq=1 *"
check_match "the port forward" "$(ask "$gw" tcp $pool_ip 80)" "hello from *"

# What the table says in words of nft is at least that.
for rule in 'ip6 daddr 2001:db8:64::/96 icmpv6 type { echo-request, echo-reply } drop' \
	'meta l4proto tcp ct state new drop' 'udp checksum 0 drop' \
	'ip dscp set cs0 xlat 4to6 prefix 2001:db8:64::/96' \
	'ip6 dscp set cs1 xlat 6to4 prefix 2001:db8:64::/96' \
	'xlat 6to4 prefix 2001:db8:64::/96 error saddr numgen random mod 2 map { 0 : 192.0.2.1, 1 : 192.0.2.3 }' \
	'xlat 6to4 prefix 2001:db8:64::/96 snat to jhash ip6 saddr . ip6 daddr mod 2 map { 0 : 192.0.2.1, 1 : 192.0.2.3 }' \
	'xlat 6to4 prefix 2001:db8:64::/96 masquerade to :61001-65535'; do
	check "$rule" on "$gw" $NFT -c "insert rule inet nat64 pre $rule"
done

done_testing
