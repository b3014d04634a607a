# SPDX-License-Identifier: GPL-2.0
"""RFC 7915, section 4: IPv4 to IPv6."""
import itertools
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfc import *  # noqa: E402,F401,F403

U = UDP(sport=1111, dport=2222)
T = TCP(sport=1111, dport=2222, flags="PA", seq=0x12345678, ack=0x9abcdef0)
# What an error quotes was on its way from C to S, and has come to S's router.
Q4 = bytes(c4(ttl=61) / U / DATA)
Q6 = bytes(c6(hlim=61) / U / DATA)
# MPLS label stack, RFC 4950
EXT = bytes.fromhex("2000a0e8000801010000c13f")


def data(n):
    return bytes(i * 7 & 0xff for i in range(n))


def udp(n, **kw):
    """The same datagram of n bytes, UDP header included, in both families."""
    return s4(**kw) / U / data(n - 8), s6() / U / data(n - 8)


def option(*b):
    return Raw(bytes(b))


# Protocols with a checksum like UDP's, that scapy does not build. RFC 4340:
# data offset 4, checksum of all of it; RFC 3828: the same, or 8 bytes of it.
SUMMED = (
    ("DCCP", 33, bytes.fromhex("045708ae040000000100000000000001") + DATA),
    ("UDP-Lite", 136, bytes.fromhex("045708ae00000000") + DATA),
    ("UDP-Lite that covers its header", 136, bytes.fromhex("045708ae00080000") + DATA),
)


def summed(ip, load):
    cover = 8 if load[4:6] == b"\0\x08" else len(load)
    # The pseudo-header has the whole length: add the rest as zeroes.
    part = load[:cover] + bytes(len(load) - cover)
    check = in4_chksum(ip.proto, ip, part) if ip.version == 4 else in6_chksum(ip.nh, ip, part)
    return ip / Raw(load[:6] + check.to_bytes(2, "big") + load[8:])


