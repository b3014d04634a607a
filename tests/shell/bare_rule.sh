#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The prefixes of a rule are part of its match: one that tests nothing before
# takes what lies within, and leaves all else, neighbour discovery to begin with. Broadcasts it
# leaves too.
. "$(dirname "$0")/lib.sh"

need_nft
need ping python3

mapped=2001:db8:6464::203.0.113.33

# seen COUNTER: how many packets came to the rule after
seen() { on "$gw" $NFT list counter inet gw "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }

# bare RULE: the whole of it
# shellcheck disable=SC2317 # check calls it
bare()
{
	on "$gw" $NFT -f - <<-EOF
		flush ruleset
		table inet gw {
			counter lan { }
			counter nd { }
			counter far { }
			chain pre {
				type filter hook prerouting priority dstnat
				xlat 6to4 $1
				ip6 daddr 2001:db8:c::1 icmpv6 type echo-request counter name lan
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } counter name nd
				ip6 daddr 64:ff9b::/96 counter name far
				ip daddr 203.0.113.0/24 xlat 4to6 saddr prefix 64:ff9b::/96 non-global daddr prefix 2001:db8:6464::/96
			}
		}
	EOF
}

# gateway WHAT: finds its neighbour, and is found
gateway()
{
	ip -n "$client6" neigh flush dev eth0
	ip -n "$gw" neigh flush dev lan
	check "$1: ping to the gateway" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
	check "$1: and from it" on "$gw" ping -6 -c 1 -W 10 $client_ip
	check_eq "$1: the next rule saw the ping" "$(seen lan)" 1
	check "$1: and neighbour discovery" [ "$(seen nd)" -gt 0 ]
	check_eq "$1: nothing was dropped" "$(drops)" 0
}

setup_topo
ip -n "$client6" addr add $mapped/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip

check "stateless rule" bare "saddr prefix 2001:db8:6464::/96 daddr prefix 64:ff9b::/96 non-global" || done_testing
gateway "stateless"
check "stateless: what lies within both prefixes" on "$client6" ping -6 -c 1 -W 10 -I $mapped $server64
check_eq "stateless: is not for the next rule" "$(seen far)" 0
check_not "stateless: another source" on "$client6" ping -6 -c 1 -W 1 -I $client_ip $server64
check_eq "stateless: is for the next rule" "$(seen far)" 1
check "stateless: another destination" on "$client6" ping -6 -c 1 -W 10 -I $mapped 2001:db8:c::1
check_eq "stateless: is for the next rule, too" "$(seen lan)" 2

check "stateful rule" bare "prefix 64:ff9b::/96 non-global masquerade"
gateway "stateful"
check "stateful: what lies within the prefix" on "$client6" ping -6 -c 1 -W 10 -I $client_ip $server64
check_eq "stateful: is not for the next rule" "$(seen far)" 0

check "one prefix" bare "prefix 64:ff9b::/96 non-global"
gateway "one prefix"
check_not "one prefix: a source outside" on "$client6" ping -6 -c 1 -W 1 -I $client_ip $server64
check_eq "one prefix: is for the next rule" "$(seen far)" 1
check_eq "nothing was dropped" "$(drops)" 0

# Groups and broadcasts of IPv4 are for the link, and stay there: a DHCP server hears its clients.
check "from IPv4" on "$gw" $NFT -f - <<-EOF
	flush ruleset
	table inet gw {
		chain pre { type filter hook prerouting priority dstnat; xlat 4to6 prefix 64:ff9b::/96 non-global; }
		chain out { type filter hook output priority mangle; xlat 4to6 prefix 64:ff9b::/96 non-global; }
	}
EOF
for way in "$gw $server_ip" "$server4 $pool_ip"; do
	on "${way% *}" $NFT "table ip heard {
		counter limited { }
		counter subnet { }
		counter group { }
		chain in { type filter hook input priority 0
			ip saddr ${way#* } ip daddr 255.255.255.255 udp dport 67 counter name limited
			ip saddr ${way#* } ip daddr 192.0.2.255 udp dport 67 counter name subnet
			ip saddr ${way#* } ip daddr 224.0.0.1 udp dport 67 counter name group; }
	}"
done
# shellcheck disable=SC2317 # called by wait_for
heard() { [ "$(on "$1" $NFT list counter ip heard "$2" | sed -n 's/.*packets \([0-9]*\) .*/\1/p')" = 1 ]; }
# broadcast NS DEV: a packet to each
broadcast()
{
	on "$1" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
for to in "255.255.255.255", "192.0.2.255", "224.0.0.1":
    s.sendto(b"x", (to, 67))' "$2"
}
before=$(counter 4to6)
broadcast "$server4" eth0
broadcast "$gw" wan
for to in limited subnet group; do
	check "a broadcast to the gateway: $to" wait_for 5 heard "$gw" $to
	check "a broadcast of the gateway: $to" wait_for 5 heard "$server4" $to
done
check_eq "none was translated or dropped" "$(counter 4to6) $(drops)" "$before 0"

done_testing
