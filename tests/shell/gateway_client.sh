#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The gateway is a client itself: an output rule, small packets and such as the
# stack would cut into fragments only after it.
. "$(dirname "$0")/lib.sh"

need ping python3 tcpdump ethtool
need_nft

setup_topo
ip -n "$gw" -6 route add 64:ff9b::/96 dev lan
ip -n "$gw" route add 203.0.113.66 via $server_ip
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	counter whole { }
	chain out {
		type filter hook output priority mangle;
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade
		ip daddr 203.0.113.66 xlat 4to6 prefix 64:ff9b::/96 non-global dnat to [$client_ip]
	}
	chain post {
		type filter hook postrouting priority filter;
		ip6 saddr 64:ff9b::/96 meta length > 1280 meta skuid 0 udp dport 5001 counter name whole
	}
}" || done_testing

for size in 56 1400 1452 1453 1500 3000; do
	check "ping of $size bytes" on "$gw" ping -6 -c 1 -W 10 -s $size $server64
done

# What IPv6 cuts keeps the identification that it had in IPv4.
watch() { rm -f "$tmp/ready"; background_python "$client6" fragments watch "$tmp/ready" "$1" >"$tmp/ids"; wait_for 10 test -e "$tmp/ready"; }
watch 1380
python "$gw" fragments raw 203.0.113.66 4660 1400
wait $!
check_eq "[22] a datagram of this host: its identification" "$(cat "$tmp/ids")" "4660 4660"
check_eq "POSTROUTING sees it whole, and its socket" "$(on "$gw" "$NFT" list counter inet gw whole |
	sed -n 's/.*packets \([0-9]*\) .*/\1/p')" 1
watch 3008
on "$gw" python3 -ISc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0) # IP_MTU_DISCOVER: DF=0
s.sendto(bytes(3000), ("203.0.113.66", 5001))'
wait $!
read -ra ids <"$tmp/ids"
check "of a socket: one of 16 bits, in three fragments" [ "${#ids[@]}" = 3 -a "${ids[0]}" -lt 65536 -a "${ids[0]}" = "${ids[2]}" ]

# They leave when the socket wants it (SO_TXTIME), as its packet would.
if modprobe -q sch_fq && tc -n "$gw" qdisc replace dev lan root fq 2>/dev/null; then
	watch 3008
	on "$gw" python3 -ISc 'import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)
s.setsockopt(socket.SOL_SOCKET, 61, struct.pack("iI", time.CLOCK_MONOTONIC, 0))
at = struct.pack("Q", time.monotonic_ns() + 5 * 10**9)
s.sendmsg([bytes(3000)], [(socket.SOL_SOCKET, 61, at)], 0, ("203.0.113.66", 5001))
time.sleep(2)'
	check "fragments wait for the time of their packet" [ ! -s "$tmp/ids" ]
	wait $!
	check_eq "and leave then" "$(wc -w <"$tmp/ids")" 3
	tc -n "$gw" qdisc del dev lan root
else
	echo "# SKIP no fq"
fi

# Each segment of each GSO packet has an identification of its own (RFC 6864).
start "$server4" udp_gso 9001
on "$gw" ethtool -K wan tx-udp-segmentation off >/dev/null 2>&1
background "$gw" tcpdump -vUlni wan "udp dst port 9001" >"$tmp/numbers" 2>"$tmp/numbers.err"
wait_for 10 grep -q listening "$tmp/numbers.err" || fail "no tcpdump on wan"
for i in 1 2; do
	check_eq "40 datagrams in one packet, $i" "$(python "$gw" udp_gso call $server64 9001 40 1000)" "40 40"
done
numbers() { sed -n 's/.* id \([0-9]*\), offset.*/\1/p' "$tmp/numbers"; }
# shellcheck disable=SC2317 # called by wait_for
segments() { [ "$(numbers | wc -l)" -ge 80 ]; }
check "80 segments" wait_for 10 segments
all=$(numbers)
check_eq "[46] of as many identifications" "$(sort -u <<<"$all" | wc -l)" "$(wc -l <<<"$all")"

# To IPv6: what has DF=1 is cut only if it does not fit the path.
ip -n "$client6" addr add 2001:db8:64::198.51.100.2/128 dev eth0 nodad
ip -n "$gw" route add 198.51.100.0/24 via $server_ip
ip -n "$gw" route add 2001:db8:64::198.51.100.0/120 via $client_ip
check "rules for it" on "$gw" "$NFT" "table inet back {
	chain out { type filter hook output priority mangle; ip daddr 198.51.100.0/24 xlat 4to6 prefix 2001:db8:64::/96; }
	chain pre { type filter hook prerouting priority dstnat; ip6 daddr 2001:db8:64::$pool_ip xlat 6to4 prefix 2001:db8:64::/96; }
}"
tapped lan "src 2001:db8:64::$pool_ip and ip6 proto 44"
check "1300 bytes with DF" on "$gw" ping -c 1 -W 10 -s 1300 -M "want" 198.51.100.2
check "1300 bytes without" on "$gw" ping -c 1 -W 10 -s 1300 -M "dont" 198.51.100.2
check "[13] are two fragments" wait_for 10 eval '[ "$(wc -l <"$tmp/lan")" -ge 2 ]'
check_eq "[10] and the others none" "$(wc -l <"$tmp/lan")" 2
# So it is with datagrams that are one packet in IPv4.
background "$client6" python3 -ISuc 'import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("2001:db8:64::198.51.100.2", 5100))
print("ready")
while True:
    print(len(s.recv(65536)))' >"$tmp/lengths"
wait_for 10 grep -q ready "$tmp/lengths"
ip -n "$gw" route change 198.51.100.0/24 via $server_ip mtu 9000
on "$gw" python3 -ISc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 103, 1300) # UDP_SEGMENT
s.sendto(bytes(3900), ("198.51.100.2", 5100))'
check "three datagrams in a packet with DF" wait_for 10 eval '[ "$(grep -c 1300 "$tmp/lengths")" = 3 ]'
ip -n "$gw" route change 198.51.100.0/24 via $server_ip
check_eq "[10] are not cut" "$(wc -l <"$tmp/lan")" 2
ip -n "$gw" route change 2001:db8:64::198.51.100.0/120 via $client_ip mtu 1300
check "1300 bytes over the path" on "$gw" ping -c 1 -W 10 -s 1300 -M "want" 198.51.100.2
check "are two fragments" wait_for 10 eval '[ "$(wc -l <"$tmp/lan")" -ge 4 ]'
check_eq "and no more" "$(wc -l <"$tmp/lan")" 4
check_eq "nothing was too big" "$(counter DropTooBig)" 0

done_testing
