#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How deep the stack gets: a packet that is translated again and again, with a tunnel
# behind each time, needs no more of it than one that is translated twice. The kernel's
# stack tracer measures what a task has that sends such packets.
. "$(dirname "$0")/tun.inc"

tracing=/sys/kernel/tracing
[ -e $tracing/stack_trace ] || skip "this kernel has no stack tracer"
modprobe -a dummy ip_gre ip6_tunnel || skip "no tunnels in this kernel"
trap 'echo 0 >/proc/sys/kernel/stack_tracer_enabled; cleanup' EXIT

# 6to4, with state; a tunnel of IPv4, whose packets 4to6 takes; a tunnel of IPv6, whose
# packets 6to4 takes; and so on
setup_ns "$gw"
router "$gw"
ip -n "$gw" -batch - <<-END || fail "devices"
	tuntap add lan mode tun
	addr add 2001:db8:6464::1/64 dev lan nodad
	link set lan up
	link add wan type dummy
	addr add 192.0.2.1/24 dev wan
	addr add 2001:db8:5::1/64 dev wan nodad
	link set wan up
	neigh add 2001:db8:5::9 lladdr 02:00:00:00:00:09 dev wan
	route add default via 192.0.2.9
	link add four1 type gre local 192.0.2.1 remote 198.51.100.1 ttl 64
	link set four1 up
	route add 203.0.113.0/24 dev four1
	link add six2 type ip6tnl mode any local 2001:db8:5::1 remote 2001:db8:7::2 encaplimit none
	link set six2 up
	route add 2001:db8:6:1::/96 dev six2
	link add four3 type gre local 192.0.2.1 remote 198.51.100.3 ttl 64
	link set four3 up
	route add 192.0.2.77/32 dev four3
	route add 2001:db8:6:3::/96 via 2001:db8:5::9 dev wan
	route add 2001:db8:7::/64 via 2001:db8:5::9 dev wan
END

# deepest N [PORTS]: $deep, of N translations of new sessions, whose ports have these thousands.
# What do_syscall_64() has on the stack is left out: most of it is there by chance
# (randomize_kstack_offset).
deepest()
{
	local before first=$((1000 * ${2:-$1}))

	tun_begin "$gw" 2001:db8:6464::2 $first-$((first + 2)) 2001:db8:64::203.0.113.9 2
	before=$(counter 6to4)+$(counter 4to6)
	echo 0 >$tracing/stack_max_size
	echo 1 >/proc/sys/kernel/stack_tracer_enabled
	tun_send
	echo 0 >/proc/sys/kernel/stack_tracer_enabled
	tun_end
	check_eq "$1 translations of each packet" $(($(counter 6to4) + $(counter 4to6) - (before))) $((6 * $1))
	cp $tracing/stack_trace "$tmp/trace$1"
	deep=$(awk '$4 ~ /^do_syscall_64/ { d = $3 } $2 + 0 > m { m = $2 + 0 } END { print m - d }' "$tmp/trace$1")
	check "$1: what is deepest is ours" grep -q nf_xlat "$tmp/trace$1"
	echo "# $1 translations: $deep bytes"
	on "$gw" "$NFT" flush ruleset
}
rules() { on "$gw" "$NFT" -f - <<<"table inet gw { $*; }" || fail "rules"; }

pre="chain pre { type filter hook prerouting priority dstnat
	ip6 daddr 2001:db8:64::/96 xlat 6to4 prefix 2001:db8:64::/96 masquerade; }"
out="chain out { type filter hook output priority 0
	ip daddr 198.51.100.1 xlat 4to6 prefix 2001:db8:6:1::/96
	ip6 daddr 2001:db8:7::2 xlat 6to4 saddr prefix 2001:db8:5::1/128 to 192.0.2.1/32 daddr prefix 2001:db8:7::2/128 to 192.0.2.77/32
	ip daddr 198.51.100.3 xlat 4to6 prefix 2001:db8:6:3::/96; }"
rules "$pre"
deepest 1
once=$deep
rules "$pre; ${out/ip6 daddr*}}"
deepest 2
twice=$deep
rules "$pre; $out"
deepest 4
# Not always does the tracer see the deepest moment: 700 bytes less were seen. One inside
# of the other would take 2300 bytes more each.
check "four of them are no deeper than two" [ "$deep" -le $((twice + 1024)) ]
# 8 KB, without what do_syscall_64() takes by chance
check "and leave half of the stack free" [ "$deep" -le $((8192 - 1024)) ]
[ $ret = 0 ] || sed 's/^/# /' "$tmp/trace4"
echo "# once: $once, twice: $twice, four times: $deep"

# The error of a rule behind a translation is made inside of that, and is translated itself.
rules "$pre; chain refuse { type filter hook forward priority filter; oifname four1 meta nfproto ipv4 reject; }"
deepest 2 5
check "an error of a rule leaves half of the stack free" [ "$deep" -le $((8192 - 1024)) ] || sed 's/^/# /' "$tmp/trace2"

done_testing
