#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stateless translation in XDP: bpf/xdp_siit.bpf.c, loaded by stock ip and bpftool as
# docs/bpf.md has it. Each frame leaves as the rule translates it; what is no plain frame is
# for the rule, and so is all of them where the device has to be left to the stack.
. "$(dirname "$0")/lib.sh"
. "$here/bpf.inc"

modprobe nf_xlat_bpf 2>/dev/null || skip "needs nf_xlat_bpf, which needs a kernel that has BTF"
need_nft
need python3 ping ip bpftool ethtool
use_bpf xdp_siit

host4=203.0.113.33

setup_topo
veths_for_xdp
ip -n "$client6" addr add 2001:db8:6464::$host4/128 dev eth0 nodad
ip -n "$client6" route change default via 2001:db8:c::1 src 2001:db8:6464::$host4
ip -n "$gw" route add 2001:db8:6464::/96 via $client_ip
# By these, frames that have no address of the pair could leave translated, too.
ip -n "$gw" route add default via $client_ip
ip -n "$gw" route add 198.51.100.7 via inet6 $client_ip dev lan
# mac NS: of its eth0
mac() { ip -n "$1" -br link show eth0 | awk '{ print $3 }'; }
ip -n "$gw" neigh replace $client_ip lladdr "$(mac "$client6")" dev lan
ip -n "$gw" neigh replace 192.0.2.99 lladdr "$(mac "$server4")" dev wan
check "ruleset loads" ruleset siit || done_testing
on "$gw" "$NFT" -f - <<-END
	table netdev stack {
		counter seen { }
		chain lan {
			type filter hook ingress device lan priority -300;
			ip6 daddr 64:ff9b::/96 counter name seen
		}
		chain wan {
			type filter hook ingress device wan priority -300;
			ip saddr 192.0.2.99 counter name seen
		}
	}
END
seen() { on "$gw" "$NFT" list counter netdev stack seen | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }

# frames WHAT plain|rest|own by: come out as without a program; all of them by the stack, or none
frames()
{
	local before n

	before=$(seen)
	python "$client6" xdp_siit "$client6" "$gw" "$server4" "$2" >"$tmp/now" 2>&1
	n=$(wc -l <"$tmp/$2")
	check "$1: $n frames ($2) come out as by the rule" diff "$tmp/$2" "$tmp/now"
	check_eq "$1: seen by the stack" "$(($(seen) - before))" "$([ "$3" = stack ] && echo "$n" || echo 0)"
}

for what in plain rest own; do
	python "$client6" xdp_siit "$client6" "$gw" "$server4" $what >"$tmp/$what" 2>&1
	check_eq "the rule: each of the $what comes out" "$(grep -cE '^(client|server) [0-9]+ (client|server) ([0-9a-f]+)$' "$tmp/$what")" \
		"$(case $what in plain) echo 33 ;; rest) echo 13 ;; own) echo 3 ;; esac)"
done

# In a folder of the file system, as bpftool would mount one on the folder above it otherwise.
fs=$bpffs/siit
check "the program loads" bpftool prog loadall "$obj/xdp_siit.bpf.o" "$fs" pinmaps "$fs" || done_testing
# 64:ff9b::/96, which may have the addresses of this network, and the pair
# 2001:db8:6464::cb00:7100/120 and 203.0.113.0/24
check "its options" bpftool map update pinned "$fs/xlat_conf" key 0 0 0 0 value hex \
	00 64 ff 9b 00 00 00 00 00 00 00 00 00 00 00 00 \
	20 01 0d b8 64 64 00 00 00 00 00 00 cb 00 71 00 \
	cb 00 71 00 00 00 00 00 60 78 18 01 00 00 00 00
# shellcheck disable=SC2317 # called by check
# may_leave DEV: its index is key and value
may_leave()
{
	local i

	i=$(printf '%d 0 0 0' "$(on "$gw" cat /sys/class/net/"$1"/ifindex)")
	# shellcheck disable=SC2086 # bytes are meant
	on "$gw" bpftool map update pinned "$fs/xlat_devs" key $i value $i
}
for dev in lan wan; do
	check "at the driver of $dev" ip -n "$gw" link set "$dev" xdpdrv pinned "$fs/xdp_siit" || done_testing
