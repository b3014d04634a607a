# SPDX-License-Identifier: GPL-2.0
"""vnet.py ADDRESS6 SOURCE6 DESTINATION6
vnet.py ADDRESS6 SOURCE6 DESTINATION6 PORT BYTES [SEGMENT]
					one datagram, called what it is: UFO

A guest that lies: packets into a tun device of this host, with virtio headers
that call them something they are not. Prints how many the device took.
"""
import fcntl
import os
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454ca
TUN, NO_PI, VNET_HDR = 0x0001, 0x1000, 0x4000
TCPV4, UFO, TCPV6, UDP_L4 = 1, 3, 4, 5
TCP, UDP, ICMPV6 = 6, 17, 58

me, source, dest, *ufo = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun0", TUN | NO_PI | VNET_HDR))
os.system(f"ip link set tun0 up; ip addr add {me}/64 dev tun0 nodad")

L4 = {
    TCP: struct.pack("!HHIIBBHHH", 1111, 80, 1, 1, 0x50, 0x10, 1000, 0, 0),
    UDP: struct.pack("!HHHH", 1111, 80, 2408, 0),
    ICMPV6: struct.pack("!BBHHH", 128, 0, 0, 7, 1),
}
# What it is, what it is called, and where its checksum is then said to be.
# A checksum that starts in the network header would be one more lie.
LIES = [
    (ICMPV6, TCPV6, 16),
    (ICMPV6, UDP_L4, 6),
    (UDP, TCPV6, 16),
    (TCP, TCPV4, 16),
    (TCP, UDP_L4, 6),
]

if ufo:
    port, size, segment = (int(i) for i in ([*ufo, 1400])[:3])
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, dest)
    udp = struct.pack("!HHH", 1111, port, 8 + size)
    # The sum of the pseudo-header: the rest is for who segments.
    part = sum(struct.unpack("!16H", ends)) + UDP + 8 + size
    while part >> 16:
        part = (part & 0xffff) + (part >> 16)
    ip6 = struct.pack("!IHBB", 6 << 28, 8 + size, UDP, 64) + ends
    os.write(tun, struct.pack("=BBHHHH", 1, UFO, 48, segment, 40, 6) + ip6 + udp + struct.pack("!H", part) + b"x" * size)
    time.sleep(0.5)
    sys.exit()

took = 0
for proto, gso, check in LIES:
    data = L4[proto] + b"x" * 2400
    ip6 = struct.pack("!IHBB", 6 << 28, len(data), proto, 64) + \
        socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, dest)
    hdr_len = 40 + (8 if gso == UDP_L4 else 20)
    try:
        os.write(tun, struct.pack("=BBHHHH", 1, gso, hdr_len, 1200, 40, check) + ip6 + data)
        took += 1
    except OSError as e:
        print(f"protocol {proto}, GSO type {gso}: {e}", file=sys.stderr)
time.sleep(0.5)
print(took)
