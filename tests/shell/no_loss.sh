#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A ruleset that the distribution's nft saved has lost its translation; that is
# told, and the service does not put it in place of one that translates.
. "$(dirname "$0")/lib.sh"
. "$here/systemd.inc"

need_nft
stock=$(PATH=/usr/sbin:/sbin command -v nft) || skip "needs the distribution's nft"
need make
setup_ns "$gw"

mine=$tmp/nft-xlat
check "installs" make -s -C "$top" install-nft PREFIX="$mine" BUILD="$tmp/build" PREBUILT="$prefix" ||
	done_testing
NFT=$mine/sbin/nft
xlat_check() { on "$gw" "$mine/sbin/nft-xlat-check" "$@" 2>"$tmp/why"; echo "status $?"; }

# verdict FILE STATUS HAS RUNNING
verdict()
{
	check_eq "${1##*/}: $3 of $4" "$(xlat_check "$1")" \
		"$1: xlat statements: $3, in the running ruleset: $4
status $2" || sed 's/^/# /' "$tmp/why"
}

cat >"$tmp/good" <<-EOF
	#!/usr/sbin/nft -f
	define pref = 2001:db8:64::/96
	include "$tmp/part"
EOF
cat >"$tmp/part" <<-EOF
	table inet gw {
		chain pre {
			type filter hook prerouting priority dstnat
			# xlat 6to4 prefix 2001:db8:1::/96
			ip6 saddr 2001:db8:2::1 counter accept comment "before xlat 6to4"
			ip6 daddr \$pref counter xlat 6to4 prefix \$pref masquerade
			ip daddr 192.0.2.9 xlat 4to6 prefix \$pref dnat to 2001:db8:c::9
		}
	}
EOF
verdict "$tmp/good" 0 2 0
if modprobe -q nf_flow_table_inet; then
	cat >"$tmp/fast" <<-EOF
		table inet gw {
			flowtable ft { hook ingress priority filter; devices = { lo }; }
			chain forward { type filter hook forward priority filter
				ct state established xlat flow add @ft
			}
		}
	EOF
	verdict "$tmp/fast" 0 1 0
	check "the fast path loads" on "$gw" "$NFT" -f "$tmp/fast"
	verdict "$tmp/good" 0 2 1
	on "$gw" "$NFT" flush ruleset
else
	echo "# SKIP: no flowtables in this kernel"
fi
check "loads" on "$gw" "$NFT" -f "$tmp/good" || done_testing
verdict "$tmp/good" 0 2 2
on "$gw" "$NFT" list ruleset >"$tmp/saved"
verdict "$tmp/saved" 0 2 2
check_eq "from a pipe" "$(xlat_check - <"$tmp/saved" | tail -1)" "status 0"
if command -v cc >/dev/null && cc -O2 -shared -fPIC -I"$top/include/uapi" -o "$tmp/later.so" "$here/later.c" -ldl; then
	check_eq "an nft of another revision than the module" \
		"$(REV=0 LATER_IN=batch LD_PRELOAD=$tmp/later.so xlat_check "$tmp/good")" "status 2"
	check_match "and says so" "$(<"$tmp/why")" "*; this nft and module nft_xlat do not match: install both of one release *"
fi
# Beside the file, as nft -f looks for it; that of Debian 12 does not.
mkdir -p "$tmp/beside/parts"
cp "$tmp/part" "$tmp/beside/parts/one.nft"
printf '%s\n' "define pref = 2001:db8:64::/96" 'include "parts/*.nft"' >"$tmp/beside/main"
[[ "$("$NFT" --version)" == *v1.0.6* ]] || verdict "$tmp/beside/main" 0 2 2
# A \c in a comment, which echo of dash takes for the end.
sed 's/before xlat 6to4/c:\\conf/' "$tmp/good" "$tmp/part" | sed '/^#!/d; /^include/d' >"$tmp/comment"
verdict "$tmp/comment" 0 2 2
# nft takes a "}" at the very end, but no include.
printf %s "$(<"$tmp/comment")" >"$tmp/end"
verdict "$tmp/end" 0 2 2
printf 'flush ruleset\ninclude "/run/nft-xlat/*.nft"' >"$tmp/include"
check_not "nft refuses a file that ends in an include without a newline" on "$gw" "$NFT" -c -f "$tmp/include"
check_eq "the check as well" "$(xlat_check "$tmp/include")" "status 2"
echo >>"$tmp/include"
check_match "with a newline it can be loaded" "$(xlat_check "$tmp/include")" "*xlat statements: 0, *status 1"
on "$gw" "$mine/sbin/nft-xlat-check" "$tmp/good" >/dev/full 2>&1
check_eq "an answer that cannot be written" $? 2
echo "table inet gw {" >"$tmp/torn"
check_eq "a file cut short" "$(xlat_check "$tmp/torn")" "status 2"
check_eq "no file" "$(xlat_check "$tmp/none")" "status 2"
check_match "one line about it" "$(cat "$tmp/why")" "cat: *$tmp/none*: No such file or directory"
printf '\n { "nftables": [] }\n' >"$tmp/json"
check_eq "JSON" "$(xlat_check "$tmp/json")" "status 2"
check_eq "one line about it" "$(cat "$tmp/why")" \
	"$tmp/json: is JSON; only rulesets in nft's own language can be looked at"

