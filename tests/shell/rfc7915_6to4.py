# SPDX-License-Identifier: GPL-2.0
"""RFC 7915, section 5: IPv6 to IPv4."""
import os
import socket
import struct
import sys
from itertools import permutations

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfc import *  # noqa: E402,F403
from rfc import C4, C6, GW6, S4, S6  # noqa: E402
from scapy.layers.inet6 import PadN  # noqa: E402

BIG = bytes(i * 7 & 0xff for i in range(9000))
U = UDP(sport=1111, dport=2222)
HBH = IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])
DO = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)])
FRAG = IPv6ExtHdrFragment
# One that nobody checks on the way.
AH = struct.pack("!BBHII", 17, 4, 0, 1, 1) + b"\1" * 12


def rh(left, kind=0):
    return IPv6ExtHdrRouting(type=kind, segleft=left, addresses=["2001:db8::1"])


def echo6(kind=128, data=DATA, ip=None, code=0):
    return icmp6(kind, code, 0x12340001, data, ip or c6())


def echo4(kind=8, data=DATA, ip=None, code=0):
    return icmp4(kind, code, 0x12340001, data, ip or c4())


def ext(p, *headers):
    """With extension headers before the transport, which stays as it is"""
    p = IPv6(bytes(p))
    base = IPv6(bytes(p)[:40])
    del base.nh, base.plen
    for h in headers:
        base = base / h.copy()
    base.lastlayer().nh = p.nh
    return IPv6(bytes(base / Raw(bytes(p)[40:])))


def sizes(p, cuts):
    cuts = [0, *cuts, len(bytes(p)) - (40 if p.version == 6 else 20)]
    return [b - a for a, b in zip(cuts, cuts[1:])]


def frags6(p, cuts, ident, *headers):
    """In fragments that begin at 0 and at cuts; headers go before the Fragment header"""
    return [ext(f, *headers) for f in cut6(p, *sizes(p, cuts), id=ident)]


def frags4(p, cuts, ident, **kw):
    p = p.copy()
    p.id = ident
    return cut4(p, *sizes(p, cuts), **kw)


def df(p):
    """What is longer than 1260 bytes may not be cut."""
    p.flags, p.id = ("DF", 0) if len(p) > 1260 else (0, p.id)
    return p


def pair(item, what, p6, p4, **kw):
    """A packet of its own identification, or of none"""
    df(p4)
    case(item, what, p6, p4, free=None if p4.flags else ANY_ID, **kw)


def header():
    pair(45, "version, IHL, lengths, addresses", c6() / U / DATA, c4() / U / DATA)
    pair(45, "traffic class, flow label", c6(tc=0xbb, fl=0xabcde) / U / DATA, c4(tos=0xbb) / U / DATA)
    pair(45, "an empty datagram", c6() / U, c4() / U)
    pair(45, "no transport at all", c6(nh=59), c4(proto=59))

    for n in (1, 1231, 1232, 1233, 1452):
        p6, p4 = c6() / U / BIG[:n], c4() / U / BIG[:n]
        pair(46, f"{len(p6)} bytes, {len(p4)} in IPv4: DF={int(len(p4) > 1260)}", p6, p4)
    ids = set()
    for _ in range(8):
        left.send(c6() / U / DATA)
        ids |= {IP(p).id for p in flush()[1]}
    print(f"{'PASS' if len(ids) == 8 else 'FAIL'}: [46] identifications differ with DF=0")
    if len(ids) != 8:
        print(f"# {sorted(ids)}")

    pair(47, "hop limit 64", c6(hlim=64) / U / DATA, c4(ttl=63) / U / DATA)
    pair(47, "hop limit 255", c6(hlim=255) / U / DATA, c4(ttl=254) / U / DATA)
    pair(47, "hop limit 2", c6(hlim=2) / U / DATA, c4(ttl=1) / U / DATA)
    for n in 1, 0:
        p = c6(hlim=n) / U / DATA
        case(47, f"hop limit {n}", p, back=error6(3, 0, 0, p), drop="DropHopLimit", free=ANY_FLOW)
    p = c6(hlim=1) / U / BIG[:1400]
    case(47, "hop limit 1, what is quoted is cut to 1280 bytes", p, back=error6(3, 0, 0, p), drop="DropHopLimit",
         free=ANY_FLOW)
    case(47, "hop limit 1 of an error: silence", error(1, 0, c6(hlim=1)), drop="DropHopLimit")


