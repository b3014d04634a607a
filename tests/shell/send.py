# SPDX-License-Identifier: GPL-2.0
"""send.py NS GATEWAY DEV HEX...

Packets from eth0 of NS to the gateway's DEV: without a link layer header, as they are,
but for the checksum of an IPv4 header.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import End, csum  # noqa: E402

ns, gw, dev, *packets = sys.argv[1:]
end = None
for packet in map(bytearray.fromhex, packets):
    four = packet[0] >> 4 == 4
    if four:
        packet[10:12] = csum(packet[:(packet[0] & 15) * 4]).to_bytes(2, "big")
    end = end or End(ns, gw, dev, 0x0800 if four else 0x86dd)
    end.send(packet)
