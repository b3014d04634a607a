# SPDX-License-Identifier: GPL-2.0
"""tunsend.py DEV SOURCE6 PORTS DESTINATION6 TIMES [wait]

UDP packets into the tun device DEV of this namespace, from each of PORTS (LOW-HIGH), and
all of that TIMES times. What becomes of a packet becomes of it in this process, before it
has been written. wait: say "ready" before, and "sent" afterwards, and go on when there is a
line to read.
"""
import fcntl
import os
import socket
import struct
import sys

TUNSETIFF = 0x400454ca
TUN, NO_PI = 0x0001, 0x1000

dev, source, ports, dest, times = sys.argv[1:6]
low, high = map(int, ports.split("-"))
addresses = b"".join(socket.inet_pton(socket.AF_INET6, a) for a in (source, dest))
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", dev.encode(), TUN | NO_PI))


def packet(port):
    data = struct.pack("!HHHHQ", port, 53, 16, 0, 0)
    words = struct.unpack("!24H", addresses + data)
    check = (sum(words) + 16 + 17) % 0xffff ^ 0xffff
    return struct.pack("!IHBB", 6 << 28, 16, 17, 64) + addresses + data[:6] + struct.pack("!H", check) + data[8:]


def say(word):
    if sys.argv[6:]:
        print(word, flush=True)
        sys.stdin.readline()


packets = [packet(port) for port in range(low, high + 1)]
say("ready")
for _ in range(int(times)):
    for p in packets:
        os.write(tun, p)
say("sent")
