#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A CLAT for the host that it is on, which forwards nothing and lets nobody in: RFC 6877.
# The gateway is the PLAT, by a device as well where the kernel has state.
. "$(dirname "$0")/lib.sh"

need python3 ping traceroute tcpdump
need_ip_xlat

clat6=2001:db8:c::c1a7
# shellcheck disable=SC2317 # called by wait_for
learnt() { ip -n "$1" route get "$2" | grep -q "mtu $3"; }

setup_topo
# The PLAT: without state, so that it works on each kernel; the CLAT has an address there.
ip -n "$gw" -batch - <<-END
	link add xlat0 type xlat prefix $pref64/96 non-global local $pool_ip as $clat6
	link set xlat0 up
	route add $pref64/96 dev xlat0
	addr del $pool_ip/24 dev wan
	addr add 192.0.2.9/24 dev wan
	route add $pool_ip dev xlat0
END
ip -n "$server4" route replace $pool_ip via 192.0.2.9
serve "$server4" tcp4:8080 udp4:5353
start "$server4" stream 9100

# "non-global" is for the addresses of this network.
check "README's commands for a CLAT" ip -n "$client6" -batch - < <(sed -n '/^A CLAT for a host/,/^SIIT/s/^    ip //p' \
	"$top/README.md" | sed 's,/96 local,/96 non-global local,') || done_testing
check_eq "the host forwards nothing" \
	"$(on "$client6" sh -c 'cd /proc/sys/net; cat ipv4/ip_forward ipv6/conf/all/forwarding' | xargs)" "0 0"
check "fragments, where nothing asks conntrack" on "$client6" ping -c 1 -W 10 -s 3000 -M "dont" $server_ip
check "and lets nobody in" on "$client6" nft -f - <<-END
	table inet fw {
		chain input {
			type filter hook input priority filter; policy drop
			ct state established,related accept
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, echo-request } accept
			counter comment "others"
		}
	}
END
# ways WHAT [NS]
ways()
{
	local ns=${2:-$client6}

	check "$1: ping" on "$ns" ping -c 2 -i 0.2 -W 10 $server_ip
	check_match "$1: TCP" "$(ask "$ns" tcp $server_ip 8080)" "hello from $pool_ip *"
	check_match "$1: UDP" "$(ask "$ns" udp $server_ip 5353)" "hello from $pool_ip *"
	check "$1: fragments" on "$ns" ping -c 1 -W 10 -s 3000 -M "dont" $server_ip
}
ways "a host"

# What has no pair is told so. By the prefix it would leave as one of the PLAT's IPv4 hosts, whose
# answers nobody gets (toreanderson/clatd#53).
on "$gw" nft -f - <<-END
	table netdev foreign {
		chain lan {
			type filter hook ingress device lan priority 0
			ip6 saddr $pref64/96 counter
		}
	}
END
ip -n "$client6" addr add 198.51.100.77/32 dev lo
check_match "an address without a pair" "$(on "$client6" ping -n -c 1 -W 10 -I 198.51.100.77 $server_ip)" \
	"*Destination Host Unreachable*"
# long OPTION: how much of a datagram of 2000 bytes arrives, of the first one; IPv4 makes fragments
# of it that are too long for IPv6. -1 leaves the socket as it is, 5 is IP_PMTUDISC_OMIT.
long()
{
	on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[2] != "-1":
    s.setsockopt(socket.IPPROTO_IP, 10, int(sys.argv[2])) # IP_MTU_DISCOVER
s.settimeout(10)
s.sendto(b"x" * 1999 + b"\n", (sys.argv[1], 5353))
print(s.recv(9999).count(b"x"))' $server_ip "$1" 2>/dev/null
}
check_eq "a long datagram" "$(long -1)" 1999
check_eq "a long datagram, whatever the path takes" "$(long 5)" 1999
# What fits the path of IPv6 is not cut, if it has DF=1.
tapped lan "src $clat6 and ip6 proto 44"
check "a socket of the device" on "$client6" ping -c 1 -W 10 -I xlat0 $server_ip
check "1300 bytes with DF" on "$client6" ping -c 1 -W 10 -s 1300 -M "want" $server_ip
check "1300 bytes without" on "$client6" ping -c 1 -W 10 -s 1300 -M "dont" $server_ip
check "[13] are two fragments" wait_for 10 eval '[ "$(wc -l <"$tmp/lan")" -ge 2 ]'
check_eq "[10] and the others none" "$(wc -l <"$tmp/lan")" 2
check_match "closed TCP port" "$(ask "$client6" tcp $server_ip 81)" "*Connection refused*"
check_match "closed UDP port" "$(ask "$client6" udp $server_ip 53)" "*Connection refused*"
check_eq "traceroute: the PLAT, which has no IPv4 address, and the server" \
	"$(on "$client6" traceroute -n -q 1 -w 10 $server_ip 2>&1 | awk 'NR > 1 { print $2 }' | xargs)" \
	"192.0.0.8 $server_ip"
