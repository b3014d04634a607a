#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is left of sessions: nothing, whatever root of their namespace does to them,
# nothing for the namespace that comes after, and no work for one that never had any.
. "$(dirname "$0")/lib.sh"

need_nft
need python3 conntrack ping

pref64=2001:db8:64::
server64=$pref64$server_ip

rule()
{
	on "$gw" "$NFT" "table inet gw { chain pre { type filter hook prerouting priority dstnat; policy accept;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }
		chain events { type filter hook prerouting priority mangle; policy accept;
		ct event set new,destroy; }; }" || fail "rule"
}

setup_topo

# Addresses go: who has no sessions has nothing to look for.

trace=/sys/kernel/tracing
mounted=
mountpoint -q $trace || { mount -t tracefs tracefs $trace 2>/dev/null && mounted=yes; }
if [ -e $trace/events ]; then
	echo >$trace/trace
	echo 1 >$trace/events/workqueue/workqueue_queue_work/enable
fi 2>/dev/null
if [ "$(cat $trace/events/workqueue/workqueue_queue_work/enable 2>/dev/null)" = 1 ]; then
	works() { grep -c "function=nf_xlat" $trace/trace; }
	change()
	{
		for i in {1..200}; do
			echo "addr add 192.0.2.$((i + 20))/32 dev wan"
			echo "addr del 192.0.2.$((i + 20))/32 dev wan"
		done | ip -n "$gw" -batch -
	}
	modprobe -q nft_xlat
	change
	check_eq "no rule: no work" "$(works)" 0
	rule
	change
	n=$(works)
	check "a rule: some" [ "$n" -ge 1 ]
	echo "# $n times for 200 addresses"
	echo 0 >$trace/events/workqueue/workqueue_queue_work/enable
	# It pauses for 16 times as long as it ran, also when addresses go all the time. Jiffies say
	# how long it ran, which are 10 ms, so only of a run of 30 ms or more is the pause judged.
	# On one CPU no run waits for others, and a fast machine may have no such run.
	echo >$trace/trace
	echo 1 >$trace/events/workqueue/workqueue_execute_start/enable
	echo 1 >$trace/events/workqueue/workqueue_execute_end/enable
	end=$((SECONDS + 5))
	while [ $SECONDS -lt $end ]; do change; done
	echo 0 >$trace/events/workqueue/workqueue_execute_start/enable
	echo 0 >$trace/events/workqueue/workqueue_execute_end/enable
	read -r runs long early < <(awk '!/function nf_xlat_ct_ended_work/ { next }
		{ match($0, /[0-9]+\.[0-9]+: workqueue/); t = substr($0, RSTART, RLENGTH) + 0 }
		/execute_start/ { begin = t; runs++; if (ran >= 0.03) { long++; if (begin - last < (ran > 1 ? 4 : 4 * ran)) early++ } }
		/execute_end/ { ran = t - begin; last = t }
		END { print runs + 0, long + 0, early + 0 }' $trace/trace)
	check "it runs again and again" [ "$runs" -ge 2 ]
	if [ "$long" = 0 ]; then
		echo "# SKIP: no run was long enough to judge the pause after it"
	else
		# The host may stop a guest just before or after a run, which then seems long.
		check "and pauses after long runs, but for $early of $long" [ "$early" -le $((1 + long / 4)) ]
	fi
	echo >$trace/trace
	[ -z "$mounted" ] || umount $trace
else
	echo "# no tracing of work in this kernel"
	rule
fi

# An entry tells by a helper that it ends. Root of its namespace cannot take that away:
# before 7.2 because the entry is somebody's, from there on because nobody can.

background "$gw" conntrack -E -e NEW -o timestamp >"$tmp/new" 2>/dev/null
listener=$!
# it says nothing of when it listens
# shellcheck disable=SC2016 # for the inner shell
check "conntrack -E listens" wait_for 10 sh -c 'ip netns exec "$0" ping -6 -c 1 -W 1 "$1"
	ip netns exec "$2" conntrack -F; test -s "$3/new"' "$client6" $server64 "$gw" "$tmp"
# The listener's socket has room for 160 of them, when it does not get to run.
python "$client6" flood udp $client_ip 5000-5099 $server64 9000 100 >/dev/null
check_eq "mappings" "$(counter Bib)" 100
check "who asked for new sessions only hears of them" wait_for 5 grep -q "sport=5099 dport=9000" "$tmp/new"
check_eq "each once" "$(grep -c "dport=9000 .* sport=9000" "$tmp/new")" 100
check_match "the helper cannot be taken from them" "$(python "$gw" unhelp $client_ip 5000 5099 $server64 9000)" \
	"100 @(Device or resource busy|Operation not supported)"
on "$gw" conntrack -F 2>/dev/null
check_eq "without sessions there are no mappings" "$(counter Bib)" 0
kill $listener

# The gateway goes, with sessions, and the next namespace gets its number.

another client7
serve "$server4" udp4:9000
python "$client6" flood udp $client_ip 5000 $server64 9000 1 >/dev/null
check_eq "a mapping" "$(counter Bib)" 1
number=$(stat -Lc %i "/run/netns/$gw")
ip netns del "$gw"

# shellcheck disable=SC2317 # wait_for calls it
again()
{
	# the others stay, or their numbers would be the next ones
	gw=gw-$((tries++))-$suffix
	namespaces="$namespaces $gw"
	ip netns add "$gw"
	[ "$(stat -Lc %i "/run/netns/$gw")" = "$number" ]
}
tries=1
if wait_for 5 again; then
	pass "another has its number"
else
	echo "# no other gets its number"
fi
router "$gw"
link "$gw" lan "$client7" eth0
link "$gw" wan "$server4" eth0
ip -n "$gw" -batch - <<-EOF
	link set lo up
	addr add 2001:db8:c::1/64 dev lan nodad
	addr add $pool_ip/24 dev wan
EOF
ip -n "$client7" -batch - <<-EOF
	addr add 2001:db8:c::7/64 dev eth0 nodad
	route add default via 2001:db8:c::1
EOF
ip -n "$server4" addr add $server_ip/24 dev eth0
rule
check_eq "no mapping is left" "$(counter Bib)" 0
python "$server4" flood udp $server_ip 9001 $pool_ip 5000 1 >/dev/null
check_eq "what comes to the old one begins no session" "$(sessions "src=$server_ip .*src=2001" | wc -l)" 0
on "$gw" conntrack -F 2>/dev/null
check_match "its port is free" "$(python "$client7" crowd call udp $server64 9000 1 5000)" "from $pool_ip 5000*"

done_testing
