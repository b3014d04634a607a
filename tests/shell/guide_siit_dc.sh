#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The edge of a data centre, with a table of addresses in a file, which is made and
# loaded as docs/guides/siit_dc.md has it.
. "$(dirname "$0")/recipe.inc"

need_ip_xlat
modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"

# client6 is the data centre, far4 a client of its services
service=2001:db8:1::10
net=2001:db8:2::4

# load: what people do after a change of the table
# shellcheck disable=SC2317 # called by check
load() { text siit_dc console | placed | on "$gw" sh -e; }
# shellcheck disable=SC2317 # called by check
eam_check() { on "$gw" "$tmp/sbin/nft-xlat-eam" --check "$@"; }
# call NS ADDRESS [SOURCE]: of UDP, with that source
call()
{
	on "$1" timeout 30 python3 -ISc 'import socket, sys
to, source = (sys.argv[1:] + [""])[:2]
s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((source, 0))
s.connect((to, 5353))
s.settimeout(20)
s.send(b"hello")
print(s.recv(100).decode().strip())' "${@:2}" 2>&1 | tail -n 1
}

# shellcheck disable=SC2317 # called by setup_recipe
routes()
{
	ip -n "$server4" route add 203.0.113.0/24 via $pool_ip
	ip -n "$client6" -batch - <<-END
		addr add $service/128 dev eth0 nodad
		addr add ${net}1/128 dev eth0 nodad
		addr add ${net}2/128 dev eth0 nodad
	END
	for i in 1::/64 2::/64; do ip -n "$gw" route add "2001:db8:$i" via $client_ip; done
}
before_recipe=routes
cp "$top/packaging/nft-xlat-eam" "$tmp/sbin"
text siit_dc eam >"$tmp/etc/eam.txt"
check "the table is made, before the ruleset" "$tmp/sbin/nft-xlat-eam" "$tmp/etc/eam.txt"
setup_recipe siit_dc
check "the table loads" load
check_eq "the units" "$(units siit_dc)" "--no-block enable --now nft-xlat@lan --no-block enable --now nft-xlat@wan"
for d in lan wan; do check "$d joins the flowtable" unit ExecStart $d; done
{ echo "flush ruleset"; text siit_dc | placed | sed -n '/^table /,$p'; } >"$tmp/boot"
check "at boot, with the ruleset" on "$gw" $NFT -c -f "$tmp/boot"
check_match "both devices" "$(on "$gw" $NFT list flowtable inet siit fast | tr -d '"')" '*{ lan, wan }*'
check_eq "in both directions" "$(for m in 46 64; do on "$gw" $NFT list map inet siit eam$m; done | grep -o '[^ ]*/[^ ,]* : [^ ,]*' | wc -l)" 2

me=${pref64}c633:6402
check_match "a service, TCP" "$(ask "$far4" tcp 203.0.113.10 8080)" "hello from $me *"
check_match "one of a net" "$(ask "$far4" tcp 203.0.113.65 8080)" "hello from $me *"
check_match "and the other way" "$(call "$client6" $pref64$far_ip $service)" "hello from 203.0.113.10 *"
check_match "by a net" "$(call "$client6" $pref64$far_ip ${net}2)" "hello from 203.0.113.66 *"
check "to each other by addresses of IPv4" \
	on "$client6" ping -6 -c 1 -W 10 -I $service ${pref64}203.0.113.65
check "ping" on "$far4" ping -c 1 -W 10 203.0.113.10
router "$client6"
ip -n "$client6" route change default via 2001:db8:c::1 src $client_ip # which is in no table
ip -n "$client6" route add unreachable ${net}a
check_match "errors of who is not in the table" "$(on "$far4" ping -n -c 1 -W 10 203.0.113.74)" \
	"*From 203.0.113.1 icmp_seq=1 *"
check_eq "no state" "$(sessions | wc -l)" 0
all_valid

check "the maps are good" eam_check
echo "203.0.113.80/32 2001:db8:1::10/128" >"$tmp/etc/eam.txt"
check "another table" load
check_match "the new address" "$(ask "$far4" tcp 203.0.113.80 8080)" "hello from $me *"
patience=1 check_not "and not the old" ask "$far4" tcp 203.0.113.10 8080

