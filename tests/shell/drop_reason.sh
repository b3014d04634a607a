#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whoever traces the kernel learns why a packet was dropped: the tracepoint
# nf_xlat:nf_xlat_drop names the reason that the counter has.
. "$(dirname "$0")/lib.sh"

need ping
events=/sys/kernel/tracing/events/nf_xlat/nf_xlat_drop

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
[ -e $events ] || skip "this kernel has no tracepoints"
echo 1 >$events/enable
on "$client6" ping -6 -q -c 1 -W 0.2 -t 1 "$server64" >/dev/null 2>&1
on "$client6" ping -6 -q -c 2 -i 0.1 -W 0.2 ${pref64}127.0.0.1 >/dev/null 2>&1
echo 0 >$events/enable

# reason of each event, as the counters have it
check_eq "one drop, one event" "$(sed -n 's/.* nf_xlat_drop: .*protocol=0x86dd reason=//p' /sys/kernel/tracing/trace | xargs)" \
	"HOP_LIMIT DESTINATION DESTINATION"
check_eq "and the counters agree" "$(counter DropHopLimit) $(counter DropDestination)" "1 2"

done_testing
