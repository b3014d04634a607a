#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules, flowtables and their devices come and go under traffic in the fast path:
# it takes the normal path and returns, and no packet leaves with wrong addresses.
. "$(dirname "$0")/flow.inc"
shopt -s extglob

nft() { on "$gw" "$NFT" "$@"; }
# shellcheck disable=SC2317 # called by wait_for
not_hooked() { ! hooked "$@"; }

# shellcheck disable=SC2317 # as is this
none_as() { [ -z "$(sessions "src=2001.* dst=$1 ")" ]; }

# gone DEV...: hooks of these, within 2 s
gone() { ! modprobe -q nfnetlink_hook || check "no hooks of $*" wait_for 2 not_hooked "$@"; }

setup_topo
check "ruleset loads" rules || done_testing
hooks_come lan wan
start_busy
recovers "at first" fast

nft flush chain inet gw forward
nft add rule inet gw forward counter name slow
gone lan wan
recovers "rule deleted" normal
rules
recovers "ruleset loaded again" fast
for i in 1 2 3 4 5; do rules; done
recovers "and again" fast

nft "flush chain inet gw forward; delete flowtable inet gw ft; add rule inet gw forward counter name slow"
gone lan wan
recovers "flowtable deleted" normal
rules
recovers "flowtable back" fast

# The other device does what it did.
nft delete flowtable inet gw ft "{ devices = { wan }; }"
gone wan
check "lan still has its hook" hooked lan
recovers "wan left the flowtable" normal
nft add flowtable inet gw ft "{ hook ingress priority filter; devices = { wan }; }"
hooks_come wan
recovers "wan joined the flowtable" fast

# Each family's forwarding is switched off, and on: requests ask that of IPv6,
# answers that of IPv4.
for key in net.ipv4.ip_forward net.ipv6.conf.all.forwarding; do
	on "$gw" sysctl -qw $key=0
	sleep 0.2
	for name in $busy; do tell $name how >/dev/null; done
	sleep 0.3
	before=$(slow)
	check_match "$key=0: nothing gets through" "$(tell udp how)" "0 *" ||
		echo "# XlatDropForwarding $(counter DropForwarding), $(($(slow) - before)) by the normal path"
	on "$gw" sysctl -qw $key=1
	recovers "$key=1" fast
done

on "$gw" conntrack -F >/dev/null 2>&1
recovers "conntrack -F" fast

# Not to masquerade as what the gateway is no more
ip -n "$gw" addr add 192.0.2.7/24 dev wan
ip -n "$gw" addr del $pool_ip/24 dev wan
ip -n "$gw" addr replace 192.0.2.7/24 dev wan # secondary, it may have gone too
check "address changed: sessions end" wait_for 4 none_as $pool_ip ||
	sessions "dst=$pool_ip " | sed 's/^/# /'
ip -n "$server4" route replace default via 192.0.2.7
tell watch-server seen >/dev/null
busy=udp
recovers "address changed" fast 192.0.2.7
no_other_drops

done_testing
