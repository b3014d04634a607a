#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What nft lists is what it was given, and can be given again.
. "$(dirname "$0")/lib.sh"

need_nft
setup_ns "$gw"

list() { on "$gw" $NFT list ruleset; }

check "every form loads" ruleset forms || done_testing
list >"$tmp/listed"
check "listed as it was written" diff -B <(grep -v '^#' "$here/rulesets/forms.nft") "$tmp/listed"

for map in to4 nets4 to6; do
	check_match "map $map is in use" "$(on "$gw" $NFT delete map inet gw $map 2>&1)" "*Device or resource busy*"
done
on "$gw" $NFT flush chain inet gw pre
check "and not without the rules" on "$gw" $NFT delete map inet gw to4

# nft writes the short form of these.
long="table inet gw {
	chain pre {
		xlat 6to4 prefix 64:ff9b::/96 saddr prefix 2001:db8::1 to 192.0.2.1
		xlat 4to6 prefix 64:ff9b::/96 saddr prefix 192.0.2.1 to 2001:db8::1 daddr prefix 192.0.2.2 to 2001:db8::2 error saddr 2001:db8::9 mtu 1400
		xlat 6to4 prefix 64:ff9b::/96 masquerade
		xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.1 random filtering address-dependent
		xlat 6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1 }:80
	}
}"
on "$gw" $NFT flush ruleset
check "hosts with a length, defaults, a variable, and another order" on "$gw" $NFT "define pool = { 2001:db8::1 : 192.0.2.1 }
table inet gw {
	chain pre {
		xlat 6to4 saddr prefix 2001:db8::1/128 to 192.0.2.1/32 prefix 64:ff9b::/96
		xlat 4to6 mtu 1400 error saddr 2001:db8::9 daddr prefix 192.0.2.2/32 to 2001:db8::2 saddr prefix 192.0.2.1 to 2001:db8::1/128 prefix 64:ff9b::/96
		xlat 6to4 prefix 64:ff9b::/96 masquerade mapping endpoint-independent filtering endpoint-independent
		xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.1 random filtering address-dependent mapping endpoint-independent
		xlat 6to4 prefix 64:ff9b::/96 snat to ip6 saddr map \$pool : 80
	}
}"
check_eq "come as usual" "$(list)" "$long"

# The text of each ruleset, and what is listed of it.
for f in "$here"/rulesets/*.nft; do
	grep -q '^table' "$f" || continue
	grep -q flowtable "$f" && continue # its devices are not here
	is_uml || [ $f = "$here/rulesets/forms.nft" ] || continue # slow, and no different
	name=$(basename "$f" .nft)
	on "$gw" $NFT flush ruleset
	if ! on "$gw" $NFT -f "$f"; then
		# of an older release, which may not have something else in it
		sed 's/\<xlat .*/accept/' "$f" | on "$gw" $NFT -c -f - 2>"$tmp/else" && fail "$name loads" ||
			echo "# SKIP: $name: $(head -1 "$tmp/else")"
		continue
	fi
	list >"$tmp/first"
	check "$name loads again" on "$gw" $NFT -f - < <(echo "flush ruleset"; cat "$tmp/first") || continue
	list >"$tmp/second"
	check "$name is the same" diff "$tmp/first" "$tmp/second"
done

# The fast path, whose flowtables need a module of their own.
on "$gw" $NFT flush ruleset
if ! modprobe -q nf_flow_table_inet; then
	echo "# SKIP: no flowtables in this kernel"
elif out=$(ruleset forms_flow 2>&1); then
	list >"$tmp/listed"
	check "the fast path is listed as it was written" \
		diff -B <(grep -v "^#" "$here/rulesets/forms_flow.nft" | tr -d \") <(tr -d \" <"$tmp/listed")
	check "and loads again" on "$gw" $NFT -f - < <(echo "flush ruleset"; cat "$tmp/listed")
	check_match "its flowtable is in use" "$(on "$gw" $NFT delete flowtable inet gw ft 2>&1)" "*Device or resource busy*"
	check_match "there must be one" "$(on "$gw" $NFT add rule inet gw forward xlat flow add @none 2>&1)" "*No such file or directory*"
else
	fail "the fast path loads: $out"
fi

done_testing
