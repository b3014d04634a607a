#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# One address for NAT64, NAT44 and the gateway's own sockets, all of which want the
# same ports: 60000 flows, each with an external tuple of its own.
# shared_address.sh has fewer, which are answered.
. "$(dirname "$0")/lib.sh"

need python3

hosts=30 # of each family, with 500 ports each, and two servers
if ! is_uml; then
	hosts=2
	echo "# $((hosts * 2000)) flows only, this kernel is emulated or a debug one"
fi
n=$((hosts * 1000))

setup_topo
another client4
link "$gw" lan4 "$client4" eth0
ip -n "$gw" -batch - <<-EOF
	addr add 10.0.0.1/24 dev lan4
	route add 10.0.1.0/24 via 10.0.0.2
	route add 2001:db8:d::/64 via $client_ip
	route add 198.51.100.0/24 via $server_ip
EOF
ip -n "$client4" -batch - <<-EOF
	addr add 10.0.0.2/24 dev eth0
	route add default via 10.0.0.1
	route add local 10.0.1.0/24 dev lo
EOF
ip -n "$client6" route add local 2001:db8:d::/64 dev lo
on "$client6" sh -c 'echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind'
# These do not answer: nobody forwards to them.
servers4="198.51.100.2:80 198.51.100.3:80"
servers6="2001:db8:64::198.51.100.2:80 2001:db8:64::198.51.100.3:80"

check "ruleset loads" ruleset rfc6146_shared || done_testing
# for each namespace, but one limit for all
sysctl=/proc/sys/net/netfilter
max=$(cat $sysctl/nf_conntrack_max)
buckets=$(cat $sysctl/nf_conntrack_buckets)
# shellcheck disable=SC2317 # called by trap
restore()
{
	echo "$max" >$sysctl/nf_conntrack_max
	echo "$buckets" >$sysctl/nf_conntrack_buckets
	cleanup
}
trap restore EXIT
echo 262144 >$sysctl/nf_conntrack_max
echo 65536 >$sysctl/nf_conntrack_buckets

serve "$gw" udp4:8080 tcp4:8080
# neighbours get known
on "$gw" ping -q -c 1 $server_ip >/dev/null
on "$gw" ping -q -c 1 10.0.0.2 >/dev/null
on "$gw" ping -q -c 1 $client_ip >/dev/null

# 8080 is among the ports
# shellcheck disable=SC2206 # several servers
from_six=(rfc6146_crowd 2001:db8:d::1 $hosts 8000 500 $servers6)
# shellcheck disable=SC2206
from_four=(rfc6146_crowd 10.0.1.1 $hosts 8000 500 $servers4)
background_python "$client6" "${from_six[@]}" >"$tmp/six"
six=$!
background_python "$client4" "${from_four[@]}" >"$tmp/four"
four=$!
# shellcheck disable=SC2086
python "$gw" rfc6146_crowd $pool_ip 1 8100 50 $servers4 >"$tmp/own"
check_match "[120] the gateway's service, amid all this" "$(ask "$server4" udp $pool_ip 8080)" "hello from $server_ip *"
wait $six $four
check_eq "[120] NAT64 sends" "$(cat "$tmp/six")" "$n sent"
check_eq "[120] NAT44 sends" "$(cat "$tmp/four")" "$n sent"
check_eq "[120] the gateway sends" "$(cat "$tmp/own")" "100 sent"

# where a flow comes from, and its answer
flows()
{
	sessions "dport=80 .*src=198.51.100" | awk '{
		n = 0
		for (i = 1; i <= NF; i++)
			if ($i ~ /^(src|dst|sport|dport)=/)
				t[++n] = $i
		from = t[1] ~ /2001:/ ? "six" : t[1] ~ /=10\./ ? "four" : "own"
		print from, t[5], t[6], t[7], t[8]
	}' >"$tmp/flows"
}

# When two take one tuple at the same time, conntrack drops the packet of one, and
# its sender has to send again.
flows
[ "$(grep -c "^six " "$tmp/flows")" = $n ] || python "$client6" "${from_six[@]}" >/dev/null
[ "$(grep -c "^four " "$tmp/flows")" = $n ] || python "$client4" "${from_four[@]}" >/dev/null
# shellcheck disable=SC2086
[ "$(grep -c "^own " "$tmp/flows")" = 100 ] || python "$gw" rfc6146_crowd $pool_ip 1 8100 50 $servers4 >/dev/null
flows
for from in six:$n four:$n own:100; do
	check_eq "[120] flows of ${from%:*}" "$(grep -c "^${from%:*} " "$tmp/flows")" "${from#*:}"
done
check_eq "[120] all from one address" "$(grep -vc " dst=$pool_ip " "$tmp/flows")" 0
check_eq "[120] no external tuple is there twice" "$(cut -d' ' -f2- "$tmp/flows" | sort | uniq -d | head -n 3)" ""
check_eq "[120] nothing was dropped" "$(drops)" 0

for proto in udp tcp; do
	check_match "[120] the gateway's $proto service, after all this" \
		"$(ask "$server4" $proto $pool_ip 8080)" "hello from $server_ip *"
done

done_testing
