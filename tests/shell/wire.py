# SPDX-License-Identifier: GPL-2.0
"""What scripts share that send packets by hand, from one end of the topology of
lib.sh to the other."""
import ctypes
import os
import select
import socket
import struct

GW4, GW6 = "192.0.2.1", "2001:db8:c::1"
libc = ctypes.CDLL(None, use_errno=True)


def enter(ns):
    """Into a network namespace, by its name or path"""
    fd = os.open(os.path.join("/run/netns", ns), os.O_RDONLY)
    if libc.setns(fd, 0x40000000):  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def csum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def noise(p):
    """What hosts say of their own accord: neighbour discovery, MLD, IGMP."""
    if p[0] >> 4 == 4:
        return p[16] >> 4 == 14
    return p[24] == 0xff or p[8:10] == b"\xfe\x80" or p[24:26] == b"\xfe\x80" or \
        p[6] == 58 and p[40] in range(130, 138) and p[8:24] == socket.inet_pton(socket.AF_INET6, GW6)


class End:
    """eth0 of one of the hosts; peer: the gateway's device there."""

    def __init__(self, ns, gw, peer, proto):
        enter(gw)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
            s.bind((peer, 0))
            self.head = s.getsockname()[4]
        enter(ns)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
        self.sock.bind(("eth0", 3))
        self.head += self.sock.getsockname()[4] + struct.pack("!H", proto)

    def send(self, packet):
        self.sock.send(self.head + bytes(packet))

    def packets(self, timeout):
        """What comes, until nothing does for that long."""
        while select.select([self.sock], [], [], timeout)[0]:
            p, addr = self.sock.recvfrom(70000)
            if addr[2] != socket.PACKET_OUTGOING and p[12:14] in (b"\x08\x00", b"\x86\xdd") and not noise(p[14:]):
                yield p[14:]
