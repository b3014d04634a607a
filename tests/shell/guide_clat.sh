#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A CLAT for itself and for the LAN behind it: docs/guides/clat.md.
#
#	home (IPv4) -- lan gw wan (IPv6) -- isp, the PLAT -- server4
. "$(dirname "$0")/recipe.inc"

another home
another isp
setup_ns "$gw" "$server4"
link "$gw" lan "$home" eth0
link "$gw" wan "$isp" eth0
link "$isp" wan "$server4" eth0
router "$isp"
ip -n "$home" addr add 192.168.1.2/24 dev eth0
ip -n "$home" route add default via 192.168.1.1
ip -n "$gw" -batch - <<-END
	addr add 192.168.1.1/24 dev lan
	addr add 2001:db8:e::2/64 dev wan nodad
	route add default via 2001:db8:e::1
END
ip -n "$isp" -batch - <<-END
	addr add 2001:db8:e::1/64 dev eth0 nodad
	addr add $pool_ip/24 dev wan
	route add 2001:db8:46::/64 via 2001:db8:e::2
END
ip -n "$server4" addr add $server_ip/24 dev eth0
ip -n "$server4" route add 198.51.100.0/24 via $pool_ip
check "PLAT" on "$isp" $NFT "table inet plat { chain pre { type filter hook prerouting priority dstnat;
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }; }" || done_testing
# What of IPv4 comes from the CLAT's wan
check "a counter" on "$isp" $NFT "table netdev leak { chain wan { type filter hook ingress device eth0 priority 0
	meta protocol ip counter comment \"leaks\"
	arp operation request counter comment \"leaks\"; }; }"
# shellcheck disable=SC2317 # called by check_eq
leaks() { on "$isp" $NFT list table netdev leak | grep -c 'packets 0 .*leaks'; }
check "the guide loads" recipe clat || done_testing
serve "$server4" tcp4:80 udp4:5353

# As a host, behind its firewall: it forwards nothing
check "ping" on "$gw" ping -c 2 -i 0.2 -W 10 $server_ip
check_match "TCP" "$(ask "$gw" tcp $server_ip 80)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$gw" udp $server_ip 5353)" "hello from $pool_ip *"
check_match "closed TCP port" "$(ask "$gw" tcp $server_ip 81)" "*Connection refused*"
check_match "closed UDP port" "$(ask "$gw" udp $server_ip 53)" "*Connection refused*"
check_match "hop limit" "$(on "$gw" ping -n -c 1 -W 10 -t 1 $server_ip)" "*From 192.0.0.8 *Time to live exceeded*"
check "as long as may be" on "$gw" ping -c 1 -W 10 -M "do" -s 1452 $server_ip
check_match "too long" "$(on "$gw" ping -c 1 -W 10 -M "do" -s 1453 $server_ip 2>&1)" "*mtu*1480*"
# seen: packets to UDP port 5354 that input has let in
seen() { on "$gw" $NFT list chain inet seen input | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'; }
on "$gw" $NFT "table inet seen { chain input { type filter hook input priority filter + 1;
	udp dport 5354 counter; }; }" || fail "the counter does not load"
ip -n "$isp" route add 192.0.0.1 dev eth0
uncalled() { local a; for a in 192.0.0.1 2001:db8:e::c1a7 2001:db8:e::2; do patience=1 ask "$isp" udp $a 5354 >/dev/null; done; }
uncalled
check_eq "nobody gets in who was not called, by IPv4 or IPv6" "$(seen)" 0
on "$gw" $NFT insert rule inet firewall input udp dport 5354 accept
uncalled
check_eq "but for what the firewall lets in, and not to the CLAT's address" "$(seen)" 2
check "a firewall for what goes out" on "$gw" $NFT "table inet strict { chain output {
	type filter hook output priority filter; policy drop;
	oifname lo accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
	ip6 saddr 2001:db8:e::c1a7 ip6 daddr $pref64/96 accept; }; }"
check_match "TCP, with that" "$(ask "$gw" tcp $server_ip 80)" "hello from $pool_ip *"
check_match "UDP, with that" "$(ask "$gw" udp $server_ip 5353)" "hello from $pool_ip *"
check "ping, with that" on "$gw" ping -c 1 -W 10 $server_ip
on "$gw" $NFT delete table inet strict
check_match "IPv6 has its own address" "$(on "$gw" ip -6 route get 2001:db8:f::1)" "*src 2001:db8:e::2 *"

