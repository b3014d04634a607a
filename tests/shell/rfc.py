# SPDX-License-Identifier: GPL-2.0
"""What the conformance stories share: see rfc.bash for the hosts.

A story is a module with one function per phase; each calls case() once per
clause.  Packets are built by scapy, so that lengths and checksums are somebody
else's arithmetic, and are compared byte by byte.
"""
import os
import struct
import sys
from collections import Counter

sys.path.append("/usr/lib/python3/dist-packages")  # -S leaves it out
sys.modules["cryptography"] = None  # half of the time that scapy takes to load
from scapy.config import conf  # noqa: E402

conf.ipv6_enabled = True
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption, in4_chksum  # noqa: E402,F401
from scapy.layers.inet6 import (  # noqa: E402,F401
    IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, in6_chksum)
from scapy.packet import Raw  # noqa: E402,F401
from scapy.utils import checksum  # noqa: E402,F401
from wire import GW4, GW6, End, enter  # noqa: E402

client6, gw, server4 = sys.argv[1:4]
# Two hosts beyond client6 and server4, which drop what they get for them: no
# stack answers but the gateway's.
C4, C6 = "203.0.113.33", "2001:db8:6464::203.0.113.33"
S4, S6 = "198.51.100.2", "2001:db8:64::198.51.100.2"
DATA = bytes(range(40))


# A packet of C or S, to the other: as sent (TTL 64), or as it comes out (63).
def s4(**kw):
    return IP(**{"src": S4, "dst": C4, "ttl": 64, "id": 0x1234, **kw})


def s6(**kw):
    return IPv6(**{"src": S6, "dst": C6, "hlim": 63, **kw})


def c6(**kw):
    return IPv6(**{"src": C6, "dst": S6, "hlim": 64, **kw})


def c4(**kw):
    return IP(**{"src": C4, "dst": S4, "ttl": 63, **kw})


def icmp4(kind, code, rest, data, ip=None):
    """An ICMP message from S to C; rest: the second word of its header."""
    d = struct.pack("!BBHI", kind, code, 0, rest) + bytes(data)
    ip = s4() if ip is None else ip
    ip.proto = 1
    return ip / Raw(d[:2] + struct.pack("!H", checksum(d)) + d[4:])


def icmp6(kind, code, rest, data, ip=None):
    d = struct.pack("!BBHI", kind, code, 0, rest) + bytes(data)
    ip = s6() if ip is None else ip
    ip.nh = 58
    return ip / Raw(d[:2] + struct.pack("!H", in6_chksum(58, ip, d)) + d[4:])


def error4(kind, code, rest, packet):
    """What the gateway tells S: it quotes what fits into 576 bytes."""
    return icmp4(kind, code, rest, bytes(packet)[:576 - 28], IP(src=GW4, dst=S4, tos=0xc0))


def error6(kind, code, rest, packet):
    return icmp6(kind, code, rest, bytes(packet)[:1280 - 48], IPv6(src=GW6, dst=C6))


