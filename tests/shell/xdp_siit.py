# SPDX-License-Identifier: GPL-2.0
"""xdp_siit.py CLIENT6 GW SERVER4 plain|rest|own, or CLIENT6 GW tap gso|plain

Sends frames from both ends, to and from hosts that do not answer, and tells for each what
came out, and where: one line, without what is random. plain: what XDP translates, rest: what
it leaves to the stack, own: what is not to be translated. tap: one frame comes in by device tap0
of the gateway, which calls it GSO, or not.
"""
import fcntl
import os
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import End, csum, enter  # noqa: E402

client6, gw, server4, which = sys.argv[1:]
IN6, OUT6 = "2001:db8:6464::203.0.113.44", "64:ff9b::192.0.2.99"
IN4, OUT4 = "203.0.113.44", "192.0.2.99"
FOREIGN6 = "64:ff9b::8.8.8.8"


def addr(a):
    return socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a)


def summed(data, at, src=None, dst=None, proto=0):
    pseudo = addr(src) + addr(dst) + struct.pack("!II", len(data), proto) if src else b""
    return data[:at] + struct.pack("!H", csum(pseudo + data)) + data[at + 2:]


def ip6(proto, data, src=IN6, dst=OUT6, tos=0, hops=64):
    return struct.pack("!IHBB", 6 << 28 | tos << 20 | 0x12345, len(data), proto, hops) + addr(src) + addr(dst) + data


def ip4(proto, data, src=OUT4, dst=IN4, tos=0, ttl=64, frag=0, options=b""):
    n = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | n // 4, tos, n + len(data), 7, frag, ttl, proto, 0)
    return summed(head + addr(src) + addr(dst) + options, 10) + data


def udp(src, dst, n=20, sums=True):
    data = struct.pack("!HHHH", 4000, 5353, 8 + n, 0) + bytes(i % 251 for i in range(n))
    return summed(data, 6, src, dst, 17) if sums else data


def tcp(src, dst, n=20):
    return summed(struct.pack("!HHIIBBHHH", 4000, 80, 1, 2, 5 << 4, 24, 1000, 0, 0) + bytes(n), 16, src, dst, 6)


def echo(kind, n=20):
    data = bytes([kind, 0, 0, 0, 1, 2, 3, 4]) + bytes(n)
    return summed(data, 2, IN6, OUT6, 58) if kind >= 128 else summed(data, 2)


DF = 0x4000
frames = {"plain": (
    [ip6(17, udp(IN6, OUT6, n), tos=tos, hops=hops) for n, tos, hops in
     ((0, 0, 2), (1, 0xb8, 64), (100, 3, 255), (1212, 0, 64), (1232, 0, 64), (1233, 0, 64), (1452, 0, 64))] +
    [ip6(6, tcp(IN6, OUT6, n), tos=2) for n in (0, 1, 1200, 1440)] +
    [ip6(58, echo(kind, n)) for kind in (128, 129) for n in (0, 57, 1400)],
    [ip4(17, udp(OUT4, IN4, n), tos=tos, ttl=ttl, frag=df) for n, tos, ttl, df in
     ((0, 0, 2, 0), (1, 0xb8, 64, DF), (100, 3, 255, 0), (1232, 0, 64, 0), (1233, 0, 64, DF), (1452, 0, 64, DF))] +
    [ip4(6, tcp(OUT4, IN4, n), tos=2, frag=DF) for n in (0, 1, 1200, 1440)] +
    [ip4(1, echo(kind, n), frag=DF) for kind in (8, 0) for n in (0, 57, 1400)]),
    "rest": (
    [ip6(17, udp(IN6, OUT6), hops=1), ip6(132, bytes(40)),
     ip6(44, struct.pack("!BBHI", 17, 0, 1, 99) + udp(IN6, OUT6, 64)),
     ip6(60, b"\x11\0\1\4" + bytes(4) + udp(IN6, OUT6)),
     ip6(17, udp(IN6, "64:ff9b::198.18.0.1"), dst="64:ff9b::198.18.0.1"),
     ip6(58, summed(b"\1\4\0\0" + bytes(4) + ip6(17, udp(OUT6, IN6), OUT6, IN6), 2, IN6, OUT6, 58))],
    [ip4(17, udp(OUT4, IN4), ttl=1), ip4(17, udp(OUT4, IN4, sums=False)), ip4(132, bytes(40)),
     ip4(17, udp(OUT4, IN4, 64), frag=0x2000), ip4(17, udp(OUT4, IN4), options=b"\1" * 4),
     ip4(17, udp(OUT4, IN4, 1472), frag=DF),
     ip4(1, summed(b"\3\3\0\0" + bytes(4) + ip4(17, udp(IN4, OUT4), IN4, OUT4), 2))]),
    "own": (
    [ip6(17, udp(FOREIGN6, OUT6), src=FOREIGN6)],
    [ip4(1, echo(8), dst="192.0.2.1"), ip4(17, udp(OUT4, "198.51.100.7"), dst="198.51.100.7")]),
}


def told(name, p):
    """a packet without identification, and so without checksum of the header"""
    if p[0] >> 4 == 4:
        p = p[:4] + b"\0\0" + p[6:10] + b"\0\0" + p[12:]
    return f"{name} {p.hex()}"


def ours(p):
    """neither to nor from an address that the hosts talk with"""
    at = (12, 4) if p[0] >> 4 == 4 else (8, 16)
    ends = [p[at[0] + i * at[1]:at[0] + (i + 1) * at[1]] for i in (0, 1)]
    return any(addr(a) in ends for a in (IN4, IN6, OUT4, OUT6))


if server4 == "tap":
    enter(gw)
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    # TUNSETIFF: IFF_TAP, IFF_NO_PI, IFF_VNET_HDR
    fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", b"tap0", 2 | 0x1000 | 0x4000))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
        s.bind(("tap0", 0))
        mac = s.getsockname()[4]
    # flags: the checksum is not finished, and where it is; TCP over IPv6, of 600 bytes each
    vnet = struct.pack("=BBHHHH", 1, 4, 74, 600, 54, 16) if which == "gso" else bytes(10)
    os.write(tap, vnet + mac + b"\2" + bytes(5) + b"\x86\xdd" + ip6(6, tcp(IN6, OUT6, 1000)))
    sys.exit()
ends = {"client": End(client6, gw, "lan", 0x86dd), "server": End(server4, gw, "wan", 0x0800)}
for name, packets in zip(("client", "server"), frames[which]):
    for i, packet in enumerate(packets):
        ends[name].send(packet)
        got = None
        while not got:
            ready = select.select([e.sock for e in ends.values()], [], [], 5)[0]
            if not ready:
                break
            for at, end in ends.items():
                p = next((p for p in end.packets(0) if ours(p)), None) if end.sock in ready else None
                got = got or p and told(at, p)
        print(name, i, got or "nothing")
