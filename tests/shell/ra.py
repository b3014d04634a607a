# SPDX-License-Identifier: GPL-2.0
"""ra.py DEV FILE

Router advertisements with PREF64 (RFC 8781), which radvd of Debian 12 does not know: one when
FILE is another one, one every three seconds, and one for each solicitation; none without FILE.
Its lines:
  prefix P/64 VALID PREFERRED
  pref64 P/LEN SECONDS
  router SECONDS        how long it is a default router (1800)
  hops N                the hop limit (255)
  raw HEX               as options; not filled up
"""
import ipaddress
import os
import select
import socket
import struct
import sys
import time

PLC = {96: 0, 64: 1, 56: 2, 48: 3, 40: 4, 32: 5}
ALL_NODES, ALL_ROUTERS = "ff02::1", "ff02::2"

dev, path = sys.argv[1:]
index = socket.if_nametoindex(dev)
sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode())
# ICMP6_FILTER: solicitations pass
sock.setsockopt(socket.IPPROTO_ICMPV6, 1, struct.pack("=8I", *[0xffffffff & ~((i == 4) << 133 - 128) for i in range(8)]))
sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, ALL_ROUTERS) + struct.pack("=I", index))


def advertise():
    lifetime, hops, options = 1800, 255, b""
    with open(path) as lines:
        for line in lines:
            kind, what, *words = line.split()
            if kind == "prefix":
                net = ipaddress.IPv6Network(what)
                # on link, for addresses
                options += struct.pack("!BBBBIII16s", 3, 4, net.prefixlen, 0xc0, int(words[0]), int(words[1]), 0, net.network_address.packed)
            elif kind == "pref64":
                net = ipaddress.IPv6Network(what)
                options += struct.pack("!BBH12s", 38, 2, int(words[0]) & ~7 | PLC[net.prefixlen], net.network_address.packed[:12])
            elif kind == "router":
                lifetime = int(what)
            elif kind == "hops":
                hops = int(what)
            elif kind == "raw":
                options += bytes.fromhex(what)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
    sock.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0) + options, (ALL_NODES, 0, 0, index))


last, due = None, 0
while True:
    try:
        now = os.stat(path).st_ino
        if now != last or time.monotonic() >= due:
            advertise()
            last, due = now, time.monotonic() + 3
    except OSError:
        pass  # no file, or the device is down
    if select.select([sock], [], [], 0.2)[0]:
        sock.recv(1500)
        due = 0
