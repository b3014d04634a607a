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
