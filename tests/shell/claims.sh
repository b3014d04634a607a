#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An entry of conntrack becomes a session only when nobody else has a claim on it: what
# tc's ct action, NAT, a helper or a packet that waits elsewhere has to do with it is
# dropped and counted. All of this any user can have, in a namespace of his own.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 tc conntrack
modprobe -qa act_ct cls_matchall sch_ingress sch_netem || skip "this kernel has no ct action of tc"

setup_topo
ip -n "$gw" link add sink type dummy
ip -n "$gw" link set sink up
on "$gw" tc qdisc add dev lan clsact
on "$gw" tc qdisc add dev wan clsact
serve "$server4" udp4:5300
serve "$client6" udp6:5300

# gateway [RULES]: translation both ways, behind these rules
gateway()
{
	local dev

	on "$gw" "$NFT" "flush ruleset; table inet gw {
		$1
		chain pre { type filter hook prerouting priority dstnat + 5
			ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade
			ip daddr 203.0.113.9 xlat 4to6 prefix 64:ff9b::/96 non-global dnat to $client_ip
		}
	}" || fail "rules do not load"
	for dev in lan wan; do
		on "$gw" tc filter del dev $dev ingress
		on "$gw" tc filter del dev $dev egress
	done
	flush
}
flush() { on "$gw" conntrack -F >/dev/null 2>&1; }
# tracks DEV ingress|egress WORDS [ADDRESS]: all packets there go to that ct action
tracks() { python "$gw" tc_ct "$@" || fail "tc $*"; }

# works, refused WHAT: a new session from IPv6, and if refused one drop for its packet
from6() { patience=$1 ask "$client6" udp "$server64" 5300; }
from4() { patience=$1 ask "$server4" udp 203.0.113.9 5300; }
works() { check_match "$1: from IPv6" "$(from6 5)" "hello from $pool_ip *"; check_match "$1: from IPv4" "$(from4 5)" "hello from *"; }
refused()
{
	local before

	before=$(counter DropState)
	check_eq "$2: no answer" "$("from$1" 0.5)" ""
	check_eq "$2: counted" $(($(counter DropState) - before)) 1
}

gateway ""
works "no claims"

# tc's ct action, as packets come in. Without "commit" the entry comes along unconfirmed.
gateway ""
tracks lan ingress none
tracks wan ingress none
works "tracked by tc"
gateway ""
tracks lan ingress nat,dst
tracks wan ingress nat,dst
works "tracked by tc, null binding of the destination"
gateway ""
tracks lan ingress nat,src
tracks wan ingress nat,src
refused 6 "null binding of the source, from IPv6"
refused 4 "null binding of the source, from IPv4"
gateway ""
tracks lan ingress nat,src 2001:db8:c::99
refused 6 "another source"
gateway ""
tracks lan ingress nat,dst 64:ff9b::192.0.2.99
refused 6 "another destination"
gateway ""
tracks lan ingress commit
refused 6 "confirmed by tc"

# Freed memory must not stay in nf_nat's table: what comes next would be hashed beside it.
gateway ""
tracks lan ingress nat,src
before=$(counter DropState)
for i in 1 2 3; do
	python "$client6" flood udp $client_ip 30000-30199 "$server64" 5300 200 >/dev/null
	flush
done
check_eq "a crowd of them" $(($(counter DropState) - before)) 600

# A clone of the packet waits on another device.
gateway ""
tracks lan ingress none
on "$gw" tc qdisc add dev sink root netem delay 1s
if on "$gw" "$NFT" "table netdev copy { chain in { type filter hook ingress device lan priority 0
	ip6 daddr 64:ff9b::/96 dup to sink; }; }"; then
	refused 6 "shared with a packet elsewhere"
	on "$gw" "$NFT" delete table netdev copy
else
	echo "# this kernel has no dup to"
fi

# What nft itself has
gateway "chain before { type nat hook prerouting priority -110; ip6 daddr 64:ff9b::/96 dnat to 64:ff9b::192.0.2.99; }"
refused 6 "NAT of a rule"
gateway "chain before { type nat hook prerouting priority -110; ip daddr 203.0.113.9 dnat to $server_ip; }"
before=$(counter DropState)
check_eq "NAT44 comes first: this one turns it back" "$(from4 0.5)" ""
check_eq "NAT44 comes first: no drop of ours" "$(counter DropState)" "$before"
if modprobe -q nf_conntrack_tftp; then
	gateway "ct helper h6 { type \"tftp\" protocol udp; l3proto ip6; }
		ct helper h4 { type \"tftp\" protocol udp; l3proto ip; }
		chain before { type filter hook prerouting priority mangle
			ip6 daddr 64:ff9b::/96 ct helper set \"h6\"; ip daddr 203.0.113.9 ct helper set \"h4\"; }"
	refused 6 "a helper, from IPv6"
	refused 4 "a helper, from IPv4"
fi
# These are no claims, and are for the whole session.
gateway "chain before { type filter hook prerouting priority mangle; ip6 daddr 64:ff9b::/96 ct mark set 7 ct label set 3; }"
works "mark and label"

# Afterwards the entry is ours: what others want to do with it finds it done.
gateway ""
for dev in lan wan; do
	for way in ingress egress; do
		tracks $dev $way nat,src
	done
done
refused 6 "tc on all sides: the first packet has a claim"
gateway ""
for words in none nat,src nat,dst commit commit,nat,src force,commit; do
	for dev in lan wan; do
		on "$gw" tc filter del dev $dev egress
		tracks $dev egress $words
	done
	works "tc's ct $words on the way out"
done

# What ctnetlink may change of a session, and what it refuses or does not heed
gateway ""
start "$server4" endpoint $server_ip 5301
call() { python "$client6" endpoint call $client_ip 5000 "$server64" 5301; }
update() { python "$gw" unhelp $client_ip 5000 "$server64" 5301 "$@"; }
first=$(call)
check_match "a session" "$first" "$pool_ip *"
# CTA_MARK, CTA_TIMEOUT, CTA_STATUS with all that says NAT, sequence numbers or helper
check_eq "a mark" "$(update 8 00000007)" Success
check_eq "a timeout" "$(update 7 00000064)" Success
check_eq "bits of NAT" "$(update 3 000021fe)" Success
check_match "it is marked" "$(sessions "sport=5000 ")" "*ASSURED* mark=7 *"
# CTA_HELP, CTA_NAT_SRC
check_not "no other helper" test "$(update 5 0900010074667470000000)" = Success
check_not "no NAT" test "$(update 32774 08000100c0000263)" = Success
check_eq "the session goes on" "$(call)" "$first"

done_testing
