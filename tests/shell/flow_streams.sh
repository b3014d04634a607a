#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP streams and bursts of UDP by the fast path, whole GSO packets and cut ones: data
# is compared by the receiver, and packets that came large leave large.
. "$(dirname "$0")/flow.inc"
! is_debug || skip "takes too long on a debug kernel"
need ethtool nstat

size=30000000
is_uml || size=3000000

# offload on|off FEATURES: at all devices
offload()
{
	local at f

	for at in "$client6 eth0" "$gw lan" "$gw wan" "$server4 eth0"; do
		for f in $2; do
			# shellcheck disable=SC2086 # into namespace and device
			set -- "$1" "$2" $at
			on "$3" ethtool -K "$4" "$f" "$1" >/dev/null 2>&1
		done
	done
}

packets() { on "$gw" cat "/sys/class/net/$1/statistics/tx_packets"; }

# stream WHAT up|down DEV whole|cut: DEV is where the gateway sends
stream()
{
	local before all mean

	before=$(slow) all=$(packets "$3")
	check_eq "$1, $2" "$(python "$client6" stream "$2" $server64 9000 $size)" $size
	all=$(($(packets "$3") - all)) before=$(($(slow) - before))
	mean=$((size / all))
	case $4 in
	whole) check "$1, $2: packets stay large ($mean bytes)" [ $mean -gt 3000 ] ;;
	cut) check "$1, $2: packets are cut ($mean bytes)" [ $mean -lt 1500 ] ;;
	esac
	check "$1, $2: $before packets by the normal path, of $all" [ $before -lt $((20 + all / 50)) ]
}

both() { stream "$1" up wan "$2"; stream "$1" down lan "$2"; }

# bursts WHAT FEW: of datagrams, there and back in one session, of which so many
# packets take the normal path. Those of a list do, whose each has its headers.
bursts()
{
	local before all

	before=$(slow) all=$(($(packets wan) + $(packets lan)))
	check_eq "$1: bursts of UDP" "$(python "$client6" udp_gso call $server64 9001 40 1000)" "40 40"
	all=$(($(packets wan) + $(packets lan) - all)) before=$(($(slow) - before))
	check "$1: $before packets by the normal path, of $all" [ $before -le "$2" ]
}

setup_topo
check "ruleset loads" rules || done_testing
hooks_come lan wan
start "$server4" stream 9000
start "$server4" udp_gso 9001
bursts "all offloads" 3
for ns in "$client6" "$server4"; do on "$ns" ethtool -K eth0 tx-udp-segmentation off gso off >/dev/null 2>&1; done
for i in "rx-udp-gro-forwarding 3" "rx-gro-list 90"; do
	read -r what n <<<"$i"
	for dev in lan wan; do on "$gw" ethtool -K $dev gro on $what on >/dev/null 2>&1; done
	bursts "$what" "$n"
	for dev in lan wan; do on "$gw" ethtool -K $dev gro off $what off >/dev/null 2>&1; done
done
offload on "tx-udp-segmentation gso"

both "all offloads" whole
offload off "tso gso gro"
both "no segmentation offload" cut
# The gateway cuts and sums up, the ends verify.
offload on "tso gso gro"
for at in "$client6 eth0" "$server4 eth0"; do
	# shellcheck disable=SC2086
	on ${at% *} ethtool -K ${at#* } rx off >/dev/null 2>&1
done
for dev in lan wan; do on "$gw" ethtool -K $dev tx off tso off gso off >/dev/null 2>&1; done
both "the gateway cuts" cut
offload off "rx tx gro gso tso"
both "no offload at all" cut
for ns in "$client6" "$server4"; do
	check_eq "no checksum errors at ${ns%-*}" \
		"$(on "$ns" nstat -asz TcpInCsumErrors TcpInErrs | awk '/Tcp/ { s += $2 } END { print s }')" 0
done
check_eq "nothing was dropped" "$(drops)" 0

done_testing
