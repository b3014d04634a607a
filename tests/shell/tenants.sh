#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same addresses twice: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

need sysctl
far64=$pref64$far_ip

before_recipe=twin
setup_recipe tenants
for i in "$client6" "$twin6"; do
	check "${i%-*} is there" on "$i" ping -6 -c 1 -W 10 $far64 || done_testing
done

# N sessions each, from the same ports of the same address, at the same time
both()
{
	local proto=$1 port=$2 n=$3 ns

	rm -f "$tmp"/go "$tmp"/held.*
	for ns in "$client6" "$twin6"; do
		background_python "$ns" crowd hold "$proto" $far64 "$port" "$n" 30000 "$tmp/go" >"$tmp/held.$ns"
		pids+=($!)
		wait_for 10 grep -q "answered" "$tmp/held.$ns"
	done
	touch "$tmp/go"
	wait "${pids[@]}"
	pids=()
	for ns in "$client6" "$twin6"; do
		check_eq "$proto: ${ns%-*}: there and back" "$(grep answered "$tmp/held.$ns" | tr '\n' ' ')" \
			"$n of $n answered $n of $n answered again "
	done
	check_eq "$proto: one address" "$(grep -h ^from "$tmp"/held.* | cut -d' ' -f 2 | sort -u)" $pool_ip
	check_eq "$proto: no port twice" "$(grep -h ^from "$tmp"/held.* | sort | uniq -d)" ""
}
pids=()
both tcp 80 20
both udp 5353 20
check_eq "a zone for each" "$(sessions "udp .*sport=30000" | grep -o 'zone-orig=[0-9]*' | sort | tr '\n' ' ')" "zone-orig=1 zone-orig=2 "
[ ! -x "$top/build/xlat/xlat" ] || check_eq "xlat tells them apart" \
	"$(on "$gw" "$top/build/xlat/xlat" mappings proto udp | grep -o 'zone [0-9]*$' | sort -u | tr '\n' ' ')" "zone 1 zone 2 "
# nor do they share one for different servers: each endpoint has its own
serve "$server4" udp4:5353
python "$client6" crowd call udp $far64 5353 1 32000 >"$tmp/one"
python "$twin6" crowd call udp $server64 5353 1 32000 >"$tmp/two"
check_eq "UDP: both answered" "$(sort -u <(tail -n 1 "$tmp/one") <(tail -n 1 "$tmp/two"))" "1 of 1 answered"
check_eq "UDP to different servers: no port twice" "$(sort "$tmp/one" "$tmp/two" | grep ^from | uniq -d)" ""

ping_with() { on "$1" ping -6 -q -e 77 -c 20 -i 0.05 -W 10 $far64 >"$tmp/ping.$1"; }
ping_with "$client6" & pids+=($!)
ping_with "$twin6" & pids+=($!)
wait "${pids[@]}"
for i in "$client6" "$twin6"; do
	check_match "ping: ${i%-*}, the same id" "$(cat "$tmp/ping.$i")" "*20 received*"
done
out $pool_ip
client6=$twin6 out $pool_ip
all_valid

done_testing
