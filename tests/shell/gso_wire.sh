#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What leaves the translator when packets that are many in one enter it, looked
# at packet by packet: with the offloads of either link on and off, in both
# directions, with and without state.
. "$(dirname "$0")/lib.sh"

! is_debug || skip "takes too long on a debug kernel"
need_nft
need python3 ethtool

bytes=100000
is_uml || bytes=60000

pref64=2001:db8:64::
server64=$pref64$server_ip
host4=203.0.113.33
host6=2001:db8:6464::$host4

part() { echo "# SKIP: $*"; }
warnings() { dmesg | grep -c 'WARNING: \|BUG: \|caps='; }

# features NS DEV NAME on|off...
features()
{
	local ns=$1 dev=$2

	shift 2
	on "$ns" ethtool -K "$dev" "$@" >"$tmp/ethtool" 2>&1 ||
		sed "s/^/# $dev: /" "$tmp/ethtool"
}

# ends NAME on|off...: of the hosts; gateway NAME on|off...: of both its links
ends() { features "$client6" eth0 "$@"; features "$server4" eth0 "$@"; }
gateway() { features "$gw" lan "$@"; features "$gw" wan "$@"; }

# wire WHAT NAME=VALUE...: of the session and of the client that needs none
wire()
{
	local what=$1

	shift
	python3 -ISu "$here/gso_wire.py" "$client6" "$server4" src=$client_ip,$host6 \
		to=$server64 bytes=$bytes "$@" >"$tmp/wire" 2>&1
	if check_eq "$what" $? 0; then
		grep 'not looked at' "$tmp/wire" | sort -u | sed 's/^ */# SKIP: /'
	else
		sed 's/^/# /' "$tmp/wire"
	fi
}

setup_topo
ip -n "$client6" addr add $host6/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
check "ruleset loads" on "$gw" $NFT "table inet gw { chain pre {
	type filter hook prerouting priority dstnat;
	ip6 saddr 2001:db8:6464::/96 ip6 daddr $pref64/96 xlat 6to4 saddr prefix 2001:db8:6464::/96 daddr prefix $pref64/96
	ip daddr 203.0.113.0/24 xlat 4to6 saddr prefix $pref64/96 daddr prefix 2001:db8:6464::/96
	ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }; }" || done_testing
before=$(warnings)
ends gro off

kinds=
# cut WHAT: by the gateway, after the translation
cut()
{
	local before

	wire "[117] $1, TCP" kinds=tcp gso=0
	[ ! "$kinds" ] || return
	before=$(($(counter 6to4) + $(counter 4to6)))
	wire "[117] $1, UDP" kinds=udp gso=0
	# of 4 times 61 or more; TCP's would be among acknowledgements
	check "[117] $1: translated as a whole" \
		[ $(($(counter 6to4) + $(counter 4to6) - before)) -lt 60 ]
}

# What comes whole leaves whole, or is cut by the gateway, with or without
# summing up.
wire "[117] nobody cuts" gso=1
gateway tso off tx-udp-segmentation off
cut "the gateway cuts"
gateway tx off gso off
wire "[117] and sums up" gso=0
gateway tx off sg off
wire "[117] and has to copy" gso=0
gateway tx on sg on tso on tx-udp-segmentation on gso on

# What GRO has put together: with checksums still to be made, or found right.
for sums in on off; do
	kinds=
	if [ $sums = off ] && [[ $(uname -r) == 6.1.* ]]; then
		part "sockets of 6.1 refuse UDP_SEGMENT without tx: UDP by GRO"
		kinds=kinds=tcp
	fi
	ends tx $sums tso off tx-udp-segmentation off gso on
	gateway gro on rx-udp-gro-forwarding on
	wire "[117] by GRO, sender's tx $sums" gso=1 $kinds
	gateway tx off
	cut "by GRO, sender's tx $sums, cut again"
	gateway tx on tso on tx-udp-segmentation on rx-udp-gro-forwarding off rx-gro-list on
	if on "$gw" ethtool -k lan | grep -q 'rx-gro-list: on'; then
		wire "[117] list of GRO, sender's tx $sums" gso=1 $kinds
		gateway tx off
		wire "[117] list of GRO, sender's tx $sums, cut again" gso=0 $kinds
		gateway tx on tso on tx-udp-segmentation on
	else
		part "no rx-gro-list"
	fi
	gateway rx-gro-list off
