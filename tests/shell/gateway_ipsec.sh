#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IPsec policies for output hold for the gateway's own packets when they are
# translated, as they do for others: those that block, by port too, and those that
# encrypt.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping

setup_topo
ip -n "$gw" xfrm policy add dst $server_ip proto udp dport 53 dir out action block 2>/dev/null ||
	skip "no IPsec policies in this kernel"
ip -n "$gw" -6 route add 64:ff9b::/96 dev lan
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	chain out {
		type filter hook output priority mangle;
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade
		ip daddr 192.0.2.66 xlat 4to6 prefix 64:ff9b::/96 non-global dnat to [$client_ip]
	}
}" || done_testing
serve "$server4" udp4:53 udp4:54 tcp4:53
patience=1

for to in $server_ip $server64; do
	check_not "$to: blocked" ask "$gw" udp $to 53
	check_match "$to: another port" "$(ask "$gw" udp $to 54)" "hello from $pool_ip *"
	check_match "$to: another protocol" "$(ask "$gw" tcp $to 53)" "hello from $pool_ip *"
done
check_eq "as a policy says" "$(counter DropPolicy)" 1
check_eq "no session is left of it" "$(sessions "udp .*sport=53 ")" ""

ip -n "$gw" xfrm policy add dst $server_ip proto icmp type 8 dir out action block
for to in $server_ip $server64; do
	check_not "$to: a blocked ping" on "$gw" ping -c 1 -W 1 $to
done
ip -n "$gw" xfrm policy flush

ip -n "$gw" xfrm policy add dst $client_ip dir out action block
ip -n "$gw" route add 192.0.2.66 dev wan
for to in $client_ip 192.0.2.66; do
	check_not "$to: blocked in IPv6" on "$gw" ping -c 1 -W 1 $to
done
ip -n "$gw" xfrm policy flush
check "192.0.2.66: without the policy" on "$gw" ping -c 1 -W 2 192.0.2.66

# A flow of the fast path hears of a policy, even of the family that its route is not of.
before=$(drops)
if modprobe -q nf_flow_table_inet; then
	check "fast path loads" on "$gw" "$NFT" "table inet fast {
		flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
		chain pre { type filter hook prerouting priority dstnat
			ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade; }
		chain forward { type filter hook forward priority filter
			counter; ct state established xlat flow add @ft; }
	}" || done_testing
	ip -n "$gw" -6 route del 64:ff9b::/96 dev lan
	# asks N: how many of N questions are answered
	# shellcheck disable=SC2317 # called by is_fast
	slow() { on "$gw" "$NFT" list chain inet fast forward | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'; }
	asks() { on "$client6" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(0.3)
s.bind(("::", 4000))
n = 0
for i in range(int(sys.argv[2])):
    s.sendto(b"x", (sys.argv[1], 54))
    try: n += bool(s.recv(99))
    except OSError: pass
print(n)' $server64 "$1"; }
	# shellcheck disable=SC2317 # called by wait_for
	is_fast() { local before; before=$(slow); [ "$(asks 10)" = 10 ] && [ $(($(slow) - before)) = 0 ]; }
	# shellcheck disable=SC2317 # called by wait_for
	is_blocked() { [ "$(asks 1)" = 0 ]; }
	asks 3 >/dev/null
	check "a flow takes the fast path" wait_for 10 is_fast
	ip -n "$gw" xfrm policy add src $client_ip dir fwd action block
	check "a policy ends it" wait_for 10 is_blocked
	on "$gw" sysctl -qw net.ipv6.conf.lan.disable_policy=1
	check_eq "but not where the device has none" "$(asks 1)" 1
	on "$gw" sysctl -qw net.ipv6.conf.lan.disable_policy=0
	ip -n "$gw" xfrm policy flush
	on "$gw" "$NFT" delete table inet fast
	ip -n "$gw" -6 route add 64:ff9b::/96 dev lan
fi

# The forwarding policies of IPv6 hold for what a NAT of IPv4 takes from the gateway to another
# host; those of IPv4 do not, as its packets did not come in so.
check "a NAT behind the translation" on "$gw" "$NFT" "table ip6 natted { chain pre {
		type filter hook prerouting priority dstnat
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global saddr prefix 2001:db8:c::/120 to 198.51.100.0/24; }; }
	table ip natted {
		chain pre { type nat hook prerouting priority dstnat; ip daddr $pool_ip udp dport 9 dnat to $server_ip; }
		chain out { type filter hook postrouting priority filter; oifname wan udp dport 9 counter; }
	}"
