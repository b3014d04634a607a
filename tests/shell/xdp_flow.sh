#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fast path in XDP: bpf/xdp_flow.bpf.c, loaded by stock ip and bpftool as docs/bpf.md has
# it. Packets that the stack sees are counted at its first hook, that of a device.
. "$(dirname "$0")/flow.inc"
. "$here/bpf.inc"

modinfo nf_xlat_bpf >/dev/null 2>&1 || skip "needs a kernel that has BTF"
need ping ip bpftool ethtool
use_bpf xdp_flow

setup_topo
veths_for_xdp
check "ruleset loads" rules || done_testing
hooks_come lan wan
on "$gw" "$NFT" -f - <<-END
	table netdev stack {
		counter seen { }
		chain lan { type filter hook ingress device lan priority -300; counter name seen; }
		chain wan { type filter hook ingress device wan priority -300; counter name seen; }
	}
END
slow() { on "$gw" "$NFT" list counter netdev stack seen | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# in_stack WHAT NAME PEER: answered, and all of it seen by the stack
in_stack()
{
	local before

	before=$(slow)
	check_match "$1: answered" "$(tell "$2" ask 10)" "10 from $3"
	check "$1: by the stack" [ $(($(slow) - before)) -ge 20 ]
}

# new: how often the rule was met that begins sessions of 3 s
# shellcheck disable=SC2317 # called by wait_for, as the next three are
new() { on "$gw" "$NFT" list counter inet gw new | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# shellcheck disable=SC2317
# kept: for longer than an unused one lives, no session begins anew
kept() { local before; before=$(new); sleep 4; [ "$(new)" = "$before" ]; }
# shellcheck disable=SC2317
no_session() { [ -z "$(sessions "sport=$1 ")" ]; }
# shellcheck disable=SC2317
ended() { sessions 'tcp .* TIME_WAIT .* dport=80 '; }
# pairs HOST: of addresses that it has seen
pairs() { tell "watch-$1" pairs | tr ' ' '\n' | sort -u; }
# again WHAT: all sessions are answered, and by XDP, whatever has happened
again()
{
	fast "$1: udp" udp "$pool_ip [0-9]*"
	fast "$1: tcp" tcp "$pool_ip [0-9]*"
}

serve "$server4" tcp4:80 udp4:53
start "$server4" stream 9100
helper udp "$client6" call udp $server64 53
helper tcp "$client6" call tcp $server64 80
in_stack "without a program" udp "$pool_ip [0-9]*"
check "the program loads" bpftool prog load "$obj/xdp_flow.bpf.o" "$bpffs/flow" || done_testing
for dev in lan wan; do
	check "at the driver of $dev" ip -n "$gw" link set "$dev" xdpdrv pinned "$bpffs/flow" || done_testing
done
# ARP and neighbour discovery come meanwhile.
few=3
before=$(($(counter 6to4) + $(counter 4to6)))
in_stack "a device that takes VLAN tags off" udp "$pool_ip [0-9]*"
for dev in lan wan; do on "$gw" ethtool -K $dev rxvlan off rx-vlan-stag-hw-parse off; done
again "sessions"
check "they are counted" [ $(($(counter 6to4) + $(counter 4to6) - before)) -ge 80 ]
streams "$client6" $server64
ip -n "$gw" route add $server_ip dev wan mtu 1300
again "another route"
check_eq "a stream that has to learn the path's MTU" "$(python "$client6" stream up $server64 9100 100000)" 100000
check_match "it has" "$(ip -n "$client6" -6 route get $server64)" "*mtu 1320*"
ip -n "$gw" route del $server_ip dev wan
ip -n "$gw" neigh flush dev wan
ip -n "$gw" neigh flush dev lan
again "no neighbours"
on "$gw" conntrack -D -p udp >/dev/null 2>&1
again "no session"

# Frames of a VLAN are for the stack, in both directions.
ip -n "$client6" -batch - <<-EOT
	link add link eth0 name eth0.5 type vlan id 5
	link set eth0.5 up
	addr add 2001:db8:5::2/64 dev eth0.5 nodad
	route add 2001:db8:65::/96 via 2001:db8:5::1
EOT
ip -n "$gw" -batch - <<-EOT
	link add link lan name lan.5 type vlan id 5
	link set lan.5 up
	addr add 2001:db8:5::1/64 dev lan.5 nodad
EOT
xlat="$xlat
	ip6 daddr 2001:db8:65::/96 xlat 6to4 prefix 2001:db8:65::/96 masquerade"
check "other rules, for a VLAN" rules
hooks_come lan wan
helper vlan "$client6" call udp 2001:db8:65::$server_ip 53
in_stack "VLAN" vlan "$pool_ip [0-9]*"

check "a program with a map of devices" bpftool prog loadall "$obj/xdp_flow_map.bpf.o" "$bpffs/map" pinmaps "$bpffs/map"
for dev in lan wan; do
	i=$(on "$gw" cat /sys/class/net/$dev/ifindex)
	check "$dev is in the map" on "$gw" bpftool map update pinned "$bpffs/map/flow_devs" key "$i" 0 0 0 value "$i" 0 0 0
	ip -n "$gw" -force link set $dev xdpdrv pinned "$bpffs/map/xdp_flow_map"
done
again "a map of devices"
for dev in lan wan; do ip -n "$gw" -force link set $dev xdpdrv pinned "$bpffs/flow"; done

# These have 3 s to live: the fast path extends timeouts every 2 s.
objects="ct timeout short { protocol udp; l3proto ip6; policy = { unreplied : 3, replied : 3 }; }
	counter new { }"
xlat="udp dport 54 ct timeout set \"short\" counter name new
	$xlat"
check "a ruleset with a short timeout" rules
hooks_come lan wan
serve "$server4" udp4:54
helper short "$client6" call udp $server64 54 43000
fast "timeout: a session" short "$pool_ip 43000"
tell short begin >/dev/null
check "timeout: traffic in XDP keeps it" wait_for 1 kept
check_match "timeout: it is answered" "$(tell short end)" "[1-9]* $pool_ip 43000"
check "timeout: it ends without traffic" wait_for 10 no_session 43000

# Under traffic, routes, neighbours, links, forwarding, programs and rules change.
helper watch-server "$server4" watch eth0
helper watch-client "$client6" watch eth0
tell tcp reset >/dev/null
tell udp begin >/dev/null
ip -n "$gw" -batch - <<-EOT
	route add $server_ip dev wan mtu 1300
	route add $client_ip dev lan
	neigh flush dev wan
	neigh flush dev lan
	link set wan mtu 1400
	route del $server_ip
	route del $client_ip
	link set wan down
	link set wan up
	link set wan mtu 1500
	link set lan xdp off
	link set wan xdp off
	link set lan xdpdrv pinned $bpffs/flow
	link set wan xdpdrv pinned $bpffs/flow
EOT
on "$gw" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 \
	net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
rules
on "$gw" conntrack -F >/dev/null 2>&1
tell udp end >/dev/null
check_eq "changes: TCP again" "$(tell tcp open)" open
again "changes"
# But for errors of the gateway, which to a client come from its addresses in both families
check_eq "changes: addresses at the server" "$(pairs server)" "$pool_ip>$server_ip"
check_eq "changes: addresses at the client" "$(pairs client | grep -vE "^(2001:db8:c::1|${pref64}c000:201)>")" "$server64hex>$client_ip"

# Without the rule there is no fast path, whatever flows there are.
on "$gw" "$NFT" flush chain inet gw forward
in_stack "no rule" udp "$pool_ip [0-9]*"
check "the rule is back" rules
hooks_come lan wan
again "the rule is back"
check_eq "the stack has the end of a session" "$(tell tcp close)" closed
check "conntrack as well" wait_for 5 ended
for dev in lan wan; do ip -n "$gw" link set $dev xdp off; done
in_stack "without a program again" udp "$pool_ip [0-9]*"
no_other_drops 'TooBig|State'
rm -r "$bpffs/flow" "$bpffs/map"

done_testing
