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

# The text of each ruleset, and what is listed of it.
for f in "$here"/rulesets/*.nft; do
	grep -q '^table' "$f" || continue
	grep -q flowtable "$f" && continue # its devices are not here
	is_uml || [ $f = "$here/rulesets/forms.nft" ] || continue # slow, and no different
	name=$(basename "$f" .nft)
	on "$gw" $NFT flush ruleset
	on "$gw" $NFT -f "$f" || { fail "$name loads"; continue; }
	list >"$tmp/first"
	check "$name loads again" on "$gw" $NFT -f - < <(echo "flush ruleset"; cat "$tmp/first") || continue
	list >"$tmp/second"
	check "$name is the same" diff "$tmp/first" "$tmp/second"
done

done_testing
