# SPDX-License-Identifier: GPL-2.0
"""RFC 7757 and RFC 6791, and what RFC 6052 says of the well-known prefix."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfc import *  # noqa: E402,F401,F403

U = UDP(sport=1111, dport=2222)
P, W = "2001:db8:64::", "64:ff9b::"
A6, A4 = "2001:db8:a::21", "203.0.113.33"
B6, B4 = "2001:db8:a::1:33", "192.0.2.33"
ROUTER = "2001:db8:a::ffff:1"


def v6(src, dst, hlim=64, **kw):
    return IPv6(src=src, dst=dst, hlim=hlim, **kw) / U / DATA


def v4(src, dst, ttl=64, **kw):
    return IP(src=src, dst=dst, ttl=ttl, id=0, **kw) / U / DATA


def both(item, what, six, four):
    """A host of IPv6 with that address talks to S, and S to it."""
    case(item, what + ", 6 to 4", v6(six, S6), v4(four, S4, 63), free=ANY_ID)
    case(item, what + ", 4 to 6", v4(S4, four), v6(S6, six, 63))


def maps():
    both(70, "interval of a map", A6, A4)
    both(70, "first of the interval", "2001:db8:a::", "203.0.113.0")
    both(70, "last of the interval", "2001:db8:a::ff", "203.0.113.255")
    both(70, "one address of a map", B6, B4)
    both(71, "no mapping: by the prefix", P + "198.51.100.77", "198.51.100.77")
    # Hops on either side tell about packets between S and hosts with a mapping.
    case(72, "quoted destination, 6 to 4", icmp6(3, 0, 0, v6(S6, A6, 1), c6(src=B6)),
         icmp4(11, 0, 0, v4(S4, A4, 1), c4(src=B4)), free=ANY_ID)
    case(72, "quoted source, 4 to 6", icmp4(11, 0, 0, v4(A4, S4, 1), s4(src="198.51.100.9", dst=A4)),
         icmp6(3, 0, 0, v6(A6, S6, 1), s6(src=P + "198.51.100.9", dst=A6)))
    case(72, "quoted source, not of an interval", icmp4(11, 0, 0, v4(B4, S4, 1), s4(dst=B4)),
         icmp6(3, 0, 0, v6(B6, S6, 1), s6(dst=B6)))
    other = "198.51.100.77"
    case(71, "quoted address without a mapping", icmp4(11, 0, 0, v4(other, S4, 1), s4(dst=other)),
         icmp6(3, 0, 0, v6(P + other, S6, 1), s6(dst=P + other)))


def hairpin():
    # Both on the same side: what A sends comes back to where it came from.
    case(73, "simple hairpin", v6(A6, P + B4), back=v6(P + A4, B6, 63))
    case(73, "hairpin of the answer", v6(B6, P + A4), back=v6(P + B4, A6, 63))
    case(74, "one hop for both translations", v6(A6, P + B4, 2), back=v6(P + A4, B6, 1))
    case(73, "hairpin of an error", icmp6(1, 4, 0, v6(P + A4, B6, 9), IPv6(src=B6, dst=P + A4, hlim=64)),
         back=icmp6(1, 4, 0, v6(A6, P + B4, 9), IPv6(src=P + B4, dst=A6, hlim=63)))


def pair():
    both(70, "figure 1: unequal suffixes", "2001:db8:dddd:0:1400::", "192.0.2.133")
    both(70, "the suffix's first", "2001:db8:dddd::", "192.0.2.128")
    both(70, "the suffix's last", "2001:db8:dddd:0:fc00::", "192.0.2.191")
    case(70, "bits behind the suffix are ignored", v6("2001:db8:dddd:0:1400::1", S6),
         v4("192.0.2.133", S4, 63), free=ANY_ID)
    case(71, "the prefix, where the pair does not match", v6(P + A4, S6), v4(A4, S4, 63), free=ANY_ID)


def hop(src):
    return icmp6(3, 0, 0, v6(S6, A6, 1), c6(src=src))


def error():
    for src, out, what in ((ROUTER, "192.0.2.250", "source of an error without a mapping"),
                           (B6, B4, "a mapping goes first")):
        case(66, what, hop(src), icmp4(11, 0, 0, v4(S4, A4, 1), c4(src=out)), free=ANY_ID)
    p = v6(ROUTER, S6)
    case(66, "for errors only: others stay as they are", p,
         back=icmp6(1, 0, 0, p, IPv6(src=GW6, dst=ROUTER)), free=ANY_FLOW)


def errors():
    for _ in range(64):
        left.send(hop(ROUTER))
    seen = {IP(p).src for p in flush()[1]}
    want = {f"192.0.2.{n}" for n in range(250, 254)}
    print(("PASS" if seen == want else "FAIL") + f": [67] random addresses of a pool: {sorted(seen)}")


def well_known():
    src = W + "9.1.1.1"
    for dst in "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "192.0.2.2", "169.254.0.1":
        p = v6(src, W + dst)
        case(5, f"to {dst}", p, back=icmp6(1, 1, 0, p, IPv6(src=GW6, dst=src)), drop="DropNonGlobal",
             free=ANY_FLOW)
    p = v6(W + "10.0.0.1", W + "8.8.8.8")
    case(5, "from 10.0.0.1", p, back=icmp6(1, 1, 0, p, IPv6(src=GW6, dst=W + "10.0.0.1")), drop="DropNonGlobal",
         free=ANY_FLOW)
    case(5, "to a global address", v6(src, W + "8.8.8.8"), v4("9.1.1.1", "8.8.8.8", 63), free=ANY_ID)
    p = v4(S4, "9.1.1.1")
    case(6, "from a documentation address", p, back=icmp4(3, 13, 0, p, IP(src=GW4, dst=S4, tos=0xc0)),
         drop="DropNonGlobal", free=ANY_ID)
    case(6, "from a global address", v4("8.8.8.8", "9.1.1.1"), v6(W + "8.8.8.8", W + "9.1.1.1", 63))
    case(5, "an error about it gets no answer", icmp6(3, 0, 0, v6(W + "10.0.0.1", src, 1), IPv6(
        src=src, dst=W + "10.0.0.1", hlim=64)), drop="DropNonGlobal")


def well_known_non_global():
    case(5, "non-global destination, where the rule wants it", v6(W + A4, W + S4), v4(A4, S4, 63), free=ANY_ID)
    case(6, "non-global source, where the rule wants it", v4(S4, A4), v6(W + S4, W + A4, 63))


main({f.__name__: f for f in (maps, hairpin, pair, error, errors, well_known, well_known_non_global)})
