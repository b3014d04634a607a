# SPDX-License-Identifier: GPL-2.0
"""ct_master.py SRC SPORT DST DPORT: by ctnetlink, an entry of GRE whose master is the UDP
session of IPv6 with this original tuple. It is made, and deleted again."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, message, nest  # noqa: E402

NETFILTER, CTNETLINK = 12, 1 << 8
NEW, DELETE = 0, 2
ACK, EXCL, CREATE = 4, 0x200, 0x400
TUPLE_ORIG, TUPLE_REPLY, TIMEOUT, TUPLE_MASTER = 1, 2, 7, 14


def tuple_of(kind, proto, src, sport, dst, dport):
    """Addresses, protocol and ports, as ctnetlink has them"""
    return nest(kind,
                nest(1, attr(3, socket.inet_pton(socket.AF_INET6, src)),
                     attr(4, socket.inet_pton(socket.AF_INET6, dst))),
                nest(2, attr(1, bytes([proto])), attr(2, struct.pack(">H", sport)),
                     attr(3, struct.pack(">H", dport))))


def ct(what, flags, *attrs):
    """What the kernel answers"""
    head = struct.pack("=BBH", socket.AF_INET6, 0, 0)
    return ask(NETFILTER, message(CTNETLINK | what, flags | ACK, head + b"".join(attrs)))


src, sport, dst, dport = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
gre = tuple_of(TUPLE_ORIG, 47, "2001:db8::1", 1, "2001:db8::2", 2)
print(ct(NEW, CREATE | EXCL, gre, tuple_of(TUPLE_REPLY, 47, "2001:db8::2", 2, "2001:db8::1", 1),
         attr(TIMEOUT, struct.pack(">I", 60)),
         tuple_of(TUPLE_MASTER, 17, src, sport, dst, dport)))
print(ct(DELETE, 0, gre))
