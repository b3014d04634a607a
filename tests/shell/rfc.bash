# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the conformance stories share, on top of lib.sh.  Packets are made and
# compared by rfc.py, which plays two hosts, one beyond client6 and one beyond
# server4:
#
#	2001:db8:6464::203.0.113.33	or 203.0.113.33, behind "lan"
#	2001:db8:64::198.51.100.2	or 198.51.100.2, behind "wan"

scapy=/usr/bin/python3 # Debian's: its scapy is for it alone

# setup_rfc [MTU]: the hosts; nothing comes but from the test and the translator
setup_rfc()
{
	"$scapy" -ISc 'import sys; sys.path.append("/usr/lib/python3/dist-packages")
import scapy' 2>/dev/null || skip "needs scapy (python3-scapy)"
	setup_topo "${1:-1500}"
	ip -n "$gw" -batch - <<-EOF
		route add 2001:db8:6464::/96 via $client_ip
		route add 198.51.100.0/24 via $server_ip
	EOF
}

# The same for RFC 6146: a host of IPv6 among those of IPv4 and one of IPv4 among those of
# IPv6; their neighbour entries need no answer. To the rest of the pool no route leads.
setup_rfc6146()
{
	setup_rfc
	ip -n "$gw" -batch - <<-EOF
		route add 2001:db8:64::198.51.100.98/127 dev wan
		neigh add 2001:db8:64::198.51.100.98 lladdr 02:00:00:00:00:63 dev wan nud permanent
		neigh add 2001:db8:64::198.51.100.99 lladdr 02:00:00:00:00:63 dev wan nud permanent
		route add 2001:db8:65::1/128 dev wan
		neigh add 2001:db8:65::1 lladdr 02:00:00:00:00:63 dev wan nud permanent
		route add 203.0.113.99/32 dev lan
		neigh add 203.0.113.99 lladdr 02:00:00:00:00:63 dev lan nud permanent
		route add unreachable 203.0.113.0/27
		route add blackhole 203.0.113.200
	EOF
}

# rfc_start SCRIPT: keep scapy loaded from one phase to the next
rfc_start()
{
	[ -z "${RFC_PID-}" ] || { eval "exec ${RFC[1]}>&-"; wait "$RFC_PID"; }
	coproc RFC { exec "$scapy" -ISu "$here/$1.py" "$client6" "$gw" "$server4" 2>&1; }
}

# differs LINE: may this result differ from the rule's? For stories of other harnesses
differs() { return 1; }

# phase NAME: the script's function of this name, with what is set up now
phase()
{
	local line

	echo "$1" >&"${RFC[1]}"
	while IFS= read -r -t 280 line <&"${RFC[0]}"; do
		[ "$line" != . ] || return 0
		[[ $line != FAIL* ]] || ! differs "$line" || line="PASS: not as the rule: ${line#FAIL: }"
		echo "$line"
		[[ $line != FAIL* ]] || ret=$ksft_fail
	done
	fail "phase $1 does not come to an end"
	done_testing
}
