#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The mistakes in docs/guides/troubleshooting.md: each has the symptom that is said
# there, and what is said there ends it.
. "$(dirname "$0")/recipe.inc"

far64=$pref64$far_ip
xlat="xlat 6to4 prefix $pref64/96 masquerade"

# gateway EARLY [FORWARD]: a NAT64 as anybody has it, and rules with a mistake
gateway()
{
	on "$gw" $NFT "flush ruleset; table inet nat64 {
		chain pre { type filter hook prerouting priority dstnat; ip6 daddr $pref64/96 $xlat; }
		chain early { type filter hook prerouting priority mangle
			$1
		}
		chain forward { type filter hook forward priority filter
			${2-}
		}
	}"
	on "$gw" conntrack -F >/dev/null 2>&1
	for c in Forwarding NoRoute NonGlobal State TooBig; do before[$c]=$(counter Drop$c); done
}
declare -A before
# more NAME: of that counter, since the gateway was made
# shellcheck disable=SC2317 # called by check
more() { [ "$(counter "Drop$1")" -gt "${before[$1]}" ]; }
# shellcheck disable=SC2317 # called by check
works() { [[ $(patience=${1:-2} ask "$client6" tcp $far64 80) = "hello from $pool_ip "* ]]; }
# traced PATTERN: has the trace such a line?
# shellcheck disable=SC2317 # called by check
traced() { grep -qE "$1" "$tmp/trace"; }
# line PATTERN: the command that has it, without what it says beside it
line() { text troubleshooting sh | grep -- "$1" | sed 's/ *# .*//'; }

# says NFT PRIORITY RULE ERROR: what that nft says of it, as the guide has it
says()
{
	printf 'define pref64 = %s\ntable inet t { chain c { type filter hook prerouting priority %s\n%s\n}\n}\n' \
		"$pref64/96" "$2" "$3" >"$tmp/rule"
	check_match "$3: error" "$(on "$gw" "$1" -c -f "$tmp/rule" 2>&1)" "*Error: $4*"
	check "is in the guide" grep -q "^| .*${4##* }\`.* | .* | " "$top/docs/guides/troubleshooting.md"
}

need conntrack stdbuf
setup_topo
router "$server4"
beyond "$server4" leg far4 198.51.100. 1400
ip -n "$gw" route add 198.51.100.0/24 via $server_ip
serve "$far4" tcp4:80
says "$NFT" raw "$xlat" "stateful xlat needs a chain priority after conntrack"
stock=$(PATH=/usr/sbin:/sbin command -v nft)
case $([ -x "$stock" ] && "$stock" --version) in
*" v1.0.6 "* | *" v1.1.3 "*)
	says "$stock" dstnat "ip6 daddr $pref64/96 $xlat" "syntax error, unexpected /"
	says "$stock" dstnat "xlat 6to4 dnat to 192.0.2.1:22 masquerade" "syntax error, unexpected colon"
	# a prefix from a variable
	says "$stock" dstnat 'xlat 6to4 prefix $pref64 masquerade' "syntax error, unexpected masquerade"
	says "$stock" dstnat 'xlat 6to4 prefix $pref64 snat to 192.0.2.1' "No symbol type information"
	says "$stock" raw "xlat 4to6 saddr prefix $pref64/96 daddr prefix to ip daddr map @eam46" "syntax error, unexpected newline"
	says "$stock" filter "ct state established xlat flow add @fast" "syntax error, unexpected flow" ;;
*) echo "# SKIP: errors of another nft than Debian 12's and 13's: none here" ;;
esac

gateway ""
check "all is well" works
check_match "what conntrack shows" "$(on "$gw" sh -c "$(line nf_conntrack)")" \
	"ipv6 *tcp *src=2001:0db8:000c:*:0002 dst=2001:0db8:0064:*:c633:6402 *dport=80 src=$far_ip dst=$pool_ip sport=80 *"
check_match "MTU: 1500 here, 1420 there" "$(on "$client6" sh -c "$(line ping)" 2>&1)" "*Packet too big: mtu=1420*"

gateway ""
echo 0 | on "$gw" tee /proc/sys/net/ipv6/conf/all/forwarding >/dev/null
check_not "no forwarding" works 1
check "XlatDropForwarding" more Forwarding
check_match "the command shows it" "$(on "$gw" sh -c "$(line /proc/net/nf_xlat)")" "*XlatDropForwarding*"
router "$gw"
check "mended" works

