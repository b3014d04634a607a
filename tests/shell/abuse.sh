#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets of sessions that are no more, sources that nobody may have, and packets
# that come back again and again: "Under attack" in docs/design.md (RFC 6146
# sections 3.5 and 5.4).
. "$(dirname "$0")/flood.inc"

n=1000 # of what loops or is forged
is_uml || n=200

setup_flood
serve "$server4" tcp4:8080

# Sessions are gone (conntrack -F), their packets still come, from both sides. The
# pool address is the gateway's own, then nobody's.
for addr in $pool_ip $pool; do
	rule snat to $addr
	flood "$client6" udp $client_ip 5000-5099 $pref64$silent 53 100
	flood "$client6" syn $client_ip 5000-5099 $pref64$silent 80 100
	flood "$client6" echo $client_ip 5000-5099 $pref64$silent 0 100
	check_eq "$addr: mappings" "$(counter Bib)" 300
	on "$gw" conntrack -F 2>/dev/null
	before 4to6 6to4
	flood "$server4" udp $silent 53 $addr 5000-5099 100
	[ $addr = $pool ] || check_eq "$addr: the gateway says that it has no such port" "$came" "100 icmp 3/3"
	flood "$server4" synack $silent 80 $addr 5000-5099 100
	[ $addr = $pool ] || check_eq "$addr: nor such a connection" "$came" "100 tcp R"
	flood "$server4" ack $silent 80 $addr 5000-5099 100
	flood "$server4" rst $silent 80 $addr 5000-5099 100
	flood "$server4" error $silent 53 $addr 5000-5099 100
	check_eq "$addr: answers to dead sessions" "$(since 4to6)" 0
	check_eq "$addr: make no mapping" "$(counter Bib)" 0
done

# From IPv6: what cannot begin a session is dropped, the rest begins one. An ACK
# may, as conntrack picks up TCP; with nf_conntrack_tcp_loose=0 it does not.
rule snat to $pool
on "$gw" sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose'
before 6to4 DropState
for kind in synack rst ack; do flood "$client6" $kind $client_ip 5000-5099 $pref64$silent 80 100; done
flood "$client6" error $client_ip 5000-5099 $pref64$silent 53 100
check_eq "from IPv6: nothing is translated" "$(since 6to4)" 0
check_eq "from IPv6: all is counted" "$(since DropState)" 400
check_eq "from IPv6: no mapping" "$(counter Bib)" 0
on "$gw" sh -c 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose'
flood "$client6" ack $client_ip 5000-5099 $pref64$silent 80 100
check_eq "from IPv6: an ACK is picked up" "$(since 6to4) $(counter Bib)" "100 100"

# Sources within the prefix
rule snat to $pool
before 6to4 DropAddress
for kind in udp syn echo; do flood "$client6" $kind ${pref64}192.0.2.0/120 1024-65535? $pref64$silent 53 $n; done
flood "$client6" syn 2001:db8:64::/96 1024-65535? $pref64$pool 53 $n
check_eq "[80] sources of the prefix: dropped" "$(since 6to4)" 0
check_eq "[80] counted" "$(since DropAddress)" $((4 * n))
check_eq "[80] no state" "$(counter Bib) $(on "$gw" conntrack -C)" "0 0"
# Others that no packet may have come as far as the stack lets them.
for src in ::1 ff02::1; do flood "$client6" udp $src 1000 $pref64$silent 53 10; done
check_eq "loopback, groups: dropped" "$(since 6to4) $(counter Bib)" "0 0"

# The way to IPv4 leads back: a router sends the gateway what it got from it. A
# source of the gateway's own comes back once, as the stack calls it a martian.
router "$server4"
ip -n "$server4" route replace 198.51.100.0/24 via $pool_ip
for addr in $pool_ip $pool; do
	rule snat to $addr
	before 6to4
	sent=$(tx_packets wan)
	flood "$client6" udp $client_ip 6000-6009 $pref64$silent 53 10 60
	sent=$(($(tx_packets wan) - sent))
	echo "# $addr: 10 packets became $sent, $(on "$gw" conntrack -C) entries; came back: ${came//$'\n'/, }"
	check "[97] $addr, routers in a circle: ends by TTL" [ $sent -ge 10 -a $sent -le 320 ]
	check_eq "[97] $addr: translated once" "$(since 6to4) $(counter Bib)" "10 10"
done

# loops NAME COUNTER SENT TEXT [FROM]: packets end with this counter, after so many
# of them were sent to the router, each with its session
loops()
{
	local sent

	rules "$4"
	before "$2" 6to4 4to6
	sent=$(tx_packets wan)
	flood "$client6" udp "${5:-$client_ip}" 6000-6999 $pref64$silent 53 $n
	sent=$(($(tx_packets wan) - sent))
	check "[97] $1: sent once or never" [ $sent -ge "$3" -a $sent -le $(($3 + 10)) ]
	check_eq "[97] $1: dropped" "$(since "$2")" $n
	check_eq "[97] $1: no more state" "$(counter Bib) $(on "$gw" conntrack -C)" "$3 $3"
}

# A rule leads back what another sends out: at once, or when the router returns it.
# It ends at the second pass, having a source of the prefix, or if that is another
# prefix, where there are too many in one traversal. All goes by the default route.
ip -n "$gw" route add default via $client_ip
there="ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96"
back="ip daddr 198.51.100.0/24 xlat 4to6 daddr prefix $pref64/96 saddr prefix"
loops "no state" DropLoop 0 "$there; $back $pref64/96" ${pref64}203.0.113.7
check_eq "[97] no state: translated four times, no more" "$(since 6to4) $(since 4to6)" "$((2 * n)) $((2 * n))"
loops "state" DropAddress 0 "$there snat to $pool; $back $pref64/96"
loops "state, two prefixes" DropLoop 0 "$there snat to $pool; $back 2001:db8:65::/96"
loops "by the router" DropAddress $n "$there snat to $pool; iifname wan $back $pref64/96"
loops "by the router, two prefixes" DropLoop $n "$there snat to $pool; iifname wan $back 2001:db8:65::/96"

rule snat to $pool
check_match "and it works" "$(ask "$client6" tcp $server64 8080)" "hello from $pool *"

done_testing
