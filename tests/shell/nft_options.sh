#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The statement with what nft has around rules: variables, includes, comments, monitor,
# echo, check, debug, optimize, stateless lists and reset.
. "$(dirname "$0")/lib.sh"

need_nft
setup_ns "$gw"
nft() { on "$gw" "$NFT" "$@"; }

# A variable in each place that has an expression, a file included, comments
cat >"$tmp/vars" <<-'END'
	define p64 = 64:ff9b::/96	# of RFC 6052
	define first = 192.0.2.1
	define last = 192.0.2.6
	define pool = 192.0.2.1-192.0.2.6
	define net = 192.0.2.0/28
	define low = 1024
	define high = 2047
	define ports = 1024-2047
	define host = 2001:db8::1
	define net6 = 2001:db8::/120
	define hosts = { 2001:db8:1::/64 : 192.0.2.1, 2001:db8:2::/64 : 192.0.2.2 }
	define one = 192.0.2.9
	define twice = $first
	define small = 1400
	define big = $small
END
cat >"$tmp/rules" <<END
include "$tmp/vars"
table inet t {
	chain c {
		# left out by nft, unlike comment
		xlat 6to4 prefix \$p64 comment "stateless"
		xlat 6to4 prefix \$p64 masquerade to :\$low
		xlat 6to4 prefix \$p64 masquerade to :\$low - \$high
		xlat 6to4 prefix \$p64 masquerade to :\$ports
		xlat 6to4 prefix \$p64 snat to \$first
		xlat 6to4 prefix \$p64 snat to \$first - \$last
		xlat 6to4 prefix \$p64 snat to \$pool:\$ports
		xlat 6to4 prefix \$p64 snat to \$net
		xlat 6to4 prefix \$p64 snat to ip6 saddr map \$hosts
		xlat 6to4 prefix \$p64 snat to ip6 saddr map { 2001:db8::1 : \$one } comment "a pool"
		xlat 4to6 prefix \$p64 dnat to \$host
		xlat 4to6 prefix \$p64 dnat to \$host:\$low
		xlat 6to4 saddr prefix \$host to \$twice daddr prefix \$p64
		xlat 6to4 prefix \$p64 saddr prefix \$net6 to \$net
		xlat 4to6 prefix \$p64 daddr prefix \$net to \$net6
		xlat 6to4 prefix \$p64 error saddr \$first
		xlat 4to6 mtu \$small prefix \$p64
		xlat 6to4 prefix \$p64 mtu \$big masquerade
	}
}
END
cat >"$tmp/wanted" <<'END'
table inet t {
	chain c {
		xlat 6to4 prefix 64:ff9b::/96 comment "stateless"
		xlat 6to4 prefix 64:ff9b::/96 masquerade to :1024
		xlat 6to4 prefix 64:ff9b::/96 masquerade to :1024-2047
		xlat 6to4 prefix 64:ff9b::/96 masquerade to :1024-2047
		xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.1
		xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.1-192.0.2.6
		xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.1-192.0.2.6:1024-2047
		xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.0/28
		xlat 6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { 2001:db8:1::/64 : 192.0.2.1, 2001:db8:2::/64 : 192.0.2.2 }
		xlat 6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { 2001:db8::1 : 192.0.2.9 } comment "a pool"
		xlat 4to6 prefix 64:ff9b::/96 dnat to 2001:db8::1
		xlat 4to6 prefix 64:ff9b::/96 dnat to [2001:db8::1]:1024
		xlat 6to4 saddr prefix 2001:db8::1 to 192.0.2.1 daddr prefix 64:ff9b::/96
		xlat 6to4 prefix 64:ff9b::/96 saddr prefix 2001:db8::/120 to 192.0.2.0/28
		xlat 4to6 prefix 64:ff9b::/96 daddr prefix 192.0.2.0/28 to 2001:db8::/120
		xlat 6to4 prefix 64:ff9b::/96 error saddr 192.0.2.1
		xlat 4to6 prefix 64:ff9b::/96 mtu 1400
		xlat 6to4 prefix 64:ff9b::/96 mtu 1400 masquerade
	}
}
END
check "-c takes variables and includes" nft -c -f "$tmp/rules"
check_eq "and loads nothing" "$(nft list ruleset)" ""
check "they load" nft -f "$tmp/rules"
check "with the values, and the comments" diff "$tmp/wanted" <(nft list ruleset)
check_match "a variable that is not one" \
	"$(nft "add rule inet t c xlat 6to4 prefix \$none" 2>&1)" "*unknown identifier 'none'*"
check_match "-c refuses what would be" "$(nft -c "add rule inet t c xlat 6to4 prefix 64:ff9b::/95" 2>&1)" "*not 95*"
check "-c of a change" nft -c "flush chain inet t c; add rule inet t c xlat 4to6 prefix 64:ff9b::/96"
check "leaves all as it is" diff "$tmp/wanted" <(nft list ruleset)

# Echo and events: what is listed, with handles where asked for
nft flush ruleset
nft add table inet t
nft add chain inet t c
background "$gw" "$NFT" -a monitor >"$tmp/monitor" 2>&1
# shellcheck disable=SC2317 # for wait_for
monitored() { nft "add table ip begin; delete table ip begin"; grep -q begin "$tmp/monitor"; }
wait_for 10 monitored || fail "no events: $(cat "$tmp/monitor")"
rule="counter packets 0 bytes 0 xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.1-192.0.2.6:1024-65535 random comment \"pool\""
echo=$(nft --echo --handle add rule inet t c "$rule" | head -n 1)
check_match "--echo --handle" "$echo" "add rule inet t c meta nfproto ipv6 $rule # handle [1-9]*"
check_eq "--echo" "$(nft --echo insert rule inet t c xlat 4to6 prefix 64:ff9b::/96 | grep xlat)" \
	"insert rule inet t c xlat 4to6 prefix 64:ff9b::/96"