def extensions():
    p6, p4 = c6() / U / DATA, c4() / U / DATA
    for what, headers in {
            "Hop-by-Hop": [HBH], "Destination Options": [DO], "Routing, type 0, used up": [rh(0)],
            "Routing, type 4, used up": [rh(0, 4)], "Routing, unknown type, used up": [rh(0, 99)],
            "Hop-by-Hop, Destination Options, Routing, Destination Options": [HBH, DO, rh(0), DO]}.items():
        pair(48, what + " skipped", ext(p6, *headers), p4)
    pair(48, "next header 58", echo6(), echo4())
    pair(48, "next header 58 behind Hop-by-Hop", ext(echo6(), HBH), echo4())
    pair(48, "length that DF is judged by is that of IPv4", ext(c6() / U / BIG[:1232], DO), c4() / U / BIG[:1232])
    pair(48, "AH is no header to skip", c6(nh=51) / AH / bytes(U / DATA), c4(proto=51) / AH / bytes(U / DATA))
    pair(48, "ESP", c6(nh=50) / DATA, c4(proto=50) / DATA)
    for what, proto in {"IPv4": 4, "IPv6": 41, "GRE": 47, "SCTP": 132, "a protocol to be": 253}.items():
        pair(48, f"next header {proto}, {what}", c6(nh=proto) / DATA, c4(proto=proto) / DATA)
    p = c6(nh=1) / DATA
    case(48, "next header 1, IPv4's ICMP: 1/4", p, back=error6(1, 4, 0, p), drop="DropProtocol", free=ANY_FLOW)

    for what, headers, ptr in (("type 0", [rh(1)], 43), ("type 4", [rh(1, 4)], 43),
                               ("behind Hop-by-Hop", [HBH, rh(1)], 51), ("255 of them", [rh(255)], 43)):
        p = ext(p6, *headers)
        case(49, "segments left, " + what, p, back=error6(4, 0, ptr, p), drop="DropSourceRoute", free=ANY_FLOW)
    case(49, "segments left, of an error: silence", ext(error(1, 0), rh(1)), drop="DropSourceRoute")

    for src in "::1", "ff02::1", "ff0e::1", "::", "fe80::1":
        case(50, f"source {src}", c6(src=src) / U / DATA)
    for a in "127.0.0.1", "224.0.0.1", "239.1.2.3", "255.255.255.255", "0.0.0.0", "0.1.2.3", "169.254.169.254":
        case(50, f"source that stands for {a}", c6(src="2001:db8:6464::" + a) / U / DATA, drop="DropAddress")


