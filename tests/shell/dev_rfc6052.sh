#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 6052 and RFC 8215 by devices: the vectors of rfc6052.sh. A device for each prefix; the
# vectors tell by an address's last octet which is meant, routes and rules do here.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

need_ip_xlat

# The stack has counted the hop of what an error quotes.
differs() { [[ $1 == *": back 0: "*"differ at [43, 55]" || $1 == *": back 0: "*"differ at [36, 38]" ]]; }

# dev N PREFIX [WORD]: N is the octet, as in the ruleset
dev()
{
	local n=$1 p=$2 servers="local 198.51.100.0/24 as 2001:db8:64::198.51.100.0/120"

	# In the last ones they are of the prefix.
	[ "$n" -lt 200 ] || servers=
	shift 2
	echo "link add xlat$n up type xlat prefix $p $* $servers local 203.0.113.0/24 as 2001:db8:6464::203.0.113.0/120"
	# By the host of the other side; from there on, as without the device.
	echo "route add 2001:db8:64::198.51.100.$n dev xlat$n table 200
		route add 203.0.113.$n dev xlat$n
		rule add pref 10 iif wan from 198.51.100.$n to 192.0.2.33 lookup $n
		route add default dev xlat$n table $n
		rule add pref 9 iif xlat$n lookup 300
		rule6 add pref 9 iif xlat$n lookup 300"
	[ "$n" = 204 ] || echo "route add $p dev xlat$n table 200"
}

setup_rfc
{
	for p in 96:2001:db8:122:344::/96 64:2001:db8:122:344::/64 56:2001:db8:122:300::/56 48:2001:db8:122::/48 \
		40:2001:db8:100::/40 32:2001:db8::/32 201:64:ff9b:1::/48 202:64:ff9b:1:fffe::/96 203:64:ff9b::/96; do
		dev "${p%%:*}" "${p#*:}"
	done
	dev 204 64:ff9b::/96 non-global
	cat <<-END
		route add default via $client_ip table 300
		route add default via $server_ip table 300
		route add 2001:db8::/32 via $client_ip
		route add 64:ff9b::/32 via $client_ip
		route add 2001:db8:64::/96 dev xlat96 table 200
		route add 203.0.113.0/24 dev xlat96
		rule6 add pref 10 iif lan lookup 200
	END
} >"$tmp/batch"
check "devices" ip -n "$gw" -batch - < <(grep -v rule6 "$tmp/batch") || done_testing
check "rules of IPv6" ip -6 -n "$gw" -batch - < <(sed -n 's/rule6/rule/p' "$tmp/batch") || done_testing
check "a filter, by the distribution's nft" on "$gw" nft 'table inet fw { chain spoofed {
	type filter hook prerouting priority raw
	iifname "wan" ip saddr 203.0.113.0/24 drop
	iifname "lan" ip6 saddr 2001:db8:64::/96 drop
}; }'
rfc_start rfc6052
phase addresses
phase well_known

done_testing
