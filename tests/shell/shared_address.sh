#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# NAT64, NAT44 and the gateway's own sockets share one address, and all sessions
# want the same ports.
. "$(dirname "$0")/lib.sh"

need python3

n=1000
if ! is_uml; then
	n=100
	echo "# $n sessions a side only, this kernel is emulated"
fi
ulimit -n $((n * 4))

setup_topo
another client4
link "$gw" lan4 "$client4" eth0
ip -n "$gw" addr add 10.0.0.1/24 dev lan4
ip -n "$client4" addr add 10.0.0.2/24 dev eth0
ip -n "$client4" route add default via 10.0.0.1
check "ruleset loads" ruleset nat64 || done_testing
serve "$server4" tcp4:80 udp4:5353
serve "$gw" tcp4:8080 udp4:8080

# The gateway's own sockets, with no IPv4 NAT chain anywhere: first a session
# has port 20000, then the gateway wants it too.
for proto in tcp udp; do
	port=80
	[ $proto = tcp ] || port=5353
	background_python "$client6" crowd hold $proto $server64 $port 1 20000 "$tmp/go" >"$tmp/held"
	held=$!
	wait_for 5 test -s "$tmp/held"
	check_match "$proto: the session has the port" "$(cat "$tmp/held")" "*from $pool_ip 20000*"
	check_match "$proto: the gateway's socket on that port works" \
		"$(python "$gw" crowd call $proto $server_ip $port 1 20000 $pool_ip)" "*1 of 1 answered"
	touch "$tmp/go"
	wait $held
	check_match "$proto: and so does the session, still" "$(tail -1 "$tmp/held")" "1 of 1 answered again"
	rm "$tmp"/{go,held}
	check_match "$proto: the gateway's service" "$(ask "$server4" $proto $pool_ip 8080)" "hello from $server_ip *"
done

check "ruleset loads" ruleset shared_nat44 || done_testing
for proto in tcp udp; do
	port=80
	[ $proto = tcp ] || port=5353
	background_python "$client6" crowd hold $proto $server64 $port $n 20000 "$tmp/go" >"$tmp/six"
	six=$!
	background_python "$client4" crowd hold $proto $server_ip $port $n 20000 "$tmp/go" >"$tmp/four"
	four=$!
	wait_for 30 grep -q answered "$tmp/six" && wait_for 30 grep -q answered "$tmp/four"
	check_match "$proto: the gateway's socket in between" \
		"$(python "$gw" crowd call $proto $server_ip $port 1 20001 $pool_ip)" "*1 of 1 answered"
	touch "$tmp/go"
	wait $six $four
	check_eq "$proto: NAT64 sessions" "$(grep answered "$tmp/six" | paste -sd' ')" \
		"$n of $n answered $n of $n answered again"
	check_eq "$proto: NAT44 sessions" "$(grep answered "$tmp/four" | paste -sd' ')" \
		"$n of $n answered $n of $n answered again"
	# what the server saw: one address, and every port once
	check_eq "$proto: no two sessions share a port" \
		"$(cat "$tmp/six" "$tmp/four" | grep -o 'from .*' | sort -u | wc -l)" $((2 * n))
	check_eq "$proto: all from the one address" \
		"$(cat "$tmp/six" "$tmp/four" | grep 'from ' | grep -vc "from $pool_ip ")" 0
	rm "$tmp"/{go,six,four}
	check_match "$proto: the gateway's service" "$(ask "$server4" $proto $pool_ip 8080)" "hello from $server_ip *"
done
check_eq "nothing was dropped" "$(drops)" 0

done_testing
