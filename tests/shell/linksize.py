# SPDX-License-Identifier: GPL-2.0
"""linksize.py DEVICE BYTES: the largest packets of GSO and GRO, of both families

iproute2 sets those of IPv4 from 6.3 on. Prints what the kernel says about that.
"""
import os
import socket
import struct
import sys

RTM_NEWLINK = 16
GSO_MAX, GRO_MAX, GSO_IPV4_MAX, GRO_IPV4_MAX = 41, 58, 63, 64

index = socket.if_nametoindex(sys.argv[1])
nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
for pair in (GSO_MAX, GRO_MAX), (GSO_IPV4_MAX, GRO_IPV4_MAX):
    data = struct.pack("=BxHiII", 0, 0, index, 0, 0) + \
        b"".join(struct.pack("=HHI", 8, kind, int(sys.argv[2])) for kind in pair)
    nl.send(struct.pack("=IHHII", 16 + len(data), RTM_NEWLINK, 5, 1, 0) + data)
    err = -struct.unpack_from("=i", nl.recv(4096), 16)[0]
    if err:
        print(f"{sys.argv[1]}: {os.strerror(err)}")