gateway ""
ip -n "$gw" route del 198.51.100.0/24
check_match "no route: the client is told" "$(ask "$client6" tcp $far64 80)" "*unreachable*"
check "XlatDropNoRoute" more NoRoute
ip -n "$gw" route add 198.51.100.0/24 via $server_ip
check "mended" works

gateway ""
on "$gw" $NFT add rule inet nat64 pre ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 masquerade
patience=1 check_not "private servers by the well-known prefix" ask "$client6" tcp 64:ff9b::$far_ip 80
check "XlatDropNonGlobal" more NonGlobal

gateway ""
on "$gw" $NFT "table inet raw { chain pre { type filter hook prerouting priority raw; ip6 daddr $pref64/96 notrack; }; }"
check_not "notrack before the rule" works 1
check "XlatDropState" more State
on "$gw" $NFT delete table inet raw
check "mended" works

# trace PATTERN WHAT: the guide's table, and what the trace shows of a call
trace()
{
	text troubleshooting nft | on "$gw" $NFT -f - || fail "the table of the guide does not load"
	background "$gw" stdbuf -oL $NFT monitor trace >"$tmp/trace" 2>&1
	# it says nothing of when it listens
	wait_for 10 sh -c 'ip netns exec "$0" ping -6 -c 1 -W 1 "$1"; test -s "$2"' "$client6" $far64 "$tmp/trace"
	works 1
	check "$2" wait_for 5 traced "$1"
	kill $!
}
gateway "" "meta nfproto ipv4 ct state established accept; iifname lan accept; counter drop"
check_not "answers are not let through" works 1
trace "nat64 forward rule counter .*verdict drop" "the trace names the rule"
check "and has the translation" traced "nat64 pre rule .*xlat 6to4 .*verdict stolen"

gateway "fib saddr . iif oif missing drop"
check_not "a strict test of sources" works 1
# What firewalls of others do in prerouting and forward
route=$(text troubleshooting route)
# other PREROUTING FORWARD: a firewall of somebody else
other()
{
	gateway ""
	on "$gw" $NFT "table inet other {
		chain rpfilter { $1
		}
		chain forward { $2
		}
	}" || fail "the other firewall does not load"
}
# zones: what firewalld, fw4 and NixOS have in forward
zones()
{
	echo "type filter hook forward priority $1; policy drop
		ct state established,related accept
		ct state invalid drop
		iifname lan oifname wan accept"
}
firewalld="type filter hook prerouting priority filter + 10
	icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
	meta nfproto ipv6 fib saddr . mark . iif oif missing drop"
other "$firewalld" "$(zones 10)"
check_not "firewalld, without a route" works 1
check "the route" on "$gw" sh -ec "$route"
check "firewalld, with it" works
other "" "$(zones 0)"
check "fw4" works
ip -n "$gw" route del $pref64/96 dev wan
nixos="type filter hook prerouting priority mangle + 10; policy drop
	meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept
	fib saddr . mark . iif oif exists accept"
other "$nixos" "$(zones 0)"
check_not "NixOS" works 1
other "$nixos
	$(text troubleshooting rpfilter)" "$(zones 0)
		ct status dnat accept; oifname lan accept"
