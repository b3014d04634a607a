#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules and sessions come and go all the time while both CPUs carry traffic by the
# fast path; then modules and the namespace go under it.
. "$(dirname "$0")/flow.inc"
shopt -s extglob
need_ip_xlat

setup_topo
check "ruleset loads" rules || done_testing
hooks_come lan wan
busy="udp tcp udp2 udp3"
start_busy
recovers "at first" fast

# shellcheck disable=SC2317 # as the next one, meanwhile calls it
many() { on "$client6" timeout 2 python3 -ISu "$here/crowd.py" call udp $server64 53 200 10000; }
# shellcheck disable=SC2317 # meanwhile calls it
dev_leaves()
{
	on "$gw" "$NFT" delete flowtable inet gw ft '{ devices = { wan }; }'
	on "$gw" "$NFT" add flowtable inet gw ft '{ hook ingress priority filter; devices = { wan }; }'
}

meanwhile "10 dev_leaves" rules "on $gw conntrack -F" many
recovers "after it all" fast

# The fast path is unloaded alone, under its flows: sessions stay, a device translates them.
many >/dev/null
check "a device" ip -n "$gw" link add xlat0 up type xlat prefix $pref64/96 masquerade
on "$gw" "$NFT" flush ruleset
on "$gw" "$NFT" add table inet gw '{ counter slow { }; }'
check "the fast path unloads under traffic" wait_for 5 modprobe -r nft_xlat_flow nft_xlat
check_eq "modules that are left" "$(cd /sys/module && echo nf_xlat*)" "nf_xlat nf_xlat_ct nf_xlat_dev"
recovers "without the fast path" anyhow

many >/dev/null
ip -n "$gw" link del xlat0
check "modules unload under traffic" modprobe -r nf_xlat_dev nf_xlat_ct nf_xlat
check_eq "no session is left" "$(sessions 'src=2001.*src=[0-9]*\.' | wc -l)" 0
check "rules load again" rules
hooks_come lan wan
recovers "modules are back" fast
# What conntrack calls invalid after conntrack -F, resets for example, is in State.
no_other_drops State

many >/dev/null
check "delete the namespace under traffic" ip netns del "$gw"
wait_for 20 modprobe -r nft_xlat_flow nft_xlat
check "no reference is left" modprobe -r nf_xlat_ct

done_testing
