#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bpf_skb_xlat() in programs of tc: bpf/xlat.bpf.c on a router and on a host, by stock tc and
# bpftool as docs/bpf.md has it; bpf_lwt_xlat() in programs of routes: bpf/xlat_route.bpf.c;
# each errno; and old packet pointers, which the verifier leaves to programs.
. "$(dirname "$0")/lib.sh"
. "$here/bpf.inc"

modprobe nf_xlat_bpf 2>/dev/null || skip "needs nf_xlat_bpf, which needs a kernel that has BTF"
need python3 ping traceroute tc bpftool nstat
use_bpf xlat

host4=203.0.113.33

# conf NAME LOCAL6 LOCAL4: struct bpf_xlat_opts in hex, as docs/bpf.md has it, but for the flag
# that lets 64:ff9b::/96 have the addresses of this network
conf()
{
	# shellcheck disable=SC2086 # bytes are meant
	bpftool map update pinned "$bpffs/$1/xlat_conf" key 0 0 0 0 value hex $p64 $2 $3 \
		c0 00 00 08 60 80 20 01 dc 05 00 00
}
p64="00 64 ff 9b 00 00 00 00 00 00 00 00 00 00 00 00"
client="20 01 0d b8 00 0c 00 00 00 00 00 00 00 00 00 02"
client4="cb 00 71 21"
clat="20 01 0d b8 00 0c 00 00 00 00 00 00 00 00 c1 a7"
dslite="c0 00 00 01"

# shellcheck disable=SC2317 # both are called by check
# load NAME OBJECT: its programs and maps
load() { mkdir "$bpffs/$1" && bpftool prog loadall "$obj/$2.bpf.o" "$bpffs/$1" pinmaps "$bpffs/$1"; }
# shellcheck disable=SC2317
# attach NS DEV NAME/PROGRAM: for both directions
attach()
{
	tc -n "$1" qdisc replace dev "$2" clsact &&
		tc -n "$1" filter replace dev "$2" ingress prio 1 handle 1 bpf da object-pinned "$bpffs/$3" &&
		tc -n "$1" filter replace dev "$2" egress prio 1 handle 1 bpf da object-pinned "$bpffs/$3"
}
# shellcheck disable=SC2317 # called by wait_for
learnt() { ip -n "$1" route get "$2" | grep -q "mtu $3"; }

check "the programs load" load xlat xlat || done_testing
check "those of this story, too" load test bpf_skb || done_testing

# ---------------------------------------------------------------- what it returns
# In a network namespace whose loopback device forwards: the frames come in by it.
# shellcheck disable=SC2016 # for the inner shell
unshare -n sh -c 'ip link set lo up; cd /proc/sys/net
	echo 1 >ipv4/conf/lo/forwarding; echo 1 >ipv6/conf/all/forwarding; exec "$@"' - \
	python3 -ISu "$here/bpf_skb.py" "$bpffs/test" || ret=$ksft_fail

if bpftool prog load "$obj/bpf_null.bpf.o" "$bpffs/null" 2>"$tmp/null"; then
	head -c 100 /dev/zero >"$tmp/frame"
	check_match "a look-up that finds nothing" \
		"$(bpftool prog run pinned "$bpffs/null" data_in "$tmp/frame" data_out /dev/null)" "Return value: 22*"
else
	check_match "the verifier refuses a look-up that is not tested" "$(<"$tmp/null")" "*trusted*"
fi

# ---------------------------------------------------------------- a router, SIIT
setup_topo
ip -n "$gw" route add $host4 via inet6 $client_ip dev lan mtu 1472
serve "$server4" tcp4:8080 udp4:5353
serve "$client6" tcp6:8080
start "$server4" stream 9100
check "SIIT" conf xlat "$client" "$client4"
check "on the device of IPv6" attach "$gw" lan xlat/xlat || done_testing
check "ping to IPv4" on "$client6" ping -6 -c 1 -W 10 $server64
check "ping to IPv6" on "$server4" ping -c 1 -W 10 $host4
check_match "TCP to IPv4" "$(ask "$client6" tcp $server64 8080)" "hello from $host4 *"
check_match "UDP to IPv4" "$(ask "$client6" udp $server64 5353)" "hello from $host4 *"
check_match "TCP to IPv6" "$(ask "$server4" tcp $host4 8080)" "hello from 64:ff9b::c000:202 *"
line=$(printf '%2000s' x)
check_match "fragments, both ways" "$(ask "$client6" udp $server64 5353 "$line")" "* x from $host4 *"
check_eq "traceroute to IPv4" \
	"$(on "$client6" traceroute -6 -n -q 1 -w 10 $server64 2>&1 | awk 'NR > 1 { print $2 }' | xargs)" \
	"64:ff9b::c000:201 64:ff9b::c000:202"
