#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A home router whose only IPv4 address changes: docs/guides/home_router.md.
. "$(dirname "$0")/recipe.inc"

modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"
# The prefix of the guide is for global addresses, so that the other side has one.
far=9.9.9.9
far6=64:ff9b::$far

# lease ADDRESS ROUTER: what DHCP does when there is another
lease()
{
	ip -n "$gw" addr flush dev wan
	ip -n "$gw" addr add "$1/24" dev wan
	ip -n "$gw" route replace default via "$2"
}

setup_topo
lease $pool_ip $server_ip
another far4
router "$server4"
link "$server4" leg "$far4" eth0
ip -n "$server4" addr add 203.0.113.2/24 dev eth0
ip -n "$server4" addr add 9.9.9.1/24 dev leg
ip -n "$far4" addr add $far/24 dev eth0
ip -n "$far4" route add default via 9.9.9.1
ip -n "$gw" addr add 192.168.1.1/24 dev lan
ip -n "$client6" addr add 192.168.1.2/24 dev eth0
ip -n "$client6" route add default via 192.168.1.1
check "the guide loads" recipe home_router || done_testing
serve "$far4" tcp4:80 udp4:5353
serve "$client6" tcp6:80

check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $far6
check_match "NAT64: TCP" "$(ask "$client6" tcp $far6 80)" "hello from $pool_ip *"
check_match "NAT64: UDP" "$(ask "$client6" udp $far6 5353)" "hello from $pool_ip *"
check_match "NAT44 beside it" "$(ask "$client6" tcp $far 80)" "hello from $pool_ip *"
check_match "port forward" "$(ask "$far4" tcp $pool_ip 8080)" "hello from 64:ff9b::909:909 *"
patience=1 check_not "no other service" ask "$far4" tcp $pool_ip 80

# Both in the fast path: what forward has counted stays
on "$gw" $NFT "table inet gw { counter slow { }
	chain forward { type filter hook forward priority -1; counter name slow; }; }"
slow() { on "$gw" $NFT list counter inet gw slow | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# 20 questions by one socket, of which few take the normal path
for to in $far6 $far; do
	before=$(slow)
	check_eq "20 answers from $to" "$(on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.connect((sys.argv[1], 5353))
n = 0
for i in range(20):
	s.send(b"x")
	n += s.recv(100).startswith(b"x from ")
print(n)' "$to")" 20
	check "most of them past forward ($(($(slow) - before)) seen)" [ $(($(slow) - before)) -lt 20 ]
done

lease 203.0.113.1 203.0.113.2
check_eq "another lease: sessions of the old are gone" "$(sessions "ipv6 .*dst=$pool_ip " | wc -l)" 0
check_match "and new ones have the new" "$(ask "$client6" tcp $far6 80)" "hello from 203.0.113.1 *"
check_match "those of NAT44 too" "$(ask "$client6" tcp $far 80)" "hello from 203.0.113.1 *"
check_match "port forward" "$(ask "$far4" tcp 203.0.113.1 8080)" "hello from 64:ff9b::909:909 *"

# The resolver, where the machine has one. The world's servers are a zone here.
if command -v unbound >/dev/null && command -v dig >/dev/null; then
	{
		text home_router unbound
		cat <<-END
			username: ""
			chroot: ""
			directory: "$tmp"
			pidfile: ""
			use-syslog: no
			do-daemonize: no
		auth-zone:
			name: "."
			zonefile: "$top/tests/demo.d/root.zone"
			for-upstream: yes
			for-downstream: no
		END
	} >"$tmp/unbound.conf"
	background "$gw" unbound -c "$tmp/unbound.conf" >"$tmp/unbound" 2>&1
	wait_for 20 grep -q "start of service" "$tmp/unbound" || sed 's/^/# /' "$tmp/unbound"
	check_match "DNS64" "$(on "$client6" dig +short +tries=1 +time=5 @2001:db8:c::1 AAAA server.example)" "64:ff9b::*"
else
	echo "# no unbound or dig here, DNS64 not tried"
fi

done_testing
