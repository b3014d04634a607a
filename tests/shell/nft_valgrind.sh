#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# nft frees what it takes for the statement, also when it refuses it; nft-replay stays within
# the batch.
. "$(dirname "$0")/lib.sh"

need_nft
need valgrind
setup_ns "$gw"
modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"

# leakless STATUS WHAT ARGUMENT...: nft, with that exit status, loses nothing and
# touches nothing that it has freed. What is sent uninitialised is padding.
leakless()
{
	local rc=$1 what=$2 got

	shift 2
	on "$gw" valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
		--undef-value-errors=no --error-exitcode=99 --log-file="$tmp/log" \
		"$NFT" "$@" >"$tmp/out" 2>&1
	got=$?
	check_eq "$what" "$got $(cat "$tmp/log")" "$rc " || sed 's/^/# /' "$tmp/out"
}

leakless 0 "every form loads" -f "$here/rulesets/forms.nft"
leakless 0 "and the fast path" -c -f "$here/rulesets/forms_flow.nft"
leakless 0 "is listed" list ruleset
leakless 0 "in JSON too" -j list ruleset
cp "$tmp/out" "$tmp/json"
leakless 0 "JSON loads" -j -c -f "$tmp/json"

# Ten errors of syntax are reported in one run, and all of evaluation.
while read -r rule; do echo "add rule inet gw pre xlat $rule"; done >"$tmp/syntax" <<-'END'
	6to4 prefix 64:ff9b::/96 prefix 64:ff9b::/96
	6to4 saddr prefix 2001:db8::1 to 192.0.2.1 saddr prefix 2001:db8::1 to 192.0.2.1
	6to4 saddr prefix to ip6 saddr map @to4 saddr prefix to ip6 saddr map @to4
	6to4 error saddr 192.0.2.1 error saddr 192.0.2.1
	4to6 mtu 1400 mtu 1500
	6to4 prefix 64:ff9b::/96 snat to 192.0.2.1:80 drop
	6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1 } to
	6to4 prefix 64:ff9b::/96 saddr prefix 2001:db8::/4294967328 to 192.0.2.0/24
	flow add @ft xlat
	6to4 dnat to 192.0.2.1:80 masquerade snat to 192.0.2.2
END
leakless 1 "errors of syntax" -c -f "$tmp/syntax"
check_eq "all of them are there" "$(grep -c Error: "$tmp/out")" 10
while read -r rule; do echo "add rule inet gw pre xlat $rule"; done >"$tmp/ends" <<-'END'
	6to4 prefix
	6to4 prefix 64:ff9b::/96 saddr prefix 2001:db8::/64 to
	6to4 prefix 64:ff9b:/96
	6to4 prefix 64:ff9b::/96 snat to
	6to4 prefix 64:ff9b::/96 snat to 192.0.2.1-
	6to4 prefix 64:ff9b::/96 snat to 192.0.2.1:
	6to4 prefix 64:ff9b::/96 snat to 192.0.2.1:80-85,90
	4to6 prefix 64:ff9b::/96 dnat to 2001:db8:::80
	flow add @
END
leakless 1 "rules that end too early" -c -f "$tmp/ends"
check_eq "all of these" "$(grep -c Error: "$tmp/out")" 9
while read -r rule; do echo "add rule inet gw pre xlat 6to4 prefix 64:ff9b::/96 $rule"; done >"$tmp/words" <<-'END'
	snat to 192.0.2.1:80 random,sticky
	masquerade random,persistent,sticky
	snat to 192.0.2.1 random,to
	masquerade random,
	snat to 192.0.2.1 mapping endpoint-independant
	snat to 192.0.2.1 filtering foo mapping endpoint-independent block 512
	masquerade mapping endpoint-independent block 512 filtering drop
	masquerade mapping 192.0.2.1
	snat to 192.0.2.1 filtering
END
leakless 1 "words that are none of xlat" -c -f "$tmp/words"
check_eq "all of those" "$(grep -c Error: "$tmp/out")" 9
while read -r rule; do echo "add rule inet gw pre xlat 6to4 prefix 64:ff9b::/96 $rule"; done >"$tmp/lists" <<-'END'
	snat to 192.0.2.1, random
	snat to 192.0.2.1, 192.0.2.2, random
	snat to ip6 saddr map @to4, random
	masquerade to :http, random
	masquerade to :1024-2000-3000
	dnat to tcp dport map { 22 : 192.0.2.1 . 22, 80 : 192.0.2.1:8080 }
	saddr prefix to ip6 saddr map @to4, masquerade
	saddr prefix 2001:db8::1 to host, masquerade
	mtu 1400, masquerade