# natted WHAT N POLICY...: with it client6 sends a packet; N have been dropped or gone out by then
natted()
{
	ip -n "$gw" xfrm policy add "${@:3}" dir fwd action block
	on "$client6" bash -c 'echo x >"/dev/udp/$0/9"' $pref64$pool_ip
	check "$1" wait_for 10 seen "$2"
	ip -n "$gw" xfrm policy flush
}
went() { on "$gw" "$NFT" list chain ip natted out | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# shellcheck disable=SC2317 # called by wait_for
seen() { [ $(($(counter DropPolicy) - dropped + $(went))) = "$1" ]; }
dropped=$(counter DropPolicy)
natted "a policy of IPv6" 1 src $client_ip
check_eq "it blocks" "$(went)" 0
natted "a policy of IPv4" 2 dst $server_ip
check_eq "it does not block" "$(went)" 1
on "$gw" "$NFT" "delete table ip6 natted; delete table ip natted"
blocked=$(($(drops) - before))

# To be encrypted; the server counts what comes in so.
keys=(enc "cbc(aes)" 0x000102030405060708090a0b0c0d0e0f auth "hmac(sha256)" "0x$(printf %064d 1)")
ip -n "$gw" xfrm state add src $pool_ip dst $server_ip proto esp spi 0x100 mode transport "${keys[@]}" 2>/dev/null ||
	skip "no ESP in this kernel"
ip -n "$gw" xfrm policy add dst $server_ip dir out tmpl src $pool_ip dst $server_ip proto esp mode transport
on "$server4" "$NFT" "table ip t { chain in { type filter hook prerouting priority -300; ip protocol esp counter; }; }"
esp() { on "$server4" "$NFT" list table ip t | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
n=0
for to in $server_ip $server64; do
	on "$gw" ping -c 1 -W 1 $to >/dev/null
	n=$((n + 1))
	check_eq "$to: encrypted" "$(esp)" $n
done
check_eq "nothing else was dropped" $(($(drops) - blocked)) 3
ip -n "$gw" xfrm policy flush
ip -n "$gw" xfrm state flush

# What IPsec has made, the outer packet of a tunnel, is not for policies, after its translation neither.
# It goes to another address of the server, as to the first one there is a session of ESP.
far=192.0.2.9
ip -n "$server4" addr add $far/24 dev eth0
ip -n "$gw" -6 route add 2001:db8:99::/64 via $client_ip
ip -n "$gw" xfrm state add src 2001:db8:c::1 dst 64:ff9b::$far proto esp spi 0x101 mode tunnel "${keys[@]}"
ip -n "$gw" xfrm policy add dst 2001:db8:99::/64 dir out tmpl src 2001:db8:c::1 dst 64:ff9b::$far proto esp mode tunnel
ip -n "$gw" xfrm policy add dst $far dir out action block
before=$(counter DropPolicy)
on "$gw" ping -c 1 -W 1 2001:db8:99::1 >/dev/null
check_eq "the outer packet of a tunnel is translated, and not blocked" "$(esp) $(counter DropPolicy)" "$((n + 1)) $before"
on "$gw" ping -c 1 -W 1 64:ff9b::$far >/dev/null
check_eq "another packet to there is blocked" "$(esp) $(counter DropPolicy)" "$((n + 1)) $((before + 1))"
ip -n "$gw" xfrm policy flush
ip -n "$gw" xfrm state flush

# With these modules, the outer packet is encrypted at the device only, and cannot be translated.
if modprobe -q esp4_offload && modprobe -q esp6_offload; then
	check "rules without state" on "$gw" "$NFT" "table inet plain { chain out {
		type filter hook output priority raw
		ip daddr 192.0.2.67 xlat 4to6 prefix 64:ff9b::/96 non-global daddr prefix 192.0.2.67/32 to $client_ip/128
		ip6 daddr 64:ff9b::192.0.2.10 xlat 6to4 prefix 64:ff9b::/96 non-global saddr prefix 2001:db8:c::1/128 to $pool_ip/32; }; }"
	ip -n "$server4" addr add 192.0.2.10/24 dev eth0
	ip -n "$gw" route add 192.0.2.64/28 dev wan
	ip -n "$gw" route add 198.51.100.0/24 dev wan
	# shellcheck disable=SC2317 # called by check_eq
	outer()
	{
		local from=$1 to=$2 inner=$3 dropped

		ip -n "$gw" xfrm state add src "$from" dst "$to" proto esp spi 0x102 mode tunnel flag af-unspec "${keys[@]}"
		ip -n "$gw" xfrm policy add dst "$inner" dir out tmpl src "$from" dst "$to" proto esp mode tunnel
		dropped=$(counter DropGso)
		on "$gw" ping -c 1 -W 1 "$inner" >/dev/null
		check_eq "to $to: dropped as not encrypted yet" $(($(counter DropGso) - dropped)) "${4:-1}"
		ip -n "$gw" xfrm policy flush
		ip -n "$gw" xfrm state flush
	}
	before=$(esp)
	for i in "$pool_ip 192.0.2.66" "$pool_ip 192.0.2.67" "2001:db8:c::1 64:ff9b::$far" "2001:db8:c::1 64:ff9b::192.0.2.10"; do
		# shellcheck disable=SC2086 # words are meant
		outer $i 198.51.100.1
		# shellcheck disable=SC2086
		outer $i 2001:db8:99::1
	done
	check_eq "none of these has left" "$(esp)" "$before"
	# What leaves by a device that translates has been encrypted there before.
	if [ -e "$top/build/ip/link_xlat.so" ] && modprobe -q nf_xlat_dev; then
		export IP_LIB_DIR=$top/build/ip
		check "a device" ip -n "$gw" link add xlat0 up type xlat prefix 64:ff9b::/96 non-global \
			local 192.0.2.68 as $client_ip
		ip -n "$gw" route add 192.0.2.68 dev xlat0
		ip -n "$client6" xfrm state add src 64:ff9b::$pool_ip dst $client_ip proto esp spi 0x102 mode tunnel flag af-unspec "${keys[@]}"
		decrypted() { ip -n "$client6" -s xfrm state | sed -n 's/.* \([0-9]*\)(packets)$/\1/p'; }
		outer $pool_ip 192.0.2.68 198.51.100.1 0
		check_eq "to the device: encrypted" "$(decrypted)" 1
		ip -n "$client6" xfrm state flush
		ip -n "$gw" link del xlat0
	fi
	on "$gw" "$NFT" delete table inet plain
	ip -n "$server4" addr del 192.0.2.10/24 dev eth0
	ip -n "$gw" route del 192.0.2.64/28 dev wan
	ip -n "$gw" route del 198.51.100.0/24 dev wan
	modprobe -r esp4_offload esp6_offload