def fragments():
    ident = 0x1234abcd
    p6, p4 = c6(tc=0x28) / U / BIG[:3000], c4(tos=0x28) / U / BIG[:3000]
    f6, f4 = frags6(p6, [1200, 2400], ident), frags4(p4, [1200, 2400], 0xabcd)
    names = "first", "middle", "last"
    for order in permutations(range(3)):
        case(51, "fragments: " + ", ".join(names[i] for i in order), [f6[i] for i in order], [f4[i] for i in order])
    for i, name in enumerate(names):
        case(51, f"{name} fragment alone", f6[i], f4[i])
    case(51, "fragments of 1448 bytes: DF=0", frags6(p6, [1448, 2896], 7), frags4(p4, [1448, 2896], 7))
    case(51, "fragments of eight bytes", frags6(c6() / U / DATA[:16], [8, 16], 1),
         frags4(c4() / U / DATA[:16], [8, 16], 1))
    case(51, "identification 0", frags6(p6, [1200, 2400], 0x10000), frags4(p4, [1200, 2400], 0))
    case(51, "headers before the Fragment header", frags6(p6, [1200, 2400], ident, HBH, DO, rh(0)),
         frags4(p4, [1200, 2400], 0xabcd))
    tcp = TCP(sport=1, dport=2, flags="A")
    case(51, "of TCP", frags6(c6() / tcp / BIG[:2000], [1000], ident), frags4(c4() / tcp / BIG[:2000], [1000], 0xabcd))
    case(51, "last fragment that IPv4 has room for", c6() / FRAG(nh=253, offset=8189, m=0, id=1) / DATA[:3],
         c4(proto=253, frag=8189, id=1) / DATA[:3])
    case(51, "one byte more", c6() / FRAG(nh=253, offset=8189, m=0, id=1) / DATA[:4], drop="DropTooBig")
    case(51, "hop limit 1", c6(hlim=1) / FRAG(nh=17, offset=1, m=0, id=1) / DATA,
         back=error6(3, 0, 0, c6(hlim=1) / FRAG(nh=17, offset=1, m=0, id=1) / DATA), drop="DropHopLimit", free=ANY_FLOW)
    case(51, "of ICMP", frags6(echo6(data=BIG[:1000]), [512], ident), drop=["DropFragmentedIcmp"] * 2)

    for what, h in {"Hop-by-Hop": HBH, "Destination Options": DO, "Routing": rh(0), "Routing with segments left": rh(1),
                    "AH": AH, "Fragment": FRAG(nh=17)}.items():
        nh = {FRAG: 44, IPv6ExtHdrHopByHop: 0, IPv6ExtHdrDestOpt: 60, IPv6ExtHdrRouting: 43, bytes: 51}[type(h)]
        body = bytes(h) + bytes(U / DATA)
        if nh != 51:
            body = b"\x11" + body[1:]
        for where, offset, m in ("atomic", 0, 0), ("first", 0, 1), ("later", 100, 1):
            p = c6() / FRAG(nh=nh, offset=offset, m=m, id=5) / body
            case((52, 63), f"{what} behind Fragment, {where}: {'silence' if offset else '1/1'}", p,
                 back=[] if offset else error6(1, 1, 0, p), drop="DropFragment", free=ANY_FLOW)
    p = c6() / FRAG(nh=60, id=5) / (bytes([58, 0, 1, 4, 0, 0, 0, 0]) + bytes(error(1, 0))[40:])
    case((52, 63), "an error behind Destination Options behind Fragment: silence", p, drop="DropFragment")
    esp6, esp4 = c6(nh=50) / BIG[:2000], c4(proto=50) / BIG[:2000]
    case(52, "ESP behind Fragment", frags6(esp6, [1000], ident), frags4(esp4, [1000], 0xabcd))
    case(52, "atomic ESP", frags6(esp6, [1000], ident)[0:1], frags4(esp4, [1000], 0xabcd)[0:1])

    for n in 0, 40, 1252, 1400:
        case(53, f"atomic, {n} bytes of UDP: DF=0", frags6(c6() / U / BIG[:n], [], ident),
             frags4(c4() / U / BIG[:n], [], 0xabcd))
    case(53, "atomic, echo", frags6(echo6(), [], ident), echo4(ip=c4(id=0xabcd)))
    case(53, "atomic, an error", frags6(error(1, 0), [], ident), quote4(3, 1, ip=c4(id=0xabcd)))


# Errors of C, about a packet of S that came to it, hop limit 7
Q6 = IPv6(src=S6, dst=C6, hlim=7) / U / DATA
Q4 = IP(src=S4, dst=C4, ttl=7, id=0) / U / DATA


def error(kind, code, ip=None, rest=0, about=Q6, tail=b""):
    return icmp6(kind, code, rest, bytes(about) + tail, ip or c6())


def quote4(kind, code, rest=0, about=Q4, tail=b"", ip=None):
    return icmp4(kind, code, rest, bytes(about) + tail, ip or c4())


def icmp():
    pair(55, "echo request", echo6(128), echo4(8))
    pair(55, "echo reply", echo6(129), echo4(0))
    pair(55, "echo request without data", echo6(128, b""), echo4(8, b""))
    pair(55, "echo request with a code", echo6(128, code=3), echo4(8, code=3))
    pair(55, "echo request of an odd length", echo6(128, BIG[:1399]), echo4(8, BIG[:1399]))
    for kind in (*range(130, 138), 0, 5, 99, 100, 101, 126, 127, 138, 143, 160, 200, 255):
        case(55, f"type {kind}", echo6(kind), drop="DropIcmpType")

    for code in range(9):
        to = {0: 1, 1: 10, 2: 1, 3: 1, 4: 3}.get(code)
        if to is None:
            case(56, f"1/{code} is dropped", error(1, code), drop="DropIcmpType")
        else:
            pair(56, f"1/{code} becomes 3/{to}", error(1, code), quote4(3, to))
    for code in 0, 1, 9:
        pair(58, f"3/{code} becomes 11/{code}", error(3, code), quote4(11, code))
    pointer = {0: 0, 1: 1, 4: 2, 5: 2, 6: 9, 7: 8}
    pointer |= dict.fromkeys(range(8, 24), 12) | dict.fromkeys(range(24, 40), 16)
    for ptr in (*range(42), 256, 0x1000000, 0xffffffff):
        if ptr in pointer:
            pair(59, f"4/0 pointer {ptr} becomes 12/0 pointer {pointer[ptr]}", error(4, 0, rest=ptr),
                 quote4(12, 0, pointer[ptr] << 24))
        else:
            case(59, f"4/0 pointer {ptr} is dropped", error(4, 0, rest=ptr), drop="DropIcmpType")
    for ptr in 6, 40:
        pair(60, f"4/1 pointer {ptr} becomes 3/2", error(4, 1, rest=ptr), quote4(3, 2))
    for code in 2, 3, 4:
        case(60, f"4/{code} is dropped", error(4, code), drop="DropIcmpType")
    for p in error(1, 0), error(2, 0, rest=1400):
        b = bytearray(bytes(p))
        b[43] ^= 1
        case(64, f"type {b[40]} with a wrong checksum", IPv6(bytes(b)), drop="DropChecksum")


