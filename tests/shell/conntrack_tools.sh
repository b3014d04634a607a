#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# conntrack with the patched libnetfilter_conntrack prints both halves of a
# session, each in its family, and the patched conntrack finds one by either.
. "$(dirname "$0")/lib.sh"

need_nft
need conntrack python3 ping
[ -x "$prefix/sbin/conntrack" ] || skip "needs the patched conntrack (tools/build-conntrack)"

pref64=2001:db8:64::
server64=${pref64}c000:202

# The distribution's program with the patched library, and the patched one; no
# messages, which go to stderr.
ct() { on "$gw" env LD_LIBRARY_PATH="$prefix/lib" conntrack "$@" 2>/dev/null; }
our_ct() { on "$gw" "$prefix/sbin/conntrack" "$@" 2>/dev/null; }
# With names for bits of labels. conntrack knows one place for them.
labels()
{
	# shellcheck disable=SC2016 # for the inner shell
	on "$gw" unshare -m sh -c 'mount --bind "$0" /etc && exec "$@" 2>/dev/null' "$tmp/etc" \
		env LD_LIBRARY_PATH="$prefix/lib" conntrack "$@"
}
lines() { grep -c . <<<"$1"; }

setup_topo
modprobe -qa nf_conntrack
on "$gw" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600
check "ruleset loads" on "$gw" "$NFT" "
	table inet t {
		chain early {
			type filter hook prerouting priority raw;
			udp dport 5354 ct zone set 3
			udp sport 5354 ct zone set 3
		}
		chain pre {
			type filter hook prerouting priority dstnat;
			ip6 daddr $pref64/96 tcp dport 8080 ct mark set 66
			ip6 daddr $pref64/96 tcp dport 8080 ct label set 5
			ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade
			iifname wan tcp dport 81 xlat 4to6 prefix $pref64/96 dnat to [$client_ip]:8081
		}
	}" || done_testing
mkdir -p "$tmp/etc/xtables"
cp /etc/ld.so.cache "$tmp/etc/"
printf '%s\n' '4 other' '5 mine' >"$tmp/etc/xtables/connlabel.conf"

serve "$server4" tcp4:8080 udp4:5353 udp4:5354

# listen COMMAND FILE ARGUMENT...: events to FILE
listen()
{
	local n

	n=$(listeners)
	"$1" -E "${@:3}" >"$2" &
	wait_for 10 more_listeners "$n" || fail "conntrack -E does not listen"
}
listeners() { on "$gw" awk '$2 == 12 && $4 !~ /^0*$/' /proc/net/netlink | wc -l; }
# shellcheck disable=SC2317 # called by wait_for
more_listeners() { [ "$(listeners)" -gt "$1" ]; }
listen ct "$tmp/events" -o timestamp,extended
listen ct "$tmp/events.xml" -o xml -p udp
listen our_ct "$tmp/events.pool" -q $pool_ip

check_match "TCP" "$(ask "$client6" tcp $server64 8080)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$client6" udp $server64 5353)" "hello from $pool_ip *"
check_match "UDP in a zone" "$(ask "$client6" udp $server64 5354)" "hello from $pool_ip *"
check "ping" on "$client6" ping -6 -c 1 -W 10 $server64
# and one that is not translated
check "ping to the gateway" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
# Emulated, what follows takes longer than sessions last. -U knows no zone.
check_eq "-U, timeouts" "$(lines "$(our_ct -U -f ipv6 -t 600)")" 4

# What all of this is for.
bad="*src=c000:202:: dst=c000:201:: sport=5353 *"
got=$(on "$gw" conntrack -L -p udp 2>/dev/null)
# shellcheck disable=SC2053 # a pattern is meant
if [[ $got == $bad ]]; then
	pass "the distribution's library takes IPv4 for IPv6"
else
	echo "# the distribution's library is another than it was: $got"
fi

from6="src=$client_ip dst=$server64"
to4="src=$server_ip dst=$pool_ip"
check_match "-L, TCP" "$(ct -L -p tcp)" \
	"tcp * $from6 sport=* dport=8080 $to4 sport=8080 dport=* mark=66 *"
