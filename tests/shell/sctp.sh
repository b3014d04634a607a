#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# SCTP by real sockets, which verify its CRC: ports stay as they are, data gets
# through whole whoever cuts it, and the other address of a pool helps when two
# clients want the same port of the same server.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ethtool
python3 -ISc 'import socket; socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 132)' 2>/dev/null ||
	skip "the kernel has no SCTP"

pref64=2001:db8:64::
server64=$pref64$server_ip
size=300000
is_uml || size=60000

# rule WORDS: the gateway's only rule for what IPv6 begins
rule()
{
	check "rule: $*" on "$gw" "$NFT" "flush ruleset; table inet gw {
	chain pre {
		type filter hook prerouting priority dstnat;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 $*
		ip daddr 192.0.2.33 xlat 4to6 prefix $pref64/96 dnat to $client_ip
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state invalid counter drop comment \"bad\"
		ct state established,related accept
		ct state new meta nfproto ipv4 iifname lan* accept
		ct state new meta nfproto ipv6 iifname wan meta l4proto sctp sctp dport 9001-9002 accept
	}
}"
	on "$gw" conntrack -F 2>/dev/null
}

# call NS FROM PORT ADDRESS PORT BYTES [DIR]
call() { python "$1" sctp call "${@:2}"; }
bad() { on "$gw" "$NFT" list chain inet gw forward | sed -n 's/.*packets \([0-9]*\) .*bad.*/\1/p'; }
# checksum_errors NS: of SCTP
checksum_errors() { on "$1" awk '/SctpChecksumErrors/ { print $2 }' /proc/net/sctp/snmp; }

setup_topo
beyond "$gw" lan7 client7 2001:db8:d::
ip -n "$gw" addr add 192.0.2.17/24 dev wan
ip -n "$gw" addr add 192.0.2.18/24 dev wan
ip -n "$gw" addr add 192.0.2.33/24 dev wan
start "$server4" sctp $server_ip 9000
links="$client6:eth0 $client7:eth0 $server4:eth0 $gw:lan $gw:lan7 $gw:wan"
# segment on|off: who cuts what is large
segment()
{
	local dev

	for dev in $links; do
		on "${dev%:*}" ethtool -K "${dev#*:}" tx-sctp-segmentation "$1" >/dev/null 2>&1
	done
}
segment off

rule masquerade
check_eq "whole, with the port that it had" "$(call "$client6" $client_ip 5000 $server64 9000 $size)" \
	"$pool_ip 5000 intact"
for dev in $links; do
	on "${dev%:*}" ethtool -K "${dev#*:}" tx-checksum-sctp off >/dev/null 2>&1
done
check_eq "checksums by the ends" "$(call "$client6" $client_ip 5001 $server64 9000 $size)" "$pool_ip 5001 intact"
for dev in $links; do
	on "${dev%:*}" ethtool -K "${dev#*:}" tx-checksum-sctp on >/dev/null 2>&1
done
segment on
# One packet for the stack, many on the wire
check_eq "segments by the link" "$(on "$client6" timeout 30 python3 -ISu "$here/sctp.py" \
	call $client_ip 5002 $server64 9000 100000)" "$pool_ip 5002 intact"
check_eq "none of them was dropped" "$(counter DropGso)" 0
segment off
check_eq "no mapping is made of it" "$(counter Bib)" 0

# What is cut for IPv6 has a CRC over the whole, which no device makes. The server's own IP, which
# would spoil the CRC, has no need to cut it: that takes more than what this server has learnt.
start "$server4" sctp $server_ip 9003 1400
reassembled() { on "$client6" awk '/Ip6ReasmOKs/ { print $2 }' /proc/net/snmp6; }
before=$(reassembled)
check_eq "[13] without DF" "$(call "$client6" $client_ip 5003 $server64 9003 $size)" "$pool_ip 5003 intact"
check "[13] in fragments" [ "$(reassembled)" -gt $((before + 10)) ]

# Two clients, one port, one server
background_python "$client6" sctp call $client_ip 6000 $server64 9000 1000 "$tmp" >"$tmp/held"
held=$!
wait_for 10 test -s "$tmp/held"
before=$(counter DropNoPort)
# An INIT that is told 1/3 is sent again, much later.
check_not "one address: the other client gets no answer" on "$client7" timeout 1 python3 -ISu "$here/sctp.py" \
	call 2001:db8:d::2 6000 $server64 9000 1000
check "as there is no port" [ "$(counter DropNoPort)" -gt "$before" ]
check_eq "another port is no conflict" "$(call "$client7" 2001:db8:d::2 6001 $server64 9000 1000)" "$pool_ip 6001 intact"
touch "$tmp/go"
wait $held
check_eq "the first client goes on" "$(tail -n 1 "$tmp/held")" intact
rm "$tmp/go"

rule snat to 192.0.2.17-192.0.2.18
background_python "$client6" sctp call $client_ip 6000 $server64 9000 1000 "$tmp" >"$tmp/held"
held=$!
wait_for 10 test -s "$tmp/held"
first=$(head -n 1 "$tmp/held")
check_match "pool: a client" "$first" "192.0.2.1[78] 6000 intact"
other=192.0.2.17
[[ $first != "$other "* ]] || other=192.0.2.18
check_eq "pool: the other client with the same port" "$(call "$client7" 2001:db8:d::2 6000 $server64 9000 1000)" \
	"$other 6000 intact"
touch "$tmp/go"
wait $held
check_eq "pool: the first client goes on" "$(tail -n 1 "$tmp/held")" intact
rm "$tmp/go"

# begun by IPv4
start "$client6" sctp $client_ip 9001
check_eq "inbound" "$(call "$server4" $server_ip 7000 192.0.2.33 9001 $size)" "${pref64}c000:202 7000 intact"
check_match "inbound, a port that nobody listens on" "$(call "$server4" $server_ip 7001 192.0.2.33 9002 10)" "ConnectionRefusedError *"

# narrow links: both families learn of it, by errors about SCTP
ip -n "$gw" route add $server_ip dev wan mtu 1300
check_eq "through a small MTU, up" "$(call "$client6" $client_ip 5100 $server64 9000 $size)" "${first% 6000 intact} 5100 intact"
ip -n "$gw" route del $server_ip dev wan mtu 1300

for ns in "$client6" "$client7" "$server4"; do
	check_eq "no checksum errors at ${ns%-*}" "$(checksum_errors "$ns")" 0
done
check_eq "nothing was invalid" "$(bad)" 0

done_testing