def mtu(rows):
    for m, to in rows.items():
        pair(57, f"2/0 MTU {m} becomes 3/4 MTU {to}", error(2, 0, rest=m), quote4(3, 4, to))


def ptb():
    mtu({1280: 1260, 1281: 1261, 1400: 1380, 1500: 1480, 1501: 1480, 9000: 1480, 65535: 1480, 0xffffffff: 1480})
    # No IPv6 link has less; routers of RFC 2460's time could say so.
    mtu({0: 1260, 68: 1260, 1000: 1260, 1279: 1260})
    pair(57, "2/5 MTU 1400 becomes 3/4", error(2, 5, rest=1400), quote4(3, 4, 1380))
    f6 = IPv6(src=S6, dst=C6, hlim=7) / FRAG(nh=17, m=1, id=0x1abcd) / bytes(Q6)[40:]
    f4 = IP(src=S4, dst=C4, ttl=7, id=0xabcd, flags="MF", proto=17) / bytes(Q4)[20:]
    # A fragment of 1372 bytes has 1400 in IPv6. One of 1380 would be too big again.
    for m, to in {1400: 1372, 1280: 1252, 9000: 1472}.items():
        pair(57, f"2/0 MTU {m} that quotes a Fragment header", error(2, 0, rest=m, about=f6), quote4(3, 4, to, about=f4))


def ptb_wan_1400():
    mtu({1280: 1260, 1419: 1399, 1420: 1400, 1421: 1400, 1500: 1400})
    p = c6() / U / BIG[:1420 - 48]
    pair(54, "1400 bytes through 1400", p, c4() / U / BIG[:1420 - 48])
    for n in 1421, 1500:
        p = c6() / U / BIG[:n - 48]
        case(54, f"{n - 20} bytes through 1400: 2/0 MTU 1420", p, back=error6(2, 0, 1420, p), drop="DropTooBig",
             free=ANY_FLOW)
    p = ext(c6() / U / BIG[:1420 - 48], DO)
    pair(54, "what is skipped does not count", p, c4() / U / BIG[:1420 - 48])


def ptb_lan_1300():
    mtu({1280: 1260, 1299: 1279, 1300: 1280, 1500: 1280})


def wan_1000():
    mtu({1280: 1000, 1500: 1000})
    p = c6() / U / BIG[:1300]
    case(54, "1348 bytes through 1000: 2/0 MTU 1280", p, back=error6(2, 0, 1280, p), drop="DropTooBig", free=ANY_FLOW)
    p = c6() / U / BIG[:1281 - 48]
    case(54, "1281 bytes through 1000: 2/0 MTU 1280", p, back=error6(2, 0, 1280, p), drop="DropTooBig", free=ANY_FLOW)
    for n in 1280, 1100:
        case(54, f"{n} bytes through 1000: cut, DF=0", c6() / U / BIG[:n - 48],
             frags4(c4() / U / BIG[:n - 48], [976], 0), free=ANY_ID)
    tcp = TCP(sport=1, dport=2, flags="A")
    case(54, "1280 bytes of TCP through 1000: cut", c6() / tcp / BIG[:1220], frags4(c4() / tcp / BIG[:1220], [976], 0),
         free=ANY_ID)
    case(54, "an error goes through 1000", error(1, 0, tail=BIG[:1000]), quote4(3, 1, tail=BIG[:480]), free=ANY_ID)
    f6 = frags6(c6() / U / BIG[:2800], [1400], 0x5678)
    p4 = c4() / U / BIG[:2800]
    a, b = frags4(p4, [1400], 0x5678)
    case(54, "a first fragment is cut again", f6[0], frags4(a, [976], 0x5678, more=True))
    case(54, "a last fragment is cut again", f6[1], frags4(b, [976], 0x5678, first=1400))
    case(54, "an atomic fragment is cut", frags6(c6() / U / BIG[:1300], [], 0x5678),
         frags4(c4() / U / BIG[:1300], [976], 0x5678))