check_match "-L, UDP" "$(ct -L -p udp --dport 5353)" \
	"udp * $from6 sport=* dport=5353 $to4 sport=5353 dport=* mark=0 *"
check_match "-L, ICMP" "$(ct -L -p icmpv6 -d $server64)" \
	"icmpv6 * $from6 type=128 code=0 id=* $to4 type=0 code=0 id=* *"
check_match "-L, zone" "$(ct -L -w 3)" \
	"udp * $from6 sport=* dport=5354 $to4 sport=5354 dport=* zone=3 *"
check_match "-L -o extended" "$(ct -L -p tcp -o extended)" \
	"ipv6 * 10 tcp * $from6 * $to4 sport=8080 *"
check_match "-L -o labels" "$(labels -L -p tcp -o labels)" "tcp * $to4 * labels=mine*"
check_match "-L -l" "$(labels -L -l mine -o labels)" "tcp * $to4 * labels=mine*"
check_eq "-L -l of another" "$(labels -L -l other -o labels)" ""
check_match "-L -m" "$(ct -L -m 66)" "tcp * $to4 *"
check_eq "-L -p udp" "$(lines "$(ct -L -p udp)")" 2
check_eq "-L -f ipv4 has none" "$(ct -L -f ipv4)" ""
check_eq "-L --src-nat has all that are translated" "$(lines "$(ct -L --src-nat)")" 4
check_match "-L by ports of the other side" "$(ct -L -f ipv6 -p udp --reply-port-src 5353)" "udp * $to4 *"
check_eq "-C" "$(ct -C)" 5

ct -L -o xml >"$tmp/xml"
python "$gw" conntrack_tools <"$tmp/xml" >"$tmp/flows"
xml() { check "-o xml, $1" grep -Eqx "$2" "$tmp/flows"; }
xml TCP "flow / ipv6 $client_ip $server64 tcp [0-9]+ 8080 / ipv4 $server_ip $pool_ip tcp 8080 [0-9]+ / mark=66"
xml UDP "flow / ipv6 $client_ip $server64 udp [0-9]+ 5353 / ipv4 $server_ip $pool_ip udp 5353 [0-9]+ / mark=0"
xml zone "flow / .* / ipv4 $server_ip $pool_ip udp 5354 [0-9]+ / mark=0 zone=3"
xml ICMP "flow / ipv6 $client_ip $server64 icmpv6 / ipv4 $server_ip $pool_ip icmp / mark=0"
xml "not translated" "flow / ipv6 $client_ip 2001:db8:c::1 icmpv6 / ipv6 2001:db8:c::1 $client_ip icmpv6 / mark=0"

port=$(ct -L -p udp --dport 5353 | sed -n 's/.* sport=\([0-9]*\) dport=5353 .*/\1/p')
check_match "-G" "$(ct -G -s $client_ip -d $server64 -p udp --sport "$port" --dport 5353)" "udp * $to4 *"
check_match "-U" "$(ct -U -s $client_ip -p udp --dport 5353 -m 7)" "udp * $to4 * mark=7 *"

# By the IPv4 side
check_eq "-L by the pool's address" "$(lines "$(our_ct -L -q $pool_ip)")" 4
check_match "-L by the pool's address and the protocol" "$(our_ct -L -q $pool_ip -p tcp)" "tcp * $to4 *"
check_match "-L by an address of each" "$(our_ct -L -s $client_ip -r $server_ip -p tcp)" "tcp * $from6 * $to4 *"
check_match "-L by family and address" "$(our_ct -L -f ipv6 -q $pool_ip -p tcp)" "tcp * $to4 *"
check_eq "-L by another address of the pool" "$(our_ct -L -q 192.0.2.3)" ""
check_eq "-L by an IPv6 address that begins like it" "$(our_ct -L -q c000:201::)" ""
check_match "-U by the pool's address" "$(our_ct -U -q $pool_ip -p udp --dport 5353 -m 8)" "udp * $to4 * mark=8 *"

