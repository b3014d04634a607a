#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A packet translated in a hook of one family enters the same hook of the other
# family at its first priority, and goes on from there: as a table of rules, and
# of the chains that requests and answers meet.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping conntrack

pref64=2001:db8:64::
server64=$pref64$server_ip
host4=203.0.113.33

# chains FAMILY TYPE HOOK PRIORITY...: chains that tell of what they see. A
# prefix has no room in it for a name with spaces.
chains()
{
	local family=$1 type=$2 hook=$3 prio name

	shift 3
	for prio; do
		name=${prio// /}
		[ "$type" != nat ] || name=nat
		echo "add chain $family order $hook$((++chain)) { type $type hook $hook priority $prio; }"
		echo "add rule $family order $hook$chain meta l4proto { icmp, ipv6-icmp } log prefix \"$name\" group 1"
	done
}

# NAT chains are all called from one place, at priority dstnat or srcnat.
observers()
{
	local f chain=0

	for f in ip ip6 inet; do echo "add table $f order"; done
	for f in ip ip6; do
		chains $f filter prerouting raw mangle "dstnat - 2" filter
		chains $f filter output raw mangle "dstnat - 2" filter
		chains $f filter forward mangle filter
		chains $f filter input mangle filter
		chains $f filter postrouting mangle "srcnat - 2"
		chains $f nat prerouting dstnat
		chains $f nat output dstnat
		chains $f nat input srcnat
		chains $f nat postrouting srcnat
	done
	chains inet filter prerouting "raw + 1" "mangle + 1" "dstnat + 2" "filter + 1"
	chains inet filter output "raw + 1" "mangle + 1" "dstnat + 2" "filter + 1"
	chains inet filter forward "mangle + 1" "filter + 1"
	chains inet filter input "mangle + 1" "filter + 1"
	chains inet filter postrouting "mangle + 1" "srcnat + 2"
	# Somebody has to want conntrack.
	echo "add chain inet order track; add rule inet order track ct state new"
}

to4="xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix 2001:db8:64::/96"
to6="ip daddr 203.0.113.0/24 xlat 4to6 saddr prefix 2001:db8:64::/96 daddr prefix 2001:db8:6464::/96"
masq="xlat 6to4 prefix 2001:db8:64::/96 masquerade"

# rules stateless|stateful "HOOK..." PRIORITY FAMILY...: in a table of each FAMILY
rules()
{
	local how=$1 hooks=$2 prio=$3 f h

	shift 3
	for f in ip ip6 inet; do echo "add table $f gw; delete table $f gw"; done >"$tmp/rules"
	for f; do
		echo "table $f gw {"
		for h in $hooks; do
			echo "chain $h { type filter hook $h priority $prio"
			case $how/$f in
			stateful/*) echo "$masq" ;;
			*/ip6) echo "$to4" ;;
			*/ip) echo "$to6" ;;
			*/inet) echo "$to4; $to6" ;;
			esac
			echo "}"
		done
		echo "}"
	done >>"$tmp/rules"
	on "$gw" $NFT -f "$tmp/rules" || fail "$hooks $prio: the ruleset does not load"
	on "$gw" conntrack -F >/dev/null 2>&1
}

# met WHAT "REQUEST" "ANSWER" NS PING...: one ping, and what it is to meet
met()
{
	local what=$1 requests=$2 answers=$3 request answer

	shift 3
	echo "ip netns exec $*" >&"${nflog[1]}"
	read -r -t 60 request <&"${nflog[0]}"
	read -r -t 60 answer <&"${nflog[0]}"
	check_eq "$what: request" "$request" "$requests"
	check_eq "$what: answer" "$answer" "$answers"
}

ping6="ping -6 -n -c 1 -W 10"
ping4="ping -4 -n -c 1 -W 10"

# both WHAT REQUEST ANSWER NS6 NS4: from IPv6, and the other way round from IPv4
both()
{
	met "$1, 6to4" "$2" "$3" "$4" "$ping6 -I ${mapped[$4]} $server64"
	met "$1, 4to6" "$(echo "$2" | tr 46 64)" "$(echo "$3" | tr 46 64)" "$5" "$ping4 $host4"
}

# rows: of a table; where the kernel is emulated, the first one for the time it takes
rows() { if is_uml; then cat; else head -n 1; fi; }