def header():
    p4, p6 = udp(1240)
    case(10, "DF=0, comes to 1280 bytes", p4, p6)
    case(10, "DF=0, ICMP", icmp4(8, 0, 1, DATA), icmp6(128, 0, 1, DATA))
    flow = [(s4(id=i, flags=i % 2 * 2) / lay / data(n), s6() / lay / data(n))
            for i, (lay, n) in enumerate(itertools.product((U, T), (0, 1, 700, 1200, 3)))]
    f4, f6 = udp(1400, id=77)
    flow[3:3] = zip(cut4(f4, 800, 600), cut6(f6, 800, 600, id=77))
    case(11, "UDP, TCP and fragments, long and short, stay in order", *zip(*flow))

    for tos in 0xb8, 0x01, 0x03, 0xff:
        case(14, f"ToS {tos:#x}", s4(tos=tos) / U / DATA, s6(tc=tos) / U / DATA)
    case(14, "made zero by a rule", s4(tos=0xb8, dst="203.0.113.40") / U / DATA,
         s6(dst="2001:db8:6464::203.0.113.40") / U / DATA)
    for n in 0, 1, 1452:
        case(15, f"UDP with {n} bytes", s4(flags="DF") / U / data(n), s6() / U / data(n))
    case(15, "no payload at all", s4(proto=253), s6(nh=253))
    case(15, "60 bytes of header", s4(options=[option(*[1] * 40)]) / U / DATA, s6() / U / DATA)

    # Those that have a header to be checked, or are dropped, come elsewhere.
    protos = [n for n in range(256) if n not in (0, 1, 2, 6, 17, 33, 43, 44, 58, 60, 136)]
    case(16, "all protocols without a checksum of ours", [s4(proto=n) / Raw(DATA) for n in protos],
         [s6(nh=n) / Raw(DATA) for n in protos])
    for n in 0, 43, 44, 60:
        # behind it, what would be a live UDP header in IPv6
        p = s4(proto=n) / Raw(bytes([17, 0, 1, 4, 0, 0, 0, 0])) / U / DATA
        case(16, f"protocol {n}, an extension header in IPv6", p, back=error4(3, 2, 0, p), drop="DropProtocol", free=ANY_ID)
        case(38, f"protocol {n} quoted", icmp4(11, 0, 0, c4(ttl=9, proto=n) / Raw(DATA)), drop="DropIcmpQuoted")
    case(16, "ICMP", icmp4(8, 0, 1, DATA), icmp6(128, 0, 1, DATA))
    case(17, "TTL", [s4(ttl=n) / U / DATA for n in (255, 64, 2)], [s6(hlim=n - 1) / U / DATA for n in (255, 64, 2)])
    p = s4(ttl=1) / U / DATA
    case(18, "TTL of 1", p, back=error4(11, 0, 0, p), drop="DropHopLimit", free=ANY_ID)
    p = cut4(s4(ttl=1) / U / DATA, 24, 24)[0]
    case(18, "TTL of 1, a first fragment", p, back=error4(11, 0, 0, p), drop="DropHopLimit", free=ANY_ID)
    case(18, "TTL of 1, an error: no answer", icmp4(3, 3, 0, Q4, s4(ttl=1)), drop="DropHopLimit")

    bad = "127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "0.1.2.3", "169.254.169.254"
    for a in bad:
        case(19, f"from {a}", s4(src=a) / U / DATA, drop="DropAddress")
    for a in bad:
        case(19, f"error from {a}", icmp4(11, 0, 0, Q4, s4(src=a)),
             icmp6(3, 0, 0, Q6, s6(src="2001:db8:64::" + a)))

    for what, *opts in (
            ("record route", 7, 11, 4, *bytes(8)), ("timestamp", 68, 12, 5, 0, *bytes(8)),
            ("router alert", 148, 4, 0, 0), ("stream", 136, 4, 0, 1), ("security", 130, 11, *bytes(9)),
            ("unknown", 94, 6, 1, 2, 3, 4), ("no-operations, then end", 1, 1, 1, 0),
            ("several", 1, 148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0)):
        case(20, f"option removed: {what}", s4(options=[option(*opts)]) / U / DATA, s6() / U / DATA)
    p4, p6 = s4(options=[option(148, 4, 0, 0)]) / T / DATA, s6() / T / DATA
    case(20, "TCP with an option", p4, p6)
    case(20, "echo with an option", icmp4(8, 0, 1, DATA, s4(options=[option(148, 4, 0, 0)])), icmp6(128, 0, 1, DATA))

    hop = 192, 0, 2, 9
    for name, kind in ("loose", 131), ("strict", 137):
        for what, opts in (
                ("none visited", (kind, 7, 4, *hop)), ("one of two visited", (kind, 11, 8, *hop, *hop)),
                ("pointer at its last byte", (kind, 7, 7, *hop)),
                ("behind another option", (1, 148, 4, 0, 0, kind, 7, 4, *hop))):
            p = s4(options=[option(*opts)]) / U / DATA
            case(21, f"{name} source route, {what}", p, back=error4(3, 5, 0, p), drop="DropSourceRoute", free=ANY_ID)
        for what, opts in (
                ("used up", (kind, 7, 8, *hop)), ("two, used up", (kind, 11, 12, *hop, *hop)),
                ("empty", (kind, 3, 4)), ("behind the end of options", (0, kind, 7, 4, *hop))):
            case(21, f"{name} source route, {what}", s4(options=[option(*opts)]) / U / DATA, s6() / U / DATA)
    case(21, "error with a source route: no answer", icmp4(3, 3, 0, Q4, s4(options=[option(131, 7, 4, *hop)])),
         drop="DropSourceRoute")


