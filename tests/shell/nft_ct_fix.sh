#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sessions are refused where nft_ct writes beyond a register (CVE-2026-53267). Whether it
# does is seen without any session: "ct zone set" gives a packet an entry that stands for
# no flow, and with the fix nft_ct looks at no such entry. What the module takes the kernel
# for it has from the headers, and that must not be better than it is.
. "$(dirname "$0")/lib.sh"

need_nft
need ping
parameter=/sys/module/nf_xlat_ct/parameters/nft_ct_fixed

setup_ns "$gw"
check "a rule that tells" on "$gw" "$NFT" "table ip probe { chain out {
	type filter hook output priority -300
	ct zone set 1
	ct mark 0 counter
}; }" || done_testing
on "$gw" ping -c 1 -W 5 127.0.0.1 >/dev/null || fail "ping"
seen=$(on "$gw" "$NFT" list table ip probe | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p')
if [ "$seen" = 0 ]; then fixed=Y; else fixed=N; fi

# What the headers have told: insmod knows no option of the kernel's command line.
modprobe nft_xlat || skip "the module does not load"
was=$(<$parameter)
check "module unloads" modprobe -r nft_xlat_flow nft_xlat nf_xlat_flow nf_xlat_ct || done_testing
modprobe -a nf_xlat nf_nat nf_conntrack nft_socket nf_flow_table 2>/dev/null
check "module loads" insmod "$(modinfo -n nf_xlat_ct)" || done_testing
check_match "the kernel is fixed: $fixed; by its headers" "$fixed$(<$parameter)" "@(YY|YN|NN)"
[ "$fixed$(<$parameter)" != YN ] || echo "# the fix is there, what the probe looks for is not"

load()
{
	on "$gw" "$NFT" "table inet x { }; delete table inet x
		table inet x { chain c { type filter hook prerouting priority dstnat; xlat 6to4 prefix 64:ff9b::/96 $1; }; }"
}
why="nf_xlat_ct: no stateful rules: nft_ct of this kernel may not have the fix of CVE-2026-53267; if it has, nft_ct_fixed=1"
before=$(logged "$why")
echo N >$parameter
for _ in 1 2; do
	check_match "a stateful rule is refused" "$(load masquerade 2>&1)" "*Could not process rule: Operation not supported*'dmesg' tells why*"
done
plugin=${IP_LIB_DIR:-$top/build/ip}
if [ -e "$plugin/link_xlat.so" ] && modprobe -q nf_xlat_dev; then
	export IP_LIB_DIR=$plugin
	check_match "a device with state is refused" \
		"$(ip -n "$gw" link add xlat0 type xlat prefix 64:ff9b::/96 masquerade 2>&1)" \
		"*no state on this kernel, its log says why*"
	check "a device without is not" ip -n "$gw" link add xlat0 type xlat prefix 64:ff9b::/96
	ip -n "$gw" link del xlat0
else
	echo "# no devices of kind xlat here"
fi
check_eq "the log says why, once" "$(logged "$why")" $((before + 1))
check "a stateless one is not" load ""
echo Y >$parameter
check "who knows better is believed" load masquerade
echo "$was" >$parameter

done_testing
