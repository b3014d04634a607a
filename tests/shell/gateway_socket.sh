#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a socket of the gateway itself has asked for holds for its packets when they
# are translated, as it does for others: SO_BINDTODEVICE, and rules by user. The address
# that is masqueraded as, and the MTU, are those of that way. Such packets came in by no device.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 ping setpriv unshare nsenter

far64=$pref64$far_ip

setup_topo
second_uplink
ip -n "$gw" -batch - <<-EOT
	route add $far_ip via $server_ip metric 1
	route add $far_ip via 192.0.3.2 metric 2
	route add default via 192.0.3.2 table 100
	rule add uidrange 65534-65534 lookup 100
	route add 64:ff9b::/96 dev wan metric 1
	route add 64:ff9b::/96 dev wan2 metric 2
EOT
check "ruleset loads" on "$gw" "$NFT" "table inet gw {
	counter came { }
	chain out {
		type filter hook output priority mangle;
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade
		ip daddr 192.0.2.66 xlat 4to6 prefix 64:ff9b::/96 non-global dnat to [2001:db8:f::9]
	}
	chain post {
		type filter hook postrouting priority filter;
		ip daddr != 224.0.0.0/4 iifname { lan, lan2, wan, wan2 } counter name came
		ip6 saddr 64:ff9b::/96 iifname { lan, lan2, wan, wan2 } counter name came
	}
}" || done_testing
serve "$server4" udp4:53 tcp4:80

# seen USER udp|tcp ADDRESS PORT: who the server sees
seen()
{
	# shellcheck disable=SC2016 # for the inner shell
	on "$gw" timeout 5 setpriv --reuid "$1" --clear-groups bash -c 'exec 3<>"/dev/$0/$1/$2" &&
		echo hello >&3 && exec head -n 1 <&3' "$2" "$3" "$4" 2>&1
}

for to in $far_ip $far64; do
	check_match "root to $to, UDP" "$(seen 0 udp $to 53)" "hello from $pool_ip *"
	check_match "root to $to, TCP" "$(seen 0 tcp $to 80)" "hello from $pool_ip *"
	check_match "who has a rule to $to, UDP" "$(seen 65534 udp $to 53)" "hello from 192.0.3.1 *"
	check_match "who has a rule to $to, TCP" "$(seen 65534 tcp $to 80)" "hello from 192.0.3.1 *"
	before=$(tx_packets wan2)
	check "ping from wan2 to $to" on "$gw" ping -c 3 -i 0.2 -W 3 -I wan2 $to
	check "it has gone there" [ $(($(tx_packets wan2) - before)) -ge 3 ]
done
check_match "masqueraded as wan2's address" "$(sessions "^ipv6 .*icmpv6 .*$far_ip" | tail -n 1)" "*dst=192.0.3.1 *"

# Rules by DSCP: it is that of the packet in either family. nf_nat looks for a route again, so that
# the address tells where the translation has seen the packet go.
by_wan2() { sessions "^ipv6 .*icmpv6 .*$far_ip .*dst=192.0.3.1 " | wc -l; }
n=$(by_wan2)
ip -n "$gw" rule add tos 0x10 lookup 100
for to in $far_ip $far64; do
	before=$(tx_packets wan2)
	check "ping with a DSCP to $to" on "$gw" ping -c 3 -i 0.2 -W 3 -Q 0x10 $to
	check "it has gone where the rule leads" [ $(($(tx_packets wan2) - before)) -ge 3 ]
done
ip -n "$gw" rule del tos 0x10 lookup 100
check_eq "with the address of that way" "$(by_wan2)" $((n + 1))

# The MTU of that way
ip -n "$gw" route replace $far_ip via 192.0.3.2 metric 2 mtu 1300
before=$(counter DropTooBig)
on "$gw" ping -6 -M "do" -c 1 -W 1 -s 1400 -I wan $far64 >/dev/null 2>&1
check_eq "not too big for wan" $(($(counter DropTooBig) - before)) 0
on "$gw" ping -6 -M "do" -c 1 -W 1 -s 1400 -I wan2 $far64 >/dev/null 2>&1
check_eq "too big for wan2" $(($(counter DropTooBig) - before)) 1

