#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each namespace has a work that looks after its flows. Of those of all users' namespaces 4 run at
# once, and when they wait, the host's own do not wait behind the rest.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 unshare nsenter
modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"
# The works wait for a grace period, of which there is none to wait for on one CPU without SMP.
pgrep -x 'rcu_(sched|preempt)' >/dev/null || skip "no grace periods in this kernel"
works=/sys/kernel/tracing/events/workqueue
mounted=
mountpoint -q /sys/kernel/tracing || { mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null && mounted=yes; }
# shellcheck disable=SC2317 # called at the end
untrace()
{
	[ ! -e $works ] || echo 0 >$works/enable
	[ ! "$mounted" ] || umount /sys/kernel/tracing
}
crowd=
trap 'kill $crowd 2>/dev/null; untrace; cleanup' EXIT
[ -e $works ] || skip "no tracing of works in this kernel"

n=12
setup_ns "$gw"
for ((i = 0; i < n; i++)); do
	unshare -Ur -n sleep 1000 &
	crowd="$crowd $!"
done
files=
for pid in $crowd; do
	wait_for 10 sh -c '[ "$(readlink /proc/$0/ns/net)" != "$(readlink /proc/self/ns/net)" ]' "$pid"
	files="$files /proc/$pid/ns/net"
done
# The host's comes last.
files="$files /run/netns/$gw"
for i in $files; do
	nsenter --net="$i" sh -c "ip link add d0 up type dummy && ip link add br0 type bridge && exec $NFT 'table inet gw {
		flowtable ft { hook ingress priority filter; devices = { d0 }; }
		chain forward { type filter hook forward priority filter; xlat flow add @ft; }; }'" ||
		fail "rules of $i"
done
for ((tries = 0; tries < 3; tries++)); do
	# The works of before end.
	for i in $files; do nsenter --net="$i" ip link set d0 nomaster; done
	sleep 3
	echo >/sys/kernel/tracing/trace
	echo 1 >$works/enable
	# shellcheck disable=SC2086 # words
	python3 -ISu "$here/flow_works.py" join $files
	sleep 3
	echo 0 >$works/enable
	read -r most waited < <(python3 -ISu "$here/flow_works.py" read </sys/kernel/tracing/trace)
	echo "# $most at once, $waited waited when the host's began"
	[ "$most" -lt 4 ] || break
done
check_eq "of users, 4 run at once" "$most" 4
check "the host's does not wait for those that wait" [ "$waited" -gt 0 ]
# shellcheck disable=SC2086 # words
kill $crowd
crowd=

done_testing
