#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IPv4 groups have no counterpart in IPv6: a prefix would make a single host of them. So neither a
# rule nor a device translates a packet to a group, and who has joined the group gets it.
. "$(dirname "$0")/lib.sh"

need python3 tcpdump
need_nft

pref64=2001:db8:64::
own4=203.0.113.33
groups="224.0.0.251 239.1.2.3"

# to_groups NS DEV: a datagram to each group, by a device
to_groups()
{
	# shellcheck disable=SC2086 # words are meant
	on "$1" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, bytes(8) + socket.if_nametoindex(sys.argv[1]).to_bytes(4, sys.byteorder))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 9)
for group in sys.argv[2:]:
    s.sendto(b"hello", (group, 5353))' "$2" $groups
}

# nothing_left WHAT: the link to the prefix has seen a packet that comes last, and no group
last=6000
nothing_left()
{
	on "$gw" python3 -ISc 'import socket, sys
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"last", (sys.argv[1], int(sys.argv[2])))' $client_ip $((++last))
	check "$1: the last packet leaves" wait_for 10 grep -q "\.$last: " "$tmp/lan"
	check_eq "$1: nothing else leaves" "$(grep -v '\.600[0-9]: ' "$tmp/lan")" ""
}

setup_topo
ip -n "$gw" route add $pref64/96 via $client_ip
tapped lan "udp and ip6"
check "rules load" on "$gw" "$NFT" -f - <<-END || done_testing
	table ip xlat {
		chain out { type filter hook output priority 0
			ip daddr 224.0.0.0/4 xlat 4to6 saddr prefix $pref64/96 daddr prefix $pref64/96; }
		chain pre { type filter hook prerouting priority dstnat
			ip daddr 224.0.0.0/4 xlat 4to6 saddr prefix $pref64/96 daddr prefix $pref64/96; }
	}
END
to_groups "$gw" wan
nothing_left "a rule in output"

# Who has joined the group gets what comes in.
ip -n "$gw" route add 224.0.0.0/4 dev wan
background_python "$gw" group 239.1.2.3 5353 >"$tmp/group"
wait_for 10 on "$gw" grep -q 030201EF /proc/net/igmp
to_groups "$server4" eth0
wait_for 10 test -s "$tmp/group"
check_eq "a rule in prerouting: the member gets it" "$(cat "$tmp/group")" "hello from $server_ip"
nothing_left "a rule in prerouting"
check_eq "none was translated" "$(counter 4to6)" 0

need_ip_xlat
on "$gw" "$NFT" flush ruleset
check "a device" ip -n "$gw" link add xlat0 up type xlat prefix $pref64/96 non-global || done_testing
ip -n "$gw" addr add $own4/32 dev xlat0
ip -n "$gw" route replace 224.0.0.0/4 dev xlat0
to_groups "$gw" xlat0
nothing_left "a device"
check_eq "none was translated" "$(counter 4to6)" 0

done_testing
