#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Truncated and corrupt packets, from both sides, stateless and stateful: the
# translator drops and counts them, and nothing comes out.
. "$(dirname "$0")/lib.sh"

need python3

fuzz=3000
is_uml || fuzz=300

setup_topo
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
# so that a route leads everywhere
ip -n "$gw" link add sink type dummy
ip -n "$gw" link set sink up
ip -n "$gw" route add default dev sink
# packets have to come from the test alone
for ns in "$client6" "$server4"; do
	on "$ns" sh -c 'cd /proc/sys/net; echo 0-1,3-127 >ipv6/icmp/ratemask; echo 1000000 >ipv6/icmp/ratelimit
		echo 6168 >ipv4/icmp_ratemask; echo 1000000 >ipv4/icmp_ratelimit'
done

# The tracepoint reads each of them, cut short or not.
events=/sys/kernel/tracing/events/nf_xlat/nf_xlat_drop/enable
modprobe -q nf_xlat
[ ! -e $events ] || { echo >/sys/kernel/tracing/trace; echo 1 >$events; }

check "stateless ruleset loads" ruleset siit || done_testing
python "$gw" packets stateless "$client6" "$gw" "$server4" $fuzz || ret=$ksft_fail
ruleset flush
check "stateful ruleset loads" ruleset nat64 || done_testing
python "$gw" packets stateful "$client6" "$gw" "$server4" $fuzz || ret=$ksft_fail

if [ -e $events ]; then
	echo 0 >$events
	check_eq "one drop, one event" \
		"$(grep -c "nf_xlat_drop: .* netns=$(on "$gw" stat -Lc %i /proc/self/ns/net) " /sys/kernel/tracing/trace)" "$(drops)"
fi

# and after all of that
serve "$server4" tcp4:8080
check_match "a session works" "$(ask "$client6" tcp $server64 8080)" "hello from $pool_ip *"

done_testing