# What is wrong is said, line by line, and the last good file stays
cp "$tmp/etc/eam.nft" "$tmp/good"
cat >"$tmp/etc/eam.txt" <<-END
	# a comment, and an empty line

	203.0.113.10 2001:db8:1::10
	203.0.113.128/26 2001:db8:3::/64
	203.0.113.65/28 2001:db8:2::40/124
	203.0.113.64/28 2001:db8:2::41/124
	203.0.113.80
	203.0.113.80 2001:db8:1::80 2001:db8:1::81
	203.0.113.80/33 2001:db8:1::10/129
	203.0.113.256 2001:db8:1::20
	2001:db8:1::20 203.0.113.20
	203.0.113.16/30 2001:db8:1::/126
	203.0.113.18 2001:db8:4::18
	203.0.113.90 2001:db8:1::10
	203.0.112.0/024 2001:db8:5::/120
	169.254.1.1 2001:db8:6::1
	127.0.0.0/30 2001:db8:6::4/126
	0.0.0.0/8 2001:db8:7::/104
	239.1.2.3 2001:db8:6::8
	203.0.113.91 fe80::1
	203.0.113.92 ff0e::1
END
check_not "a table with faults" load
check_eq "the lines are named" "$(cat "$tmp/check")" \
"eam.txt:4: 203.0.113.128/26 has 6 host bits, 2001:db8:3::/64 has 64
eam.txt:5: 203.0.113.65/28 has host bits that are not 0
eam.txt:6: 2001:db8:2::41/124 has host bits that are not 0
eam.txt:7: not one IPv4 and one IPv6 prefix: 203.0.113.80
eam.txt:8: not one IPv4 and one IPv6 prefix: 203.0.113.80 2001:db8:1::80 2001:db8:1::81
eam.txt:9: 203.0.113.80/33: the length is more than 32
eam.txt:10: 203.0.113.256 is no IPv4 prefix
eam.txt:11: 2001:db8:1::20 is no IPv4 prefix
eam.txt:13: 203.0.113.18 overlaps with 203.0.113.16/30 in line 12
eam.txt:14: 2001:db8:1::10 overlaps with 2001:db8:1::10 in line 3
eam.txt:15: 203.0.112.0/024 is no IPv4 prefix
eam.txt:16: 169.254.1.1 lies in 169.254.0.0/16, which no pair can have
eam.txt:17: 127.0.0.0/30 lies in 127.0.0.0/8, which no pair can have
eam.txt:18: 0.0.0.0/8 lies in 0.0.0.0/8, which no pair can have
eam.txt:19: 239.1.2.3 lies in 224.0.0.0/4, which no pair can have
eam.txt:20: fe80::1 lies in fe80::/10, which no pair can have
eam.txt:21: ff0e::1 lies in ff00::/8, which no pair can have"
check "the last good file is there" cmp "$tmp/good" "$tmp/etc/eam.nft"
check_match "and nothing changes" "$(ask "$far4" tcp 203.0.113.80 8080)" "hello from $me *"
for text in '' '# 203.0.113.80 2001:db8:1::10\n\n'; do
	printf "%b" "$text" >"$tmp/etc/eam.txt"
	check_not "a table without a pair" load
	check_eq "is named" "$(cat "$tmp/check")" \
		"eam.txt: there is no pair in it, so eam.nft is not written; 'nft flush map' empties a map"
	check "the last good file is there" cmp "$tmp/good" "$tmp/etc/eam.nft"
done

printf '203.0.113.80 2001:db8:1::192.0.2.16\n' >"$tmp/etc/eam.txt"
check "an address that ends as one of IPv4" load
check_match "is written as all nft take it" "$(<"$tmp/etc/eam.nft")" "*2001:db8:1::c000:210/128*"
check_eq "and no other way" "$(grep -c '192\.0\.2\.16' "$tmp/etc/eam.nft")" 0
cp "$tmp/good" "$tmp/etc/eam.nft"

