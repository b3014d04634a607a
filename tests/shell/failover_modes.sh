#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# conntrackd without keepalived: sessions and mappings of all kinds, made on the standby at once
# (DisableExternalCache), changed and ended there; and those of masquerading, which need the address first.
. "$(dirname "$0")/failover.inc"

# are_same: both gateways have the same sessions and mappings
are_same() { python3 -ISu "$here/failover.py" same "$gw" "$gw2" "$top/build/xlat/xlat" "$tmp"; }
# same WHAT: soon they have
same() { check "$1" wait_for 2 are_same || diff "$tmp/of" "$tmp/of2" || diff "$tmp/m" "$tmp/m2"; }
# stats a|b: of what it was told: created, failed, updated, failed, destroyed, failed
stats() { ctd "$1" -s | awk '/^external inject/ { on = 1 } on && /^conn/ { printf "%s %s ", $3, $5 } /destroyed/ && on { exit }'; }
# Each kind of mapping: for all peers, for those that were asked, none, blocks, blocks that follow
# from the client's address
for g in a b; do
	sed -i 's/StartupResync yes/DisableExternalCache yes/' "$tmp/$g/conntrackd/conntrackd.conf"
done
prepare <<'EOF'
table inet gw {
	chain zones {
		type filter hook prerouting priority raw;
		udp dport 5359 ct zone set 9
		udp sport 5359 ct zone set 9
	}
	chain pre {
		type filter hook prerouting priority dstnat;
		ip6 daddr != 2001:db8:64::/96 accept
		meta mark set 7 ct mark set 7
		udp dport 5354 xlat 6to4 prefix 2001:db8:64::/96 mtu 1400 snat to 203.0.113.2 filtering address-dependent
		udp dport 5355 xlat 6to4 prefix 2001:db8:64::/96 snat to 203.0.113.3 mapping address-port-dependent
		udp dport 5356 xlat 6to4 prefix 2001:db8:64::/96 snat to 203.0.113.5-203.0.113.6 mapping endpoint-independent block 512
		udp dport 5357 xlat 6to4 prefix 2001:db8:64::/96 snat to 203.0.113.7:1024-65535 mapping endpoint-independent block 512 of 2001:db8:c::/58
		xlat 6to4 prefix 2001:db8:64::/96 snat to 203.0.113.1
	}
	chain in {
		type filter hook prerouting priority dstnat;
		iifname "wan" ip daddr 203.0.113.14 tcp dport 80 xlat 4to6 prefix 2001:db8:64::/96 dnat to [2001:db8:c::2]:8080
	}
}
table ip nat {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.1.0.0/24 oifname "wan" snat to 203.0.113.13
	}
}
EOF
to a
serve "$server4" tcp4:8080 udp4:5353 udp4:5354 udp4:5355 udp4:5356 udp4:5357 udp4:5359
serve "$client6" tcp6:8080
for port in 5353 5354 5355 5356 5357 5359; do
	hold "$client6" udp $server64 $port 5 20000 "$tmp/t" $port
done
hold "$client6" tcp $server64 8080 5 20000 "$tmp/t" tcp
hold "$server4" tcp 203.0.113.14 80 5 30000 "$tmp/t" forward
hold "$client6" tcp $server_ip 8080 5 21000 "$tmp/t" nat44
background_python "$client6" failover hairpin $server64 5353 $pref64 "$tmp/t" hairpin
background "$client6" ping -i 0.2 $server64 >"$tmp/pings"
names="5353 5354 5355 5356 5357 5359 tcp forward nat44"
all_answered()
{
	local name

	wait_for 60 done_in "$1"
	for name in $names; do
		check_eq "$2: $name" "$(cat "$tmp/t/$name.$1")" "5 of 5"
	done
	check_eq "$2: a hairpin" "$(cat "$tmp/t/hairpin.$1")" answered
}
all_answered 0 "by a"
# What changes no more ends there after its timeout, such as pings, unless it is told again.
refresh() { ctd a -R && ctd a -B; }
refresh
same "b has the same sessions and mappings"
check_eq "of NAT44 as well" "$(on "$gw2" grep -c 'dst=203.0.113.13' /proc/net/nf_conntrack)" 5
check_match "b has made them" "$(stats b)" "[1-9]* 0 * 0 0 0 "
check_eq "and has told nobody" "$(stats a)" "0 0 0 0 0 0 "

