#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A device with state: NAT64 by masquerade and by a pool, with stock ip and the
# distribution's nft.
. "$(dirname "$0")/lib.sh"

need python3 ping traceroute ethtool tcpdump
need_ip_xlat

# dev WORD...: what the device is to be
# shellcheck disable=SC2317 # called by check
dev() { ip -n "$gw" link set xlat0 type xlat "$@"; }
# shellcheck disable=SC2317 # called by wait_for
learnt() { ip -n "$1" route get "$2" | grep -q "mtu $3"; }
# packets COMMENT: how many the filter has seen
packets() { on "$gw" nft list chain inet fw forward | sed -n "s/.*packets \([0-9]*\) .*comment \"$1\".*/\1/p"; }

setup_topo
device_with_state type xlat prefix $pref64/96 non-global masquerade
serve "$server4" tcp4:8080 udp4:5353
check_not "a device that is down translates nothing" on "$client6" ping -6 -c 1 -W 1 $server64
ip -n "$gw" link set xlat0 up
check "a filter, by the distribution's nft" on "$gw" nft -f - <<-END
	table inet fw {
		chain forward {
			type filter hook forward priority filter; policy drop
			iifname "lan" oifname "wan" meta nfproto ipv4 ct state new counter accept comment "begins"
			meta nfproto ipv4 ct state established,related counter accept comment "goes on"
			iifname "wan" oifname "lan" meta nfproto ipv6 ct state established,related counter accept comment "comes back"
			iifname "wan" oifname "lan" meta nfproto ipv6 ct state new udp dport 6000 accept
		}
	}
END
patience=1
check_not "an unsolicited SYN: silence, before there is any mapping" ask "$server4" tcp $pool_ip 5002
check "it is counted" [ "$(counter DropUnsolicited)" -gt 0 ]
patience=20
check "ping" on "$client6" ping -6 -c 2 -i 0.2 -W 10 $server64
check_match "TCP" "$(ask "$client6" tcp $server64 8080)" "hello from $pool_ip *"
check_match "UDP" "$(ask "$client6" udp $server64 5353)" "hello from $pool_ip *"
for what in begins "goes on" "comes back"; do
	check_match "the filter sees what $what" "$(packets "$what")" "[1-9]*"
done
check_match "a session is one entry of two families" \
	"$(sessions "tcp.*src=2001:.*dport=8080.*src=$server_ip")" "*dst=$pool_ip*"
check_match "xlat says whose it is" "$(on "$gw" "$top/build/xlat/xlat" sessions proto tcp | tail -n 1)" "*:8080 xlat0"
# Sessions are the device's: it has their packets in its counters, and shows them to taps.
tapped xlat0 'ip proto 1 or ip6 proto 58'
packets_of() { echo "$(dev_counter xlat0 6to4) $(dev_counter xlat0 4to6) $(on "$gw" cat /sys/class/net/xlat0/statistics/tx_packets)"; }
read -r six four all < <(packets_of)
on "$client6" ping -6 -c 5 -i 0.2 -W 10 $server64 >/dev/null
read -r six2 four2 all2 < <(packets_of)
check "the device counts a session's packets from IPv6" [ $((six2 - six)) -ge 5 ]
check "and from IPv4" [ $((four2 - four)) -ge 5 ]
check "so does ip" [ $((all2 - all)) -ge 10 ]
for what in "IP6 $client_ip > 64:ff9b::c000:202: ICMP6, echo request" "IP $pool_ip > $server_ip: ICMP echo request" \
	"IP $server_ip > $pool_ip: ICMP echo reply" "IP6 64:ff9b::c000:202 > $client_ip: ICMP6, echo reply"; do
	check "a tap sees: $what" wait_for 10 grep -q "$what" "$tmp/xlat0"
done
start "$server4" endpoint $server_ip 7000
background_python "$client6" endpoint wait $client_ip 6000 $server64 7000 >"$tmp/endpoint"
wait_for 10 grep -q waits "$tmp/endpoint" || fail "no mapping"
four=$(dev_counter xlat0 4to6)
check_eq "a peer calls" "$(python "$server4" endpoint call $server_ip 7001 $pool_ip 6000)" "64:ff9b::c000:202 7001"
check "what IPv4 begins with a mapping is counted as well" [ "$(dev_counter xlat0 4to6)" -gt "$four" ]
check_eq "traceroute" \
	"$(on "$client6" traceroute -6 -n -q 1 -w 10 $server64 2>&1 | awk 'NR > 1 { print $2 }' | xargs)" \
	"2001:db8:c::1 64:ff9b::c000:202"
dropped=$(dev_counter xlat0 DropHopLimit)
check_not "one hop" on "$client6" ping -6 -c 1 -W 1 -t 1 $server64
check "is counted by the reason" [ "$(dev_counter xlat0 DropHopLimit)" -gt "$dropped" ]
check "fragments" on "$client6" ping -6 -c 1 -W 10 -s 3000 -M "dont" $server64
check_match "closed UDP port" "$(ask "$client6" udp $server64 53)" "*Connection refused*"
check_match "closed TCP port" "$(ask "$client6" tcp $server64 81)" "*Connection refused*"
check_match "no route" \
	"$(on "$client6" ping -6 -n -c 1 -W 10 ${pref64}198.18.0.1 2>&1)" "*From 2001:db8:c::1 *nreachable*"
