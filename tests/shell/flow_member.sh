#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# One of the two devices is not in the flowtable: there is no entry of the fast path,
# for either direction, and all packets are seen by the rules. Nor is memory taken for one.
. "$(dirname "$0")/flow.inc"
. "$(dirname "$0")/allocs.inc"

traced=
! allocs_begin || traced=yes
trap 'allocs_end; cleanup' EXIT

setup_topo
serve "$server4" udp4:53
for devices in "lan" "wan" "lan, wan"; do
	helper "call $devices" "$client6" call udp $server64 53
	check "$devices: ruleset loads" rules || done_testing
	hooks_come ${devices//,/}
	sleep 1 # for those of the ruleset before to go
	[ -z "$traced" ] || allocs_of nf_xlat_flow
	if [ "$devices" = "lan, wan" ]; then
		fast "$devices" "call $devices" "$pool_ip [0-9]*"
		[ -z "$traced" ] || check "$devices: memory is taken for a flow" [ "$(allocs_by nf_xlat_flow)" -ge 1 ]
		continue
	fi
	tell "call $devices" ask 5 >/dev/null
	before=$(slow)
	check_match "$devices: answered" "$(tell "call $devices" ask 20)" "20 *"
	check_eq "$devices: all packets are seen" $(($(slow) - before)) 40
	[ -z "$traced" ] || check_eq "$devices: no memory is taken for a flow" "$(allocs_by nf_xlat_flow)" 0
done

done_testing
