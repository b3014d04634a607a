#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sessions and rules come and go under each other: nothing breaks, nothing is
# left, and new sessions work at once.
. "$(dirname "$0")/lib.sh"

need python3 conntrack ping

# open_session NAME: a TCP session that is asked now and then
open_session()
{
	local dir=$tmp/$1

	mkdir -p "$dir"
	rm -f "$dir"/*
	background_python "$client6" hold $server64 8080 "$dir"
	wait_for 5 test -s "$dir/0"
	check_match "$1: a session" "$(cat "$dir/0")" "0 from $pool_ip *"
}

# ask_session NAME N: question N
ask_session()
{
	touch "$tmp/$1/go"
	wait_for 6 test -s "$tmp/$1/$2"
	cat "$tmp/$1/$2"
}

works() { check_match "$1: a new session" "$(ask "$client6" tcp $server64 8080)" "hello from $pool_ip *"; }

# hooks WANTED WHAT: of ours, in the gateway
hooks()
{
	# Debian's 6.1 cannot list them
	[ -x "$NFT" ] && modprobe -q nfnetlink_hook || return 0
	check_eq "$2" "$(on "$gw" $NFT list hooks 2>/dev/null | grep -c 'nf_xlat_ct_\(hook\|echo\)')" "$1"
}

setup_topo
hooks 0 "no hooks without a rule"
check "ruleset loads" ruleset nat64 || done_testing
hooks 8 "hooks with the first rule"
serve "$server4" tcp4:8080 udp4:5353

open_session flush
check "conntrack -F" on "$gw" conntrack -F
works "conntrack -F"
# picked up in the middle, as with NAT44: by the rule, from the client's side
check_match "conntrack -F: the old session goes on" "$(ask_session flush 1)" "1 from $pool_ip *"

open_session delete
check "conntrack -D" on "$gw" conntrack -D -p tcp -s $client_ip
check_eq "conntrack -D: no session left" "$(sessions "tcp .*$server_ip")" ""
works "conntrack -D"

open_session reload
for i in 1 2 3; do ruleset nat64_reload; done
check_match "reload: the session goes on" "$(ask_session reload 1)" "1 from $pool_ip *"
works reload
hooks 8 "one set of hooks after reloads"

check "rule is deleted" ruleset no_rule
hooks 0 "no hooks without the rule"
patience=1 check_not "no new session without the rule" ask "$client6" tcp $server64 8080
ruleset nat64_reload
check_match "the rule is back: the session goes on" "$(ask_session reload 2)" "2 from $pool_ip *"
works "the rule is back"

# A stream, and reloads all the while.
start "$server4" stream 9000
size=200000000
is_uml || size=5000000
background_python "$client6" stream up $server64 9000 $size >"$tmp/stream"
stream=$!
for i in {1..10}; do ruleset nat64_reload; sleep 0.1; done
wait $stream
check_eq "stream under reloads" "$(cat "$tmp/stream")" $size

# The ruleset goes, sessions are there: modules must let go of them.
open_session unload
check "flush ruleset" ruleset flush
hooks 0 "no hooks without a ruleset"
check "modules unload with sessions" modprobe -r nft_xlat_flow nft_xlat nf_xlat_flow nf_xlat_ct nf_xlat
check_eq "no session is left" "$(sessions 'src=2001:.*src=192')" ""
check "ruleset loads" ruleset nat64
works "modules are back"
check "ping" on "$client6" ping -6 -c 1 -W 10 $server64

# A namespace goes, with rules and sessions and traffic.
background "$client6" ping -6 -q -i 0.01 -c 200 $server64 >/dev/null 2>&1
open_session gone
check "delete the namespace" ip netns del "$gw"
# only nft_xlat uses it, and no rule uses that
wait_for 20 modprobe -r nft_xlat_flow nft_xlat
check "no reference is left" modprobe -r nf_xlat_ct

done_testing
