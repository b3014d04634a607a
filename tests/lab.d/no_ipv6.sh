#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a guest with ipv6.disable=1 on its command line, where IPv6 has no tables and no devices: the
# modules do not load, whoever asks for them, and a packet does no harm.
. "$(dirname "$0")/../shell/lib.sh"

need_nft
need python3 unshare setpriv

check "this kernel has no IPv6" [ ! -e /proc/sys/net/ipv6 ] || done_testing
check_not "the engine does not load" modprobe nf_xlat
check_match "and says why" "$(modprobe nf_xlat 2>&1)" "*Address family not supported*"
cat >"$tmp/user" <<'END'
ip link add ve0 type veth peer name ve1
for dev in lo ve0 ve1; do ip link set $dev up; done
ip addr add 192.0.2.1/24 dev ve1
echo 1 >/proc/sys/net/ipv4/ip_forward
"$NFT" -f - <<-R && echo "rules load"
	table ip t { chain pre {
		type filter hook prerouting priority dstnat
		ip daddr 198.51.100.2 xlat 4to6 saddr prefix 2001:db8:1::/96 daddr prefix 2001:db8:2::/96
	}; }
R
ip link add xlat0 type xlat prefix 64:ff9b::/96 && echo "a device is made"
python3 -ISc 'import socket, struct
mac = bytes.fromhex(open("/sys/class/net/ve1/address").read().strip().replace(":", ""))
p = struct.pack("!BBHHHBBH", 0x45, 0, 32, 1, 0, 64, 17, 0) + socket.inet_aton("192.0.2.9") + socket.inet_aton("198.51.100.2")
n = sum(struct.unpack("!10H", p))
n = (n & 0xffff) + (n >> 16)
p = p[:10] + struct.pack("!H", ~n & 0xffff) + p[12:] + struct.pack("!HHHH", 1111, 2222, 12, 0) + b"data"
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("ve0", 0x800))
s.send(mac + mac + b"\x08\x00" + p)
print("sent")'
END
export NFT
chmod -R a+rX "$tmp"
said=$(setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urnm sh -c \
	'mount -t sysfs sysfs /sys && . "$1"' - "$tmp/user" 2>&1)
check_match "a user's rule is refused" "$said" "*No such file or directory*"
check_not "and not taken" grep -q "rules load" <<<"$said"
check_not "so is a device" grep -q "a device is made" <<<"$said"
check_match "the kernel outlives his packet" "$said" "*sent*"

done_testing
