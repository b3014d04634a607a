#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# One of the two devices is not in the flowtable: there is no entry of the fast path,
# for either direction, and all packets are seen by the rules. Nor is memory taken for one.
. "$(dirname "$0")/flow.inc"

mounted=
mountpoint -q $tracing || { mount -t tracefs tracefs $tracing 2>/dev/null && mounted=yes; }
alloc=$tracing/events/kmem/kmem_cache_alloc
[ -e $alloc ] || echo "# no tracing of allocations in this kernel"
# shellcheck disable=SC2317 # called by trap
untrace()
{
	[ ! -e $alloc ] || { echo 0 >$alloc/enable; echo 0 >$alloc/filter; }
	[ -z "$mounted" ] || umount $tracing
}
trap 'untrace; cleanup' EXIT
# trace: of objects as large as a flow, from now on; taken: how many of them have been flows
trace()
{
	echo "bytes_req == $(</sys/kernel/slab/nf_xlat_flow/object_size)" >$alloc/filter
	echo >$tracing/trace
	echo 1 >$alloc/enable
}
taken() { grep -c "kmem_cache_alloc: call_site=nf_xlat_flow" $tracing/trace; }

setup_topo
serve "$server4" udp4:53
for devices in "lan" "wan" "lan, wan"; do
	helper "call $devices" "$client6" call udp $server64 53
	check "$devices: ruleset loads" rules || done_testing
	hooks_come ${devices//,/}
	sleep 1 # for those of the ruleset before to go
	[ ! -e $alloc ] || trace
	if [ "$devices" = "lan, wan" ]; then
		fast "$devices" "call $devices" "$pool_ip [0-9]*"
		[ ! -e $alloc ] || check "$devices: memory is taken for a flow" [ "$(taken)" -ge 1 ]
		continue
	fi
	tell "call $devices" ask 5 >/dev/null
	before=$(slow)
	check_match "$devices: answered" "$(tell "call $devices" ask 20)" "20 *"
	check_eq "$devices: all packets are seen" $(($(slow) - before)) 40
	[ ! -e $alloc ] || check_eq "$devices: no memory is taken for a flow" "$(taken)" 0
done

done_testing