check_match "closed port of IPv4" "$(ask "$client6" udp $server64 53)" "*Connection refused*"
check_match "closed port of IPv6" "$(ask "$server4" tcp $host4 81)" "*Connection refused*"
check_match "no route to IPv4" "$(on "$client6" ping -6 -n -c 1 -W 10 ${pref64}198.18.0.1 2>&1)" \
	"*From 64:ff9b::c000:201 *nreachable*"
check "as long as may be" on "$server4" ping -c 1 -W 10 -s 1444 -M "do" $host4
on "$server4" ping -c 1 -W 1 -s 1445 -M "do" $host4 >/dev/null
check "the server learns what the path takes" wait_for 5 learnt "$server4" $host4 1472
ip -n "$gw" link set wan mtu 1400
on "$client6" ping -6 -c 1 -W 1 -s 1440 -M "do" $server64 >/dev/null
check "so does the client" wait_for 5 learnt "$client6" $server64 1420
ip -n "$gw" link set wan mtu 1500
ip -n "$client6" -6 route flush cache
streams "$client6" $server64
check "what is not mapped passes" on "$client6" ping -6 -c 1 -W 10 2001:db8:c::1
check_eq "all of it is counted" "$(($(counter 6to4) > 20 && $(counter 4to6) > 20))" 1

# ---------------------------------------------------------------- a host, CLAT
check "the router has the host's other address" conf xlat "$clat" "$client4"
check "CLAT" load clat xlat
conf clat "$clat" "$dslite"
check "on the uplink" attach "$client6" eth0 clat/xlat || done_testing
ip -n "$client6" -batch - <<-END
	addr add 2001:db8:c::c1a7/128 dev eth0 nodad preferred_lft 0
	addr add 192.0.0.1/32 dev eth0
	route add default src 192.0.0.1 mtu 1472 via inet6 2001:db8:c::1 dev eth0
END
check "a host: ping" on "$client6" ping -c 1 -W 10 $server_ip
streams "$client6" $server_ip
check_match "a host: fragments" "$(ask "$client6" udp $server_ip 5353 "$line")" "* x from $host4 *"
check_match "a host: TCP" "$(ask "$client6" tcp $server_ip 8080)" "hello from $host4 *"
check_match "a host: UDP" "$(ask "$client6" udp $server_ip 5353)" "hello from $host4 *"
check_match "a host: closed port" "$(ask "$client6" udp $server_ip 53)" "*Connection refused*"
check_eq "a host: traceroute" "$(on "$client6" traceroute -n -q 1 -w 10 $server_ip 2>&1 | awk 'NR > 1 { print $2 }' | xargs)" \
	"$pool_ip $server_ip"
check "a host: as long as may be" on "$client6" ping -c 1 -W 10 -s 1444 -M "do" $server_ip
check "the IPv6 addresses are the host's" on "$gw" ping -6 -c 1 -W 10 2001:db8:c::c1a7

# ---------------------------------------------------------------- old packet pointers
# Packets of local sockets are clones, or have no room for a longer header: they get
# another head, and programs go on with pointers to the first one. With slub_debug=P on the
# kernel's command line, what is freed is overwritten, and who writes there is told of.
# stale_found WHAT: by the program, in the packets since the last time
stale_found()
{
	local before=$packets changed

	read -r packets changed < <(bpftool -j map dump pinned "$bpffs/test/stale_count" |
		sed 's/.*"packets":\([0-9]*\),"changed":\([0-9]*\).*/\1 \2/')
	check "$1: packets that it has looked at" [ $((${packets:-0} - before)) -gt 10 ]
	check_eq "$1: with another content by old pointers" "$changed" 0
}
packets=0
conf test "$clat" "$dslite"
for way in read write; do
	check "a program that goes on to $way" attach "$client6" eth0 test/stale_$way || done_testing
	check_match "$way: fragments" "$(ask "$client6" udp $server_ip 5353 "$line")" "* x from $host4 *"
	check_eq "$way: a stream" "$(python "$client6" stream up $server_ip 9100 300000)" 300000
	stale_found $way
