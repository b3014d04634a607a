#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 6052 and RFC 8215, clause by clause: addresses, byte for byte.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

# refused ITEM PREFIX MESSAGE
refused()
{
	local out

	if out=$(on "$gw" "$NFT" "table inet t { chain c { type filter hook prerouting priority -450; xlat 6to4 prefix $2; }; }" 2>&1); then
		fail "[$1] $2 is accepted"
		on "$gw" "$NFT" delete table inet t
	else
		check_match "[$1] $2 is refused" "$(echo "$out" | head -1)" "*Error: *$3*"
	fi
}

setup_rfc
ip -n "$gw" -batch - <<-EOF
	route add 2001:db8::/32 via $client_ip
	route add 64:ff9b:1::/48 via $client_ip
	route add 192.0.2.33/32 via $server_ip
	route add default via $server_ip
EOF
check "ruleset loads" ruleset rfc6052 || done_testing
rfc_start rfc6052
phase addresses
phase well_known

# The kernel's own checks: malformed_attributes.sh
if [ -x "$NFT" ]; then
	for len in 0 1 24 31 33 39 41 47 49 55 57 63 65 72 80 88 95 97 104 127 128; do
		refused 2 "2001:db8::/$len" "length must be 32, 40, 48, 56, 64 or 96"
	done
	refused 3 2001:db8:122:344:100::/96 "bits 64 to 71 set"
	refused 3 2001:db8:122:344:8000::/96 "bits 64 to 71 set"
fi

done_testing
