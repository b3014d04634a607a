#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# "fast" of a device: its sessions, and no others, take the fast path between the devices that
# it names, under the conditions that a rule has; it ends with the word, with any of the
# devices and with the module.
. "$(dirname "$0")/flow.inc"
shopt -s extglob

need_ip_xlat
need ethtool

gwip() { ip -n "$gw" "$@"; }
dev() { gwip link set xlat0 type xlat "$@"; }
shown() { gwip -d link show xlat0; }
# shellcheck disable=SC2317 # called by check, as the next ones are
loaded() { [ -d /sys/module/nf_xlat_flow ]; }
# shellcheck disable=SC2317
not_hooked() { ! hooked "$1"; }
# refused WHAT ERROR WORD...: a change is
refused()
{
	local what=$1 error=$2 got

	shift 2
	got=$(dev "$@" 2>&1) && { fail "$what: is taken"; return; }
	check_match "refused: $what" "$got" "*$error*"
}
# raw ATTRIBUTES: what the Python of docs/abi.md gets when it sends these
raw()
{
	on "$gw" python3 -IS -c "$(sed -n '/^import socket, struct/,/^```/p' "$top/docs/abi.md" |
		sed "/^\`\`\`/d; s/xlat0/xlat8/; s/^data = .*/data = $1/")"
}
# shellcheck disable=SC2317 # called by check
# rules: nothing but a counter of what comes by the normal path
rules()
{
	on "$gw" "$NFT" "table inet gw {
		counter slow { }
		chain forward {
			type filter hook forward priority filter; policy accept;
			counter name slow
		}
	}"
}

setup_topo
modprobe -r nft_xlat_flow nft_xlat nf_xlat_dev nf_xlat_flow 2>/dev/null
device_with_state up type xlat prefix $pref64/96 masquerade
check "a counter" rules || done_testing
check_not "without fast, the module is not there" loaded
masq='attr(1, p) + attr(11, bytes([1]))' # IFLA_XLAT_PREFIX, _MODE
lan=$(on "$gw" cat /sys/class/net/lan/ifindex)
raw "$masq + attr(19, struct.pack(\"I\", $lan))"
check_eq "by netlink it has to be" $? 2 # ENOENT
check_not "and then there is no device" gwip link show xlat8

check "fast" dev fast lan,wan
check "the module is there" loaded
! modprobe -q nfnetlink_hook || check "and the hooks" hooked lan wan
check_match "it is shown" "$(shown)" "*xlat prefix $pref64/96 masquerade fast lan,wan *"
check_eq "in JSON" "$(gwip -d -j link show xlat0 | python3 -ISc '
import json, sys
print(json.load(sys.stdin)[0]["linkinfo"]["info_data"]["fast"])')" "['lan', 'wan']"
raw "$masq + attr(19, bytes(6))"
check_eq "refused: half an index" $? 22 # EINVAL
raw "$masq + attr(19, struct.pack(\"II\", $lan, $lan))"
check_eq "refused: by netlink, a device twice" $? 17 # EEXIST
raw "$masq + attr(19, struct.pack(\"II\", $lan, 99999))"
check_eq "refused: no device" $? 19 # ENODEV
check_not "nothing of it is left" gwip link show xlat8
raw "$masq + attr(19, struct.pack(\"I\", $lan))"
check_eq "by netlink" $? 0
check_match "is shown" "$(gwip -d link show xlat8)" "*masquerade fast lan *"
gwip link del xlat8
refused "no device" 'fast: "none" is not a device' fast lan,none
refused "a device twice" "fast: a device is named twice" fast lan,lan
check_match "refused: without state" "$(gwip link add xlat8 type xlat prefix $pref64/96 fast lan 2>&1)" \
	"*fast: it is of sessions, which masquerade and snat make*"
another other
check_match "refused: from another namespace" \
	"$(gwip link add xlat8 netns "$other" type xlat prefix $pref64/96 masquerade fast lan 2>&1)" \
	"*fast: of a device in another namespace*"