check_match "-D by IPv6" "$(ct -D -s $client_ip -p udp --dport 5353)" "udp * $to4 *"
check_eq "-D by ports of the other side" "$(lines "$(ct -D -f ipv6 -p tcp --reply-port-src 8080)")" 1
check_match "-D by IPv4" "$(our_ct -D -q $pool_ip -p icmpv6)" "icmpv6 * $to4 *"
check_match "-D by IPv4, in a zone" "$(our_ct -D -r $server_ip -w 3)" "udp * $to4 * zone=3 *"
check_match "the one that is not translated is left" "$(ct -L)" "icmpv6 * dst=2001:db8:c::1 *"
check_eq "and alone" "$(ct -C)" 1

# Events come one by one, that of the end last.
check "-E saw the end" wait_for 5 grep -q 'DESTROY.*udp.*zone=3' "$tmp/events"
event() { check "-E, $1" grep -Eq "^\[[0-9]+\.[0-9]+\][[:space:]]+\[$2\] ipv6 +10 $3 .*$from6 .*$to4 $4" "$tmp/events"; }
for p in "tcp sport=8080" "udp sport=5353" "icmpv6 type=0"; do
	event "new ${p% *}" NEW "${p% *}" "${p#* }"
	event "end of ${p% *}" DESTROY "${p% *}" "${p#* }"
done
event "TCP goes on" UPDATE tcp "sport=8080 .*ASSURED"
check "-E -q saw the end" wait_for 5 grep -q 'DESTROY.*zone=3' "$tmp/events.pool"
check_eq "-E -q: new sessions" "$(grep -c 'NEW.*dst=192.0.2.1 ' "$tmp/events.pool")" 4
check_eq "-E -q: of that address only" "$(grep -vc 'dst=192.0.2.1 ' "$tmp/events.pool")" 0
check "-E -o xml saw the end" wait_for 5 grep -q 'destroy.*5354' "$tmp/events.xml"
{ cat "$tmp/events.xml"; echo "</conntrack>"; } | python "$gw" conntrack_tools >"$tmp/flows"
for e in new destroy; do
	check "-E -o xml, $e" grep -Eqx \
		"$e / ipv6 $client_ip $server64 udp [0-9]+ 5353 / ipv4 $server_ip $pool_ip udp 5353 [0-9]+ .*" "$tmp/flows"
done

# The other way around: an original in IPv4.
serve "$client6" tcp6:8081
check_match "TCP from IPv4" "$(ask "$server4" tcp $pool_ip 81)" "hello from $server64 *"
from4="src=$server_ip dst=$pool_ip sport=* dport=81"
to6="src=$client_ip dst=$server64 sport=8081 dport=*"
check_match "-L from IPv4" "$(ct -L -f ipv4 -o extended)" "ipv4 * 2 tcp * $from4 $to6 *"
check_match "-L from IPv4, by IPv6" "$(our_ct -L -r $client_ip -p tcp)" "tcp * $from4 $to6 *"
check_match "-L --dst-nat" "$(ct -L --dst-nat -p tcp)" "tcp * $from4 $to6 *"
ct -L -p tcp -o xml | python "$gw" conntrack_tools >"$tmp/flows"
xml "from IPv4" "flow / ipv4 $server_ip $pool_ip tcp [0-9]+ 81 / ipv6 $client_ip $server64 tcp 8081 [0-9]+ / mark=0"
check "-E from IPv4" grep -Eq "NEW\] ipv4 +2 tcp .*src=$server_ip dst=$pool_ip .*src=$client_ip dst=$server64 sport=8081" "$tmp/events"
check_match "-U from IPv4" "$(our_ct -U -r $client_ip -p tcp -m 9)" "tcp * $from4 $to6 * mark=9 *"
check_match "-D from IPv4, by IPv6" "$(our_ct -D -r $client_ip -p tcp)" "tcp * $from4 $to6 *"

done_testing