def fragments():
    p = s4(id=0xabcd, flags="MF", frag=185, proto=17) / Raw(DATA)
    case(22, "offset 185, M=1, id 0xabcd", p, s6(nh=44) / IPv6ExtHdrFragment(
        nh=17, offset=185, m=1, id=0xabcd) / Raw(DATA))
    p = s4(id=0xffff, frag=8180, proto=6, tos=0xb8) / Raw(DATA)
    case(22, "the last that there can be", p, s6(nh=44, tc=0xb8) / IPv6ExtHdrFragment(
        nh=6, offset=8180, m=0, id=0xffff) / Raw(DATA))
    for name, lay in ("UDP", U), ("TCP", T):
        f4 = cut4(s4() / lay / data(1992), 800, 800, 392 + len(lay))
        f6 = cut6(s6() / lay / data(1992), 800, 800, 392 + len(lay))
        for i, what in enumerate(("first", "middle", "last")):
            case((22, 40) if i == 0 else (22, 23), f"{name}, {what} fragment", f4[i], f6[i])
        for order in itertools.permutations(range(3)):
            case(22, f"{name}, fragments in order {order}", [f4[i] for i in order], [f6[i] for i in order])
    f4, f6 = cut4(s4() / T / data(40), 24, 36), cut6(s6() / T / data(40), 24, 36)
    case((22, 40), "checksum in the first fragment, data in the next", f4, f6)
    p4, p6 = s4(flags="MF", proto=132) / Raw(data(64)), s6(nh=44) / IPv6ExtHdrFragment(nh=132, m=1, id=0x1234) / Raw(data(64))
    case((22, 43), "SCTP, first fragment", p4, p6)
    p4.options = [option(148, 4, 0, 0)]
    case((20, 22), "a fragment with an option", p4, p6)
    for n in 6, 17, 33, 136, 253:
        case(23, f"protocol {n}, later fragment that looks like a first one",
             s4(frag=3, proto=n) / Raw(bytes(40)),
             s6(nh=44) / IPv6ExtHdrFragment(nh=n, offset=3, id=0x1234) / Raw(bytes(40)))
    case(23, "later fragment of one byte", s4(frag=3, proto=6) / Raw(b"x"),
         s6(nh=44) / IPv6ExtHdrFragment(nh=6, offset=3, id=0x1234) / Raw(b"x"))

    for i, f in enumerate(cut4(icmp4(8, 0, 1, data(200)), 104, 104)):
        case(9, f"echo request, fragment {i}", f, drop="DropFragmentedIcmp")
    for i, f in enumerate(cut4(icmp4(3, 3, 0, Q4), 48, 28)):
        case(9, f"error, fragment {i}", f, drop="DropFragmentedIcmp")
    f4 = cut4(s4() / UDP(sport=1111, dport=2222, chksum=0) / data(800), 400, 408)
    f6 = cut6(s6() / UDP(sport=1111, dport=2222, chksum=0) / data(800), 400, 408)
    case((39, 42), "first fragment of UDP without checksum: 3/13", f4[0], back=error4(3, 13, 0, f4[0]),
         drop="DropFragmentedUdpZero", free=ANY_ID)
    case((23, 42), "and a later one", f4[1], f6[1])