# On a full disk: of a short table, and of one that is longer than a buffer
mkdir "$tmp/full"
mount -t tmpfs -o size=4k tmpfs "$tmp/full" || fail "no tmpfs"
for pairs in 40 400; do
	rm -f "$tmp"/full/*
	for ((i = 0; i < pairs; i++)); do echo "10.0.$((i / 250)).$((i % 250)) 2001:db8:1::$i"; done >"$tmp/table"
	ln -s "$tmp/table" "$tmp/full/eam.txt"
	echo "the last good file" >"$tmp/full/eam.nft"
	check_not "a full disk, $pairs pairs" "$tmp/sbin/nft-xlat-eam" "$tmp/full/eam.txt"
	check_eq "is told of" "$(cat "$tmp/check")" "$tmp/full/eam.nft: No space left on device"
	check_eq "the last good file is there, and no other" "$(cd "$tmp/full" && cat eam.nft && echo *)" \
		"the last good file
eam.nft eam.txt"
done
umount "$tmp/full"

# As other systems' editors leave it
printf '\xef\xbb\xbf\t# indented\r\n  \r\n\r\n  203.0.113.80 \t2001:db8:1::10 # a host\r\n203.0.113.64/28 2001:db8:2::40/124' \
	>"$tmp/etc/eam.txt"
check "tabs, comments, CRLF" load
check_match "are no fault" "$(cat "$tmp/check")" "eam.nft: 2 pairs"
check "the maps are good" eam_check

# By hand
wide='203.0.113.128/26 : 2001:db8:3::/64'
check_not "nft refuses a pair of unequal length" on "$gw" $NFT "add element inet siit eam46 { $wide }"
check_match "and names it" "$(cat "$tmp/check")" \
	"*Error: a pair for xlat in @eam46 has equal sizes, but 203.0.113.128/26 has 6 suffix bits and 2001:db8:3::/64 has 64*"
check "a pair in one map only" on "$gw" $NFT 'add element inet siit eam46 { 203.0.113.3/32 : 2001:db8:1::3/128 }'
check_not "is taken" eam_check
check_eq "and named" "$(cat "$tmp/check")" "203.0.113.3 2001:db8:1::3: only in eam46"
check "maps that no rule has yet" on "$gw" $NFT "table inet next {
	map a { type ipv4_addr : interval ipv6_addr; flags interval; elements = { $wide, 203.0.113.3/32 : 2001:db8:1::3/128 }; }
	map b { type ipv6_addr : interval ipv4_addr; flags interval; elements = { 2001:db8:3::/64 comment \"x : y, z\" : 203.0.113.128/26 }; }
}"
check_not "take pairs of unequal length" eam_check inet next a b
check_eq "which are named" "$(cat "$tmp/check")" \
"a: 203.0.113.128/26 has 6 host bits, 2001:db8:3::/64 has 64
b: 203.0.113.128/26 has 6 host bits, 2001:db8:3::/64 has 64
203.0.113.3 2001:db8:1::3: only in a"
check_not "no such map" eam_check inet siit none none

# By a device, in the place of the rules
on "$gw" $NFT flush ruleset
ip -n "$gw" route del blackhole 203.0.113.0/24
# shellcheck disable=SC2317 # called by check
device() { on "$gw" env XLAT_CONF="$tmp" XLAT_STATE="$tmp/xlat" "$top/packaging/xlat-device" "$@"; }
text siit_dc siit >"$tmp/siit.conf"
check "a device" device up siit
on "$gw" nft 'table inet fw { chain forward { type filter hook forward priority filter; policy drop
	ct state established,related accept
	iifname "siit" ip6 daddr 2001:db8:1::10 tcp dport 8080 accept
	iifname "siit" oifname "lan" ip6 daddr 2001:db8:2::40/124 accept
	oifname "siit" meta nfproto ipv4 accept
	iifname "lan" oifname "siit" accept
	iifname "siit" meta nfproto ipv4 accept; }; }'
check_match "device: a service, TCP" "$(ask "$far4" tcp 203.0.113.10 8080)" "hello from $me *"
patience=1 check_not "device: no other, as the firewall has it" ask "$far4" udp 203.0.113.10 5353
check_match "device: one of a net" "$(ask "$far4" tcp 203.0.113.65 8080)" "hello from $me *"
check_match "device: and the other way" "$(call "$client6" $pref64$far_ip $service)" "hello from 203.0.113.10 *"
check_match "device: by a net" "$(call "$client6" $pref64$far_ip ${net}2)" "hello from 203.0.113.66 *"
check "device: to each other by addresses of IPv4" \
	on "$client6" ping -6 -c 1 -W 10 -I $service ${pref64}203.0.113.65
check_match "device: errors of who is not in the table" "$(on "$far4" ping -n -c 1 -W 10 203.0.113.74)" \
	"*From 203.0.113.1 icmp_seq=1 *"
sed -i 's/203.0.113.10 /203.0.113.80 /' "$tmp/siit.conf"
check "device: another table" device reload siit
check_match "device: the new address" "$(ask "$far4" tcp 203.0.113.80 8080)" "hello from $me *"
patience=1 check_not "device: and not the old" ask "$far4" tcp 203.0.113.10 8080

done_testing