def quoted():
    def both(item, what, q6, q4, **kw):
        pair(item, what, error(3, 0, about=q6, **kw), quote4(11, 0, about=q4, **kw))

    i6, i4 = IPv6(src=S6, dst=C6, hlim=7, tc=0x28, fl=0x12345), IP(src=S4, dst=C4, ttl=7, id=0, tos=0x28)
    tcp = TCP(sport=1, dport=2, flags="PA", options=[("MSS", 1460)])
    both(62, "UDP", i6 / U / DATA, i4 / U / DATA)
    both(62, "TCP", i6 / tcp / DATA, i4 / tcp / DATA)
    for hl in 0, 1, 255:
        both(62, f"hop limit {hl} stays", IPv6(src=S6, dst=C6, hlim=hl) / U, IP(src=S4, dst=C4, ttl=hl, id=0) / U)
    both(62, "echo request", echo6(ip=i6.copy()), echo4(ip=i4.copy()))
    both(62, "echo reply", echo6(129, ip=i6.copy()), echo4(0, ip=i4.copy()))
    both(62, "SCTP", proto(i6.copy(), 132) / DATA, proto(i4.copy(), 132) / DATA)
    p6, p4 = bytes(i6 / U / BIG[:400]), bytes(i4 / U / BIG[:400])
    for n in 0, 1, 4, 6, 8, 9, 300:
        both(62, f"cut short, {n} bytes of UDP", p6[:40 + n], p4[:20 + n])
    # Half a checksum is nothing to calculate with.
    both(62, "cut short, 7 bytes of UDP", p6[:47], p4[:26] + p6[46:47])
    p6, p4 = bytes(i6 / tcp / BIG[:400]), bytes(i4 / tcp / BIG[:400])
    for n in 0, 8, 16, 18, 20:
        both(62, f"cut short, {n} bytes of TCP", p6[:40 + n], p4[:20 + n])
    both(62, "cut short, 17 bytes of TCP", p6[:57], p4[:36] + p6[56:57])
    both(62, "a long packet, cut short", bytes(i6 / U / BIG[:1300])[:200], bytes(df(i4 / U / BIG[:1300]))[:180])
    p6, p4 = i6 / U / DATA, i4 / U / DATA
    for what, headers in {"Hop-by-Hop": [HBH], "Destination Options": [DO], "Routing": [rh(0)],
                          "Routing with segments left": [rh(1)], "all three": [HBH, DO, rh(1)]}.items():
        both(62, "behind " + what, ext(p6, *headers), p4)
    case(62, "an extension header cut short", error(3, 0, about=bytes(ext(p6, HBH, DO))[:52]), drop="DropIcmpQuoted")
    case(62, "a header cut short", error(3, 0, about=bytes(p6)[:39]), drop="DropIcmpQuoted")
    case(62, "nothing quoted", error(3, 0, about=b""), drop="DropIcmpQuoted")
    case(62, "IPv4 quoted", error(3, 0, about=p4), drop="DropIcmpQuoted")
    data6, data4 = bytes(i6 / U / BIG[:400])[40:], bytes(i4 / U / BIG[:400])[20:]
    for what, off, m in ("first", 0, 1), ("middle", 30, 1), ("last", 30, 0), ("atomic", 0, 0):
        f4 = i4.copy()
        f4.proto, f4.frag, f4.flags, f4.id = 17, off, m, 0x5678
        both(62, f"{what} fragment", i6 / FRAG(nh=17, offset=off, m=m, id=0x12345678) / data6[off * 8:][:200],
             f4 / data4[off * 8:][:200])
    f4 = i4.copy()
    f4.proto, f4.flags, f4.id, f4.len = 17, "MF", 0x5678, 20 + 200
    f6 = bytes(i6 / FRAG(nh=17, m=1, id=0x12345678) / data6[:200])
    both(62, "first fragment behind Hop-by-Hop", i6 / HBH / FRAG(nh=17, m=1, id=0x12345678) / data6[:200],
         f4 / data4[:200])
    both(62, "first fragment, cut short", f6[:56], bytes(f4 / data4[:200])[:28])
    for inner in 1, 2, 3, 4, 100, 127, 130, 133, 135, 255:
        case(62, f"quotes ICMPv6 type {inner}", error(3, 0, about=echo6(inner, ip=i6.copy())), drop="DropIcmpQuoted")
    case(62, "quotes ICMPv6 behind an extension header", error(3, 0, about=ext(error(1, 0, ip=i6.copy()), DO)),
         drop="DropIcmpQuoted")
    for what, addr in {"source": {"src": "2001:db8:ffff::1"}, "destination": {"dst": "2001:db8:ffff::1"}}.items():
        q = IPv6(**{"src": S6, "dst": C6, **addr}) / U / DATA
        case(62, f"quoted {what} without a counterpart", error(3, 0, about=q), drop="DropIcmpQuoted")


