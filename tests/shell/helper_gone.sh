#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A helper's module goes while packets are between conntrack and the rule: before
# 6.2, extensions of entries that are not confirmed are not to be found then.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
modprobe -q nf_conntrack_ftp || skip "the kernel has no FTP helper"

pref64=2001:db8:64::

setup_topo
ip -n "$gw" route add 198.51.100.0/24 via $server_ip
# The flood would fill a small table.
sysctl -qw net.netfilter.nf_conntrack_max=100000
# so that entries have an extension from the start
on "$gw" sh -c 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct'
# ten thousand rules to pass, so that there is always a packet among them
ten=$(for i in {1..10}; do echo "jump CHAIN"; done)
check "rules load" on "$gw" "$NFT" "table inet gw {
	chain a { $(for i in {1..10}; do echo "meta mark 1 drop"; done); }
	chain b { ${ten//CHAIN/a}; }
	chain c { ${ten//CHAIN/b}; }
	chain d { ${ten//CHAIN/c}; }
	chain slow { type filter hook prerouting priority mangle; meta nfproto ipv6 udp dport 53 jump d; }
	chain pre { type filter hook prerouting priority dstnat; policy accept;
		ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }; }" || done_testing

background_python "$client6" flood udp $client_ip 1024-65535? ${pref64}198.51.100.0/120 53 20000 >/dev/null
# shellcheck disable=SC2317 # wait_for calls it
more() { [ "$(counter Bib)" -gt "${1:-0}" ]; }
check "sessions begin" wait_for 10 more
for i in 1 2 3 4 5 6; do
	modprobe -r nf_conntrack_ftp || fail "the module stays, $i"
	modprobe nf_conntrack_ftp
done
n=$(counter Bib)
check "and go on" wait_for 10 more "$n"
echo "# $n mappings meanwhile"

done_testing