END
leakless 1 "commas, dashes and colons" -c -f "$tmp/lists"
check_eq "all of such" "$(grep -c Error: "$tmp/out")" 9
while read -r rule; do echo "add rule inet gw pre xlat 6to4 $rule"; done >"$tmp/keys" <<-'END'
	prefix host, masquerade
	prefix is 64:ff9b::/96
	mtu 1500 1400
	prefix 64:ff9b::/96 snat to ip6 sadr map @to4
	prefix 64:ff9b::/96 snat to ip6 saddr mapp @to4
	prefix 64:ff9b::/96 snat to ipv6 saddr map @to4
	prefix 64:ff9b::/96 saddr prefx to ip6 saddr map @to4
	prefix 64:ff9b::/96 saddr prefix to ipv6 saddr map @to4
	prefix 64:ff9b::/96 saddr prefix tto ip6 saddr map @to4
END
leakless 1 "words around a map" -c -f "$tmp/keys"
check_eq "and of these" "$(grep -c Error: "$tmp/out")" 9
while read -r rule; do echo "add rule inet gw pre xlat $rule"; done >"$tmp/evaluation" <<-'END'
	6to4 prefix 64:ff9b::/95
	6to4 prefix ff00::/96
	6to4 prefix 64:ff9b::/96 snat to 127.0.0.1
	6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1, 2001:db8::2 : 127.0.0.1 }
	6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1 . 80, 2001:db8::2 : 192.0.2.2 }
	6to4 prefix 64:ff9b::/96 saddr prefix 2001:db8::/64 to 192.0.2.0/33
	6to4 prefix 64:ff9b::/96 saddr prefix to ip6 saddr map @to6
	4to6 prefix 64:ff9b::/96 dnat to ip daddr . tcp dport map @inbound:80
	4to6 prefix 64:ff9b::/96 mtu meta mark map { 1 : 1400 }
	6to4 dnat to 127.0.0.1:80 snat to 192.0.2.1:81
END
leakless 1 "errors of evaluation" -c -f "$tmp/evaluation"
check_eq "all of them, too" "$(grep -c Error: "$tmp/out")" 10
leakless 1 "a jump to where xlat cannot be" "table inet v { chain x { xlat 6to4 prefix 64:ff9b::/96 masquerade; }
chain c { type filter hook forward priority filter; jump x; jump x; }; }"
check_match "is explained" "$(cat "$tmp/out")" "*chain 'x', to which this jumps, has xlat 6to4*"
leakless 1 "out of a chain without a name" "table inet v { chain x { xlat 6to4 prefix 64:ff9b::/96 masquerade; }
chain c { type filter hook forward priority filter; jump { jump x; }; }; }"
check_match "is explained too" "$(cat "$tmp/out")" "*, to which this jumps, *stateful xlat, for example*"
leakless 1 "by an element" "table inet v { chain x { xlat 6to4 prefix 64:ff9b::/96 masquerade; }; map m { type inet_proto : verdict; }
chain c { type filter hook forward priority filter; ip6 nexthdr vmap @m; }; }; add element inet v m { udp : drop, tcp : jump x }"
check_match "is explained as well" "$(cat "$tmp/out")" "*chain 'x', to which this element jumps, *"
leakless 1 "a pair of unequal size" "add map inet gw eam { type ipv6_addr : interval ipv4_addr; flags interval; }
add rule inet gw pre xlat 6to4 prefix 64:ff9b::/96 saddr prefix to ip6 saddr map @eam
add element inet gw eam { 2001:db8::/64 : 192.0.2.128/26 }"
leakless 1 "with a rule of the kernel's" add element inet gw nets4 '{ 2001:db8:9::/64 : 192.0.2.64/26 }'
check_match "is named" "$(cat "$tmp/out")" "*a pair for xlat in @nets4 has equal sizes*"
leakless 1 "with elements of the kernel's" add rule inet gw pre xlat 6to4 prefix 64:ff9b::/96 saddr prefix to ip6 saddr map @pools4
check_match "are named" "$(cat "$tmp/out")" "*a pair for xlat in @pools4 has equal sizes*"
# nft-replay, of a batch whose only message ends before its padding
if [ -x "$REPLAY" ]; then
	{ printf '\025\0\0\0\020\0\001\0'; head -c 13 /dev/zero; } >"$tmp/short.nlbatch"
	NFT=$REPLAY leakless 2 "a batch of 21 bytes" "$tmp/short.nlbatch"
	check_match "and it says so" "$(<"$tmp/out")" "*the batch is cut off"
fi

done_testing