fi
ip -n "$gw" -6 route del 2001:db8:99::/64 via $client_ip
ip -n "$server4" addr del $far/24 dev eth0

# A tunnel to one end takes of the MTU: the other end hears of it, in its own family, though the
# gateway has no route for the prefix.
# tunnel SPI NS FROM TO SELECTOR...: of the gateway's, to NS
tunnel()
{
	local spi=$1 ns=$2 from=$3 to=$4 i
	local tmpl=(tmpl src "$from" dst "$to" proto esp mode tunnel)

	shift 4
	for i in "$gw" "$ns"; do
		ip -n "$i" xfrm state add src "$from" dst "$to" proto esp spi "$spi" mode tunnel "${keys[@]}"
	done
	ip -n "$gw" xfrm policy add "$@" dir out "${tmpl[@]}"
	ip -n "$ns" xfrm policy add "$@" dir in "${tmpl[@]}"
}
ip -n "$gw" -6 route del 64:ff9b::/96 dev lan
check "a gateway for a client" on "$gw" "$NFT" "add chain inet gw pre { type filter hook prerouting priority dstnat; }
	add rule inet gw pre ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade"
start "$server4" stream 9000
before=$(counter DropTooBig)
tunnel 0x200 "$client6" 2001:db8:c::1 $client_ip src 64:ff9b::/96 dst $client_ip
check_eq "a client behind a tunnel: TCP down" "$(python "$client6" stream down $server64 9000 100000)" 100000
check "it was too big" [ "$(counter DropTooBig)" -gt "$before" ]
# A datagram that is cut for the tunnel keeps its identification, too.
check "a port forward" on "$gw" "$NFT" add rule inet gw pre ip daddr 192.0.2.66 \
	xlat 4to6 prefix 64:ff9b::/96 non-global dnat to "[$client_ip]"
