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

# shellcheck disable=SC2317 # called by wait_for
ended() { sessions 'tcp .* TIME_WAIT .* dport=80 '; }
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
check "other rules" rules
hooks_come lan wan
again "other rules"
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
no_other_drops TooBig
rm "$bpffs/flow"

done_testing
