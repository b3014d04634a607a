#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How sessions in the fast path end, and what conntrack makes of them: FIN, RST, a
# new SYN, timeouts, accounting, conntrack -D and -F.
. "$(dirname "$0")/flow.inc"

# state PORT: of the TCP session, as conntrack sees it
state() { sessions "tcp .*sport=$1 dport=80 " | awk '{ print $6 }'; }
# shellcheck disable=SC2317 # called by check, as the next ones are
state_is() { [ "$(state "$1")" = "$2" ]; }
# shellcheck disable=SC2317
no_session() { [ -z "$(sessions "sport=$1 ")" ]; }
# shellcheck disable=SC2317
short() { tell busy ask 1 >/dev/null; [[ $(sessions "sport=43001 " | awk '{ print $5 }') == [0-3] ]]; }
# shellcheck disable=SC2317
more_than() { [ "$(slow)" -gt "$1" ]; }

# normal WHAT NAME ANSWER: the next question is seen in forward
normal()
{
	local before

	before=$(slow)
	check_match "$1: answer" "$(tell "$2" ask 1)" "$3"
	check "$1: by the normal path" more_than "$before"
}

setup_topo
on "$gw" sysctl -qw net.netfilter.nf_conntrack_acct=1
objects="ct timeout short { protocol udp; l3proto ip6; policy = { unreplied : 3, replied : 3 }; }"
xlat="udp dport 54 ct timeout set \"short\"
	$xlat"
check "ruleset loads" rules || done_testing
hooks_come lan wan
serve "$server4" tcp4:80 udp4:53 udp4:54

# These have 3 s to live, and one is used meanwhile.
helper idle "$client6" call udp $server64 54 43000
helper busy "$client6" call udp $server64 54 43001
fast "timeout: one session" idle "$pool_ip 43000"
fast "timeout: another" busy "$pool_ip 43001"
check "timeout: is the rule's" wait_for 3 short
tell busy begin >/dev/null
fast "timeout: the one" idle "$pool_ip 43000"
# The session is to be over when its time is, not when somebody looks for it: who
# lists entries takes out those that are over.
sleep 5
normal "timeout: a question after it" idle "1 from $pool_ip 43000"
check "timeout: traffic keeps a session" sessions "sport=43001 "
before=$(slow)
check_match "timeout: by the fast path" "$(tell busy end)" "[0-9]*[0-9] $pool_ip 43001"
check "timeout: that is the fast path" [ $(($(slow) - before)) -lt 4 ]
fast "timeout: and on" idle "$pool_ip 43000"
check "timeout: of what was busy" wait_for 6 no_session 43001

port=40000
for i in "close TIME_WAIT" "reset CLOSE"; do
	read -r end wanted <<<"$i"
	port=$((port + 1))
	helper "$end" "$client6" call tcp $server64 80 $port
	fast "$end: a session" "$end" "$pool_ip $port"
	check_eq "$end: before" "$(state $port)" ESTABLISHED
	tell "$end" "$end" >/dev/null
	check "$end: conntrack is at $wanted" wait_for 2 state_is $port $wanted ||
		echo "# it is at $(state $port)"
done
check_eq "a new SYN after the RST" "$(tell reset open)" open
fast "a new session of this port" reset "$pool_ip $port"

# Nobody has seen the end of this one.
on "$client6" "$NFT" "table ip6 f { chain out { type filter hook output priority 0; tcp flags rst drop; }; }"
tell reset reset >/dev/null
on "$client6" "$NFT" delete table ip6 f
check_eq "conntrack does not know of this end" "$(state $port)" ESTABLISHED
check_eq "a SYN in a session" "$(tell reset open)" open
fast "the session after it" reset "$pool_ip $port"

# 25 questions "N\n" and answers "N from PEER PORT\n", 9 of N have one digit
helper acct "$client6" call udp $server64 53 41000
before=$(slow)
check_match "accounting: a session" "$(tell acct ask 25)" "25 from $pool_ip 41000"
check "accounting: most is fast" [ $(($(slow) - before)) -lt 12 ]
up=$((25 * 48 + 9 * 2 + 16 * 3))
answer=" from $pool_ip 41000"
down=$((25 * (28 + ${#answer}) + 9 * 2 + 16 * 3))
check_match "accounting" "$(sessions 'sport=41000 ')" \
	"*dport=53 packets=25 bytes=$up src=*dport=41000 packets=25 bytes=$down *"

# What conntrack -D ends a new rule stops, the rule alone does not.
helper udp "$client6" call udp $server64 53 42000
helper tcp "$client6" call tcp $server64 80 42001
helper more "$client6" call udp $server64 53 42002
fast "conntrack -D: UDP" udp "$pool_ip 42000"
fast "conntrack -D: TCP" tcp "$pool_ip 42001"
fast "conntrack -F: UDP" more "$pool_ip 42002"
on "$gw" conntrack -D -p udp --orig-port-src 42000 >/dev/null 2>&1
normal "conntrack -D: UDP" udp "1 from $pool_ip 42000"
fast "conntrack -D: UDP after it" udp "$pool_ip 42000"
on "$gw" "$NFT" insert rule inet gw forward meta l4proto '{ tcp, udp }' th dport '{ 53, 80 }' counter drop
fast "a rule alone does not end flows" udp "$pool_ip 42000"
on "$gw" conntrack -D -p udp --orig-port-src 42000 >/dev/null 2>&1
check_match "conntrack -D: UDP is stopped" "$(tell udp ask 1 1)" "0 timed out"
on "$gw" conntrack -D -p tcp --orig-port-src 42001 >/dev/null 2>&1
check_match "conntrack -D: TCP is stopped" "$(tell tcp ask 1 1)" "0 timed out"
check_match "others are not" "$(tell more ask 3)" "3 from $pool_ip 42002"
on "$gw" conntrack -F >/dev/null 2>&1
check_match "conntrack -F: all are" "$(tell more ask 1 1)" "0 timed out"
check_eq "nothing was dropped" "$(drops)" 0

done_testing
