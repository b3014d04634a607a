#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The statement in chains that are jumped to, gone to, or chosen by a map, in
# tables of each family: it ends the way of what it translates, and leaves all
# else to the rules after the jump.
. "$(dirname "$0")/lib.sh"

need_nft
need ping

pref64=2001:db8:64::
server64=$pref64$server_ip
host4=203.0.113.33
mapped=2001:db8:6464::$host4
to4="xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix 2001:db8:64::/96"
to6="ip daddr 203.0.113.0/24 xlat 4to6 saddr prefix 2001:db8:64::/96 daddr prefix 2001:db8:6464::/96"
masq="xlat 6to4 prefix 2001:db8:64::/96 masquerade"

# What must not come back from there, and one ping that may
after6="ip6 daddr { 2001:db8:64::/96, 2001:db8:c::1 } icmpv6 type { echo-request, echo-reply } counter name after"
after4="ip daddr 203.0.113.0/24 counter name after"

# table FAMILY HOOK WAYS RULES: WAYS lead to the chain x, which has the RULES
table()
{
	echo "table $1 gw {
		counter after { }
		chain x { $4; }
		chain y { goto x; }
		chain z { jump x; }
		chain base {
			type filter hook $2 priority filter
			$3
		}
	}"
}

# load FAMILIES HOOK WAY6 WAY4 RULE6 RULE4
load()
{
	{
		echo "flush ruleset"
		if [ "$1" = inet ]; then
			table inet "$2" "$3; $after6; $4; $after4" "$5; $6"
		else
			table ip6 "$2" "$3; $after6" "$5"
			table ip "$2" "$4; $after4" "$6"
		fi
	} >"$tmp/rules"
	on "$gw" $NFT -f "$tmp/rules" || fail "the ruleset does not load"
}

# after: how many packets the rules after the jump saw
after() { on "$gw" $NFT list counters | awk '$1 == "packets" { n += $2 } END { print n }'; }

setup_topo
ip -n "$client6" addr add $mapped/128 dev eth0 nodad
ip -n "$gw" -batch - <<-EOF
	route add 2001:db8:6464::/96 via $client_ip
	route add ${pref64}/96 dev wan
	route add 203.0.113.0/24 dev lan
EOF

for families in "ip6 ip" inet; do
	# a way in IPv6 | in IPv4 | does the rule after see what is not translated?
	while IFS='|' read -r way6 way4 returns; do
		for hook in prerouting forward; do
			w="stateless, $hook, $families, $way6"
			load "$families" $hook "$way6" "$way4" "$to4" "$to6"
			check "$w: to IPv4" on "$client6" ping -6 -c 1 -W 10 -I $mapped $server64
			check "$w: to IPv6" on "$server4" ping -c 1 -W 10 $host4
			check_eq "$w: not for the rule after" "$(after)" 0
			[ $hook = prerouting ] || continue
			check "$w: to the gateway" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
			check_eq "$w: rule after" "$(after)" "$returns"
		done
		w="stateful, $families, $way6"
		load "$families" prerouting "$way6" "" "$masq" ""
		check "$w: to IPv4" on "$client6" ping -6 -c 1 -W 10 -I $client_ip $server64
		check "$w: to the gateway" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
	done <<-EOF
		jump x|jump x|1
		goto x|goto x|0
		jump y|jump y|1
		goto z|goto z|0
		ip6 daddr vmap { 2001:db8:64::/96 : jump x, 2001:db8:c::/64 : goto x }|ip daddr vmap { 203.0.113.0/24 : goto x }|0
		iifname vmap { "lan" : jump x }|iifname vmap { "wan" : jump x }|1
		meta l4proto . ip6 hoplimit vmap { ipv6-icmp . 1-64 : jump z }|meta l4proto . ip ttl vmap { icmp . 1-64 : jump z }|1
	EOF
done
check_eq "nothing was dropped" "$(drops)" 0

done_testing
