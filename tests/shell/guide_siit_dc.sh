#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The edge of a data centre, with a table of addresses in a file, which is made and
# loaded as docs/guides/siit_dc.md has it.
. "$(dirname "$0")/recipe.inc"

modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"

# client6 is the data centre, far4 a client of its services
service=2001:db8:1::10
net=2001:db8:2::4

# load: what people do after a change of the table
# shellcheck disable=SC2317 # called by check
load() { (cd "$tmp" && text siit_dc sh | sh -e) && on "$gw" $NFT -f "$tmp/eam.nft"; }
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
setup_recipe siit_dc
text siit_dc eam >"$tmp/eam.txt"
check "the table loads" load
{ echo "flush ruleset"; text siit_dc | sed -n '/^table /,$p'; echo "include \"$tmp/eam.nft\""; } >"$tmp/boot"
check "at boot, with the ruleset" on "$gw" $NFT -c -f "$tmp/boot"
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

echo "203.0.113.80/32 2001:db8:1::10/128" >"$tmp/eam.txt"
check "another table" load
check_match "the new address" "$(ask "$far4" tcp 203.0.113.80 8080)" "hello from $me *"
patience=1 check_not "and not the old" ask "$far4" tcp 203.0.113.10 8080
echo "203.0.113.80/33 2001:db8:1::10/129" >"$tmp/eam.txt"
check_not "a bad one is refused, by nft" load
check_match "with its reason" "$(cat "$tmp/check")" "*Error: *"
cat >"$tmp/eam.txt" <<-END
	# a comment, and an empty line

	203.0.113.10 2001:db8:1::10
	203.0.113.128/26 2001:db8:3::/64
	203.0.113.64/28 2001:db8:2::40/124
	203.0.113.80
END
check_not "lengths that do not agree" load
check_eq "the lines are named" "$(cat "$tmp/check")" \
	"eam.txt:4: no pair with equally many host bits: 203.0.113.128/26 2001:db8:3::/64
eam.txt:6: no pair with equally many host bits: 203.0.113.80"
check_eq "and nothing comes of it" "$(cat "$tmp/eam.nft")" ""
check_match "and changes nothing" "$(ask "$far4" tcp 203.0.113.80 8080)" "hello from $me *"

done_testing