ip -n "$gw" link set wan mtu 1400
on "$client6" ping -6 -c 1 -W 1 -s 1440 -M "do" $server64 >/dev/null
check "the client learns what the path takes" wait_for 5 learnt "$client6" $server64 1420
ip -n "$gw" link set wan mtu 1500
ip -n "$gw" route add default dev lo
ip -n "$gw" route add $pref64/96 dev xlat0
check_match "this host itself" "$(ask "$gw" udp $server64 5353)" "hello from $pool_ip *"
start "$server4" stream 9100
streams "$client6" $server64

# Changes while a stream goes on, which stays
mkfifo "$tmp/go"
# shellcheck disable=SC2016 # for the inner shell
background "$client6" bash -c 'exec 3<>"/dev/tcp/$0/8080" && read -r <"$1" && echo hello >&3 && head -n 1 <&3 >"$2"' \
	$server64 "$tmp/go" "$tmp/got"
wait_for 10 sessions "ESTABLISHED.*dport=8080" || fail "no session to keep"
check "a pool" dev snat 198.51.100.1-198.51.100.2:2000-2999 persistent mtu 1400
ip -n "$server4" route add 198.51.100.0/24 via $pool_ip 2>/dev/null
ip -n "$gw" route add unreachable 198.51.100.0/24
check_match "the next session is by it" "$(ask "$client6" tcp $server64 8080)" "hello from 198.51.100.[12] 2???"
echo >"$tmp/go"
check "the one before goes on" wait_for 10 grep -q "hello from $pool_ip" "$tmp/got"
check_match "it is shown as given" "$(ip -n "$gw" -d link show xlat0)" \
	"*xlat prefix $pref64/96 non-global mtu 1400 snat 198.51.100.1-198.51.100.2:2000-2999 persistent *"
ip -n "$gw" addr add 198.51.100.1/32 dev lo
patience=1
check_not "an unsolicited SYN to that pool: silence" ask "$server4" tcp 198.51.100.1 2999
patience=20
check_match "to another port: refused" "$(ask "$server4" tcp 198.51.100.1 3000)" "*refused*"
ip -n "$gw" addr del 198.51.100.1/32 dev lo
check "another prefix" dev prefix 2001:db8:64::/96 masquerade to 3000-3999 random mapping address-port-dependent
check_match "is that of the next session" "$(ask "$client6" udp 2001:db8:64::$server_ip 5353)" "hello from $pool_ip 3???"
check_not "and the other one is not" on "$client6" ping -6 -c 1 -W 1 $server64
check "back again" dev prefix $pref64/96 non-global masquerade

# In a VRF, where another device has the same prefix
ip -n "$gw" -batch - <<-END
	link add blue type vrf table 10
	link set blue up
	link add xlat1 type xlat prefix $pref64/96 non-global snat 198.51.100.9
	link set xlat1 master blue
	link set xlat1 up
END
check_match "a device of another VRF does not take it" "$(ask "$client6" udp $server64 5353)" "hello from $pool_ip *"
ip -n "$gw" link del xlat1

# As many as have counters: xlat0 is the first.
for ((i = 1; i <= 62; i++)); do
	echo "link add many$i type xlat prefix $pref64/96 masquerade"
done | ip -n "$gw" -batch - >"$tmp/many" 2>&1
check_eq "62 more devices" "$? $(<"$tmp/many")" "0 "
check_match "the 64th counts nothing, and says so" \
	"$(ip -n "$gw" link add last type xlat prefix $pref64/96 masquerade 2>&1)" "Warning: *this one counts nothing*"
check "it is there" ip -n "$gw" link del last
check_match "without counters there is no fast path" \
	"$(ip -n "$gw" link add last type xlat prefix $pref64/96 masquerade fast lan 2>&1)" "*fast: there are 63 other devices with state*"
check_not "nor the device" ip -n "$gw" link show last
ip -n "$gw" link del many1
check_eq "with one less" "$(ip -n "$gw" link add last type xlat prefix $pref64/96 masquerade fast lan,wan 2>&1)" ""

# Conntrack comes a moment after the device, and stays when that goes: to bring it again, the kernel
# would walk over all entries of the host once more.
another alone
ip -n "$alone" link add first type xlat prefix $pref64/96 masquerade || fail "a device alone"
ip -n "$alone" link del first
# shellcheck disable=SC2317 # wait_for calls it
tracked() { on "$alone" ping -c 1 -W 5 127.0.0.1 >/dev/null && on "$alone" grep -q "src=127.0.0.1" /proc/net/nf_conntrack; }
check "conntrack stays in a namespace that has had a device with state" wait_for 10 tracked

check_not "it stays in its namespace" ip -n "$gw" link set xlat0 netns "$client6"

# Delete it under traffic.
background "$client6" ping -6 -i 0.01 $server64 >/dev/null
wait_for 10 sessions "icmpv6" || fail "no ping"
for i in 1 2 3 4 5; do
	ip -n "$gw" link del xlat0 || fail "delete $i"
	ip -n "$gw" link add xlat0 up type xlat prefix $pref64/96 non-global masquerade || fail "add $i"
done
check "sessions work when it is back" on "$client6" ping -6 -c 1 -W 10 $server64

check "the device goes with its namespace" ip netns del "$gw"
check "and the module" wait_for 20 modprobe -r nf_xlat_dev

done_testing
