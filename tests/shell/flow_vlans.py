# SPDX-License-Identifier: GPL-2.0
"""flow_vlans.py MAC SOURCE DESTINATION N: one UDP packet of IPv6 by eth0 to MAC, in each of the VLANs 1 to N"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import csum  # noqa: E402

mac, source, dest, n = sys.argv[1:]
ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, dest)
ports, data = struct.pack("!HHH", 1111, 53, 16), b"datagram"
packet = struct.pack("!IHBB", 6 << 28, 16, socket.IPPROTO_UDP, 64) + ends + ports + \
    struct.pack("!H", csum(ends + struct.pack("!II", 16, socket.IPPROTO_UDP) + ports + data)) + data
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for i in range(1, int(n) + 1):
    s.send(bytes.fromhex(mac.replace(":", "")) + bytes.fromhex("020000000008") +
           struct.pack("!HHH", 0x8100, i, 0x86dd) + packet)