# reaches WHO NS: the server, by what there is
reaches()
{
	check "$1: ping" on "$2" ping -c 2 -i 0.2 -W 10 $server_ip
	check_match "$1: TCP" "$(ask "$2" tcp $server_ip 80)" "hello from $pool_ip *"
	check_match "$1: UDP" "$(ask "$2" udp $server_ip 5353)" "hello from $pool_ip *"
	check_match "$1: closed UDP port" "$(ask "$2" udp $server_ip 53)" "*Connection refused*"
	check_match "$1: too long" "$(on "$2" ping -c 1 -W 10 -M "do" -s 1453 $server_ip)" "*mtu = 1480*"
}

# As a router
router "$gw"
check "what a router has more" on "$gw" $NFT -f - < <(text clat nft) || done_testing
reaches LAN "$home"
check_eq "LAN: one hop here, one there" "$(ttl "$home" $server_ip)" 62
check_eq "two families at the PLAT, one here" "$(sessions | grep -v dport=5354 | cut -c 1-4 | sort -u)" ipv6
check "LAN: the router itself" on "$home" ping -c 1 -W 10 192.168.1.1

# What is not translated does not leave
check_not "from another address of the machine" on "$gw" ping -c 1 -W 1 -I 192.168.1.1 $server_ip
# docker: one container, and the rules that its program makes
docker()
{
	on "$gw" $NFT "table ip docker {
		chain post { type nat hook postrouting priority srcnat; ip saddr 172.17.0.0/16 oifname != docker0 masquerade; }
		chain FORWARD { type filter hook forward priority filter; policy drop;
			oifname docker0 ct state related,established accept
			iifname docker0 oifname != docker0 accept; }
	}"
}
another container
link "$gw" docker0 "$container" eth0
ip -n "$gw" addr add 172.17.0.1/16 dev docker0
ip -n "$container" addr add 172.17.0.2/16 dev eth0
ip -n "$container" route add default via 172.17.0.1
docker
on "$gw" $NFT insert rule inet firewall forward iifname docker0 accept
check_not "nor from containers, even if forward lets them" on "$container" ping -c 1 -W 1 $server_ip
check_eq "no IPv4 by wan, and no question by ARP" "$(leaks)" 2

# Nobody comes in who was not called
serve "$home" tcp4:8080
patience=1 check_not "from outside, by IPv6" ask "$isp" tcp 2001:db8:46::2 8080
check_eq "nothing was dropped but what was too long" "$(drops) $(counter DropTooBig)" "1 1"

# A host with containers
on "$gw" $NFT flush ruleset
ip -n "$gw" -batch - <<-END
	addr del 2001:db8:e::c1a7/128 dev wan
	addr del 192.0.0.1/32 dev wan
END
ip -n "$isp" neigh flush dev eth0
docker
netns=clat-$suffix
namespaces="$namespaces $netns"
# "ip netns exec" would keep the new namespace to itself
check "the commands for containers" nsenter --net="/run/netns/$gw" sh -e < <(text clat sh | placed |
	sed "s/netns add clat/netns add $netns/; s/netns exec clat/netns exec $netns/; s/netns clat/netns $netns/; s/ip -n clat/ip -n $netns/") || done_testing
check "its firewall" on "$gw" $NFT -f - < <(text clat firewall) || done_testing
reaches container "$container"
check_eq "container: three hops here, one there" "$(ttl "$container" $server_ip)" 60
check "the host: ping" on "$gw" ping -c 1 -W 10 $server_ip
check_match "the host: TCP" "$(ask "$gw" tcp $server_ip 80)" "hello from $pool_ip *"
check_match "the host: hop limit" "$(on "$gw" ping -n -c 1 -W 10 -t 3 $server_ip)" "*From 192.0.0.8 *Time to live exceeded*"
check_not "from another address of the machine" on "$gw" ping -c 1 -W 1 -I 192.168.1.1 $server_ip
serve "$gw" tcp4:8080
patience=1 check_not "from outside" ask "$isp" tcp 2001:db8:e::c1a7 8080
check_eq "no IPv4 by wan, and no question by ARP" "$(leaks)" 2
check_eq "nothing was dropped in the namespace" "$(on "$netns" awk '/Drop/ { s += $2 } END { print s }' /proc/net/nf_xlat)" 0

done_testing