check "with its rules" works
check "and a route" on "$gw" sh -ec "$route"
on "$gw" $NFT insert rule inet nat64 pre iifname wan tcp dport 8080 xlat 4to6 prefix $pref64/96 "dnat to [$client_ip]:80"
serve "$client6" tcp6:80
check_match "and from IPv4" "$(ask "$far4" tcp $pool_ip 8080)" "hello from ${pref64}c633:6402 *"
ip -n "$gw" route del $pref64/96 dev wan
other "" "type filter hook forward priority filter; policy drop; jump user
		}
		chain user {"
check_not "Docker and ufw, which forward nothing" works 1
on "$gw" $NFT add rule inet other user iifname lan accept
check_not "IPv4 is not enough" works 1
on "$gw" $NFT add rule inet other user meta nfproto ipv6 ct state related,established accept
check "and answers" works
# Docker 28: nobody but the bridge, here lan, brings packets to a container, here the client.
raw="type filter hook prerouting priority raw; policy accept"
other "$raw; ip6 daddr $client_ip iifname != lan drop" "$(zones 0)"
check_not "Docker 28" works 1
other "$raw; ip6 daddr $client_ip iifname wan accept; ip6 daddr $client_ip iifname != lan drop" "$(zones 0)"
check "where it trusts wan" works

gateway "iifname lan meta nfproto ipv6 fib saddr . iif oif missing drop; iifname wan meta nfproto ipv4 fib saddr . iif oif missing drop"
check "each family on its own side" works

# A link that drops what is longer, and nobody is told. No GSO, so that lengths are those of
# the wire.
for host in $client6 $far4; do ip -n $host link set eth0 gso_max_segs 1; done
# narrow NS LENGTH
narrow()
{
	on "$1" $NFT "table inet narrow {
		chain in { type filter hook prerouting priority -500; meta length > $2 drop; }
		chain out { type filter hook output priority -500; meta length > $2 drop; }
	}"
}
# shellcheck disable=SC2317 # called by check
long() { [[ $(patience=${1:-10} ask "$client6" tcp $far64 80 "$(printf '%3000s' x)") = *" from $pool_ip "* ]]; }
clamp=$(text troubleshooting text | grep maxseg)
for narrow in "$client6 1400 IPv6" "$far4 1380 IPv4"; do
	read -r host length side <<<"$narrow"
	gateway ""
	narrow "$host" "$length"
	check_not "$side is narrow and silent: long packets" long 1
	gateway "" "tcp flags syn tcp option maxseg size set rt mtu"
	check_not "with rt mtu" long 1
	gateway "" "$clamp"
	check "with the number" long
	on "$host" $NFT delete table inet narrow
done
# A prefix within the /64 of the hosts: they look for neighbours.
own64=2001:db8:c:0:0:64:
gateway ""
on "$gw" $NFT add rule inet nat64 pre ip6 daddr $own64:/96 xlat 6to4 prefix $own64:/96 masquerade
patience=4 check_not "a prefix of the link" ask "$client6" tcp ${own64}c633:6402 80
check_match "hosts look for a neighbour" "$(ip -n "$client6" neigh show 2001:db8:c::64:c633:6402)" "*dev eth0 *@(INCOMPLETE|FAILED)*"
ip -n "$client6" route add $own64:/96 via 2001:db8:c::1
check_match "a route for it" "$(ask "$client6" tcp ${own64}c633:6402 80)" "hello from $pool_ip *"

# Who asks for an address of a pool that is nobody's
gateway ""
on "$gw" $NFT "flush chain inet nat64 pre; add rule inet nat64 pre ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 snat to 192.0.2.16"
check_not "a pool without an address" works 1
check_match "ARP for it finds nobody" "$(ip -n "$server4" neigh show 192.0.2.16)" "192.0.2.16 dev eth0 *@(INCOMPLETE|FAILED)*"
ip -n "$gw" addr add 192.0.2.16/32 dev wan
ip -n "$server4" neigh flush dev eth0
check_match "with an address" "$(ask "$client6" tcp $far64 80)" "hello from 192.0.2.16 *"

events=/sys/kernel/tracing/events/nf_xlat/nf_xlat_drop
if [ -e $events ]; then
	check_match "commands for the tracepoint" "$(line nf_xlat_drop/enable)" "echo 1 >$events/enable"
	gateway ""
	ip -n "$gw" route del 198.51.100.0/24
	echo >/sys/kernel/tracing/trace
	sh -c "$(line nf_xlat_drop/enable)"
	ask "$client6" tcp $far64 80 >/dev/null
	echo 0 >$events/enable
	want=$(text troubleshooting text | sed -n '/nf_xlat_drop:/,/reason=/p' | tr -d '\n' |
		sed 's/ \+/ /g; s/…/*/g; s/\(skbaddr\|netns\|ifindex\)=[^ ]*/\1=*/g; s/:40000/:*/; s/[][]/\\&/g')
	check_match "what the tracepoint prints" "$(grep nf_xlat_drop: /sys/kernel/tracing/trace | head -1)" "$want"
	ip -n "$gw" route add 198.51.100.0/24 via $server_ip
else
	echo "# SKIP: no tracepoints in this kernel"
fi

done_testing
