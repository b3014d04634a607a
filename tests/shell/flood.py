# SPDX-License-Identifier: GPL-2.0
"""flood.py KIND FROM PORTS TO PORTS N [HOPS]

N packets of one KIND, as fast as they go, and what comes back within a moment of
the last: "N sent", then a line "COUNT WHAT" for each sort.

KIND: udp, echo, syn, synack, ack, rst, or error: unreachable, quoting a UDP
packet that FROM would have had from TO.
FROM, TO: an address, or a prefix of which each packet has an address by chance.
PORTS: one, or LOW-HIGH, one after the other, or LOW-HIGH? by chance.
us: as the last argument, print how many microseconds each packet took as well.
"""
import collections
import ipaddress
import random
import socket
import struct
import sys
import time

timed = sys.argv[-1] == "us"
kind, src, sports, dst, dports, n, hops = (sys.argv[1:len(sys.argv) - timed] + ["64"])[:7]
n, hops = int(n), int(hops)
FLAGS = {"syn": 2, "synack": 18, "ack": 16, "rst": 4}


def addresses(spec):
    net = ipaddress.ip_network(spec)
    first, size = int(net.network_address), net.num_addresses
    length = net.max_prefixlen // 8
    while True:
        yield (first + random.randrange(size)).to_bytes(length, "big")


def ports(spec):
    low, _, high = spec.rstrip("?").partition("-")
    low, high = int(low), int(high or low)
    i = 0
    while True:
        yield random.randint(low, high) if spec[-1] == "?" else low + i % (high - low + 1)
        i += 1


def csum(data):
    if len(data) % 2:
        data += b"\0"
    s = int.from_bytes(data, "big") % 0xffff
    return ~s & 0xffff


def l4(kind, s, d, sport, dport):
    """protocol, payload with its checksum"""
    six = len(s) == 16
    if kind == "udp":
        proto, at, data = 17, 6, struct.pack("!HHHH6x", sport, dport, 14, 0)
    elif kind == "echo":
        proto, at, data = (58 if six else 1), 2, struct.pack("!BBHHH6x", 128 if six else 8, 0, 0, sport, 1)
    elif kind == "error":
        proto, at = (58 if six else 1), 2
        data = struct.pack("!BBHI", 1 if six else 3, 4 if six else 3, 0, 0) + ip("udp", d, s, dport, sport)
    else:
        proto, at = 6, 16
        data = struct.pack("!HHIIBBHHH", sport, dport, 1000, 2000, 5 << 4, FLAGS[kind], 8192, 0, 0)
    pseudo = b"" if proto == 1 else s + d + struct.pack("!II", len(data), proto)
    return proto, data[:at] + struct.pack("!H", csum(pseudo + data)) + data[at + 2:]


def ip(kind, s, d, sport, dport):
    proto, data = l4(kind, s, d, sport, dport)
    if len(s) == 16:
        return struct.pack("!IHBB", 6 << 28, len(data), proto, hops) + s + d + data
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, hops, proto, 0) + s + d
    return head[:10] + struct.pack("!H", csum(head)) + head[12:] + data


def describe(p):
    """What the first bytes of a packet say."""
    if p[0] >> 4 == 6:
        proto, p = p[6], p[40:]
    else:
        proto, p = p[9], p[(p[0] & 15) * 4:]
    if proto in (1, 58):
        if proto == 58 and 130 <= p[0] <= 137 or proto == 58 and p[0] == 143:
            return None # neighbours, listeners
        return f"{'icmp' if proto == 1 else 'icmp6'} {p[0]}/{p[1]}"
    if proto == 6:
        return "tcp " + "".join(c for i, c in enumerate("FSRPA") if p[13] >> i & 1)
    return "udp" if proto == 17 else f"protocol {proto}"


came = collections.Counter()


def drain(wait):
    listen.settimeout(wait)
    try:
        while True:
            data, addr = listen.recvfrom(100)
            if addr[2] == socket.PACKET_HOST:
                came[describe(data)] += 1
    except (TimeoutError, BlockingIOError):
        pass


fields = addresses(src), addresses(dst), ports(sports), ports(dports)
packets = []
for _ in range(n):
    s, d, sport, dport = map(next, fields)
    packets.append((ip(kind, s, d, sport, dport), d))
six = ":" in dst # without packets, too
family = socket.AF_INET6 if six else socket.AF_INET

listen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86dd if six else 0x0800))
listen.setsockopt(socket.SOL_SOCKET, 33, 1 << 24) # SO_RCVBUFFORCE
with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
    spent = 0
    for at in range(0, n, 500):
        batch = [(p, (socket.inet_ntop(family, d), 0)) for p, d in packets[at:at + 500]]
        start = time.perf_counter()
        for p, to in batch:
            raw.sendto(p, to)
        spent += time.perf_counter() - start
        drain(0)
drain(0.1)
came.pop(None, None)
print(n, "sent" + (" %.1f" % (spent * 1e6 / max(n, 1)) if timed else ""))
for what, count in sorted(came.items()):
    print(count, what)