ip -n "$other" netns set "$other" 7
check_match "refused: from another namespace, with a link there" \
	"$(gwip link add xlat8 netns "$other" link-netnsid 7 type xlat prefix $pref64/96 masquerade fast lan 2>&1)" \
	"*fast: of a device in another namespace*"
check_match "what was there stays" "$(shown)" "*fast lan,wan *"

serve "$client6" udp6:4000
start_busy
recovers "between two devices" fast
python "$client6" flood udp $client_ip 4000 $server64 7777 1 >/dev/null
helper mapping "$server4" call udp $pool_ip 4000
fast "udp, by a mapping" mapping "$server64hex [0-9]*"
check_match "xlat says so" "$(on "$gw" "$top/build/xlat/xlat" sessions proto tcp fast | tail -n 1)" "*:80 *xlat0*"

# Sessions of another device, and of this one by a device that it does not name
gwip link add xlat1 up type xlat prefix 2001:db8:65::/96 masquerade
helper other "$client6" call udp 2001:db8:65::$server_ip 53
tell other ask 5 >/dev/null
before=$(slow)
check_match "another device's session" "$(tell other ask 20)" "20 from $pool_ip *"
check "is not fast" [ $(($(slow) - before)) -ge 40 ]
gwip link set xlat1 type xlat fast wan,lan
fast "until it is to be" other "$pool_ip [0-9]*"
gwip link del xlat1
tell watch-client seen >/dev/null

gwip link add dummy0 type dummy
check "another pair of devices" dev fast lan,dummy0
recovers "wan is not among them" normal
check_match "is shown" "$(shown)" "*fast lan,dummy0 *"
gwip link del dummy0
check_match "until it goes" "$(shown)" "*fast lan *"
gwip link add dummy0 type dummy
check "one that goes to another namespace" dev fast lan,wan,dummy0
gwip link set dummy0 netns "$other"
check_match "is not shown" "$(shown)" "*fast lan,wan *"
recovers "wan is back" fast
gwip route replace 192.0.2.2/32 dev wan mtu 1400
recovers "the route changed" fast
gwip link set lan down
gwip link set lan up
ip -n "$gw" addr replace 2001:db8:c::1/64 dev lan nodad
recovers "lan was down" fast

no_other_drops

# All that a rule's fast path leaves to the normal path
for name in $busy; do tell $name end >/dev/null; done
for ns in "$client6" "$server4"; do
	on "$ns" "$NFT" "table inet quiet { chain in { type filter hook input priority 0; meta l4proto { tcp, udp } drop; }; }"
done
gwip route del 192.0.2.2/32
on "$client6" ping -6 -c 1 -W 10 $server64 >/dev/null
python "$client6" flow_packets "$client6" "$gw" "$server4" "$NFT" 4000 >"$tmp/out"
check "what is not plain takes the normal path" grep -q "^all cases were tried" "$tmp/out" || tail -20 "$tmp/out"
check_not "all of it" grep ^FAIL "$tmp/out" || sed 's/^/# /' "$tmp/out"
for ns in "$client6" "$server4"; do on "$ns" "$NFT" delete table inet quiet; done
for name in $busy; do tell $name begin >/dev/null; done
recovers "after that" fast

check_not "the module is held" modprobe -r nf_xlat_flow
check "nofast" dev nofast
check_not "is shown" sh -c "ip netns exec $gw ip -d link show xlat0 | grep fast"
recovers "nofast" normal
check "the module goes under traffic" wait_for 20 modprobe -r nf_xlat_flow
recovers "without it" normal
check "and comes with the word" dev fast lan,wan
recovers "fast again" fast
gwip link del xlat0
! modprobe -q nfnetlink_hook || check "with the device its hooks go" not_hooked lan
check "back at once" gwip link add xlat0 up type xlat prefix $pref64/96 masquerade fast lan,wan
recovers "the device is back" fast
check "the namespace goes under traffic" ip netns del "$gw"
check "and the modules" wait_for 20 modprobe -r nf_xlat_dev nf_xlat_flow

done_testing