done

tc -n "$client6" qdisc del dev eth0 clsact
tc -n "$gw" qdisc del dev lan clsact

# ---------------------------------------------------------------- a router, by routes
# shellcheck disable=SC2317 # called by check
# by_routes PROGRAM: routes that run it lead to both families
by_routes()
{
	ip -n "$gw" -6 route replace 64:ff9b::/96 encap bpf xmit pinned "$bpffs/$1" dev wan &&
		ip -n "$gw" route replace $host4 encap bpf xmit pinned "$bpffs/$1" dev lan mtu 1472
}
# errno_count ERRNO: how often the program has got it
errno_count()
{
	bpftool -j map lookup pinned "$bpffs/test/lwt_errno" key "$1" 0 0 0 |
		sed 's/.*"formatted".*"value":\([0-9]*\).*/\1/'
}
# more_of ERRNO BEFORE: it was
# shellcheck disable=SC2317
more_of() { [ "$(errno_count "$1")" -gt "$2" ]; }

ip -n "$server4" route flush cache
ip -n "$client6" -6 route flush cache
check "a program for routes" load route xlat_route
check "routes: its options" conf route "$client" "$client4"
check "routes: they are there" by_routes route/xlat_route || done_testing
check "routes: ping to IPv4" on "$client6" ping -6 -c 1 -W 10 $server64
check_match "routes: UDP to IPv4" "$(ask "$client6" udp $server64 5353)" "hello from $host4 *"
check_match "routes: TCP to IPv6" "$(ask "$server4" tcp $host4 8080)" "hello from 64:ff9b::c000:202 *"
check_match "routes: fragments" "$(ask "$client6" udp $server64 5353 "$line")" "* x from $host4 *"
check_eq "routes: traceroute" \
	"$(on "$client6" traceroute -6 -n -q 1 -w 10 $server64 2>&1 | awk 'NR > 1 { print $2 }' | xargs)" \
	"2001:db8:c::1 64:ff9b::c000:202"
check_match "routes: closed port of IPv4" "$(ask "$client6" udp $server64 53)" "*Connection refused*"
on "$server4" ping -c 1 -W 1 -s 1472 -M "do" $host4 >/dev/null
check "routes: the server learns what the path takes" wait_for 5 learnt "$server4" $host4 1472

conf test "$client" "$client4"
check "a program with old pointers" by_routes test/stale_lwt
check_eq "routes: a stream" "$(python "$client6" stream up $server64 9100 300000)" 300000
stale_found routes

check "a program that counts" by_routes test/lwt_count
before=$(errno_count 74)
on "$client6" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes((0, 0, 1, 4, 0, 0, 0, 0)))
s.sendto(b"x", (sys.argv[1], 5353))' $server64
check "routes: an extension header: EBADMSG" wait_for 5 more_of 74 "$before"
before=$(errno_count 40)
ip -n "$gw" route add 198.18.0.0/24 encap bpf xmit pinned "$bpffs/test/lwt_count" dev lan
check_not "routes: in a circle" on "$client6" ping -6 -c 1 -W 1 ${pref64}198.18.0.1
check "routes: ELOOP" more_of 40 "$before"
before=$(errno_count 74)
check_not "routes: the gateway's own address, as of another host" on "$client6" ping -6 -c 1 -W 1 $pref64$pool_ip
check "routes: EBADMSG" more_of 74 "$before"
before=$(errno_count 95)
check_not "routes: a socket of a device" on "$gw" ping -c 1 -W 1 -I lan $host4
check "routes: EOPNOTSUPP" more_of 95 "$before"
translated=$(errno_count 0) before=$(errno_count 95)
check "a program that translates twice, and goes on in the old family" by_routes test/lwt_twice
check_not "is heard by nobody" on "$client6" ping -6 -c 1 -W 1 $server64
check "although it has translated" more_of 0 "$translated"
check "twice: EOPNOTSUPP" more_of 95 "$before"
check "a program that looks at the packet's route" by_routes test/lwt_realm
ip -n "$gw" route replace $host4 realm 7 encap bpf xmit pinned "$bpffs/test/lwt_realm" dev lan mtu 1472
before=$(errno_count 100)
check "routes: ping, by a route with a realm" on "$client6" ping -6 -c 1 -W 10 $server64
check_eq "routes: what is translated has left its route" \
	"$(errno_count 107) $(($(errno_count 100) - before))" "0 2"
