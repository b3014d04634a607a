# SPDX-License-Identifier: GPL-2.0
"""ovs_ct.py BRIDGE DEV WORD[,WORD...] [ADDRESS]; ovs_ct.py BRIDGE

An Open vSwitch BRIDGE with the port DEV, if it is not there yet: what comes in by one of
the two goes out by the other, UDP behind a ct action with these words. WORD: commit,
force, nat (what is committed), src, dst (NAT of new ones, to ADDRESS if there is one),
helper, zone; none; out: no ct action for what comes in by DEV. Without DEV, the
bridge goes. No more than the kernel's module is needed.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, family, message, nest  # noqa: E402

bridge, dev, words, address = (sys.argv[1:] + ["", "", ""])[:4]
words = words.split(",")


def ovs(name, command, version, ifindex, *attrs, flags=0x604):
    """NLM_F_ACK, EXCL, CREATE"""
    said = ask(16, message(family(name), flags, struct.pack("=BBHi", command, version, 0, ifindex) + b"".join(attrs)))
    if said != os.strerror(0):
        sys.exit(f"{name} {command}: {said}")


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def ct(proto):
    """OVS_ACTION_ATTR_CT"""
    # OVS_CT_ATTR_COMMIT, ZONE, HELPER, FORCE_COMMIT
    attrs = [attr(1, b"")] if "commit" in words else []
    attrs += [attr(2, struct.pack("=H", 5))] if "zone" in words else []
    attrs += [attr(5, b"tftp\0")] if "helper" in words else []
    attrs += [attr(7, b"")] if "force" in words else []
    # OVS_CT_ATTR_NAT with OVS_NAT_ATTR_SRC, DST, IP_MIN
    nat = [attr(1, b"")] if "src" in words else [attr(2, b"")] if "dst" in words else []
    pf = socket.AF_INET6 if ":" in address else socket.AF_INET
    if nat and address and (pf == socket.AF_INET6) == (proto == 0x86dd):
        nat.append(attr(3, socket.inet_pton(pf, address)))
    if nat or "nat" in words:
        attrs.append(nest(6, *nat))
    return nest(12, *attrs)


if not dev:
    # OVS_DP_CMD_DEL
    ovs("ovs_datapath", 2, 2, socket.if_nametoindex(bridge), flags=4)
    sys.exit()
if bridge not in (name for _, name in socket.if_nameindex()):
    # OVS_DP_CMD_NEW with OVS_DP_ATTR_NAME, UPCALL_PID
    ovs("ovs_datapath", 1, 2, 0, attr(1, bridge.encode() + b"\0"), u32(2, 0))
    # OVS_VPORT_CMD_NEW with OVS_VPORT_ATTR_TYPE, NAME, UPCALL_PID
    ovs("ovs_vport", 1, 1, socket.if_nametoindex(bridge), u32(2, 1), attr(3, dev.encode() + b"\0"), u32(5, 0))
index = socket.if_nametoindex(bridge)
# OVS_FLOW_CMD_DEL: all
ovs("ovs_flow", 2, 1, index, flags=4)
for port in 0, 1:
    for proto in 0x806, 0x800, 0x86dd:
        # OVS_KEY_ATTR_ETHERTYPE; ARP; or IPV4 or IPV6 with that of UDP
        ethertype = struct.pack("!H", proto)
        if proto == 0x806:
            key, mask, actions = attr(13, bytes(24)), b"", []
        else:
            kind, before, length = (7, 8, 12) if proto == 0x800 else (8, 36, 40)
            key, mask = (attr(kind, bytes(before) + udp + bytes(length - before - 1)) for udp in (b"\x11", b"\xff"))
            key += attr(10, bytes(4))
            actions = [ct(proto)] if not port or "out" not in words else []
        # OVS_FLOW_CMD_NEW with OVS_FLOW_ATTR_KEY, MASK, ACTIONS
        ovs("ovs_flow", 1, 1, index,
            nest(1, u32(3, port), attr(4, bytes(12)), attr(6, ethertype), key),
            nest(7, u32(3, 0xffffffff), attr(6, b"\xff\xff"), mask),
            nest(2, *actions, u32(1, 1 - port)))