# The other way: by lan2, though lan is better
beyond "$gw" lan2 far6 2001:db8:e::
ip -n "$far6" addr add 2001:db8:f::9/128 dev lo
ip -n "$client6" addr add 2001:db8:f::9/128 dev lo
ip -n "$gw" -batch - <<-EOT
	route add 2001:db8:f::9 via $client_ip metric 1
	route add 2001:db8:f::9 via 2001:db8:e::2 metric 2
	addr add 192.0.4.1/24 dev lan2
	route add 192.0.2.66 dev lan2
EOT
before=$(tx_packets lan2)
check "ping from lan2 to what becomes IPv6" on "$gw" ping -c 3 -i 0.2 -W 3 -I lan2 192.0.2.66
check "it has gone there" [ $(($(tx_packets lan2) - before)) -ge 3 ]

# Rules by user of IPv6: they lead to lan2, where alone somebody answers.
ip -n "$gw" -6 -batch - <<-EOT
	route add 2001:db8:f::9 via 2001:db8:e::2 table 100
	rule add uidrange 65534-65534 lookup 100
EOT
serve "$far6" tcp6:5401
check_not "root to what becomes IPv6" seen 0 tcp 192.0.2.66 5401
check_match "who has a rule to what becomes IPv6" "$(seen 65534 tcp 192.0.2.66 5401)" "hello from *"
check_match "in POSTROUTING, no packet came in by a device" "$(on "$gw" "$NFT" list counter inet gw came)" "*packets 0 *"

# Packets that a namespace forwards are those of its root in IPv4, and of the host's root in IPv6, as core
# has it. So they are when they are translated.
setpriv --reuid 65534 --clear-groups unshare -Ur -n sleep 1000 &
root=$!
# shellcheck disable=SC2317 # called by wait_for
apart() { [ "$(readlink /proc/$root/ns/net)" != "$(readlink /proc/$$/ns/net)" ] && ip netns attach "user-$suffix" $root; }
if wait_for 10 apart; then
	user=user-$suffix
	namespaces="$namespaces $user"
	router "$user"
	on "$user" sh -c 'ip link set lo up; echo 0 | tee /proc/sys/net/ipv6/conf/*/accept_dad' >/dev/null
	beyond "$user" lan one 2001:db8:a::
	beyond "$user" wan two 10.9.9.
	ip -n "$user" -batch - <<-EOT
		addr add 10.8.8.1/24 dev lan
		addr add 2001:db8:b::1/64 dev wan nodad
	EOT
	ip -n "$one" -batch - <<-EOT
		addr add 10.8.8.2/24 dev eth0
		route add default via 10.8.8.1
	EOT
	ip -n "$two" -batch - <<-EOT
		addr add 2001:db8:b::2/64 dev eth0 nodad
		route add default via 2001:db8:b::1
	EOT
	check "ruleset of a user loads" on "$user" "$NFT" "table inet gw { chain pre {
		type filter hook prerouting priority dstnat
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 non-global masquerade; }; }"
	# pings WHAT ANSWERED: whether those by IPv4, by IPv6 and from one to the other are answered
	pings()
	{
		local to said=

		for to in 10.9.9.2 2001:db8:b::2 ${pref64}10.9.9.2; do
			on "$one" ping -n -c 1 -W 1 $to >/dev/null && said+=yes || said+=no
		done
		check_eq "$1" "$said" "$2"
	}
	wait_for 10 on "$one" ping -n -c 1 -W 1 2001:db8:b::2
	pings "pings without a rule" yesyesyes
	# rule ip -4|-6 rule add|del: only who is in the namespace of the user may
	rule() { nsenter -t "$root" -U -n "$@" uidrange 0-0 prohibit; }
	check "a rule of IPv6 for its root" rule ip -6 rule add
	pings "with it" yesyesyes
	rule ip -6 rule del
	check "a rule of IPv4" rule ip -4 rule add
	pings "with that" noyesno
else
	kill $root 2>/dev/null
	echo "# no namespace of a user"
fi

done_testing
