#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fast path: sessions take it, both directions, as long as they live, and
# nothing else does.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip

# What comes by the normal path is counted, so that it can be told apart.
rules()
{
	on "$gw" $NFT "flush ruleset
	table inet gw {
		flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
		counter slow { }
		chain pre {
			type filter hook prerouting priority dstnat; policy accept;
			ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
		}
		chain forward {
			type filter hook forward priority filter; policy accept;
			counter name slow
			ct state established xlat flow add @ft
		}
	}"
}

slow() { on "$gw" $NFT list counter inet gw slow | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# hooked DEV: our hook is there
# shellcheck disable=SC2317 # wait_for calls it
hooked() { on "$gw" $NFT list hooks netdev device "$1" 2>/dev/null | grep -q nf_xlat_flow_hook; }

# talk PROTO N: N questions in one flow, and how many packets were not fast
talk()
{
	local before

	before=$(slow)
	check_match "$1: all are answered" "$(python "$client6" talk "$1" $server64 "$3" "$2")" "$2 from 192.0.2.1 *"
	echo "# $1: $(($(slow) - before)) of $((2 * $2)) packets took the normal path"
	check "$1: few take the normal path" [ $(($(slow) - before)) -lt 12 ]
}

setup_topo
check "ruleset loads" rules || done_testing
sleep 2
serve "$server4" tcp4:80 udp4:53
talk udp 100 53
talk tcp 100 80
sessions
check_eq "nothing was dropped" "$(drops)" 0

done_testing