check_match "traceroute by ping" "$(on "$client6" ping -n -c 1 -W 10 -t 1 $server_ip)" "*From 192.0.0.8 *Time to live exceeded*"
check "as long as may be" on "$client6" ping -c 1 -W 10 -s 1452 -M "do" $server_ip
check_match "too long" "$(on "$client6" ping -c 1 -W 10 -s 1453 -M "do" $server_ip 2>&1)" "*mtu*1480*"
ip -n "$gw" link set wan mtu 1400
on "$client6" ping -c 1 -W 1 -s 1440 -M "do" $server_ip >/dev/null
check "the host learns what the path takes" wait_for 5 learnt "$client6" $server_ip 1400
ip -n "$gw" link set wan mtu 1500
ip -n "$client6" route flush cache
streams "$client6" $server_ip
# Towards the host: its link takes less than the rest of the way.
ip -n "$gw" link set lan mtu 1400
ip -n "$client6" link set eth0 mtu 1400
on "$server4" ping -c 1 -W 1 -s 1400 -M "do" $pool_ip >/dev/null
check "the server learns what the way to the host takes" wait_for 5 learnt "$server4" $pool_ip 1380
ip -n "$server4" route flush cache
check_eq "a stream that has to learn it" "$(python "$client6" stream down $server_ip 9100 500000)" 500000
check "the server has learnt it again" wait_for 5 learnt "$server4" $pool_ip 1380
ip -n "$gw" link set lan mtu 1500
ip -n "$client6" link set eth0 mtu 1500
ip -n "$server4" route flush cache
check "the IPv6 address answers as well" on "$gw" ping -6 -c 1 -W 10 $clat6
check_not "nobody calls who was not called" on "$server4" ping -c 1 -W 1 $pool_ip

# A host with containers: Docker masquerades in postrouting, which is before the device.
another box
link "$client6" docker0 "$box" eth0
ip -n "$client6" addr add 172.17.0.1/16 dev docker0
ip -n "$box" addr add 172.17.0.2/16 dev eth0
ip -n "$box" route add default via 172.17.0.1
on "$client6" sysctl -qw net.ipv4.ip_forward=1
check_match "a container that nobody masquerades" "$(on "$box" ping -n -c 1 -W 10 $server_ip)" \
	"*From 172.17.0.1 icmp_seq=1 Destination Host Unreachable*"
check_match "neither has left the host" "$(on "$gw" nft list table netdev foreign)" "*counter packets 0 *"
check "rules as Docker's" on "$client6" nft -f - <<-END
	table ip docker {
		chain raw {
			type filter hook prerouting priority raw
			ip daddr 172.17.0.2 iifname != "docker0" drop
		}
		chain post {
			type nat hook postrouting priority srcnat
			ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
		}
		chain forward {
			type filter hook forward priority filter; policy drop
			iifname != "docker0" oifname "docker0" ct state established,related accept
			iifname "docker0" oifname != "docker0" accept
		}
	}
END
on "$gw" nft -f - <<-END
	table netdev leak {
		chain lan {
			type filter hook ingress device lan priority 0
			meta protocol { ip, arp } counter
		}
	}
END
ways "a container" "$box"
check_match "a container: closed UDP port" "$(ask "$box" udp $server_ip 53)" "*Connection refused*"
check_match "a container: too long" "$(on "$box" ping -c 1 -W 10 -s 1453 -M "do" $server_ip 2>&1)" "*mtu = 1480*"
check_match "no IPv4 leaves the host" "$(on "$gw" nft list table netdev leak)" "*counter packets 0 *"
on "$client6" nft delete table ip docker

# A host that has no second address, since DHCPv6 gives it one: the CLAT's is masqueraded. What
# the host sends to the prefix by itself goes on beside it.
ip -n "$gw" link set xlat0 type xlat local flush local $pool_ip as $client_ip
ip -n "$client6" link set xlat0 type xlat local flush local 192.0.0.1 as fd00:c1a7::1
check "a rule to masquerade" on "$client6" nft "table ip6 clat { chain post {
	type nat hook postrouting priority srcnat; ip6 saddr fd00:c1a7::1 masquerade; }; }"
ways "one address"
check_match "one address: closed UDP port" "$(ask "$client6" udp $server_ip 53)" "*Connection refused*"
check_match "one address: too long" "$(on "$client6" ping -c 1 -W 10 -s 1453 -M "do" $server_ip 2>&1)" "*mtu*1480*"
check "one address: ping of the prefix" on "$client6" ping -6 -c 1 -W 10 $server64
check_match "one address: TCP to the prefix" "$(ask "$client6" tcp $server64 8080)" "hello from $pool_ip *"
on "$client6" nft delete table ip6 clat
ip -n "$gw" link set xlat0 type xlat local flush local $pool_ip as $clat6
ip -n "$client6" link set xlat0 type xlat local flush local 192.0.0.1 as $clat6

# Another network, which has another prefix
ip -n "$gw" -batch - <<-END
	link set xlat0 type xlat prefix 2001:db8:64::/96 local del $pool_ip as $clat6 local $pool_ip as 2001:db8:c:1::c1a7
	route del $pref64/96 dev xlat0
	route add 2001:db8:64::/96 dev xlat0
	route add 2001:db8:c:1::/64 via $client_ip
END
check "the CLAT moves" ip -n "$client6" -batch - <<-END
	link set xlat0 type xlat prefix 2001:db8:64::/96 local flush local 192.0.0.1 as 2001:db8:c:1::c1a7
	addr del $clat6/128 dev eth0
	addr add 2001:db8:c:1::c1a7/128 dev eth0 nodad preferred_lft 0
END
ways "elsewhere"

# The link goes and comes.
ip -n "$client6" link set eth0 down
ip -n "$client6" link set eth0 up
ip -n "$client6" -batch - <<-END
	addr replace $client_ip/64 dev eth0 nodad
	addr replace 2001:db8:c:1::c1a7/128 dev eth0 nodad preferred_lft 0
	route replace default via 2001:db8:c::1
END
check "works when the link is back" wait_for 10 on "$client6" ping -c 1 -W 1 $server_ip
check_not "a host's device stays in its namespace" ip -n "$client6" link set xlat0 netns "$server4"
ip -n "$client6" link del xlat0
check "without it the address is the host's" on "$gw" ping -6 -c 1 -W 10 2001:db8:c:1::c1a7

done_testing