def sizes():
    """Both links have 1500 bytes."""
    for n, *cut in (1480, 1232, 248), (1241, 1232, 9), (1260, 1232, 28):
        p4, p6 = udp(n, id=0xfedc)
        case(13, f"DF=0, {n} bytes of UDP: {cut}", p4, cut6(p6, *cut, id=0xfedc))
    case(13, "DF=0, TCP", s4() / T / data(1460), cut6(s6() / T / data(1460), 1232, 248))
    case(13, "DF=0, echo", icmp4(8, 0, 1, data(1472)), cut6(icmp6(128, 0, 1, data(1472)), 1232, 248))
    case((13, 43), "DF=0, GRE", s4(proto=47) / Raw(data(1480)), cut6(s6(nh=47) / Raw(data(1480)), 1232, 248))
    case((13, 41), "DF=0, UDP without checksum", s4() / UDP(sport=1111, dport=2222, chksum=0) / data(1472),
         cut6(s6() / UDP(sport=1111, dport=2222) / data(1472), 1232, 248))
    case((13, 20), "DF=0, options", s4(options=[option(*[1] * 40)]) / U / data(1432),
         cut6(s6() / U / data(1432), 1232, 208))
    case((13, 14), "DF=0, ToS 0xb8", s4(tos=0xb8) / U / data(1472), cut6(s6(tc=0xb8) / U / data(1472), 1232, 248))
    case((10, 12), "DF=1, up to the MTU", *udp(1460, flags="DF"))
    p4, p6 = udp(1461, flags="DF")
    case(12, "DF=1, one byte more", p4, back=error4(3, 4, 1480, p4), drop="DropTooBig", free=ANY_ID)

    def to(n, last, **kw):
        """Rules for other addresses have another lowest MTU."""
        return s4(dst=f"203.0.113.{last}", **kw) / U / data(n - 8), s6(dst=f"2001:db8:6464::203.0.113.{last}") / U / data(n - 8)

    case((10, 13), "lowest MTU 1400: fits", *to(1360, 41))
    p4, p6 = to(1361, 41)
    case(13, "lowest MTU 1400: one byte more", p4, cut6(p6, 1352, 9))
    p4, p6 = to(1461, 42)
    case(13, "lowest MTU 9000: not over the link's 1500", p4, cut6(p6, 1448, 13))
    case((10, 13), "lowest MTU 9000: fits", *to(1460, 42))
    f4, f6 = to(2904, 41)
    case((13, 22), "lowest MTU 1400: fragments", cut4(f4, 1352, 1472, 80), cut6(f6, 1352, 1352, 120, 80))

    # Nothing says that a fragment has to have DF=0.
    p4, p6 = udp(2904, flags="DF")
    f4 = cut4(p4, 1452 // 8 * 8, 1456)
    f4[0].flags = "MF+DF"
    case((12, 22), "DF=1 on a fragment that fits", f4[0], cut6(p6, 1448, 1456)[0])
    # A fragment is itself a packet with DF=0.
    p4, p6 = udp(2960)
    f4 = cut4(p4, 1480, 1480)
    case((13, 22), "first fragment of 1500 bytes", f4[0], cut6(p6, 1232, 248, 1480)[:2])
    case((13, 22), "last fragment of 1500 bytes", f4[1], cut6(p6, 1480, 1232, 248)[1:])
    f4, f6 = cut4(p4, 1240, 1240, 480), cut6(p6, 1232, 8, 1232, 8, 480)
    case((13, 22), "fragments that fit the link, but not 1280 bytes", f4, f6)
    f4, f6 = cut4(p4, 1232, 1232, 496), cut6(p6, 1232, 1232, 496)
    case((13, 22), "fragments that come to 1280 bytes", f4, f6)

    long4, long6 = c4(ttl=61) / U / data(1432), c6(hlim=61) / U / data(1432)
    for n in 1400, 1213, 1212, 548:
        case(36, f"an error that quotes {n} bytes", icmp4(11, 0, 0, bytes(long4)[:n]),
             icmp6(3, 0, 0, bytes(long6)[:min(n + 20, 1232)]))
    q4, q6 = cut4(long4, 1400, 40)[0], cut6(long6, 1400, 40, id=1)[0]
    case(36, "an error that quotes 1400 bytes of a fragment", icmp4(3, 1, 0, bytes(q4)[:1400]),
         icmp6(1, 0, 0, bytes(q6)[:1232]))
    big = EXT[:4] + data(1080 - 4)
    huge = EXT[:4] + data(1200 - 4)
    for what, n, ext, cut in (
            ("quote is cut for the extension", 1020, big[:200], 1032), ("extension leaves 152 bytes", 200, big, 152)):
        case((35, 36), what, icmp4(11, 0, n // 4 << 16, bytes(long4)[:n] + ext),
             icmp6(3, 0, cut // 8 << 24, bytes(long6)[:cut] + ext))
    case((35, 36), "extension does not fit and goes", icmp4(11, 0, 50 << 16, bytes(long4)[:200] + huge),
         icmp6(3, 0, 0, bytes(long6)[:220]))


def icmp():
    for n in 0, 1, 56, 1400:
        case((24, 40), f"echo request, {n} bytes", icmp4(8, 0, 0x12345678, data(n)), icmp6(128, 0, 0x12345678, data(n))
             ) if n < 1200 else case((24, 40), f"echo request, {n} bytes", icmp4(8, 0, 1, data(n), s4(flags="DF")),
                                     icmp6(128, 0, 1, data(n)))
        if n < 1200:
            case((24, 40), f"echo reply, {n} bytes", icmp4(0, 0, 0xffff0000, data(n)),
                 icmp6(129, 0, 0xffff0000, data(n)))
    for kind in 13, 14, 15, 16, 17, 18, 9, 10, 1, 2, 7, 19, 30, 37, 40, 42, 43, 128, 129, 255:
        case(25, f"type {kind}", icmp4(kind, 0, 0, bytes(16)), drop="DropIcmpType")
    case(25, "IGMP", s4(proto=2, ttl=64) / Raw(bytes.fromhex("1600f7fee9000102")), drop="DropIcmpType")

    def row(item, old, new):
        (k4, c4_, r4), (k6, c6_, r6) = old, new
        case(item, f"{k4}/{c4_}{f' {r4:#x}' if r4 else ''} -> {k6}/{c6_}{f' {r6:#x}' if r6 else ''}",
             icmp4(k4, c4_, r4, Q4), icmp6(k6, c6_, r6, Q6))

    for code in 0, 1, 5, 6, 7, 8, 11, 12:
        row(26, (3, code, 0), (1, 0, 0))
    row(27, (3, 2, 0), (4, 1, 6))
    row(28, (3, 3, 0), (1, 4, 0))
    for code in 9, 10, 13, 15:
        row(29, (3, code, 0), (1, 1, 0))
    for code in 14, 16, 77, 255:
        case(29, f"3/{code}", icmp4(3, code, 0, Q4), drop="DropIcmpType")
    for kind in 4, 5, 6:
        case(32, f"type {kind}", [icmp4(kind, c, 0, Q4) for c in (0, 1, 2, 3)], drop=["DropIcmpType"] * 4)
    for code in 0, 1:
        row(33, (11, code, 0), (3, code, 0))
    pointer = {0: 0, 1: 1, 2: 4, 3: 4, 8: 7, 9: 6, **dict.fromkeys(range(12, 16), 8),
               **dict.fromkeys(range(16, 20), 24)}
    for code in 0, 2:
        for p, new in pointer.items():
            row(34, (12, code, p << 24), (4, 0, new))
        bad = [p for p in range(256) if p not in pointer]
        case(34, f"12/{code}, all other pointers", [icmp4(12, code, p << 24, Q4) for p in bad],
             drop=["DropIcmpType"] * len(bad))
    case(34, "12/1, 12/3", [icmp4(12, c, 0, Q4) for c in (1, 3)], drop=["DropIcmpType"] * 2)


def mtus(links, rows):
    for mtu, want in rows:
        case(30, f"{links}: 3/4 {mtu} -> 2/0 {want}", icmp4(3, 4, mtu, Q4), icmp6(2, 0, want, Q6))


def plateaus(links, rows):
    for n, want in rows:
        # Of so long a packet only the beginning is quoted.
        q4, q6 = c4(ttl=61, len=n, proto=17) / Raw(data(64)), c6(hlim=61, plen=n - 20, nh=17) / Raw(data(64))
        # its checksum, whatever it was, follows the addresses
        q4, q6 = bytes(q4), bytearray(bytes(q6))
        old = int.from_bytes(q4[26:28], "big")
        new = old + sum(int.from_bytes(q4[i:i + 2], "big") for i in range(12, 20, 2)) - \
            sum(int.from_bytes(q6[i:i + 2], "big") for i in range(8, 40, 2))
        q6[46:48] = (new % 65535).to_bytes(2, "big")
        case(31, f"{links}: 3/4 without MTU, quoted length {n} -> 2/0 {want}",
             icmp4(3, 4, 0, q4), icmp6(2, 0, want, q6))


def mtu1500():
    mtus("1500, 1500", ((1400, 1420), (1261, 1281), (1260, 1280), (1259, 1280), (576, 1280), (68, 1280), (1, 1280),
                        (1480, 1500), (1481, 1500), (9000, 1500), (65535, 1500)))
    plateaus("1500, 1500", ((1500, 1500), (1493, 1500), (1492, 1280), (1300, 1280), (576, 1280), (60000, 1500)))


def lan1400():
    mtus("IPv6 1400, IPv4 1500", ((1450, 1400), (1381, 1400), (1379, 1399), (1000, 1280)))
    p4, p6 = udp(1361, flags="DF")
    case(12, "DF=1, 1381 bytes to a link of 1400", p4, back=error4(3, 4, 1380, p4), drop="DropTooBig", free=ANY_ID)
    p = icmp4(8, 0, 1, data(1453 - 8), s4(flags="DF"))
    case(12, "DF=1, echo", p, back=error4(3, 4, 1380, p), drop="DropTooBig", free=ANY_ID)
    p = s4(flags="DF", options=[option(148, 4, 0, 0)]) / U / data(1400)
    case((12, 20), "DF=1, with options", p, back=error4(3, 4, 1380, p), drop="DropTooBig", free=ANY_ID)
    case(12, "options are not in the way", s4(flags="DF", options=[option(148, 4, 0, 0)]) / U / data(1352),
         s6() / U / data(1352))
    case(12, "DF=1, 1380 bytes", *udp(1360, flags="DF"))
    p4, p6 = udp(1480)
    case(13, "DF=0, to a link of 1400", p4, cut6(p6, 1232, 248))
    f4 = cut4(udp(2400)[0], 1400, 1000)
    p = IP(bytes(f4[0]))
    p.flags, p.chksum = "MF+DF", None
    # The Fragment header takes 8 bytes more: 1380 would not do.
    case((12, 22), "DF=1 on a fragment", p, back=error4(3, 4, 1372, p), drop="DropTooBig", free=ANY_ID)
    p4, p6 = s4(dst="203.0.113.42") / U / data(1472), s6(dst="2001:db8:6464::203.0.113.42") / U / data(1472)
    case(13, "lowest MTU 9000: not over the link's 1400", p4, cut6(p6, 1352, 128))


def wan1300():
    mtus("IPv6 1500, IPv4 1300", ((1450, 1320), (1300, 1320), (1299, 1319), (1000, 1280)))
    plateaus("IPv6 1500, IPv4 1300", ((1500, 1320),))


def mtu9000():
    mtus("9000, 9000", ((8980, 9000), (8981, 9000), (1500, 1520), (0xffff, 9000)))
    # RFC 1191, section 7
    plateaus("9000, 9000", ((60000, 9000), (17915, 9000), (9000, 8186), (8167, 8186), (8166, 4372), (4353, 4372),
                            (4352, 2022), (2003, 2022), (2002, 1512), (1493, 1512), (1492, 1280), (68, 1280)))
    p4, p6 = udp(8000)
    case(13, "DF=0, 8020 bytes", p4, cut6(p6, *[1232] * 6, 608))
    case((10, 12), "DF=1, 8980 bytes", *udp(8960, flags="DF"))
    q4, q6 = c4(ttl=61) / U / data(4000), c6(hlim=61) / U / data(4000)
    case(36, "an error that quotes 4028 bytes", icmp4(11, 0, 0, q4, s4(flags="DF")), icmp6(3, 0, 0, bytes(q6)[:1232]))


def extensions():
    q4, q6 = c4(ttl=61) / U / data(172), c6(hlim=61) / U / data(172)  # 200 and 220 bytes
    for old, new in ((11, 0), (3, 0)), ((11, 1), (3, 1)), ((3, 1), (1, 0)), ((3, 3), (1, 4)), ((3, 13), (1, 1)):
        case(35, f"{old} with an extension, original datagram of 200 bytes", icmp4(*old, 50 << 16, bytes(q4) + EXT),
             icmp6(*new, 28 << 24, bytes(q6) + bytes(4) + EXT))
    case(35, "original datagram of 128 bytes, cut",
         icmp4(11, 0, 32 << 16, bytes(q4)[:128] + EXT), icmp6(3, 0, 19 << 24, bytes(q6)[:148] + bytes(4) + EXT))
    case(35, "original datagram of 68 bytes, padded by its sender",
         icmp4(11, 0, 32 << 16, Q4 + bytes(60) + EXT), icmp6(3, 0, 19 << 24, Q6 + bytes(64) + EXT))
    case(35, "original datagram of 68 bytes, not padded",
         icmp4(11, 0, 17 << 16, Q4 + EXT), icmp6(3, 0, 16 << 24, Q6 + bytes(40) + EXT))
    case(35, "needs no padding", icmp4(11, 0, 33 << 16, bytes(q4)[:132] + EXT),
         icmp6(3, 0, 19 << 24, bytes(q6)[:152] + EXT))
    o4 = bytes(c4(ttl=61, options=[option(*[1] * 24)]) / U / data(172))
    case(35, "quoted options go", icmp4(11, 0, 56 << 16, o4 + EXT), icmp6(3, 0, 28 << 24, bytes(q6) + bytes(4) + EXT))
    f4, f6 = cut4(q4, 96, 84)[0], cut6(q6, 96, 84, id=1)[0]
    case(35, "quoted fragment, padded by its sender", icmp4(11, 0, 32 << 16, bytes(f4) + bytes(12) + EXT),
         icmp6(3, 0, 20 << 24, bytes(f6) + bytes(16) + EXT))
    # Packet Too Big and Parameter Problem have no length.
    case(35, "3/4 loses its extension", icmp4(3, 4, 50 << 16 | 1400, bytes(q4) + EXT), icmp6(2, 0, 1420, q6))
    case(35, "3/2 loses its extension", icmp4(3, 2, 50 << 16, bytes(q4) + EXT), icmp6(4, 1, 6, q6))
    case(35, "12/0 loses its extension", icmp4(12, 0, 9 << 24 | 50 << 16, bytes(q4) + EXT), icmp6(4, 0, 6, q6))
    case(35, "a length, but no extension", icmp4(11, 0, 50 << 16, q4), icmp6(3, 0, 0, q6))
    case(35, "a length beyond the end", icmp4(11, 0, 255 << 16, q4), icmp6(3, 0, 0, q6))
    case(35, "no length: an extension cannot be told", icmp4(11, 0, 0, bytes(q4)[:128] + EXT),
         icmp6(3, 0, 0, bytes(q6)[:148] + EXT))


def quoted():
    def quote(what, q4, q6, n=None, item=37):
        """n: how much of the transport is quoted"""
        q4, q6 = IP(bytes(q4)), bytes(q6)
        l4 = len(q4) - q4.ihl * 4
        n = l4 if n is None else n
        return case(item, f"quoted: {what}", icmp4(11, 0, 0, bytes(q4)[:q4.ihl * 4 + n]),
                    icmp6(3, 0, 0, q6[:len(q6) - l4 + n]))

    ttl = {"ttl": 17, "tos": 0xb8}, {"hlim": 17, "tc": 0xb8}
    for name, lay in ("UDP", U), ("TCP", T):
        q4, q6 = c4(**ttl[0]) / lay / DATA, c6(**ttl[1]) / lay / DATA
        for n in None, 20, 16, 8, 6, 4, 1, 0:
            quote(f"{name}, {'all' if n is None else f'{n} bytes'} of it", q4, q6, n)
    quote("DF=1", c4(ttl=0, flags="DF") / U / DATA, c6(hlim=0) / U / DATA)
    quote("options", c4(ttl=9, options=[option(148, 4, 0, 0)]) / T / DATA, c6(hlim=9) / T / DATA)
    quote("a source route", c4(ttl=9, options=[option(131, 7, 4, 192, 0, 2, 9)]) / T / DATA, c6(hlim=9) / T / DATA, 8)
    # Some routers decrement the TTL first, and leave the checksum as it was.
    quote("a wrong header checksum", c4(ttl=0, chksum=0x1234) / U / DATA, c6(hlim=0) / U / DATA)
    quote("UDP without checksum", c4(ttl=9) / UDP(sport=1, dport=2, chksum=0) / DATA,
          c6(hlim=9) / UDP(sport=1, dport=2, chksum=0) / DATA)
    f4 = cut4(c4(ttl=9, id=0xabcd) / U / data(400), 200, 208)
    f6 = cut6(c6(hlim=9) / U / data(400), 200, 208, id=0xabcd)
    for i, what in enumerate(("first", "later")):
        quote(f"{what} fragment", f4[i], f6[i])
        quote(f"8 bytes of a {what} fragment", f4[i], f6[i], 8)
    for kind, new in (8, 128), (0, 129):
        q4 = icmp4(kind, 0, 0x10002, DATA, c4(ttl=9))
        q6 = icmp6(new, 0, 0x10002, DATA, c6(hlim=9))
        for n in None, 20, 8, 4:
            quote(f"echo {kind}, {'all' if n is None else f'{n} bytes'} of it", q4, q6, n)
    f4 = cut4(icmp4(8, 0, 7, data(392), c4(ttl=9)), 200, 200)
    f6 = cut6(icmp6(128, 0, 7, data(392), c6(hlim=9)), 200, 200, id=1)
    quote("later fragment of an echo", f4[1], f6[1])
    for n in 253, 47, 50, 51, 132:
        quote(f"protocol {n}", c4(ttl=9, proto=n) / Raw(DATA), c6(hlim=9, nh=n) / Raw(DATA))
    for name, n, load in SUMMED:
        q4, q6 = summed(c4(ttl=9, proto=n), load), summed(c6(hlim=9, nh=n), load)
        quote(name, q4, q6)
        quote(f"{name}, 8 bytes of it", q4, q6, 8)
    case(38, "a timestamp request, which has no counterpart", icmp4(11, 0, 0, icmp4(13, 0, 0, bytes(12), c4(ttl=9))),
         drop="DropIcmpQuoted")
    for kind in 3, 4, 5, 11, 12:
        q4 = icmp4(kind, 0, 0, Q4, c4(ttl=9))
        case(38, f"an error about type {kind}", icmp4(11, 0, 0, q4), drop="DropIcmpQuoted")
        case(38, f"an error about type {kind}, 8 bytes of it", icmp4(11, 0, 0, bytes(q4)[:28]), drop="DropIcmpQuoted")
    p = icmp4(3, 3, 0, Q4)
    p[Raw].load = p[Raw].load[:2] + b"\x12\x34" + p[Raw].load[4:]
    # RFC 5508, REQ-3
    case(37, "an error with a wrong checksum is dropped", p, drop="DropChecksum")


def checksums():
    for name, lay in ("UDP", U), ("TCP", T):
        for n in 0, 1, 8, 1201:
            case(40, f"{name}, {n} bytes", s4() / lay / data(n), s6() / lay / data(n))
    for name, lay, at in ("UDP", U, 6), ("TCP", T, 16):
        p4, p6 = bytearray(bytes(s4() / lay / DATA)), bytearray(bytes(s6() / lay / DATA))
        right = int.from_bytes(p4[20 + at:22 + at], "big")
        wrong = right ^ 0x5a5a
        p4[20 + at:22 + at] = wrong.to_bytes(2, "big")
        new = (int.from_bytes(p6[40 + at:42 + at], "big") + wrong - right) % 65535
        p6[40 + at:42 + at] = new.to_bytes(2, "big")
        case(40, f"{name}, a wrong checksum stays wrong", IP(bytes(p4)), IPv6(bytes(p6)))

    # The two zeroes: a checksum of 0 is 0xffff in UDP, and 0 in TCP.
    def sums_to_zero(base, lay, at):
        whole = bytes(base / lay / b"\0\0")
        old = int.from_bytes(whole[at:at + 2], "big")
        return lay / old.to_bytes(2, "big")

    for fam, base, at in ("IPv4", s4, 20), ("IPv6", s6, 40):
        p = sums_to_zero(base(), U, at + 6)
        p4 = s4() / p
        case(40, f"UDP whose checksum is 0xffff in {fam}", p4, s6() / p)
        p = sums_to_zero(base(), T, at + 16)
        case(40, f"TCP whose checksum is 0 in {fam}", s4() / p, s6() / p)

    for n in 0, 1, 8, 1201:
        case(41, f"UDP without checksum, {n} bytes", s4() / UDP(sport=1, dport=2, chksum=0) / data(n),
             s6() / UDP(sport=1, dport=2) / data(n))
    p = sums_to_zero(s6(), U, 46)
    p4 = s4() / p
    p4[UDP].chksum = 0
    case(41, "UDP without checksum that comes to 0xffff", p4, s6() / p)

    sctp = bytes.fromhex("045708ae00000001 89abcdef".replace(" ", "")) + DATA
    for name, n, load in (("SCTP", 132, sctp), ("GRE", 47, bytes.fromhex("00000800") + DATA), ("ESP", 50, DATA),
                          ("AH", 51, bytes.fromhex("110400000000000100000001") + DATA), ("IPv6 in IPv4", 41, DATA),
                          ("OSPF", 89, DATA)):
        case(43, name, s4(proto=n) / Raw(load), s6(nh=n) / Raw(load))

    for name, n, load in SUMMED:
        case(43, f"{name}, checksum", summed(s4(proto=n), load), summed(s6(nh=n), load))
    p4, p6 = (summed(ip, SUMMED[0][2]) for ip in (s4(proto=33), s6(nh=33)))
    case((22, 43), "DCCP, first fragment", cut4(p4, 16, 40)[0], cut6(p6, 16, 40)[0])
    short = UDP(sport=1, dport=2, len=18, chksum=0) / data(20)
    p6 = bytearray(bytes(s6() / short))
    p6[46:48] = in6_chksum(17, s6(), bytes(p6[40:58])).to_bytes(2, "big")
    case(41, "UDP without checksum, shorter than its packet", s4() / short, IPv6(bytes(p6)))
    case(41, "UDP without checksum: a rule drops it instead",
         s4(dst="203.0.113.43") / UDP(sport=1, dport=2, chksum=0) / DATA)
    case(41, "UDP with one is not meant by that rule", s4(dst="203.0.113.43") / U / DATA,
         s6(dst="2001:db8:6464::203.0.113.43") / U / DATA)


def plain():
    case(44, "a more specific rule: IPv4 stays IPv4", s4(dst="203.0.113.99") / U / DATA,
         s4(dst="203.0.113.99", ttl=63) / U / DATA)
    case(44, "next to it is translated", s4(dst="203.0.113.98") / U / DATA,
         s6(dst="2001:db8:6464::203.0.113.98") / U / DATA)


def defrag():
    """With conntrack, and so with reassembly, before translation."""
    for what, *order in ("in order", 0, 1, 2), ("backwards", 2, 1, 0), ("last one first", 2, 0, 1):
        f = cut4(icmp4(8, 0, 7, data(1192)), 400, 400, 400)
        case(9, f"echo request, {what}, reassembled", [f[i] for i in order], icmp6(128, 0, 7, data(1192)))
    p4, p6 = icmp4(8, 0, 7, data(2952)), icmp6(128, 0, 7, data(2952))
    case((9, 13, 22), "long echo request, reassembled and cut", cut4(p4, 1480, 1480), cut6(p6, 1232, 1232, 496))
    p4, p6 = udp(2960)
    case((13, 22, 40), "UDP, reassembled and cut", cut4(p4, 1480, 1480), cut6(p6, 1232, 1232, 496))
    case((13, 22), "UDP in one piece, cut", udp(1480)[0], cut6(udp(1480)[1], 1232, 248))
    p4 = s4() / UDP(sport=1111, dport=2222, chksum=0) / data(2952)
    p6 = s6() / UDP(sport=1111, dport=2222) / data(2952)
    case((22, 41), "UDP without checksum, reassembled", cut4(p4, 1480, 1480), cut6(p6, 1232, 1232, 496))
    case(9, "an incomplete datagram", cut4(icmp4(8, 0, 8, data(1192)), 400, 400, 400)[:2])


main(globals())
