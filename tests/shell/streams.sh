#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP streams both ways, with the offloads of the links in every state that
# matters: nothing is corrupt, checksums on the wire are right, and packets that
# came large leave large.
. "$(dirname "$0")/lib.sh"

! is_debug || skip "takes too long on a debug kernel"
need python3 ethtool tcpdump nstat

# More where packets stay large than where they are cut. Emulated kernels move
# a hundredth of what UML does.
large=300000000
small=30000000
if ! is_uml; then
	large=10000000
	small=2000000
	echo "# streams of $large and $small bytes only, this kernel is emulated"
fi

lan="$client6:eth0 $gw:lan"
wan="$gw:wan $server4:eth0"

# offload on|off FEATURES NS:DEV...
offload()
{
	local to=$1 what=$2 dev f

	shift 2
	for dev; do
		for f in $what; do echo "$f $to"; done |
			xargs ip netns exec "${dev%:*}" ethtool -K "${dev#*:}" 2>&1 |
			grep -v -e '^Actual' -e '^tx-' -e '^Cannot get device' -e requested
	done
}

packets() { on "$gw" cat "/sys/class/net/$1/statistics/tx_packets"; }

# stream WHAT up|down DEV BYTES whole|cut: DEV is where the gateway sends
stream()
{
	local before after mean

	before=$(packets "$3")
	check_eq "$1, $2" "$(python "$client6" stream "$2" $server64 9000 "$4")" "$4"
	after=$(packets "$3")
	mean=$(($4 / (after - before)))
	case $5 in
	whole) check "$1, $2: packets stay large ($mean bytes)" [ $mean -gt 3000 ] ;;
	cut) check "$1, $2: packets are cut ($mean bytes)" [ $mean -lt 1500 ] ;;
	esac
}

both() { stream "$1" up wan "$2" "$3"; stream "$1" down lan "$2" "$3"; }

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
start "$server4" stream 9000

all="$lan $wan"
both "all offloads" $large whole

offload off "tso gso gro" $all
both "no segmentation offload" $small cut
offload on "tso gso gro" $all

# The ends verify what they get from here on.
offload off "rx" $client6:eth0 $server4:eth0
offload off "tx tso gso" $gw:lan $gw:wan
both "the gateway cuts and sums up" $small cut

offload off "rx tx gro" $all
# what the wire says of both directions
for dev in lan wan; do
	background "$gw" tcpdump -nvi $dev -c 200 "tcp and greater 100" >"$tmp/$dev" 2>/dev/null
done
both "no offload at all" $small cut
for dev in lan wan; do
	wait_for 3 grep -q cksum "$tmp/$dev"
	check_not "checksums on $dev" grep -m1 incorrect "$tmp/$dev"
done

for ns in "$client6" "$server4"; do
	check_eq "no checksum errors at ${ns%-*}" \
		"$(on "$ns" nstat -asz TcpInCsumErrors TcpInErrs | awk '/Tcp/ { s += $2 } END { print s }')" 0
done
check_eq "nothing was dropped" "$(drops)" 0

done_testing
