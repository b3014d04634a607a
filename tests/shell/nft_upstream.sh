#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The cases that the series adds to nftables' own tests, run by nftables' own runners.
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
done_testing
