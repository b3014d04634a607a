#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# xlat is a statement, and may be called so: rulesets that have the name already load
# as before, and its words mean elsewhere what they did.
. "$(dirname "$0")/lib.sh"

need_nft
setup_ns "$gw"
nft() { on "$gw" "$NFT" "$@"; }
ip -n "$gw" link add xlat type dummy

cat >"$tmp/rules" <<-'END'
	define xlat = 192.0.2.1
	define prefix = 64:ff9b::/96
	define to = 1024-2047
	define saddr = 192.0.2.2
	define daddr = 2001:db8::80
	define error = 192.0.2.6
	define mtu = 192.0.2.7
	define mapping = 192.0.2.8
	define filtering = 192.0.2.9
	define non-global = 64:ff9b::/96
	define endpoint-independent = 192.0.2.10
	define address-dependent = 192.0.2.11
	define address-port-dependent = 192.0.2.12
	define fully-random = 1280
	define persistent = 192.0.2.13
	table inet xlat {
		comment xlat
		set xlat { typeof iifname; elements = { xlat, eth0 comment xlat }
			comment xlat
		}
		map xlat_map { type ifname : verdict; elements = { xlat : jump xlat }; }
		map to4 { type ipv6_addr : ipv4_addr; comment xlat; }
		counter xlat { comment xlat
		}
		limit xlat { rate 1/second; }
		quota xlat { over 10 mbytes; }
		chain xlat {
			comment xlat
		}
		chain c {
			type filter hook prerouting priority dstnat
			iifname xlat counter comment xlat
			iif xlat accept
			iifname { xlat, lo } oifname != xlat drop
			iifname . oifname { xlat . xlat } drop
			iifname vmap { xlat : jump xlat, lo : goto xlat }
			iifname vmap @xlat_map
			iifname @xlat jump xlat
			counter name xlat quota name xlat limit name xlat
			log prefix xlat
			log prefix xlat xlat 6to4 prefix 64:ff9b::/96
			iifname xlat xlat 6to4 prefix 64:ff9b::/96 snat to $xlat
			iifname xlat xlat 6to4 prefix 64:ff9b::/96 daddr prefix to ip6 daddr map @to4 comment xlat
			xlat 6to4 prefix $prefix error saddr $error
			xlat 6to4 prefix $prefix snat to $saddr:$to
			xlat 4to6 prefix $prefix dnat to $daddr
			xlat 6to4 prefix $prefix snat to ct status map { snat : $xlat, dnat : $filtering }
			xlat 6to4 prefix $prefix snat to meta mark map { 1 : $mtu, 2 : $mapping }
			xlat 6to4 prefix $non-global snat to $endpoint-independent - $address-dependent persistent
			xlat 6to4 prefix $non-global mtu $fully-random snat to $address-port-dependent fully-random
			xlat 6to4 prefix $non-global non-global snat to $persistent
			meta mark set 1 xlat 4to6 prefix 64:ff9b::/96 comment "xlat 6to4"
		}
		chain nat {
			type nat hook prerouting priority dstnat
			iifname xlat dnat ip to 192.0.2.1
			iifname xlat meta nfproto ipv4 redirect
			iifname xlat dnat ip to tcp dport map { 80 : 192.0.2.1 }
			iifname xlat ip saddr 192.0.2.1 accept
		}
	}
END
check "everything called xlat loads" nft -f "$tmp/rules" || done_testing
nft list ruleset >"$tmp/listed"
check_eq "and is listed" "$(grep -c xlat "$tmp/listed")" 40
check "and loads again" nft -f - < <(echo "flush ruleset"; cat "$tmp/listed")
check "the same" diff "$tmp/listed" <(nft list ruleset)

while read -r cmd; do
	check "$cmd" nft "$cmd"
done <<-'END'
	add element inet xlat xlat { xlat }
	delete element inet xlat xlat { xlat }
	list table inet xlat
	list chain inet xlat xlat
	list set inet xlat xlat
	list counter inet xlat xlat
	list hooks device xlat
	list hooks netdev device xlat
	reset counter inet xlat xlat
	add chain inet xlat xlat2
	rename chain inet xlat xlat2 xlat3
	insert rule inet xlat xlat3 oifname xlat
	add table ip xlat; add chain ip xlat xlat; delete table ip xlat
	add table netdev n; add chain netdev n c { type filter hook ingress device xlat priority 0; }
	add chain netdev n d { type filter hook ingress devices = { xlat, lo } priority 0; }
	add rule netdev n c fwd to xlat
	add rule netdev n c dup to xlat
END
done_testing