done
check "frames may leave by wan" may_leave wan
frames "a device that takes VLAN tags off" plain stack
for dev in lan wan; do on "$gw" ethtool -K $dev rxvlan off rx-vlan-stag-hw-parse off; done
before=$(($(counter 6to4) + $(counter 4to6)))
seen=$(seen)
python "$client6" xdp_siit "$client6" "$gw" "$server4" plain >"$tmp/now" 2>&1
check "not by lan, which is not in the map: as by the rule" diff "$tmp/plain" "$tmp/now"
check_eq "not by lan: these are seen by the stack" $(($(seen) - seen)) 16
check "frames may leave by lan" may_leave lan
frames "XDP" plain xdp
check_eq "all are counted" $(($(counter 6to4) + $(counter 4to6) - before)) 66
frames "XDP" rest stack
frames "not to be translated" own stack

# IPsec policies are for the stack, those for what has no other included.
policy=$(counter DropPolicy) before=$(seen)
if ip -n "$gw" xfrm policy setdefault fwd block 2>/dev/null; then
	on "$client6" ping -6 -c 3 -i 0.2 -W 1 64:ff9b::192.0.2.99 >/dev/null # XDP knows its neighbour
	check_eq "blocked: seen by the stack" $(($(seen) - before)) 3
	check "blocked: counted" [ "$(counter DropPolicy)" -gt "$policy" ]
	ip -n "$gw" xfrm policy setdefault fwd accept
	frames "no longer blocked" plain xdp
else
	echo "# SKIP: this kernel has no IPsec"
fi

serve "$server4" tcp4:8080 udp4:5353
serve "$client6" tcp6:8080
start "$server4" stream 9100
check "ping to IPv4" on "$client6" ping -6 -c 1 -W 10 $server64
check "ping to IPv6" on "$server4" ping -c 1 -W 10 $host4
check_match "TCP to IPv4" "$(ask "$client6" tcp $server64 8080)" "hello from $host4 *"
check_match "UDP to IPv4" "$(ask "$client6" udp $server64 5353)" "hello from $host4 *"
check_match "TCP to IPv6" "$(ask "$server4" tcp $host4 8080)" "hello from 64:ff9b::c000:202 *"
streams "$client6" $server64

# A tap runs its program on an skb that it has for a GSO frame, and generic XDP is not seen
# in its device.
modprobe -q tun
ip -n "$gw" tuntap add tap0 mode tap vnet_hdr
ip -n "$gw" link set tap0 up
on "$gw" "$NFT" add chain netdev stack tap '{ type filter hook ingress device tap0 priority -300; ip6 daddr 64:ff9b::/96 counter name seen; }'
check "at the driver of a tap" ip -n "$gw" link set tap0 xdpdrv pinned "$fs/xdp_siit"
for what in plain gso; do
	before=$(seen) translated=$(counter 6to4)
	check "tap: a $what frame is taken" python "$client6" xdp_siit "$client6" "$gw" tap $what
	check_eq "tap: a $what frame: seen by the stack" $(($(seen) - before)) "$([ $what = gso ] && echo 1 || echo 0)"
	check "tap: a $what frame is translated" [ "$(counter 6to4)" -gt "$translated" ]
done
ip -n "$gw" link del tap0

for dev in lan wan; do
	ip -n "$gw" link set $dev xdp off
	check "generic XDP at $dev" ip -n "$gw" link set "$dev" xdpgeneric pinned "$fs/xdp_siit"
done
frames "generic XDP" plain stack
for dev in lan wan; do ip -n "$gw" link set $dev xdpgeneric off; done
rm -r "$fs"
check "the module goes with its last program" wait_for 10 modprobe -r nf_xlat_bpf

done_testing
