#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The cases that the series adds to nftables' own tests, run by nftables' own runners,
# and its man pages.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
library=$(dirname "$NFT")/../lib/libnftables.so.1
[ -e "$library" ] || skip "needs libnftables beside the patched nft"
"$NFT" -j -c list ruleset >/dev/null 2>&1 || skip "nft was built without JSON"

# in a shell of its own, which ends when there is nothing
if ! out=$(
	work=$tmp log=$tmp/log
	# shellcheck source=tools/build.inc
	. "$top/tools/build.inc"
	: "${NFTABLES_VERSION:=1.1.6}"
	find_source nftables "$NFTABLES_VERSION" "v$NFTABLES_VERSION" "${NFTABLES_SRC:-}" "$tmp/nftables"
	for p in "$top/nftables-patch/$NFTABLES_VERSION"/*.patch; do
		run patch -d "$tmp/nftables" -p1 -i "$p"
	done
); then
	skip "${out##*: }"
fi

cd "$tmp/nftables/tests" || exit $ksft_fail
n=0
for t in py/*/xlat.t; do
	n=$((n + 1))
	check "$t" python3 py/nft-test.py -f -S -l "$library" "${t#py/}"
	check_match "$t: nothing to remark" "$(tail -n 1 "$tmp/check")" "*, 0 error, 0 warning"
	check_eq "$t: nothing differs" "$(find py -name '*.got')" ""
done
check_eq "files of cases" "$n" 3

# What else the kernel can do need not be found out.
for f in shell/features/*; do
	f=$(basename "${f%.*}")
	case $f in
	xlat | json) ;;
	*) export "NFT_TEST_HAVE_$f=n" ;;
	esac
done
cases=()
for t in shell/testcases/*/xlat*; do cases+=("${t#shell/}"); done
check "shell: ${cases[*]}" env -C shell NFT="$NFT" ./run-tests.sh -s "${cases[@]}"
check_match "none was skipped" "$(grep results: "$tmp/check")" \
	"*[OK]* ${#cases[@]} *SKIPPED]* 0 *FAILED]* 0 *"

# What the man page says works, and it is a man page.
cd ../doc || exit $ksft_fail
setup_ns "$gw"
ip -n "$gw" link add lan type veth peer name wan
nft() { on "$gw" "$NFT" "$@"; }
nft "table inet gw {
	chain pre { type filter hook prerouting priority dstnat; }
	chain forward { type filter hook forward priority filter; }
}"
sed -n '/^.Using the xlat statement/,/^SYNPROXY/{/^add /p}' statements.txt >"$tmp/examples"
modprobe -q nf_flow_table_inet || sed -i '/flow/d' "$tmp/examples"
check "examples of the man page" nft -f "$tmp/examples"
check_eq "all of them" "$(nft list ruleset | grep -c "	xlat\|[^n] xlat")" "$(grep -c '^add rule' "$tmp/examples")"
if PATH=/usr/bin:/bin command -v a2x >/dev/null; then
	for page in nft.txt libnftables-json.adoc; do
		check "$page" env PATH=/usr/bin:/bin a2x -L --doctype manpage --format manpage -D "$tmp" "$page"
		check_eq "$page: nothing to remark" "$(cat "$tmp/check")" ""
	done
	check "the statement is in it" grep -q 'XLAT STATEMENT' "$tmp/nft.8"
	check "and in JSON's" grep -q 'xlat flow' "$tmp/libnftables-json.5"
else
	echo "# SKIP: the man pages: needs a2x (asciidoc-base, with xsltproc and docbook-xsl)"
fi
done_testing