# What there is to be seen, whole and up to some priority. New is a packet that
# conntrack takes for the first of a flow: only that one meets NAT chains.
raw="raw raw+1"
mangle="$raw mangle mangle+1"
session="$mangle dstnat-2"
all="$session dstnat+2 filter filter+1"
new_dstnat="$session nat dstnat+2"
new_all="$new_dstnat filter filter+1"
fwd="mangle mangle+1 filter filter+1"
input=$fwd
new_input="$fwd nat"
post="mangle mangle+1 srcnat-2 srcnat+2"
new_post="mangle mangle+1 srcnat-2 nat srcnat+2"

setup_topo
declare -A mapped=([$client6]=2001:db8:6464::$host4 [$gw]=2001:db8:6464::203.0.113.1)
ip -n "$client6" addr add "${mapped[$client6]}/128" dev eth0 nodad
ip -n "$gw" -batch - <<-EOF
	addr add ${mapped[$gw]}/128 dev lo
	route add 2001:db8:6464::/96 via $client_ip
	route add ${pref64}/96 dev wan
	route add 203.0.113.0/24 dev lan
EOF
# The last two: what is to be translated later has to get so far.
check "the chains that watch" on "$gw" $NFT -f - < <(observers) || done_testing
coproc nflog { python "$gw" nflog; }

for families in "ip6 ip" inet; do
	# priority | what a new packet saw before it | and another
	while IFS='|' read -r prio new old; do
		w="prerouting, $prio, ${families/ /+}"
		# shellcheck disable=SC2086 # one word each
		rules stateless prerouting "$prio" $families
		both "$w" "${new:+6pre $new }4pre $new_all 4fwd $fwd 4post $new_post" \
			"${old:+4pre $old }6pre $all 6fwd $fwd 6post $post" "$client6" "$server4"
		check_eq "$w: one entry each" "$(sessions | sort | cut -c 1-4 | paste -sd' ')" "ipv4 ipv6"

		w="output, $prio, ${families/ /+}"
		# shellcheck disable=SC2086 # one word each
		rules stateless "prerouting output" "$prio" $families
		both "$w" "${new:+6out $new }4out $new_all 4post $new_post" \
			"${old:+4pre $old }6pre $all 6in $input" "$gw" "$gw"
	done < <(rows <<-EOF
		dstnat + 5|$new_dstnat|$session dstnat+2
		-450||
		raw + 5|$raw|$raw
		filter + 5|$new_all|$all
	EOF
	)

	# The other family's conntrack is in prerouting, and passed by.
	while IFS='|' read -r prio seen; do
		w="forward, $prio, ${families/ /+}"
		# shellcheck disable=SC2086 # one word each
		rules stateless forward "$prio" $families
		both "$w" "6pre $new_all ${seen:+6fwd $seen }4fwd $fwd 4post $post" \
			"4pre $all ${seen:+4fwd $seen }6fwd $fwd 6post $post" "$client6" "$server4"
		check_eq "$w: no entry" "$(sessions)" ""
	done < <(rows <<-EOF
		filter - 5|mangle mangle+1
		-450||
		filter + 5|$fwd
	EOF
	)

	family=${families% ip}
	# priority | what the first packet saw before it | and the rest
	while IFS='|' read -r prio new old; do
		rules stateful prerouting "$prio" "$family"
		w="session, prerouting, $prio, $family"
		rest="4pre $all 4fwd $fwd 4post $post"
		answer="4pre $session 6pre $all 6fwd $fwd 6post $post"
		met "$w, first" "6pre $new $rest" "$answer" "$client6" "$ping6 -e 7 $server64"
		met "$w, second" "6pre $old $rest" "$answer" "$client6" "$ping6 -e 7 $server64"

		rules stateful output "$prio" "$family"
		w="session, output, $prio, $family"
		rest="4out $all 4post $post"
		answer="4pre $session 6pre $all 6in $input"
		met "$w, first" "6out $new $rest" "$answer" "$gw" "$ping6 -e 8 $server64"
		met "$w, second" "6out $old $rest" "$answer" "$gw" "$ping6 -e 8 $server64"
	done < <(rows <<-EOF
		dstnat + 5|$new_dstnat|$session
		mangle + 5|$mangle|$mangle
		filter + 5|$new_all|$session
	EOF
	)
done

# What turns out to be for the gateway goes to the other family's input.
rules stateless "prerouting output" "dstnat + 5" inet
met "to the gateway" "6pre $new_dstnat 4pre $new_all 4in $new_input" \
	"4out $session dstnat+2 6out $all 6post $post" \
	"$client6" "$ping6 -I ${mapped[$client6]} $pref64$pool_ip"
check_eq "nothing was dropped" "$(drops)" 0

eval "exec ${nflog[1]}>&-"
done_testing
