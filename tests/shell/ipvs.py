# SPDX-License-Identifier: GPL-2.0
"""ipvs.py VIRTUAL REAL PORT: IPVS takes UDP to VIRTUAL and PORT to REAL, by NAT."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, family, message, nest  # noqa: E402

GENERIC, ACK = 16, 4
NEW_SERVICE, NEW_DEST = 1, 5
AF, PROTOCOL, ADDR, PORT, SCHED, FLAGS, TIMEOUT, NETMASK = 1, 2, 3, 4, 6, 7, 8, 9
DEST_ADDR, DEST_PORT, FWD, WEIGHT, UPPER, LOWER = 1, 2, 3, 4, 5, 6


def u32(number):
    """In the host's byte order"""
    return struct.pack("=I", number)


virtual, real = sys.argv[1:3]
port = struct.pack(">H", int(sys.argv[3]))
v6 = ":" in virtual
pf = socket.AF_INET6 if v6 else socket.AF_INET
service = nest(1, attr(AF, struct.pack("=H", pf)),
               attr(PROTOCOL, struct.pack("=H", socket.IPPROTO_UDP)),
               attr(ADDR, socket.inet_pton(pf, virtual)), attr(PORT, port),
               attr(SCHED, b"rr\0"), attr(FLAGS, bytes(8)), attr(TIMEOUT, u32(0)),
               attr(NETMASK, u32(128 if v6 else 0xffffffff)))
dest = nest(2, attr(DEST_ADDR, socket.inet_pton(pf, real)), attr(DEST_PORT, port),
            attr(FWD, u32(0)), attr(WEIGHT, u32(1)), attr(UPPER, u32(0)), attr(LOWER, u32(0)))
number = family("IPVS")
for command, attrs in (NEW_SERVICE, service), (NEW_DEST, service + dest):
    said = ask(GENERIC, message(number, ACK, struct.pack("=BBH", command, 1, 0) + attrs))
    if said != "Success":
        sys.exit(said)
