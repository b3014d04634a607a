#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules with one pool that differ in their prefix or their filtering have mappings of
# their own: a client that has one by the more lenient rule gets no more leave by it
# for what is the stricter rule's (RFC 6146 sections 3.1 and 3.5).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/allocs.inc"

need_nft
need python3 conntrack

pref64=2001:db8:64::
other64=2001:db8:65::

# rules TEXT
# shellcheck disable=SC2317 # check calls it
rules()
{
	on "$gw" "$NFT" "flush ruleset; table inet gw { chain pre {
		type filter hook prerouting priority dstnat; policy accept;
		$*; }; }"
	on "$gw" conntrack -F 2>/dev/null
}

# ports PEER PORT...: of the pool, by which they see client6's one socket
ports() { python "$client6" endpoint call $client_ip 5000 "$@" | awk '{ print $2 }'; }
# stranger PORT: who was not talked to writes to that port of the pool
stranger() { python "$server4" endpoint call 192.0.2.9 7009 $pool_ip "$1"; }
# waiting PEER PORT...: client6's socket talks to these, and listens; $ports
waiting()
{
	background_python "$client6" endpoint wait $client_ip 5000 "$@" >"$tmp/waiting"
	waiter=$!
	wait_for 10 grep -q waits "$tmp/waiting" || fail "no mapping"
	read -r -d '' -a ports < <(awk '/^192/ { print $2 }' "$tmp/waiting")
}
no_more() { kill $waiter; wait $waiter 2>/dev/null; }

setup_topo
ip -n "$server4" addr add 192.0.2.9/24 dev eth0
start "$server4" endpoint $server_ip 7000 $server_ip 7001 $server_ip 7002

# port 7000 by the more lenient rule, 7001 by the stricter one
check "rules that differ in filtering load" rules "
	ip6 daddr $pref64/96 udp dport 7000 xlat 6to4 prefix $pref64/96 masquerade
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade filtering address-dependent"
for order in "7000 7001" "7001 7000"; do
	# shellcheck disable=SC2086 # into words
	set -- $order
	on "$gw" conntrack -F 2>/dev/null
	waiting $pref64$server_ip "$1" $pref64$server_ip "$2"
	[ "$1" = 7000 ] || ports=("${ports[1]}" "${ports[0]}")
	check_eq "$order: two mappings" "$(counter Bib)" 2
	before=$(counter DropFiltered)
	check_match "$order: a stranger, to the stricter rule's" "$(stranger "${ports[1]}")" "*Error*"
	check_eq "$order: is filtered" $(($(counter DropFiltered) - before)) 1
	check_eq "$order: to the other's" "$(stranger "${ports[0]}")" "${pref64}c000:209 7009"
	no_more
done

# A second session with a peer takes no memory for a mapping or a permission, as there are both.
if allocs_begin; then
	trap 'allocs_end; cleanup' EXIT
	on "$gw" conntrack -F 2>/dev/null
	allocs_of nf_xlat_bib
	ports $pref64$server_ip 7001 >/dev/null
	check "the first session takes memory" [ "$(allocs_by nf_xlat_bib)" -ge 2 ]
	allocs_of nf_xlat_bib
	ports $pref64$server_ip 7002 >/dev/null
	check_eq "the second one takes none" "$(allocs_by nf_xlat_bib)" 0
	allocs_end
	trap cleanup EXIT
fi

check "rules that differ in their prefix load" rules "
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
	ip6 daddr $other64/96 xlat 6to4 prefix $other64/96 masquerade"
waiting $pref64$server_ip 7000 $other64$server_ip 7000
check_eq "prefixes: two mappings" "$(counter Bib)" 2
check_eq "prefixes: a stranger has the one" "$(stranger "${ports[0]}")" "${pref64}c000:209 7009"
check_eq "prefixes: and the other" "$(python "$server4" endpoint call 192.0.2.9 7010 $pool_ip "${ports[1]}")" \
	"${other64}c000:209 7010"
no_more

# Those that differ in nothing have the same.
check "rules that are alike load" rules "
	ip6 daddr $pref64/96 udp dport 7000 xlat 6to4 prefix $pref64/96 masquerade
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade"
check_eq "alike: one port" "$(ports $pref64$server_ip 7000 $pref64$server_ip 7001 | sort -u | wc -l)" 1
check_eq "alike: one mapping" "$(counter Bib)" 1

done_testing
