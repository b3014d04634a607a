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
# tc's ct action drops ARP, so no neighbour may have to be asked for again.
# neighbour NS DEV ADDRESS NS DEV: it is there, for good
neighbour()
{
	ip -n "$1" neigh replace "$3" dev "$2" nud permanent \
		lladdr "$(ip -n "$4" -br link show "$5" | awk '{ print $3 }')"
}
# neighbours LAN WAN: those of the gateway by these devices, and it is theirs
neighbours()
{
	neighbour "$client6" eth0 2001:db8:c::1 "$gw" "$1"
	neighbour "$gw" "$1" $client_ip "$client6" eth0
	neighbour "$gw" "$2" $server_ip "$server4" eth0
	neighbour "$server4" eth0 $pool_ip "$gw" "$2"
}
neighbours lan wan
on "$gw" tc qdisc add dev lan clsact
on "$gw" tc qdisc add dev wan clsact
serve "$server4" udp4:5300
serve "$client6" udp6:5300

# gateway RULES [filtering]: translation both ways, behind these rules
gateway()
{
	on "$gw" "$NFT" "flush ruleset; table inet gw {
		$1
		chain pre { type filter hook prerouting priority dstnat + 5
			ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade ${2:+filtering address-dependent}
			ip daddr 203.0.113.9 xlat 4to6 prefix 64:ff9b::/96 non-global dnat to $client_ip
		}
	}" || fail "rules do not load"
	forget ingress egress
	flush
}
# forget WAY...: no filters there
forget()
{
	local way

	for way; do printf 'filter del dev %s %s\n' lan "$way" wan "$way"; done | on "$gw" tc -force -batch -
}
flush() { on "$gw" conntrack -F >/dev/null 2>&1; }
# tracks DEV ingress|egress WORDS [ADDRESS]: all packets there go to that ct action
tracks() { python "$gw" tc_ct "$@" || fail "tc $*"; }

# works WHAT: new sessions, from both ends
from6() { ask "$client6" udp "$server64" 5300; }
from4() { ask "$server4" udp 203.0.113.9 5300; }
works() { check_match "$1: from IPv6" "$(from6)" "hello from $pool_ip *"; check_match "$1: from IPv4" "$(from4)" "hello from *"; }
# first 6|4: the first packet of a new session
port=20000
first()
{
	port=$((port + 1))
	if [ "$1" = 6 ]; then
		python "$client6" flood udp $client_ip $port "$server64" 5300 1
	else
		python "$server4" flood udp $server_ip $port 203.0.113.9 5300 1
	fi >/dev/null
}
# state: what is translated so far, and dropped for its entry
state() { echo "$(counter 6to4) $(counter 4to6) $(counter DropState)"; }
# refused 6|4 WHAT: such a packet is dropped for its entry
refused()
{
	local six four drop

	read -r six four drop <<<"$(state)"
	first "$1"
	check_eq "$2" "$(state)" "$six $four $((drop + 1))"
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

# The host's log is told, where it is to be.
all=/proc/sys/net/netfilter/nf_log_all_netns
was=$(<$all)
claimed="nf_xlat: netns $(on "$gw" stat -Lc %i /proc/self/ns/net): NAT, a helper or tc has the conntrack entry, dropping packet"
before=$(logged "$claimed")
echo 1 >$all
gateway ""
tracks lan ingress nat,src
refused 6 "and told"
echo "$was" >$all
check_eq "in the log" "$(logged "$claimed")" $((before + 1))

# What comes to a mapping from IPv4 is taken under the same condition, by a hook and not by a rule.
# to_mapping PORT: the server begins a session from there, to the client's mapping
to_mapping() { python "$server4" flood udp $server_ip "$1" $pool_ip 41000 1 >/dev/null; }
begun() { sessions "sport=$1 dport=41000 .*src=2001" | wc -l; }
gateway ""
python "$client6" flood udp $client_ip 41000 "$server64" 5300 1 >/dev/null
tracks wan ingress nat,src
before=$(counter DropState)
to_mapping 5301
check_eq "null binding of the source, to a mapping: not ours" "$(begun 5301)" 0
check_eq "and counted" $(($(counter DropState) - before)) 1
forget ingress
tracks wan ingress nat,src 192.0.2.98
to_mapping 5302
check_eq "another source, to a mapping: NAT44's, and not dropped" $(($(counter DropState) - before)) 1
forget ingress
to_mapping 5303
check_eq "to the same mapping, without a claim" "$(begun 5303)" 1

# Freed memory must not stay in nf_nat's table: what comes next would be hashed beside it.
gateway ""
tracks lan ingress nat,src
before=$(counter DropState)
for _ in 1 2 3; do
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
before=$(state)
first 4
check_eq "NAT44 comes first: not ours" "$(state)" "$before"
# What conntrack has left alone gets an entry that stands for no flow.
gateway "chain first { type filter hook prerouting priority raw
		ip6 daddr 64:ff9b::/96 notrack; ip daddr 203.0.113.9 notrack; }
	chain before { type filter hook prerouting priority mangle
		ip6 daddr 64:ff9b::/96 ct zone set 1; ip daddr 203.0.113.9 ct zone set 1; }"