ip -n "$gw" link add tunnel type ipip local $pool_ip remote $server_ip
ip -n "$gw" link set tunnel up
ip -n "$server4" link add tunnel type ipip local $server_ip remote $pool_ip
ip -n "$server4" link set tunnel up
on "$server4" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/tunnel/rp_filter'
bpftool map update pinned "$bpffs/test/lwt_tunnel_dev" key 0 0 0 0 value \
	"$(on "$gw" cat /sys/class/net/tunnel/ifindex)" 0 0 0
check "a program that redirects" ip -n "$gw" -6 route replace 64:ff9b::/96 encap bpf xmit pinned "$bpffs/test/lwt_tunnel" dev wan
before=$(on "$server4" cat /sys/class/net/tunnel/statistics/rx_packets)
check_match "routes: by a tunnel" "$(ask "$client6" udp $server64 5353)" "hello from $host4 *"
check "routes: by no other device" [ "$(on "$server4" cat /sys/class/net/tunnel/statistics/rx_packets)" -gt "$before" ]
# A device of IPsec asks the packet for its route, too, and would tell the sender of an IPv6 packet.
if ip -n "$gw" link add ipsec0 up type xfrm external 2>/dev/null; then
	unreachable() { on "$gw" nstat -asz Icmp6OutDestUnreachs | awk '/Unreachs/ { print $2 }'; }
	bpftool map update pinned "$bpffs/test/lwt_tunnel_dev" key 0 0 0 0 value \
		"$(on "$gw" cat /sys/class/net/ipsec0/ifindex)" 0 0 0
	# what would be its address: TTL, protocol, checksum, addresses and ports of IPv4
	ip -n "$gw" -6 route add 3e00::/7 via $client_ip
	before=$(unreachable)
	check_not "routes: a device of IPsec, without a policy" on "$client6" ping -6 -c 1 -W 1 $server64
	check_eq "routes: no error to a sender that was never" "$(unreachable)" "$before"
	check "routes: it goes" ip -n "$gw" link del ipsec0
	ip -n "$gw" -6 route del 3e00::/7 via $client_ip
else
	echo "# SKIP a device of IPsec"
fi
before=$(errno_count 95)
head -c 100 /dev/zero >"$tmp/frame"
bpftool prog run pinned "$bpffs/test/lwt_count" data_in "$tmp/frame" data_out /dev/null >/dev/null
check "without a route: EOPNOTSUPP" more_of 95 "$before"
check_not "a program for input" bpftool prog load "$obj/bpf_lwt_in.bpf.o" "$bpffs/in"
ip -n "$gw" -batch - <<-END
	route del 64:ff9b::/96
	route del $host4
	route del 198.18.0.0/24
END

# metadata of XDP, to which bpf_dynptr_write() of newer kernels writes wherever they were
before=$(errno_count 95)
check "metadata" attach "$gw" lan test/tc_count
check "of XDP" ip -n "$gw" link set lan xdpgeneric pinned "$bpffs/test/with_meta"
on "$client6" ping -6 -c 1 -W 1 $server64 >/dev/null
check "metadata: EOPNOTSUPP" more_of 95 "$before"
ip -n "$gw" link set lan xdpgeneric off
tc -n "$gw" qdisc del dev lan clsact

rm -r "${bpffs:?}"/*
check "the module goes with its last program" wait_for 10 modprobe -r nf_xlat_bpf

done_testing