# RFC 4884 section 7: version 2, a checksum, and one object of an unknown class
def extension(n):
    d = struct.pack("!BBHHBB", 0x20, 0, 0, n - 4, 200, 1) + BIG[:n - 8]
    return d[:2] + struct.pack("!H", checksum(d)) + d[4:]


def rfc4884():
    i6, i4 = IPv6(src=S6, dst=C6, hlim=7), IP(src=S4, dst=C4, ttl=7, id=0)

    def row(what, n, tail, kind=1, code=0, to=(3, 1), left=None, keep=True, cap=None, frag=False):
        """n: bytes of the original datagram field; left: of what is to be there in IPv4"""
        # What is quoted is longer than the field in all but the first.
        p6, p4 = bytes(i6 / U / BIG[:1000]), bytes(i4 / U / BIG[:1000])
        shrink = 20
        if frag:
            f4 = i4.copy()
            f4.proto, f4.flags, f4.id = 17, "MF", 0x5678
            p6, p4 = bytes(i6 / FRAG(nh=17, m=1, id=0x5678) / p6[40:]), bytes(f4 / p4[20:])
            shrink = 28
        q4 = p4[:n - shrink][:cap]
        pad = bytes(max(0, 128 - len(q4))) if keep else b""
        words = len(q4 + pad) // 4 if keep else 0
        pair(61, what, error(kind, code, rest=n // 8 << 24, about=p6[:n], tail=tail),
             quote4(*to, words << 16, about=q4 + pad, tail=tail if keep else b""))

    for kind, code, to in (1, 0, (3, 1)), (1, 4, (3, 3)), (3, 0, (11, 0)):
        row(f"extension of a {kind}/{code}, 128 bytes: padded", 128, extension(20), kind, code, to)
    row("extension, 136 bytes: padded", 136, extension(20))
    row("extension, 144 bytes: padded", 144, extension(20))
    row("extension, 152 bytes", 152, extension(20))
    row("extension, 256 bytes", 256, extension(20))
    row("extension, a fragment, 128 bytes: padded", 128, extension(20), frag=True)
    row("extension, a fragment, 160 bytes", 160, extension(20), frag=True)
    row("576 bytes in all", 544, extension(24))
    row("the quoted packet is cut to 576 bytes", 552, extension(24), cap=524)
    row("the quoted packet is cut to 576 bytes, and to words", 800, extension(20), cap=528)
    row("the longest extension that fits", 400, extension(420), cap=128)
    row("an extension that does not fit is left out", 400, extension(424), keep=False)
    row("a length that nothing follows", 128, b"", keep=False)
    # A zero length: what follows is no extension, but what older senders quote.
    p6, p4 = bytes(i6 / U / BIG[:1100]), bytes(i4 / U / BIG[:1100])
    for n in 568, 569, 1148:
        pair(61, f"no extension, {n} bytes quoted", error(1, 0, about=p6[:n]),
             quote4(3, 1, about=p4[:min(n - 20, 548)]))
    pair(61, "2/0, 576 bytes at most", error(2, 0, rest=1400, about=p6), quote4(3, 4, 1380, about=p4[:548]))
    pair(61, "4/1, 576 bytes at most", error(4, 1, about=p6), quote4(3, 2, about=p4[:548]))
    pair(61, "a length beyond the packet's end is none", error(1, 0, rest=200 << 24, about=p6[:400]),
         quote4(3, 1, about=p4[:380]))


def untranslatable():
    for a in "127.0.0.1", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255":
        dst = "2001:db8:64::" + a
        p = c6(dst=dst) / U / DATA
        case(63, f"destination that stands for {a}: 1/1", p, back=error6(1, 1, 0, p), drop="DropDestination",
             free=ANY_FLOW)
        case(63, f"an error to {a}: silence", error(1, 0, c6(dst=dst)), drop="DropDestination")
    p = c6(dst="2001:db8:64::100.64.0.1") / U / DATA
    case(63, "no route: 1/0", p, back=error6(1, 0, 0, p), drop="DropNoRoute", free=ANY_FLOW)
    case(63, "no route for an error: silence", error(1, 0, c6(dst=p.dst)), drop="DropNoRoute")
    case(63, "illegal source and destination: silence",
         c6(src="2001:db8:6464::127.0.0.1", dst="2001:db8:64::127.0.0.1") / U / DATA, drop="DropAddress")


def checksums():
    for n in 0, 1, 2, 39, 40, 1400:
        for tcp in (TCP(sport=1, dport=2, flags="S", options=[("MSS", 1440), ("WScale", 7)]),
                    TCP(sport=80, dport=65535, flags="FPA", seq=0xffffffff)):
            pair(64, f"TCP with {n} bytes, {len(bytes(tcp)) - 20} of options", c6() / tcp / BIG[:n],
                 c4() / tcp / BIG[:n])
        pair(64, f"UDP with {n} bytes", c6() / U / BIG[:n], c4() / U / BIG[:n])
        pair(64, f"echo with {n} bytes", echo6(data=BIG[:n]), echo4(data=BIG[:n]))
    # Two bytes that make the sum zero in one family: to be said as 0xffff
    for what, p in ("IPv4", c4()), ("IPv6", c6()):
        have = bytes(p / U / b"\0\0")[-4:-2]
        pair(64, f"UDP with the checksum 0 in {what}", c6() / U / have, c4() / U / have)
    u = UDP(sport=1, dport=2, chksum=0xdead)
    good6, good4 = (struct.unpack("!H", bytes(p / UDP(sport=1, dport=2) / DATA)[-42:-40])[0] for p in (c6(), c4()))
    bad = (good4 + 0xdead - good6)
    bad = (bad + (bad >> 16)) & 0xffff if bad >= 0 else bad + 0xffff
    pair(64, "a wrong checksum stays wrong", c6() / u / DATA, c4() / UDP(sport=1, dport=2, chksum=bad) / DATA)
    for n, chksum in (20, 20), (0, 8):
        lite6, lite4 = (lite(p, BIG[:n + 8], chksum) for p in (c6(), c4()))
        pair(64, f"UDP-Lite, {chksum} bytes covered", lite6, lite4)
    pair(64, "DCCP", dccp(c6()), dccp(c4()))


def pseudo(p, proto, length):
    if p.version == 4:
        return socket.inet_aton(p.src) + socket.inet_aton(p.dst) + struct.pack("!HH", proto, length)
    return b"".join(socket.inet_pton(socket.AF_INET6, a) for a in (p.src, p.dst)) + struct.pack("!II", length, proto)


def proto(p, n):
    setattr(p, "proto" if p.version == 4 else "nh", n)
    return p


def lite(p, data, cover):
    """UDP-Lite, RFC 3828: its length field says how much the checksum covers"""
    d = struct.pack("!HHHH", 1, 2, cover, 0) + data
    s = checksum(pseudo(p, 136, len(d)) + d[:cover])
    return proto(p, 136) / Raw(d[:6] + struct.pack("!H", s) + d[8:])


def dccp(p):
    """A Request of DCCP, RFC 4340 section 5.1, with 48 bits of sequence number"""
    d = struct.pack("!HHBBHBBHII", 1, 2, 5, 0, 0, 1, 0, 0, 7, 8)
    s = checksum(pseudo(p, 33, len(d)) + d)
    return proto(p, 33) / Raw(d[:6] + struct.pack("!H", s) + d[8:])


def addresses():
    for a in "198.51.100.0", "198.51.100.3", "198.51.100.254":
        pair(65, f"destination {a}", c6(dst="2001:db8:64::" + a) / U / DATA, c4(dst=a) / U / DATA)
    for a in "203.0.113.0", "203.0.113.255", "10.0.0.1", "8.8.8.8", "172.16.1.1":
        pair(65, f"source {a}", c6(src="2001:db8:6464::" + a) / U / DATA, c4(src=a) / U / DATA)


def reassembled():
    """Behind conntrack, which puts fragments together; they go on as long as they came"""
    ident = 0x12345678
    for n in 2000, 3000, 2001:
        cuts = range(1200, n, 1200)
        f6, f4 = frags6(c6() / U / BIG[:n], cuts, ident), frags4(c4() / U / BIG[:n], cuts, 0)
        for order in permutations(range(len(f6))):
            case(51, f"{n} bytes reassembled, order {order}", [f6[i] for i in order], f4, free=ANY_ID)
    case(51, "reassembled, a part of it missing", frags6(c6() / U / BIG[:3000], [1200, 2400], 1)[:2])
    # What would have been dropped as a fragment
    case(55, "echo request of 2000 bytes reassembled", frags6(echo6(data=BIG[:2000]), [1200], ident),
         frags4(echo4(data=BIG[:2000]), [1200], 0), free=ANY_ID)
    case(46, "1300 bytes reassembled: DF=0", frags6(c6() / U / BIG[:1300], [1000], ident),
         frags4(c4() / U / BIG[:1300], [], 0), free=ANY_ID)
    p = c6(hlim=1) / U / BIG[:2000]
    case(47, "hop limit 1, reassembled", frags6(p, [1200], ident), back=error6(3, 0, 0, p), drop="DropHopLimit",
         free=ANY_FLOW)
    case(53, "atomic, behind conntrack", frags6(c6() / U / DATA, [], ident), c4() / U / DATA, free=ANY_ID)


def own_rules():
    p = c6(dst="2001:db8:64::198.51.100.99", hlim=9) / U / DATA
    case(65, "a more specific IPv6 route is not translated", p, c6(dst=p.dst, hlim=8) / U / DATA)
    pair(65, "the rest of the prefix is", c6(dst="2001:db8:64::198.51.100.98") / U / DATA,
         c4(dst="198.51.100.98") / U / DATA)
    pair(45, "traffic class that a rule sets to zero", c6(tc=0x28) / U / DATA, c4(tos=0) / U / DATA)
    case(8, "a source within the prefix of IPv4, from the IPv6 side", c6(src="2001:db8:64::198.51.100.7") / U / DATA)
    case(8, "an IPv6 host's IPv4 address, from the IPv4 side", s4(src="203.0.113.7") / U / DATA)
    pair(8, "others pass to IPv4", c6() / U / DATA, c4() / U / DATA)
    case(8, "others pass to IPv6", s4() / U / DATA, s6() / U / DATA)


def pmtu_905():
    """What IPv4 sends when one of its links has an MTU of 905"""
    about4 = c4(ttl=60, flags="DF", id=0) / U / BIG[:1300]
    about6 = c6(hlim=60) / U / BIG[:1300]
    n = 500
    case(119, "3/4 MTU 905 becomes 2/0 MTU 1280", icmp4(3, 4, 905, bytes(about4)[:n], s4()),
         icmp6(2, 0, 1280, bytes(about6)[:n + 20], s6()))
    for n in 1280, 925, 926, 200:
        pair(119, f"the next packet, {n} bytes: DF=0", c6() / U / BIG[:n - 48], c4() / U / BIG[:n - 48])


def lan_1420():
    for n in 1400, 1401, 1420, 1500:
        p = s4(flags="DF") / U / BIG[:n - 28]
        if n == 1400:
            case(118, "DF=1, 1400 bytes through 1420", p, s6() / U / BIG[:n - 28])
        else:
            case(118, f"DF=1, {n} bytes through 1420: 3/4 MTU 1400", p, back=error4(3, 4, 1400, p), drop="DropTooBig",
                 free=ANY_ID)
    for n in 1280, 1400, 1420, 1500:
        data = bytes(s6() / U / BIG[:n - 28])[40:]
        case(118, f"DF=0, {n} bytes through 1420: cut", s4(flags=0) / U / BIG[:n - 28],
             [s6() / FRAG(nh=17, offset=a // 8, m=b < len(data), id=0x1234) / Raw(data[a:b])
              for a, b in ((0, 1232), (1232, len(data)))])
    case(118, "DF=0, 1260 bytes through 1420: whole", s4(flags=0) / U / BIG[:1232], s6() / U / BIG[:1232])


main(globals())
