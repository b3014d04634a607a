# SPDX-License-Identifier: GPL-2.0
"""RFC 6052 and RFC 8215: addresses, on the wire."""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfc import *  # noqa: E402,F401,F403

U = UDP(sport=1111, dport=2222)
# RFC 6052, table 1: 192.0.2.33 with each prefix
TABLE = {
    32: "2001:db8:c000:221::",
    40: "2001:db8:1c0:2:21::",
    48: "2001:db8:122:c000:2:2100::",
    56: "2001:db8:122:3c0:0:221::",
    64: "2001:db8:122:344:c0:2:2100::",
    96: "2001:db8:122:344::192.0.2.33",
}
A4 = "192.0.2.33"


def client(n):
    return f"203.0.113.{n}", f"2001:db8:6464::203.0.113.{n}"


def server(n):
    return f"198.51.100.{n}", f"2001:db8:64::198.51.100.{n}"


def p4(src, dst, ttl=64, lay=U):
    return IP(src=src, dst=dst, ttl=ttl) / lay / DATA


def p6(src, dst, hlim=63, lay=U):
    return IPv6(src=src, dst=dst, hlim=hlim) / lay / DATA


def addresses():
    for n, a6 in TABLE.items():
        c4_, c6_ = client(n)
        t4, t6 = server(n)
        tcp = TCP(sport=1, dport=2)
        for name, lay in ("UDP", U), ("TCP", tcp):
            case(1, f"/{n}: source to IPv6, {name}", p4(A4, c4_, lay=lay), p6(a6, c6_, lay=lay))
            case(1, f"/{n}: destination to IPv6, {name}", p4(t4, A4, lay=lay), p6(t6, a6, lay=lay))
            case(1, f"/{n}: source to IPv4, {name}", p6(a6, t6, 64, lay), p4(A4, t4, 63, lay), free=ANY_ID)
            case(1, f"/{n}: destination to IPv4, {name}", p6(c6_, a6, 64, lay), p4(c4_, A4, 63, lay), free=ANY_ID)
        case(1, f"/{n}: quoted destination to IPv6",
             icmp4(3, 3, 0, p4(c4_, A4, 9), IP(src=A4, dst=c4_)),
             icmp6(1, 4, 0, p6(c6_, a6, 9), IPv6(src=a6, dst=c6_, hlim=63)))
        case(1, f"/{n}: quoted source to IPv6",
             icmp4(3, 3, 0, p4(A4, t4, 9), IP(src=t4, dst=A4)),
             icmp6(1, 4, 0, p6(a6, t6, 9), IPv6(src=t6, dst=a6, hlim=63)))
        # identification 0: what was sent in IPv4 had another, known to nobody
        case(1, f"/{n}: quoted source to IPv4",
             icmp6(1, 4, 0, p6(a6, c6_, 9), IPv6(src=c6_, dst=a6)),
             icmp4(3, 3, 0, IP(src=A4, dst=c4_, ttl=9, id=0) / U / DATA, IP(src=c4_, dst=A4, ttl=63)), free=ANY_ID)
        case(1, f"/{n}: quoted destination to IPv4",
             icmp6(1, 4, 0, p6(t6, a6, 9), IPv6(src=a6, dst=t6)),
             icmp4(3, 3, 0, IP(src=t4, dst=A4, ttl=9, id=0) / U / DATA, IP(src=A4, dst=t4, ttl=63)), free=ANY_ID)

        # What follows the IPv4 address; bits 64 to 71 do too in the first.
        if n == 96:
            continue
        at = n // 8 + 4 + (n > 32)
        raw = bytearray(socket.inet_pton(socket.AF_INET6, a6))
        for i in range(at, 16):
            if i != 8:
                raw[i] = 0xa5
        odd = socket.inet_ntop(socket.AF_INET6, bytes(raw))
        case(4, f"/{n}: destination {odd}", p6(c6_, odd, 64), p4(c4_, A4, 63), free=ANY_ID)
        case(4, f"/{n}: source {odd}", p6(odd, t6, 64), p4(A4, t4, 63), free=ANY_ID)
        case(4, f"/{n}: quoted {odd}", icmp6(3, 0, 0, p6(odd, c6_, 9), IPv6(src=c6_, dst=a6)),
             icmp4(11, 0, 0, IP(src=A4, dst=c4_, ttl=9, id=0) / U / DATA, IP(src=c4_, dst=A4, ttl=63)), free=ANY_ID)

    for a4, local48 in ("10.1.2.3", "64:ff9b:1:a01:2:300::"), ("192.168.0.1", "64:ff9b:1:c0a8:0:100::"), \
            ("100.64.0.9", "64:ff9b:1:6440:0:900::"), ("198.51.100.2", "64:ff9b:1:c633:64:200::"):
        for n, a6 in (201, local48), (202, "64:ff9b:1:fffe::" + a4):
            c4_, c6_ = client(n)
            case(7, f"to {a6}", p6(c6_, a6, 64), p4(c4_, a4, 63), free=ANY_ID)
            case(7, f"from {a4} to IPv6", p4(a4, c4_), p6(a6, c6_))
            case(7, f"error that quotes {a4}", icmp4(11, 0, 0, p4(c4_, a4, 9), IP(src=a4, dst=c4_)),
                 icmp6(3, 0, 0, p6(c6_, a6, 9), IPv6(src=a6, dst=c6_, hlim=63)))

    case(8, "IPv4 source that is the IPv6 side's, from the IPv4 side: a rule drops it", p4(C4, C4))
    case(8, "IPv6 source that is the IPv4 side's, from the IPv6 side: a rule drops it", p6(S6, S6, 64))


def well_known():
    c4_, c6_ = client(203)
    for a4 in "8.8.8.8", "1.1.1.1":
        case(5, f"to {a4}", p6(c6_, "64:ff9b::" + a4, 64), p4(c4_, a4, 63), free=ANY_ID)
        case(6, f"from {a4}", p4(a4, c4_), p6("64:ff9b::" + a4, c6_))
    for a4 in ("10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "169.254.1.1", "192.0.2.33", "198.51.100.2",
               "203.0.113.7", "198.18.0.1", "240.0.0.1"):
        p = p6(c6_, "64:ff9b::" + a4, 64)
        case((5, 63), f"to {a4}", p, back=icmp6(1, 1, 0, p, IPv6(src=GW6, dst=c6_)), drop="DropNonGlobal", free=ANY_FLOW)
        p = p4(a4, c4_)
        if a4 == S4:
            # the one that an answer has a way to
            case((6, 39), f"from {a4}", p, back=error4(3, 13, 0, p), drop="DropNonGlobal", free=ANY_ID)
            e = icmp4(3, 3, 0, p4(c4_, a4, 9), IP(src=a4, dst=c4_))
            case((6, 39), f"error from {a4}: no answer", e, drop="DropNonGlobal")
    c4_, c6_ = client(204)
    case(6, "from 198.51.100.2, where a rule allows it", p4(S4, c4_), p6("64:ff9b::198.51.100.2", c6_))


main(globals())