# The distribution's: whatever it makes of the rules, the check has to see it.
on "$gw" "$stock" list ruleset >"$tmp/lost"
rc=$?
verdict "$tmp/lost" 1 0 2
check "and says so" grep -q "lost: nothing is translated" "$tmp/why"
[[ "$("$stock" --version)" != *v1.0.6* ]] ||
	check_eq "Debian 12's leaves the rules out, and is content" \
		"$rc $(grep -c counter "$tmp/lost") $(grep -c 'ip.* daddr' "$tmp/lost")" "0 1 0"

# crashed FILE RULES WHAT: the distribution's, on a set. Not for the statement's sake:
# upstream's own 1.1.6 does that to it as well.
crashed()
{
	on "$gw" "$stock" list ruleset >"$tmp/$1" 2>/dev/null
	rc=$?
	verdict "$tmp/$1" 1 0 "$2"
	[[ "$("$stock" --version)" != *v1.0.6* || "$("$NFT" --version)" == *v1.0.6* ]] ||
		check_eq "$3" "$rc $(wc -c <"$tmp/$1")" "139 0"
}

on "$gw" "$NFT" add set inet gw ports '{ type inet_service; }'
crashed lost_set 2 "or crashes on any set, and leaves an empty file"
on "$gw" "$NFT" delete set inet gw ports
on "$gw" "$NFT" add rule inet gw pre 'xlat 6to4 prefix 2001:db8:64::/96 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.1 }'
crashed lost_map 3 "or on a map in a rule"

# The service
no_service() { echo "# SKIP: the service, for want of a systemd, nftables.service or UML"; done_testing; }
[ -e /lib/systemd/system/nftables.service ] || no_service
for f in saved lost; do sed -i '1i flush ruleset' "$tmp/$f"; done
cp "$tmp/lost" "$tmp/conf"
# What is installed is on a file system that nobody has mounted yet.
mv "$mine" "$tmp/real"
mkdir "$mine"
NFT=$tmp/real/sbin/nft
mount=/run/systemd/system/$(systemd-escape -p --suffix=mount "$mine")
systemd_starts "cp $tmp/real/lib/systemd/system/nft-xlat.service /run/systemd/system
	printf '%s\\n' '[Unit]' DefaultDependencies=no '[Mount]' What=$tmp/real Where=$mine Type=none Options=bind >'$mount'
	touch /etc/nftables.conf; mount --bind $tmp/conf /etc/nftables.conf" || no_service

# state: of the two services and of the ruleset
state()
{
	echo "$(ctl is-active nft-xlat) $(ctl is-active nftables)" \
		"$(on "$gw" "$NFT" list ruleset | awk '/chain/ { c++ } / xlat [46]to[46] prefix/ { x++ }
			END { print c + 0, x + 0 }')"
}

on "$gw" "$NFT" flush ruleset
check "the distribution's service starts" ctl start nftables
check_eq "it loads what it can" "$(state)" "inactive active 1 0"
cat "$tmp/saved" >"$tmp/conf"
check "ours starts" ctl start nft-xlat
check_eq "in the other's place" "$(state)" "active inactive 1 2"
check "reload" ctl reload nft-xlat
cat "$tmp/lost" >"$tmp/conf"
check_not "no reload of what was lost" ctl reload nft-xlat
check_eq "it goes on translating" "$(state)" "active inactive 1 2"
check_not "a start with it is no success" ctl restart nft-xlat
check_eq "but it is loaded" "$(state)" "failed inactive 1 0"
cat "$tmp/saved" >"$tmp/conf"
check "start after that" ctl start nft-xlat
check_eq "translates" "$(state)" "active inactive 1 2"
check "stop" ctl stop nft-xlat
check_eq "leaves no ruleset" "$(state)" "inactive inactive 0 0"

done_testing