nft replace rule inet t c handle "${echo##* }" xlat 6to4 prefix 64:ff9b::/96 masquerade
wait_for 10 grep -q masquerade "$tmp/monitor"
check_match "monitor: added" "$(grep counter "$tmp/monitor" | head -1)" "$echo"
check_match "monitor: inserted" "$(grep 4to6 "$tmp/monitor")" \
	"insert rule inet t c xlat 4to6 prefix 64:ff9b::/96 # handle *"
check_match "monitor: replaced" "$(grep masquerade "$tmp/monitor")" \
	"* rule inet t c *xlat 6to4 prefix 64:ff9b::/96 masquerade # handle *"

# What goes over netlink
check_eq "--debug=netlink" "$(nft --debug=netlink add rule inet t c tcp dport 80 \
	xlat 6to4 prefix 64:ff9b::/96 non-global snat to 192.0.2.1-192.0.2.6:1024-65535 random | grep xlat)" \
	"  [ xlat 6to4 snat prefix 64:ff9b::/96 flags 0x1 pool addr_min reg 1 addr_max reg 2 proto_min reg 3 proto_max reg 4 flags 0x4 ]"
check_eq "--debug=netlink of what is listed" "$(nft --debug=netlink list chain inet t c | grep 4to6 | head -1)" \
	"  [ xlat 4to6 stateless prefix 64:ff9b::/96 ]"

# Counters
nft flush chain inet t c
nft add rule inet t c ip6 saddr 2001:db8::1 counter packets 7 bytes 700 xlat 6to4 prefix 64:ff9b::/96
check_match "listed with its counter" "$(nft list chain inet t c)" "*counter packets 7 bytes 700 xlat 6to4*"
check_match "-s" "$(nft -s list chain inet t c)" "*2001:db8::1 counter xlat 6to4 prefix 64:ff9b::/96*"
if [[ $(uname -r) = 6.1.* ]]; then
	echo "# this kernel cannot reset rules"
else
	check_match "reset shows them" "$(nft reset rules)" "*counter packets 7 bytes 700 xlat 6to4 prefix 64:ff9b::/96*"
	check_match "and sets them to zero" "$(nft list chain inet t c)" "*counter packets 0 bytes 0 xlat 6to4 prefix 64:ff9b::/96*"
fi

# Rules that differ in no more than a value are merged by nft, if it knows what is in
# them: none of ours.
cat >"$tmp/rules" <<'END'
table inet t {
	chain c {
		ip6 saddr 2001:db8::1 xlat 6to4 prefix 64:ff9b::/96
		ip6 saddr 2001:db8::2 xlat 6to4 prefix 64:ff9b::/96
		ip6 saddr 2001:db8::3 xlat 6to4 prefix 64:ff9b::/96 masquerade
		ip6 saddr 2001:db8::4 xlat 6to4 prefix 64:ff9b::/96 masquerade random
		ip6 saddr 2001:db8::5 xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.1
		ip6 saddr 2001:db8::6 xlat 6to4 prefix 64:ff9b::/96 snat to 192.0.2.2
		tcp dport 80 xlat 4to6 prefix 64:ff9b::/96 dnat to 2001:db8::1
		tcp dport 81 xlat 4to6 prefix 64:ff9b::/96 dnat to 2001:db8::1
		xlat 6to4 prefix 64:ff9b::/96
		xlat 6to4 prefix 64:ff9b::/96
		ip6 saddr 2001:db8::7 drop
		ip6 saddr 2001:db8::8 drop
	}
}
END
sed '/::8 drop/d; s/2001:db8::7/{ 2001:db8::7, 2001:db8::8 }/' "$tmp/rules" >"$tmp/wanted"
nft flush ruleset
check "--optimize -c" nft -o -c -f "$tmp/rules"
check "--optimize" nft -o -f "$tmp/rules"
check "merges what is not ours" diff "$tmp/wanted" <(nft list ruleset)

# A long map stays on the line of its rule, as in other statements.
nft flush ruleset
for i in {1..20}; do echo "2001:db8::$i : 192.0.2.$i,"; done >"$tmp/elements"
nft "table inet t { chain c { xlat 6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { $(cat "$tmp/elements") }:1024-65535 random; }; }"
check_match "long rules" "$(nft list ruleset)" $'*\n\t\txlat 6to4 prefix 64:ff9b::/96 snat to ip6 saddr map { *, 2001:db8::20 : 192.0.2.20*}:1024-65535 random\n\t}\n}'
nft list ruleset >"$tmp/listed"
check "load again" nft -f - < <(echo "flush ruleset"; cat "$tmp/listed")
check "and are the same" diff "$tmp/listed" <(nft list ruleset)

# Types of the arguments are described as everywhere.
check_match "describe" "$(nft describe ip6 saddr map "{ 2001:db8::1 : 192.0.2.1 }" 2>&1; nft describe ip6 saddr)" \
	"*payload expression, datatype ipv6_addr (IPv6 address)*"

done_testing
