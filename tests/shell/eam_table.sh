#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An address table of 100 000 pairs loads in one transaction, and is replaced as a
# whole under traffic: no packet meets half of it.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
pairs=100000
is_uml || pairs=10000 # emulated

# table NET: both maps, host by host; the first is client6
table()
{
	python3 -ISc '
import ipaddress, sys
net, n = int(ipaddress.IPv4Address(sys.argv[1])), int(sys.argv[2])
first = int(ipaddress.IPv6Address(sys.argv[3]))
v4 = [ipaddress.IPv4Address(net + i) for i in range(n)]
v6 = [ipaddress.IPv6Address(first + (i << 32)) for i in range(n)]
print("flush map inet siit eam64\nflush map inet siit eam46")
for name, a, b in ("eam64", v6, v4), ("eam46", v4, v6):
    print("add element inet siit", name, "{", ", ".join(f"{x} : {y}" for x, y in zip(a, b)), "}")
' "$1" "$pairs" $client_ip
}

setup_topo
ip -n "$gw" route add default via $server_ip
ip -n "$gw" route add 2001:db8::/32 via $client_ip
serve "$server4" udp4:5353
check "rules load" on "$gw" "$NFT" "table inet siit {
	map eam64 { type ipv6_addr : ipv4_addr; }
	map eam46 { type ipv4_addr : ipv6_addr; }
	chain pre {
		type filter hook prerouting priority raw
		ip6 daddr 2001:db8:64::/96 xlat 6to4 saddr prefix to ip6 saddr map @eam64 daddr prefix 2001:db8:64::/96
		iifname wan xlat 4to6 saddr prefix 2001:db8:64::/96 daddr prefix to ip daddr map @eam46
	}
}" || done_testing

table 10.8.0.0 >"$tmp/one"
table 10.16.0.0 >"$tmp/two"
start=$(date +%s%N)
check "$pairs pairs load" on "$gw" "$NFT" -f "$tmp/one"
echo "# in $((($(date +%s%N) - start) / 1000000)) ms"
check_match "a pair works" "$(ask "$client6" udp 2001:db8:64::$server_ip 5353)" "hello from 10.8.0.0 *"
check_eq "a map in use cannot go" "$(on "$gw" "$NFT" delete map inet siit eam64 2>&1 | grep -c busy)" 1

# Each question is answered under one table or the other; both directions agree
# but for an exchange that straddles the change, which gets no answer and repeats.
background_python "$client6" eam_traffic 2001:db8:64::$server_ip 5353 >"$tmp/seen"
traffic=$!
wait_for 10 grep -q "10.8.0.0" "$tmp/seen"
check "replaced under traffic" on "$gw" "$NFT" -f "$tmp/two"
wait_for 10 grep -q "10.16.0.0" "$tmp/seen"
check "and back" on "$gw" "$NFT" -f "$tmp/one"
wait_for 10 sh -c "tail -n 1 '$tmp/seen' | grep -q 10.8.0.0"
kill $traffic
wait $traffic 2>/dev/null
check_eq "the old or the new address, nothing else" "$(sort -u "$tmp/seen" | xargs)" "10.16.0.0 10.8.0.0"
check_eq "from the one to the other and back" "$(uniq "$tmp/seen" | wc -l)" 3
check_eq "nothing was dropped" "$(drops)" 0

# A transaction that fails leaves the table as it was.
{ cat "$tmp/two"; echo "add element inet siit nowhere { ::1 : 1.2.3.4 }"; } >"$tmp/bad"
check_not "a bad transaction is refused" on "$gw" "$NFT" -f "$tmp/bad"
check_match "and the table is as before" "$(ask "$client6" udp 2001:db8:64::$server_ip 5353)" "hello from 10.8.0.0 *"
check "all goes" on "$gw" "$NFT" flush ruleset

done_testing
