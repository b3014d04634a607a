#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ICMP errors come from a router's address, under the prefix, with the right
# type, and are believed: sockets get their error, path MTUs are learnt.
#
#	leaf6 -- client6 -- gw -- server4 (a router here) -- far4
. "$(dirname "$0")/lib.sh"

need python3 ping traceroute

far_ip=198.51.100.2
far64=$pref64$far_ip

setup_topo
router "$server4"
router "$client6"
beyond "$server4" leg far4 198.51.100.
beyond "$client6" leg leaf6 2001:db8:d::
ip -n "$server4" -batch - <<-EOF
	route add unreachable 203.0.113.1
	route add prohibit 203.0.113.2
	route add unreachable 203.0.113.3
EOF
ip -n "$gw" route add 198.51.100.0/24 via $server_ip
ip -n "$gw" route add 203.0.113.0/24 via $server_ip
ip -n "$gw" route add 2001:db8:d::/64 via $client_ip
check "ruleset loads" ruleset reject || done_testing
serve "$far4" tcp4:80

# says NS PATTERN ADDRESS WHAT [OPTION...]: a ping, and the error that it gets
says() { check_match "$4" "$(on "$1" ping -c 1 -W 10 "${@:5}" "$3" | grep '^From')" "$2"; }

router64="64:ff9b::c000:202"
says "$client6" "From 2001:db8:c::1 icmp_seq=1 Time exceeded: Hop limit" $far64 "time exceeded at the gateway" -t 1
says "$client6" "From $router64 icmp_seq=1 Time exceeded: Hop limit" $far64 "time exceeded beyond" -t 2
says "$client6" "From $router64 icmp_seq=1 Destination unreachable: No route" ${pref64}203.0.113.1 "host unreachable"
says "$client6" "From $router64 icmp_seq=1 Destination unreachable: Administratively prohibited" \
	${pref64}203.0.113.2 "prohibited by a router"
says "$client6" "From 2001:db8:c::1 icmp_seq=1 Destination unreachable: No route" ${pref64}100.64.0.1 "no route on the gateway"
says "$client6" "From 64:ff9b::c000:201 icmp_seq=1 Destination unreachable: Administratively prohibited" \
	${pref64}198.51.100.3 "reject by the gateway"

# Who has a link-local address only gets the answer that plain forwarding gives.
another lonely
link "$gw" lan5 "$lonely" eth0
ip -n "$gw" addr add fe80::1/64 dev lan5 nodad
ip -n "$lonely" route add default via fe80::1 dev eth0
for to in $client_ip $far64; do
	says "$lonely" "From fe80::1%eth0 icmp_seq=1 Destination unreachable: Beyond scope of source address" \
		$to "link-local source, to $to"
done

for probe in -U -I -T; do
	check_eq "traceroute $probe" "$(on "$client6" traceroute -6 -n $probe -p 80 -q 1 -w 2 -m 5 $far64 |
		awk 'NR > 1 { print $2 }' | paste -sd' ')" \
		"2001:db8:c::1 $router64 64:ff9b::c633:6402"
done
check_eq "traceroute from behind a router" "$(on "$leaf6" traceroute -6 -n -q 1 -w 2 -m 5 $far64 |
	awk 'NR > 1 { print $2 }' | paste -sd' ')" \
	"2001:db8:d::1 2001:db8:c::1 $router64 64:ff9b::c633:6402"

check_match "closed UDP port" "$(ask "$client6" udp $far64 5353)" "*Connection refused*"
check_match "closed TCP port" "$(ask "$client6" tcp $far64 8080)" "*Connection refused*"
check_match "tcp reset by the gateway" "$(ask "$client6" tcp $far64 81)" "*Connection refused*"
check_match "prohibited UDP" "$(ask "$client6" udp $far64 81)" "*Permission denied*"

# stream NS up|down: enough to meet every MTU on the way
stream() { python "$1" stream "$2" $far64 9000 300000; }
mtu() { on "$1" ip route get "$2" | grep -o 'mtu [0-9]*'; }

start "$far4" stream 9000

# A small MTU beyond the gateway: 1400 there is 1420 here.
ip -n "$server4" route change 198.51.100.0/24 dev leg mtu 1400
check_eq "upload through a small MTU beyond" "$(stream "$client6" up)" 300000
check_eq "path MTU is learnt" "$(mtu "$client6" $far64)" "mtu 1420"
# The gateway's own link.
ip -n "$client6" route flush cache
ip -n "$gw" route change 198.51.100.0/24 via $server_ip mtu 1300
check_eq "upload through a small MTU at the gateway" "$(stream "$client6" up)" 300000
check_eq "path MTU is learnt" "$(mtu "$client6" $far64)" "mtu 1320"
# As small as IPv4 may be, but not IPv6: cut by the gateway, not by the client.
ip -n "$client6" route flush cache
ip -n "$gw" route change 198.51.100.0/24 via $server_ip mtu 1000
check_eq "upload through an MTU below IPv6's" "$(stream "$client6" up)" 300000
check_eq "path MTU is IPv6's least" "$(mtu "$client6" $far64)" "mtu 1280"
ip -n "$gw" route change 198.51.100.0/24 via $server_ip
ip -n "$server4" route change 198.51.100.0/24 dev leg

# The other direction: the IPv6 side is the narrow one. The path MTU that far4
# learns is 20 less than the IPv6 one.
ip -n "$client6" route add 2001:db8:d::2/128 dev leg mtu 1400
check_eq "download through a small MTU beyond" "$(stream "$leaf6" down)" 300000
check_eq "path MTU is learnt" "$(mtu "$far4" $pool_ip)" "mtu 1380"
ip -n "$far4" route flush cache
ip -n "$gw" route change 2001:db8:d::/64 via $client_ip mtu 1350
check_eq "download through a small MTU of a route" "$(stream "$leaf6" down)" 300000
check_eq "path MTU is learnt" "$(mtu "$far4" $pool_ip)" "mtu 1330"
ip -n "$far4" route flush cache
ip -n "$gw" route change 2001:db8:d::/64 via $client_ip
ip -n "$gw" link set lan mtu 1300
ip -n "$client6" link set eth0 mtu 1300
check_eq "download through a small MTU of a link" "$(stream "$leaf6" down)" 300000
check_eq "path MTU is learnt" "$(mtu "$far4" $pool_ip)" "mtu 1280"

done_testing