def cut4(p, *sizes, first=0, more=False):
    """The fragments of p with that much of its payload each.

    first: where the payload of p begins in its datagram, more: is there more?
    """
    p = IP(bytes(p))
    data, at, out = bytes(p)[p.ihl * 4:], 0, []
    for n in sizes:
        flags = "MF" if more or at + n < len(data) else 0
        out.append(IP(src=p.src, dst=p.dst, ttl=p.ttl, tos=p.tos, id=p.id, proto=p.proto, flags=flags,
                      frag=(first + at) // 8) / Raw(data[at:at + n]))
        at += n
    assert at == len(data), (at, len(data))
    return out


def cut6(p, *sizes, id=0x1234, first=0, more=False):
    p = IPv6(bytes(p))
    data, at, out = bytes(p)[40:], 0, []
    for n in sizes:
        out.append(IPv6(src=p.src, dst=p.dst, hlim=p.hlim, tc=p.tc, nh=44) /
                   IPv6ExtHdrFragment(nh=p.nh, offset=(first + at) // 8, id=id,
                                      m=int(more or at + n < len(data))) / Raw(data[at:at + n]))
        at += n
    assert at == len(data), (at, len(data))
    return out


def crc32c(d):
    c = 0xffffffff
    for b in d:
        c ^= b
        for _ in range(8):
            c = c >> 1 ^ (0x82f63b78 if c & 1 else 0)
    return struct.pack("<I", c ^ 0xffffffff)


# Fields that an RFC leaves free, to be taken from what came: for case().
ANY_ID = {"id": "from a generator"}
ANY_FLOW = {"fl": "the stack's own error"}


class Marked(End):
    """An end at which a packet with a mark says that there comes no more."""

    def __init__(self, ns, peer, proto, sentinel):
        super().__init__(ns, gw, peer, proto)
        self.sentinel = sentinel

    def collect(self, mark, timeout):
        """All packets until the one that ends in mark; and whether that came."""
        got = []
        for p in self.packets(timeout):
            if p.endswith(mark):
                return got, True
            got.append(p)
        return got, False


# Sent after each case: what has not come before it never does, as long as all
# is done on one CPU.
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
MARK = b"sentinel %08d"
left = Marked(client6, "lan", 0x86dd, bytes(c6(nh=253) / Raw(MARK % 0)))
right = Marked(server4, "wan", 0x0800, bytes(s4(proto=253) / Raw(MARK % 0)))
enter(gw)
stats = os.open("/proc/thread-self/net/nf_xlat", os.O_RDONLY)
serial = 0
failed = 0
patience = 20.0


def drops():
    lines = os.pread(stats, 8192, 0).decode().split("\n")
    return Counter({k[4:]: int(v) for k, v in (li.split() for li in lines if li) if k.startswith("XlatDrop")})


def flush(timeout=None):
    """What came at either end since the last time: two lists, and if all well."""
    global serial, patience
    serial += 1
    mark = MARK % serial
    for end in left, right:
        end.send(end.sentinel[:-len(mark)] + mark)
    at_left, ok1 = left.collect(mark, timeout or patience)
    at_right, ok2 = right.collect(mark, timeout or patience)
    if not timeout and not (ok1 and ok2):
        patience = 1.0  # it is not the machine that is slow
    return at_left, at_right, ok1 and ok2


def adopt(want, got, free):
    """The expected packet with the free fields as they came"""
    if want.version != got[0] >> 4:
        return bytes(want)
    for field in free or ():
        if field in want.default_fields:
            want = want.copy()
            have = (IP if want.version == 4 else IPv6)(got)
            setattr(want, field, getattr(have, field))
    return bytes(want)


def show(title, packets):
    for p in packets:
        p = bytes(p)
        print(f"# {title} {(IP if p[0] >> 4 == 4 else IPv6)(p).summary()}")
        print(f"#   {p[:160].hex()}{'...' if len(p) > 160 else ''}")


def name_of(item, what):
    return " ".join(f"[{n}]" for n in (item if isinstance(item, tuple) else (item,))) + f" {what}"


def check(item, what, ok, *seen):
    """What is not told by one packet."""
    global failed
    print(f"{'PASS' if ok else 'FAIL'}: {name_of(item, what)}")
    if not ok:
        failed += 1
        print("#", *seen)
    return ok


def case(item, what, send, out=(), back=(), drop=None, free=None):
    """Send a packet (or several, a list), from the end that its family says.

    item: of docs/conformance.in, or several, a tuple;
    out, back: exactly what has to come at the other end and at this one, in this
    order, or a function that makes out of what came; drop: counters that have to rise, a name or a list of names; free:
    {field: why} of the outer headers that may be anything.
    """
    global failed
    send, back = (x if isinstance(x, (list, tuple)) else [x] for x in (send, back))
    send = [bytes(p) for p in send]
    drop = Counter([drop] if isinstance(drop, str) else drop or [])
    end = left if send[0][0] >> 4 == 6 else right
    before = drops()
    for p in send:
        end.send(p)
    at_left, at_right, ok = flush()
    counted = drops() - before
    got_out, got_back = (at_right, at_left) if end is left else (at_left, at_right)
    out = out(got_out) if callable(out) else out
    out = out if isinstance(out, (list, tuple)) else [out]
    problems = [] if ok else ["the sentinel is missing"]
    for name, want, got in ("out", out, got_out), ("back", back, got_back):
        if len(want) != len(got):
            problems.append(f"{len(got)} {name}, wanted {len(want)}")
        for i, (w, g) in enumerate(zip(want, got)):
            w = adopt(w, g, free)
            if w != g:
                at = [n for n, (a, b) in enumerate(zip(w, g)) if a != b]
                problems.append(f"{name} {i}: {len(g)} bytes, wanted {len(w)}, differ at {at[:8]}")
    if counted != drop:
        problems.append(f"counted {dict(counted)}, wanted {dict(drop)}")
    label = name_of(item, what) + "".join(f"; any {k}: {v}" for k, v in (free or {}).items())
    if not problems:
        print(f"PASS: {label}")
        return True
    failed += 1
    print(f"FAIL: {label}: {'; '.join(problems)}")
    show("sent    ", send)
    show("expected", out)
    show("got     ", got_out)
    if back or got_back:
        show("expected back", back)
        show("got back     ", got_back)
    return False


def main(phases):
    """Do the phases that the story names on our input, a dot after each."""
    # Neighbours get known.
    for _ in range(50):
        if flush(0.5)[2]:
            break
    else:
        print("FAIL: nothing comes through at all")
    flush()
    for line in sys.stdin:
        phases[line.strip()]()
        print(".", flush=True)