# Changed, and ended
check_match "a TCP session ends" "$(ask "$client6" tcp $server64 8080)" "hello from 203.0.113.1 *"
same "b knows its state"
check "which is TIME_WAIT" grep -q TIME_WAIT "$tmp/of2"
xlat "$gw" delete peer :8080 proto tcp >/dev/null
same "and their end"
check_eq "but for those of the port forward" "$(grep -c '"tcp"' "$tmp/of2")" 5

# What is told stands, whatever else b has there.
stop_conntrackd b
xlat "$gw2" delete client "[$client_ip]:20000" peer :5353 >/dev/null
check "another session in the place of one" xlat "$gw2" add session udp "[$client_ip]:20000" 203.0.113.1:4001 $server_ip:5353 \
	prefix 2001:db8:64::/96 unmapped
check_match "has another port" "$(xlat "$gw2" sessions client "[$client_ip]:20000" peer :5353 | tail -n 1)" "*203.0.113.1:4001*"
start_conntrackd b
refresh
same "what is told takes its place"
check_eq "with its own port" "$(grep -c '"port": 4001' "$tmp/of2")" 0
check_eq "each was made" "$(stats b | awk '{ print $2, $4, $6 }')" "0 0 0"

# Packets go by b.
refresh
same "all is there"
names="5353 5354 5355 5356 5357 5359"
to b
ip -n "$client6" link set to_a down
ip -n "$server4" link set to_a down
before=$(grep -c "bytes from" "$tmp/pings")
touch "$tmp/t/go1"
all_answered 1 "by b"
# shellcheck disable=SC2317 # called by wait_for
more_pings() { [ "$(grep -c "bytes from" "$tmp/pings")" -gt $((before + 3)) ]; }
check "pings go on" wait_for 20 more_pings
check_not "nothing is in the log" grep -h "could not" "$tmp"/{a,b}/log/conntrackd.log
head -n 20 "$tmp/holders"

# Masquerading: only where the address is
ip -n "$client6" link set to_a up
ip -n "$server4" link set to_a up
to a
for g in a b; do
	stop_conntrackd $g
	node $g "$NFT" flush ruleset
	node $g conntrack -F 2>/dev/null
	sed -i '/DisableExternalCache/d' "$tmp/$g/conntrackd/conntrackd.conf"
done
prepare <<'EOF'
table inet gw {
	chain pre {
		type filter hook prerouting priority dstnat;
		udp dport 5355 xlat 6to4 prefix 2001:db8:64::/96 masquerade mapping address-port-dependent
		ip6 daddr 2001:db8:64::/96 xlat 6to4 prefix 2001:db8:64::/96 masquerade
	}
}
EOF
ip -n "$gw" addr del 192.0.2.3/24 dev wan
ip -n "$gw2" addr del 192.0.2.4/24 dev wan
to a
check_match "masquerading" "$(ask "$client6" udp $server64 5353)" "hello from 192.0.2.1 *"
check_match "without a mapping" "$(ask "$client6" udp $server64 5355)" "hello from 192.0.2.1 *"
# shellcheck disable=SC2317 # called by wait_for
knows() { [ "$(entries b external)" -ge 2 ]; }
check "b knows it" wait_for 10 knows
ctd b -c
check_eq "but has not the address" "$(xlat "$gw2" sessions --json)" "[]"
check "which is in the log" grep -q "commit-create: Cannot assign requested address" "$tmp/b/log/conntrackd.log"
are_same # or not: what a has
cp "$tmp/of" "$tmp/of1"
cp "$tmp/m" "$tmp/m1"
# They end with the address, which b is not to hear.
ip -n "$gw" link set sync down
to b
ctd b -c
are_same
check "with the address, b makes them" diff "$tmp/of1" "$tmp/of2"
check "and the mapping" diff "$tmp/m1" "$tmp/m2"

for g in a b; do ctd $g -k; done
done_testing