refused 6 "a template"
before=$(state)
first 4
check_eq "a template, from IPv4: as what is not tracked" "$(state)" "$before"
expects="ct expectation e6 { protocol udp; dport 5301; timeout 1m; size 4; l3proto ip6; }"
gateway "$expects
	chain before { type filter hook prerouting priority mangle; ip6 daddr 64:ff9b::/96 ct expectation set \"e6\"; }"
refused 6 "an expectation that a rule makes"
gateway "$expects
	chain after { type filter hook forward priority filter; ct expectation set \"e6\"; }"
works "an expectation, by a rule behind the translation"

tftp=
if modprobe -q nf_conntrack_tftp; then
	tftp=1
	gateway "ct helper h6 { type \"tftp\" protocol udp; l3proto ip6; }
		ct helper h4 { type \"tftp\" protocol udp; l3proto ip; }
		chain before { type filter hook prerouting priority mangle
			ip6 daddr 64:ff9b::/96 ct helper set \"h6\"; ip daddr 203.0.113.9 ct helper set \"h4\"; }"
	refused 6 "a helper, from IPv6"
	refused 4 "a helper, from IPv4"

	# Any user can expect a session, by ctnetlink.
	serve "$gw" udp6:69
	gateway "ct helper h6 { type \"tftp\" protocol udp; l3proto ip6; }
		chain before { type filter hook prerouting priority mangle
			ip6 daddr 2001:db8:c::1 udp dport 69 ct helper set \"h6\"; }"
	python "$client6" flood udp $client_ip 40000 2001:db8:c::1 69 1 >/dev/null
	all=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
	check "an expectation is made" on "$gw" conntrack -I expect -t 30 -p udp \
		--orig-src $client_ip --sport 40000 --orig-dst 2001:db8:c::1 --dport 69 \
		--tuple-src $client_ip --tuple-port-src $((port + 1)) --mask-src $all --mask-port-src 65535 \
		--tuple-dst "$server64" --tuple-port-dst 5300 --mask-dst $all --mask-port-dst 65535
	refused 6 "an expected session"

	# The same from IPv4, by a session with the gateway's own server
	serve "$gw" udp4:69
	gateway "ct helper h4 { type \"tftp\" protocol udp; l3proto ip; }
		chain before { type filter hook prerouting priority mangle
			ip daddr $pool_ip udp dport 69 ct helper set \"h4\"; }"
	python "$server4" flood udp $server_ip 40000 $pool_ip 69 1 >/dev/null
	all=255.255.255.255
	check "an expectation is made in IPv4" on "$gw" conntrack -I expect -t 30 -p udp \
		--orig-src $server_ip --sport 40000 --orig-dst $pool_ip --dport 69 \
		--tuple-src $server_ip --tuple-port-src $((port + 1)) --mask-src $all --mask-port-src 65535 \
		--tuple-dst 203.0.113.9 --tuple-port-dst 5300 --mask-dst $all --mask-port-dst 65535
	refused 4 "an expected session, from IPv4"

	# A session has no place for a helper that a rule behind the translation sets. The gateway's own
	# entry shows that the rule is one that works.
	gateway "ct helper h6 { type \"tftp\" protocol udp; l3proto ip6; }
		ct helper h4 { type \"tftp\" protocol udp; l3proto ip; }
		chain after { type filter hook forward priority filter; ct helper set \"h6\"; ct helper set \"h4\"; }
		chain own { type filter hook input priority filter; ct helper set \"h6\"; }"
	works "a helper, by a rule behind the translation"
	ask "$client6" udp 2001:db8:c::1 69 >/dev/null
	on "$gw" conntrack -L -p udp >"$tmp/helped" 2>/dev/null
	check_eq "which others get" "$(grep -c "dport=69 .*helper=tftp" "$tmp/helped")" 1
	check_eq "and sessions do not" "$(grep -c "[sd]port=5300 .*helper=tftp" "$tmp/helped")" 0
fi

# What a session expects is over at once, as its helper gives it no time.
gateway ""
first 6
all=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
on "$gw" conntrack -I expect -t 30 -p udp \
	--orig-src $client_ip --sport "$port" --orig-dst "$server64" --dport 5300 \
	--tuple-src $client_ip --tuple-port-src $((port + 1)) --mask-src $all --mask-port-src 65535 \
	--tuple-dst "$server64" --tuple-port-dst 5300 --mask-dst $all --mask-port-dst 65535 >"$tmp/expect" 2>&1 ||
	check_match "a session expects nothing by ctnetlink" "$(<"$tmp/expect")" "*not supported*"
first 6
check_eq "what a session expects by ctnetlink is a session as others" \
	"$(sessions "sport=$port .*dst=$pool_ip " | wc -l)" 1

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
ways="none nat,src nat,dst commit commit,nat,src force,commit"
is_uml || ways="nat,src commit,nat,src"
for words in $ways; do
	forget egress
	for dev in lan wan; do tracks $dev egress "$words"; done
	works "tc's ct $words on the way out"
done

# Nor does tc's flowtable take a session. It takes this host's own, which are of one family (before
# 6.3 only when they have lasted for 2 seconds).
if kernel_since 6.3; then
	forget egress
	flush
	for dev in lan wan; do tracks $dev egress none; done
	serve "$gw" udp6:5301
	ask "$client6" udp 2001:db8:c::1 5301 >/dev/null
	check_match "tc's flowtable takes others" "$(sessions "dport=5301 ")" "*OFFLOAD*"
	works "beside tc's flowtable"
	check_eq "and no session" "$(sessions "[sd]port=5300 .*OFFLOAD")" ""
fi

# The master of an entry of GRE is taken for a session of PPTP when that entry ends.
# Such a session holds a permission for its peer, and once more a flow of the fast path.
gateway "" filtering
first 6
check_eq "the master of an entry of GRE" \
	"$(python "$gw" ct_master $client_ip $port "$server64" 5300 | xargs)" "Success Success"
works "after an entry of GRE"

# Open vSwitch hands a packet to the stack without its entry, and one that it has confirmed
# is found there again. Of what goes out to it, the entry comes along, and is ours.
if modprobe -q openvswitch; then
	# switched WORDS: both devices are ports of a switch each
	switched()
	{
		gateway ""
		# shellcheck disable=SC2086 # words and an address
		{ python "$gw" ovs_ct ovs6 lan $1 && python "$gw" ovs_ct ovs4 wan $1; } || fail "Open vSwitch, ct $1"
	}
	switched none
	ip -n "$gw" -batch - <<-EOT || fail "no addresses at the switches"
		addr del $pool_ip/24 dev wan
		addr del 2001:db8:c::1/64 dev lan
		link set ovs4 up
		link set ovs6 up
		addr add $pool_ip/24 dev ovs4
		addr add 2001:db8:c::1/64 dev ovs6 nodad
	EOT
	neighbours ovs6 ovs4
	works "Open vSwitch"
	switched nat
	works "Open vSwitch, ct nat"
	switched zone,commit,nat,src
	works "Open vSwitch, in a zone of its own"
	switched commit,src
	refused 6 "confirmed by Open vSwitch, from IPv6"
	# In IPv4 such an entry may be NAT44's, and the rule leaves it alone.
	before=$(state)
	first 4
	check_eq "confirmed by Open vSwitch, from IPv4: not ours" "$(state)" "$before"
	ways="commit,nat commit,src force,commit,src"
	is_uml || ways=commit,src
	for words in $ways "commit,src 192.0.2.99"; do
		switched "out,$words"
		works "Open vSwitch, ct $words on the way out"
	done
	if [ "$tftp" ]; then
		# It does not take the entry that comes along, as this has no such helper, but makes
		# one of its own, which clashes with the session's, as it does with one of NAT44.
		switched out,commit,helper
		first 6
		first 4
		switched out,none
		works "after a helper of Open vSwitch"
	fi
	{ python "$gw" ovs_ct ovs4 && python "$gw" ovs_ct ovs6; } || fail "the switches do not go"
	# Up to 6.1 it has conntrack in all namespaces, which stories after this one do not want.
	check "Open vSwitch goes" wait_for 20 modprobe -qr openvswitch
	ip -n "$gw" -batch - <<-EOT
		addr add $pool_ip/24 dev wan
		addr add 2001:db8:c::1/64 dev lan nodad
	EOT
	neighbours lan wan
else
	echo "# this kernel has no Open vSwitch"
fi

# IPVS changes the reply tuple of an entry, and sets no bit for it.
if modprobe -qa ip_vs ip_vs_rr; then
	gateway ""
	check "IPVS keeps conntrack's entries" on "$gw" sysctl -qw net.ipv4.vs.conntrack=1
	# Of a session: the server's place is taken by another one.
	check "IPVS in IPv4" python "$gw" ipvs $pool_ip $server_ip 5300
	check_match "IPVS behind the translation" "$(ask "$client6" udp 64:ff9b::$pool_ip 5300)" "hello from $pool_ip *"
	# Before it: what this host sends meets IPVS, and then the rule.
	check "IPVS in IPv6" python "$gw" ipvs 64:ff9b::192.0.2.50 "$server64" 5300
	ip -n "$gw" route add 64:ff9b::/96 via $client_ip dev lan
	check "a rule behind IPVS" on "$gw" "$NFT" "table inet own { chain out { type filter hook output priority -90
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade; }; }"
	check_match "a rule behind IPVS: its own packets" "$(ask "$gw" udp "$server64" 5300)" "hello from $pool_ip *"
	before=$(counter 6to4) drop=$(counter DropState)
	patience=1 ask "$gw" udp 64:ff9b::192.0.2.50 5300 >/dev/null
	check "IPVS before the translation: dropped" [ "$(counter DropState)" -gt "$drop" ]
	check_eq "and not translated" "$(counter 6to4)" "$before"
	on "$gw" "$NFT" delete table inet own
	ip -n "$gw" route del 64:ff9b::/96 via $client_ip dev lan
else
	echo "# this kernel has no IPVS"
fi

# At last, as its packets come again for a while
if modprobe -q nft_synproxy; then
	# The proxy's own SYN to the server has its template. The rule meets it in output.
	gateway ""
	ip -n "$gw" route add 64:ff9b::/96 dev wan
	on "$gw" "$NFT" "flush ruleset; table inet gw {
		chain first { type filter hook prerouting priority raw; tcp dport 80 tcp flags syn notrack; }
		chain forward { type filter hook forward priority filter
			tcp dport 80 ct state { invalid, untracked } synproxy mss 1400 wscale 7 timestamp sack-perm
		}
		chain out { type filter hook output priority mangle
			ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade
		}
	}" || fail "rules do not load"
	on "$gw" sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 # as nft(8) wants it
	read -r six _ drop <<<"$(state)"
	patience=2 ask "$client6" tcp "$server64" 80 >/dev/null
	check "the SYN proxy's SYN is dropped" [ "$(counter DropState)" -gt "$drop" ]
	check_eq "and not translated" "$(counter 6to4)" "$six"
fi

done_testing