ip -n "$server4" route add 192.0.2.66 via $pool_ip
rm -f "$tmp/ready"
background_python "$client6" fragments watch "$tmp/ready" 1380 >"$tmp/ids"
wait_for 10 test -e "$tmp/ready"
python "$server4" fragments raw 192.0.2.66 4660 1400
wait $!
check_eq "[22] a datagram to a client behind a tunnel: its identification" "$(cat "$tmp/ids")" "4660 4660"
# It would announce segments of the size that it has learnt.
ip -n "$server4" route flush cache
before=$(counter DropTooBig)
tunnel 0x300 "$server4" $pool_ip $server_ip src $pool_ip dst $server_ip
check_eq "a server behind a tunnel: TCP up" "$(python "$client6" stream up $server64 9000 100000)" 100000
check "it was too big, as well" [ "$(counter DropTooBig)" -gt "$before" ]

for i in "$gw" "$client6" "$server4"; do
	ip -n "$i" xfrm policy flush
	ip -n "$i" xfrm state flush
done
# A client behind a tunnel for IPv6: IPv4's policies do not mind what has been decrypted for IPv6.
tmpl=(tmpl src "$client_ip" dst 2001:db8:c::1 proto esp mode tunnel)
for i in "$gw" "$client6"; do
	ip -n "$i" xfrm state add src $client_ip dst 2001:db8:c::1 proto esp spi 0x400 mode tunnel "${keys[@]}"
done
ip -n "$client6" xfrm policy add src $client_ip dst 64:ff9b::/96 dir out "${tmpl[@]}"
ip -n "$gw" xfrm policy add src $client_ip dst 64:ff9b::/96 dir fwd "${tmpl[@]}"
serve "$gw" udp4:5353 tcp4:8080
refused() { on "$gw" awk '/^XfrmIn/ { n += $2 } END { print n }' /proc/net/xfrm_stat; }
before=$(drops) said=$(refused)
check_match "a client by a tunnel: UDP" "$(ask "$client6" udp $server64 54)" "hello from $pool_ip *"
check_match "a client by a tunnel: the gateway's UDP" "$(ask "$client6" udp $pref64$pool_ip 5353)" "hello from $pool_ip *"
check_match "a client by a tunnel: the gateway's TCP" "$(ask "$client6" tcp $pref64$pool_ip 8080)" "hello from $pool_ip *"
check "a mark, for another route" on "$gw" "$NFT" "table ip marks { chain pre {
	type filter hook prerouting priority 0; iifname lan meta mark set 1; }; }"
check_match "a client by a tunnel: another route" "$(ask "$client6" tcp $server64 53)" "hello from $pool_ip *"
check_eq "by the tunnel" "$(ip -n "$gw" -s xfrm state | grep -c ' 0(packets)')" 0
check_eq "no policy minds" "$(refused) $(drops)" "$said $before"

done_testing