done
ends tx on tso on tx-udp-segmentation on
gateway gro off tso off tx-udp-segmentation off
check_eq "nothing was dropped" "$(drops)" 0

toobig() { counter DropTooBig; }
# error WHAT MTU NAME=VALUE...: the sender is told of that MTU, with each drop
error()
{
	local what=$1 mtu=$2 before

	shift 2
	before=$(toobig)
	wire "$what" error="$mtu" "$@"
	check_eq "$what: told of each drop" $(($(toobig) - before)) \
		"$(awk '/ errors$/ { s += $(NF - 1) } END { print +s }' "$tmp/wire")"
	# what the hosts have learnt
	ip -n "$client6" -6 route flush cache
	ip -n "$server4" route flush cache
}

# The client says that it takes what is 20 bytes too long in IPv6.
ip -n "$client6" route change default via 2001:db8:c::1 advmss 1460
error "[117] [12] TCP over the MTU of IPv6" 1480 ways=down kinds=tcp gso=0
error "[117] [12] UDP over the MTU of IPv6" 1480 ways=down kinds=udp size=1472
wire "[117] [13] without DF, over 1280" ways=down df=0 size=1400 mtu6=1280 frag=1
wire "[117] [10] without DF, up to 1280" ways=down kinds=udp df=0 size=1200 gso=0

# A tunnel's MTU, on either side of the gateway.
ip -n "$gw" link set lan mtu 1420
error "[118] TCP, 1420 bytes of IPv6" 1400 ways=down kinds=tcp mtu6=1420 gso=0
error "[118] UDP, 1420 bytes of IPv6" 1400 ways=down kinds=udp size=1392 mtu6=1420
wire "[118] [13] without DF" ways=down df=0 size=1400 mtu6=1280 frag=1
wire "[118] what fits" ways=down kinds=udp size=1372 mtu6=1420 gso=0
ip -n "$gw" link set lan mtu 1500
ip -n "$gw" link set wan mtu 1420
for src in $client_ip $host6; do
	error "[118] TCP, 1420 bytes of IPv4" 1440 ways=up kinds=tcp mtu4=1420 gso=0 src=$src
	error "[118] UDP, 1420 bytes of IPv4" 1440 ways=up kinds=udp size=1432 mtu4=1420 src=$src
done
wire "[118] what fits" ways=up kinds=udp size=1392 mtu4=1420 gso=0
ip -n "$gw" link set wan mtu 1500
check_eq "nothing else was dropped" "$(drops)" "$(toobig)"

# Segments of 1280 bytes, less than which no sender makes in IPv6: routers of IPv4 may fragment
# them. That they do is seen at the gateway's own link.
gateway tso on tx-udp-segmentation on
ip -n "$server4" route change default via $pool_ip advmss 1220
segments()
{
	wire "[46] $1, TCP, 1260 bytes" ways=up kinds=tcp mtu4=1260 gso=1 src=$host6
	wire "[46] $1, UDP, 1260 bytes" ways=up kinds=udp size=1232 mtu4=1260 gso=1
}
segments "normal path"
start "$server4" stream 9100
start "$server4" udp_gso 9001
ip -n "$client6" route change default via 2001:db8:c::1 mtu 1280
ip -n "$gw" link set wan mtu 1000
before_drops=$(drops)
check_eq "[54] TCP by a link of 1000 bytes" "$(on "$client6" timeout 60 python3 -ISu "$here/stream.py" up $server64 9100 $bytes)" $bytes
check_eq "[54] UDP by a link of 1000 bytes" "$(python "$client6" udp_gso call $server64 9001 40 1232)" "40 40"
check_eq "[54] none was dropped" "$(drops)" "$before_drops"
ip -n "$gw" link set wan mtu 1500
ip -n "$client6" route change default via 2001:db8:c::1
check "fast path" on "$gw" $NFT "table inet fast {
	flowtable ft { hook ingress priority 0; devices = { lan, wan }; }
	chain forward { type filter hook forward priority 0; xlat flow add @ft; }; }"
segments "fast path"

check_eq "the kernel did not complain" "$(warnings)" "$before"

done_testing
