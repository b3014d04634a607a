#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules that copy a packet and translate the copies, which are copied again: one packet
# does not become any number of them. nf_dup's guard ends with the call that it is for,
# and what a translation has made waits until then.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
setup_topo
ip -n "$gw" route add 2001:db8:64::/96 via $client_ip

copies=8
dup() { local i; for ((i = 0; i < copies; i++)); do echo "dup to $1"; done; }
to4="xlat 6to4 saddr prefix $client_ip/128 to 198.51.100.7/32 daddr prefix 2001:db8:64::/96"
check "ruleset loads" on "$gw" "$NFT" "
	table ip6 six {
		chain copy {
			$(dup $client_ip)
		}
		chain pre { type filter hook prerouting priority 0; ip6 daddr 2001:db8:64::/96 $to4; }
		chain first { type filter hook output priority -20; ip6 daddr 2001:db8:64::/96 jump copy; }
		chain out { type filter hook output priority 0; ip6 daddr 2001:db8:64::/96 $to4; }
	}
	table ip four {
		chain copy {
			$(dup $server_ip)
		}
		chain pre { type filter hook prerouting priority 0; ip saddr 198.51.100.7 jump copy; }
		chain first { type filter hook output priority -20; ip saddr 198.51.100.7 jump copy; }
		chain out { type filter hook output priority 0
			ip saddr 198.51.100.7 xlat 4to6 saddr prefix 198.51.100.7/32 to $client_ip/128 daddr prefix 2001:db8:64::/96
		}
	}" || done_testing

python "$client6" flood udp $client_ip 20000 2001:db8:64::$server_ip 53 1 >/dev/null
# shellcheck disable=SC2317 # wait_for calls it
told() { [ "$(counter DropLoop)" -gt 0 ]; }
check "what is too much is dropped" wait_for 10 told
n=$(($(counter 6to4) + $(counter 4to6)))
check "copies are translated" [ $n -gt $copies ]
check "and not more than 128" [ $n -le 129 ] || echo "# $n"

# On all CPUs at once, what waits stays with its packet.
before=$n floods='' each=5
! is_debug || each=1
for port in 1 2 3 4; do
	python "$client6" flood udp $client_ip 2000$port 2001:db8:64::$server_ip 53 $each >/dev/null &
	floods="$floods $!"
done
# shellcheck disable=SC2086 # into words
wait $floods
# shellcheck disable=SC2317 # wait_for calls it
come() { n=$(($(counter 6to4) + $(counter 4to6) - before)); [ $n -gt $((4 * each * copies)) ]; }
check "many at once: copies are translated" wait_for 10 come
come
check "many at once: not more than 128 of each" [ $n -le $((4 * each * 129)) ] || echo "# $n"
check_eq "nothing else was dropped" "$(drops)" "$(counter DropLoop)"

# All segments of a GSO packet together are one packet: the first ones make their copies, and the
# others are translated as often as a packet without copies may be.
check "and rules for GSO packets" on "$gw" "$NFT" "
	add chain ip four gso { type filter hook prerouting priority -50; }
	add rule ip four gso ip daddr 198.51.100.9 xlat 4to6 saddr prefix $server_ip/32 to $client_ip/128 daddr prefix 2001:db8:64::/96
	add chain ip6 six gso { type filter hook prerouting priority -20; }
	add rule ip6 six gso ip6 daddr 2001:db8:64::198.51.100.9 jump copy"
ip -n "$gw" route add 198.51.100.9 via $server_ip
segs=40
before=$(($(counter 6to4) + $(counter 4to6)))
on "$server4" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER, IP_PMTUDISC_DONT
s.setsockopt(socket.IPPROTO_UDP, 103, 1400)  # UDP_SEGMENT
s.sendto(bytes(1400 * int(sys.argv[1])), ("198.51.100.9", 53))' $segs
# shellcheck disable=SC2317 # wait_for calls it
copied() { n=$(($(counter 6to4) + $(counter 4to6) - before)); [ $n -gt $((128 + segs)) ]; }
check "a GSO packet: copies are translated" wait_for 10 copied
copied
check "a GSO packet: not more than 128, and four of each segment" [ $n -le $((128 + 4 * segs)) ] || echo "# $n"

# Senders of this host on one CPU, of which the more urgent ones interrupt the others in the middle
# of a translation where the kernel lets them (PREEMPT_RT): what is known of one packet is not taken
# for the other's.
ip -n "$gw" route add 2001:db8:65::/96 via $client_ip
check "two translations in output" on "$gw" "$NFT" "flush ruleset; table inet out { chain out {
	type filter hook output priority 0
	ip6 daddr 2001:db8:65::/96 xlat 6to4 saddr prefix 2001:db8:c::1/128 to 198.51.100.7/32 daddr prefix 2001:db8:65::/96
	ip saddr 198.51.100.7 xlat 4to6 saddr prefix 198.51.100.7/32 to 2001:db8:c::1/128 daddr prefix 2001:db8:64::/96
}; }"
each=500
! is_debug || each=100
cat >"$tmp/urgent.py" <<'PY'
import os, socket, sys, time
urgency, n, to = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
if urgency:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(urgency))
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("2001:db8:c::1", 0))
for _ in range(n):
    s.sendto(b"x", (to, 53))
    if urgency:
        time.sleep(0.0002)
PY
before="$(counter 6to4) $(counter 4to6) $(drops)"
senders=
for i in 0 1 2 3 4; do
	on "$gw" python3 -ISu "$tmp/urgent.py" $i $each 2001:db8:65::$server_ip &
	senders="$senders $!"
done
# shellcheck disable=SC2086 # into words
wait $senders
read -r six four dropped <<<"$before"
check_eq "on one CPU: each is translated twice" "$(($(counter 6to4) - six)) $(($(counter 4to6) - four))" \
	"$((5 * each)) $((5 * each))"
check_eq "on one CPU: none is dropped" "$(drops)" "$dropped"

# A program accepts each packet, and each translation leads to the queue again.
if modprobe -qa nfnetlink_queue nft_queue; then
	check "a queue between" on "$gw" "$NFT" "flush ruleset
	table ip6 six { chain forward { type filter hook forward priority -5; ip6 daddr 2001:db8:64::/96 queue num 0; }
		chain out { type filter hook forward priority 0; ip6 daddr 2001:db8:64::/96 $to4; }; }
	table ip four { chain forward { type filter hook forward priority -5; ip saddr 198.51.100.7 queue num 0; }
		chain out { type filter hook forward priority 0
			ip saddr 198.51.100.7 xlat 4to6 saddr prefix 198.51.100.7/32 to $client_ip/128 daddr prefix 2001:db8:64::/96
		}
	}"
	background_python "$gw" nfqueue "$tmp/ready" all "$tmp/go"
	wait_for 10 test -e "$tmp/ready"
	before=$(($(counter 6to4) + $(counter 4to6)))
	python "$client6" flood udp $client_ip 20000 2001:db8:64::$server_ip 53 1 >/dev/null
	# shellcheck disable=SC2317 # wait_for calls it
	ended() { [ "$(counter DropHopLimit)" -gt 0 ]; }
	check "by a queue: the hop limit ends it" wait_for 20 ended
	n=$(($(counter 6to4) + $(counter 4to6) - before))
	check "by a queue: after $n translations" [ $n -gt 1 -a $n -le 64 ]
else
	echo "# no queues for users in this kernel"
fi

done_testing
