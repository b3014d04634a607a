# SPDX-License-Identifier: GPL-2.0
"""RFC 6146, and what RFC 4787, 5382, 5508, 6888 and 7857 ask of any NAT."""
import ipaddress
import os
import re
import socket
import struct
import sys
import time
from contextlib import contextmanager
from itertools import permutations

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfc import *  # noqa: E402,F403
from rfc import GW4, GW6, S4, S6  # noqa: E402

BIG = bytes(i * 7 & 0xff for i in range(9000))
P = "2001:db8:64::"
NET = "2001:db8:6464::"  # of all clients
POOL = "203.0.113.1"
T4 = "198.51.100.3"  # another server
ROUTER4 = "198.51.100.254"
ROUTER6 = NET + "ffff:1"
UDP_AGE, ICMP_AGE, TRANS, EST = 300, 60, 240, 7440
# UDP that IPv4 begins, until it is answered
UDP_IN = 120


class Flow:
    """What c, a client of IPv6, and s, a server of IPv4, say to each other"""

    def __init__(self, src, sport, dport=80, proto=UDP, dst=S4, via=POOL, port=None, asks="c", prefix=P):
        self.src, self.sport, self.dst, self.dport = src if src.count(":") > 1 else NET + src, sport, dst, dport
        self.proto, self.prefix, self.asks = proto, prefix, asks
        # where it comes from in IPv4: as it came first, where none is given
        self.via, self.port = via, port if port is not None else sport
        self.next = {"c": 1000, "s": 5000}

    def ends(self, side, family):
        c, s = ((self.src, self.sport), (self.prefix + self.dst, self.dport)) if family == 6 else \
            ((self.via, self.port), (self.dst, self.dport))
        return (c, s) if side == "c" else (s, c)

    def packet(self, side, family, data=DATA, hops=None, **kw):
        """As sent, or, in the other family, as it comes out"""
        (src, sport), (dst, dport) = self.ends(side, family)
        hops = hops or (64 if (side == "c") == (family == 6) else 63)
        ip = IPv6(src=src, dst=dst, hlim=hops) if family == 6 else IP(src=src, dst=dst, ttl=hops, id=0)
        if self.proto == "echo":
            first = (sport if side == "c" else dport) << 16 | 1
            kind = (128, 129) if family == 6 else (8, 0)
            return (icmp6 if family == 6 else icmp4)(kind[side != self.asks], 0, first, data, ip)
        if self.proto == TCP:
            kw = {"flags": "A", "seq": self.next[side], "ack": self.next["s" if side == "c" else "c"], **kw}
            if "A" not in kw["flags"]:
                kw["ack"] = 0
        return ip / self.proto(sport=sport, dport=dport, **kw) / data

    def say(self, item, what, side="c", data=None, fate=None, back=(), drop=None, **kw):
        """fate: what comes of it, translated if None"""
        data = (b"" if "flags" in kw else DATA) if data is None else data
        near, far = (6, 4) if side == "c" else (4, 6)
        sent = self.packet(side, near, data, **kw)

        def out(got):
            if got and side == "c" and None in (self.via, self.port):
                have = IP(got[0])
                self.via = self.via or have.src
                if self.port is None:
                    self.port = struct.unpack("!H", got[0][24:26] if self.proto == "echo" else got[0][20:22])[0]
            self.via, self.port = self.via or "0.0.0.0", self.port or 0
            return self.packet(side, far, data, **kw)

        ok = case(item, what, sent, out if fate is None else fate, back=back, drop=drop,
                  free=ANY_ID if side == "c" else None)
        if self.proto == TCP and ok and fate is None:
            flags = kw.get("flags", "A")
            self.next[side] += len(data) + ("S" in flags) + ("F" in flags)
        return ok

    def both(self, item, what):
        return self.say(item, what) and self.say(item, what + ", the answer", "s")

    def open(self, item, what="TCP"):
        other = "s" if self.asks == "c" else "c"
        return self.say(item, what + ": SYN", self.asks, flags="S") and \
            self.say(item, what + ": SYN and ACK", other, flags="SA") and \
            self.say(item, what + ": ACK", self.asks, flags="A")

    def error(self, item, what, side, kind6=(1, 4), kind4=(3, 3), router=None, **kw):
        """An ICMP error of side, or of a router there, about a packet of the other side"""
        other = "c" if side == "s" else "s"
        q6, q4 = (self.packet(other, n, hops=7) for n in (6, 4))
        (src6, _), (dst6, _) = self.ends(side, 6)
        (src4, _), (dst4, _) = self.ends(side, 4)
        if side == "s":
            sent = icmp4(*kind4, 0, q4, IP(src=router or src4, dst=dst4, ttl=64))
            out = icmp6(*kind6, 0, q6, IPv6(src=P + router if router else src6, dst=dst6, hlim=63))
        else:
            sent = icmp6(*kind6, 0, q6, IPv6(src=router or src6, dst=dst6, hlim=64))
            out = icmp4(*kind4, 0, q4, IP(src=src4, dst=dst4, ttl=63))
        return case(item, what, sent, kw.pop("fate", out), free=ANY_ID if side == "c" else None, **kw)

    def entry(self):
        """Its line in conntrack's table, in fields"""
        def part(family):
            (a, m), (b, n) = self.ends(self.asks if family == (6 if self.asks == "c" else 4) else
                                       "s" if self.asks == "c" else "c", family)
            a, b = (ipaddress.ip_address(x).exploded for x in (a, b))
            return f"src={a} dst={b} " + (rf"type=\d+ code=0 id={self.sport if family == 6 else self.port}"
                                          if self.proto == "echo" else f"sport={m} dport={n}") + " "
        first, then = (6, 4) if self.asks == "c" else (4, 6)
        pattern = re.compile(part(first) + ".*" + part(then))
        name = {UDP: "udp", TCP: "tcp", "echo": "icmp"}[self.proto]
        for line in table():
            if line.split()[2].startswith(name) and pattern.search(line):
                return line.split()
        return None

    def age(self):
        e = self.entry()
        return int(e[4]) if e else -1

    def state(self):
        e = self.entry()
        return e[5] if e else "none"

    def lives(self, item, what, seconds, state=None):
        age, have = self.age(), self.state()
        check(item, what + f": {state + ', ' if state else ''}{seconds} s",
              seconds - 9 < age <= seconds and state in (None, have), "has", have, age)


def table():
    with open("/proc/thread-self/net/nf_conntrack") as f:
        return f.read().splitlines()


@contextmanager
def sysctl(name, value):
    """Of the gateway's conntrack, for a while"""
    path = "/proc/sys/net/netfilter/" + name
    with open(path) as f:
        was = f.read()
    with open(path, "w") as f:
        f.write(str(value))
    yield
    with open(path, "w") as f:
        f.write(was)


def aged(*flows, by=2):
    """Wait until all are two seconds older: what is refreshed then can be told"""
    start = [f.age() for f in flows]
    end = time.monotonic() + 10
    while any(f.age() > s - by for f, s in zip(flows, start)) and time.monotonic() < end:
        time.sleep(0.1)


def refreshes(item, what, flow, act, yes=True):
    before = flow.age()
    act()
    after = flow.age()
    check(item, what + (" refreshes" if yes else " does not refresh"), before > 0 and (after > before) == yes and after > 0,
          before, after)


def refused(p, kind, code, src=GW6):
    """The gateway's own error about a packet of a client"""
    return icmp6(kind, code, 0, bytes(p)[:1232], IPv6(src=src, dst=p.src))


def frags6(p, cuts, **kw):
    return cut6(p, *sizes(p, 40, cuts), **kw)


def frags4(p, cuts, **kw):
    return cut4(p, *sizes(p, 20, cuts), **kw)


def sizes(p, head, cuts):
    cuts = [0, *cuts, len(bytes(p)) - head]
    return [b - a for a, b in zip(cuts, cuts[1:])]


def moved(item, src, sport, blocker, **kw):
    """A flow whose port another client has in the pool already"""
    Flow(blocker, sport, **kw).say(item, f"port {sport} is taken by another client")
    f = Flow(src, sport, **kw)
    f.port = None
    return f


def protocols():
    for n in 252, 89:
        p = IPv6(src=NET + "1", dst=S6, hlim=64, nh=n) / DATA
        case(77, f"next header {n}: 1/4", p, back=refused(p, 1, 4), drop="DropProtocol", free=ANY_FLOW)
    p = IP(src=S4, dst=GW4, ttl=64, proto=252) / DATA
    case(77, "protocol 252 to a pool address of the gateway: 3/2", p,
         back=icmp4(3, 2, 0, bytes(p), IP(src=GW4, dst=S4, tos=0xc0)), free=ANY_ID)


def later_protocols():
    """RFC 6146 has none of them; RFC 7915 and its successors do not object"""
    init = struct.pack("!BBHIIHHI", 1, 0, 20, 0x11223344, 65535, 1, 1, 1)
    head = struct.pack("!HHI", 5000, 80, 0)
    sctp = head + crc32c(head + bytes(4) + init) + init
    for what, n, data in ("SCTP, its ports and checksum untouched", 132, sctp), \
            ("GRE", 47, struct.pack("!HH", 0, 0x0800) + DATA), ("ESP", 50, struct.pack("!II", 1, 1) + DATA):
        p6, p4 = IPv6(src=NET + "1", dst=S6, hlim=64, nh=n) / data, IP(src=POOL, dst=S4, ttl=63, proto=n) / data
        case(77, what, p6, p4, free=ANY_ID)
        if n != 132:
            case(77, what + ", the answer", IP(src=S4, dst=POOL, ttl=64, proto=n) / data,
                 IPv6(src=S6, dst=NET + "1", hlim=63, nh=n) / data)


def udp_lite():
    def lite(ip):
        d = struct.pack("!HHHH", 5000, 80, 8, 0)
        addrs = b"".join(socket.inet_pton(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, a)
                         for a in (ip.src, ip.dst))
        s = checksum(addrs + struct.pack("!II", 8 + len(DATA), 136) + d)
        return ip / Raw(d[:6] + struct.pack("!H", s) + DATA)

    case(77, "UDP-Lite, eight bytes covered", lite(IPv6(src=NET + "1", dst=S6, hlim=64, nh=136)),
         lite(IP(src=POOL, dst=S4, ttl=63, proto=136)), free=ANY_ID)


def no_ports():
    """What has none to choose from takes an address for itself, for each peer"""
    gre = struct.pack("!HH", 0, 0x0800) + DATA

    def say(what, client, via, dst=S4):
        p = IPv6(src=NET + client, dst=P + dst, hlim=64, nh=47) / gre
        case((77, 84), what, p, IP(src=via, dst=dst, ttl=63, proto=47) / gre if via else (),
             back=() if via else refused(p, 1, 3), drop=None if via else "DropNoPort", free=ANY_ID if via else ANY_FLOW)
    say("GRE of another client to the same server: 1/3", "2", None)
    used = set()
    for i in range(1, 5):
        left.send(IPv6(src=NET + f"16:{i}", dst=S6, hlim=64, nh=47) / gre)
        used |= {IP(p).src for p in flush()[1]}
    check((77, 84), "GRE of four clients takes four addresses of the pool", len(used) == 4, used)
    p = IPv6(src=NET + "16:5", dst=S6, hlim=64, nh=47) / gre
    case((77, 84), "and that of a fifth none: 1/3", p, back=refused(p, 1, 3), drop="DropNoPort", free=ANY_FLOW)


def fragments():
    f = moved(78, "f1", 7000, "f2")
    p6, = [f.packet("c", 6, BIG[:3000])]
    f6 = frags6(p6, [1200, 2400], id=0x1234)
    f.say(78, "a session on another port")
    f4 = frags4(f.packet("c", 4, BIG[:3000]), [1200, 2400])
    for order in permutations(range(3)):
        case(78, f"fragments to IPv4, order {order}", [f6[i] for i in order], f4, free=ANY_ID)
    p4 = f.packet("s", 4, BIG[:3000])
    p4.id = 0x1234
    f4 = frags4(p4, [1200, 2400])
    p6 = f.packet("s", 6, BIG[:3000])
    for order in permutations(range(3)):
        case((22, 78), f"fragments to IPv6, order {order}", [f4[i] for i in order], frags6(p6, [1232, 2464], id=0x1234))
    e = Flow("f1", 4242, proto="echo", dport=0)
    e.port = 4242
    case(78, "echo request in fragments", frags6(e.packet("c", 6, BIG[:2000]), [1200], id=9),
         frags4(e.packet("c", 4, BIG[:2000]), [1200]), free=ANY_ID)

    new = Flow("f1", 7001)
    f6 = frags6(new.packet("c", 6, BIG[:2000]), [1200], id=0x77)
    case(78, "a session that begins with fragments, the last one first", f6[::-1],
         frags4(new.packet("c", 4, BIG[:2000]), [1200]), free=ANY_ID)
    f6 = frags6(new.packet("c", 6, BIG[:2000]), [1200], id=0x78)
    case(78, "a fragment waits for the rest", f6[0])
    end = time.monotonic() + 2.2  # RFC 6146 section 3.4 asks for two seconds

    # Without checksum; scapy leaves a zero alone
    for data, cuts in (BIG[:3000], [1200, 2400]), (BIG[:2001], [8, 1208]):
        p4 = f.packet("s", 4, data, chksum=0)
        p4.id = 0x4321
        f4 = frags4(p4, cuts)
        want = f.packet("s", 6, data)
        for order in permutations(range(3)):
            case(79, f"UDP without checksum, {len(data)} bytes, order {order}", [f4[i] for i in order],
                 frags6(want, range(1232, len(data), 1232), id=0x4321))
    f.say(79, "unfragmented UDP without checksum", "s", fate=f.packet("s", 6), chksum=0)

    time.sleep(max(0, end - time.monotonic()))
    case(78, "and has waited two seconds later", f6[1], frags4(new.packet("c", 4, BIG[:2000]), [1200]), free=ANY_ID)


def no_memory():
    """No room for reassembly"""
    f = Flow("f1", 7001)
    p4 = f.packet("s", 4, BIG[:2000], chksum=0)
    case(79, "no memory to reassemble: silence", frags4(p4, [1200]))
    case(78, "no memory to reassemble IPv6: silence", frags6(f.packet("c", 6, BIG[:2000]), [1200], id=0x99))
    f.both((78, 79), "what needs none passes")


def borders():
    for dst in S4, POOL:
        case((80, 97), f"source within the prefix, to {dst}", IPv6(src=P + "198.51.100.7", dst=P + dst, hlim=64) /
             UDP(sport=1, dport=2) / DATA, drop="DropAddress")
    case((80, 97), "source is the pool's address in the prefix", IPv6(src=P + POOL, dst=S6, hlim=64) /
         TCP(sport=1, dport=2, flags="S"), drop="DropAddress")
    out6 = "2001:db8:65::1"
    u = UDP(sport=5, dport=6)
    case(80, "IPv6 destination outside the prefix", IPv6(src=NET + "1", dst=out6, hlim=64) / u / DATA,
         IPv6(src=NET + "1", dst=out6, hlim=63) / u / DATA)
    case(80, "IPv4 destination outside the pool", IP(src=S4, dst="203.0.113.99", ttl=64, id=7) / u / DATA,
         IP(src=S4, dst="203.0.113.99", ttl=63, id=7) / u / DATA)
    f = Flow("1", 3333)
    f.say(80, "a session")
    case(80, "IPv4 destination outside the pool, the port of a session",
         IP(src=S4, dst="203.0.113.99", ttl=64, id=7) / UDP(sport=80, dport=3333) / DATA,
         IP(src=S4, dst="203.0.113.99", ttl=63, id=7) / UDP(sport=80, dport=3333) / DATA)


def loops():
    # The pool's address has no host behind it, and no mapping on that port.
    p = IPv6(src=NET + "1", dst=P + POOL, hlim=64) / UDP(sport=9, dport=10) / DATA
    case(97, "to the pool, where nothing is mapped: 1/0", p, back=refused(p, 1, 0), drop="DropNoRoute", free=ANY_FLOW)
    # A router of IPv4 sends back what it is sent: one hop less each time.
    f = Flow("1", 9100, dport=9)
    f.say(97, "out to a router that sends it back")
    for ttl in 63, 2:
        p = f.packet("c", 4, hops=ttl)
        end = []

        def once(got):
            end[:] = got
            return got if len(got) == 1 and IP(got[0]).ttl == ttl - 1 else [p]
        left.send(right.sentinel)  # keep the neighbour's entry fresh
        right.send(p)
        at_left, at_right, ok = flush()
        check(97, f"a packet that comes back with TTL {ttl} goes on with {ttl - 1}, or not at all",
              ok and not at_left and [IP(q).ttl for q in at_right] in ([], [ttl - 1]), at_left, at_right)
    p = f.packet("c", 4, hops=1)
    right.send(p)
    at_left, at_right, ok = flush()
    check(97, "and ends with TTL 1", ok and all(IP(q).proto == 1 for q in at_right) and len(at_left) <= 1, at_left, at_right)


def mapping():
    for proto, name in (UDP, "UDP"), (TCP, "TCP"), ("echo", "echo"):
        kw = {"flags": "S"} if proto == TCP else {}
        dport = 0 if proto == "echo" else 80
        Flow("b1", 5000, dport, proto).say(81, f"{name}: a client has port 5000", **kw)
        a = Flow("b2", 5000, dport, proto)
        a.port = None
        a.say((81, 92) if proto == "echo" else 81, f"{name}: another gets another", **kw)
        check(81, f"{name}: which is not 5000", a.port != 5000, a.port)
        for i, (dst, port) in enumerate(((T4, dport), (S4, dport and 81), (T4, dport and 443), ("198.51.100.200", dport))):
            if (dst, port) != (S4, dport):
                Flow("b2", 5000, port, proto, dst, port=a.port or 0).say(
                    81, f"{name}: the same to {dst}, port {port}", **kw)
        if proto != TCP:
            a.say(81, f"{name}: the answer comes to whom it is for", "s")
            Flow("b1", 5000, dport, proto).say(81, f"{name}: and that of the first", "s")


def other_mapping():
    """UDP's says nothing of TCP"""
    a = moved(99, "b5", 5005, "b4")
    a.say(99, "UDP: a mapping of another port")
    Flow("b5", 5005, proto=TCP).say(99, "TCP of the same port has its own", flags="S")


def pairing():
    used = set()
    for i in range(1, 9):
        via = None
        for dst in (S4, T4, "198.51.100.77") if i < 3 else (S4,):
            for sport, proto in ((1111, UDP), (2222, UDP), (1111, TCP), (77, "echo")) if i < 3 else ((1111, UDP),):
                f = Flow(f"16:{i}", sport + 10 * i, 0 if proto == "echo" else 80, proto, dst, via)
                f.say((83, 103), f"client {i} to {dst}", **({"flags": "S"} if proto == TCP else {}))
                via = f.via
        used.add(via)
    check((83, 103), "clients share all of the pool", len(used) > 1, used)


def classes():
    ports = 80, 81, 1, 1023, 511, 512, 1024, 1025, 65534, 65535, 30000, 30001
    for sport in ports:
        Flow("c2", sport).say(83, f"UDP, a client takes port {sport}")
    for sport in ports:
        f = Flow("c1", sport)
        f.port = None
        f.say(83, f"UDP, port {sport} is taken")
        check(83, f"UDP, class of {sport}", f.port != sport and 0 < f.port and (f.port < 1024) == (sport < 1024), f.port)
        check(83, f"UDP, parity of {sport}", f.port % 2 == sport % 2, f.port)
    for sport in 80, 1025, 40000:
        Flow("c2", sport, 80, TCP).say(83, f"TCP, port {sport}", flags="S")
        f = Flow("c1", sport, 80, TCP)
        f.port = None
        f.say(83, f"TCP, port {sport} is taken", flags="S")
        check(83, f"TCP, class of {sport}", (f.port < 1024) == (sport < 1024) and f.port != sport, f.port)
    # RFC 7857 section 9: where ports go when they cannot stay
    ports = []
    for i in range(8):
        f = Flow(f"c4:{i}", 33000)
        f.port = 33000 if i == 0 else None
        f.say(100, f"client {i} wants port 33000")
        ports.append(f.port)
    check(100, "which they get is not to be foreseen",
          len(set(ports)) == 8 and len({b - a for a, b in zip(ports[1:], ports[2:])}) > 3, ports)


def identification():
    f = Flow("1d", 4444)
    seen = []
    for _ in range(8):
        left.send(f.packet("c", 6))
        seen += [IP(p) for p in flush()[1]]
    check(100, "identifications of a session differ where DF is clear",
          len(seen) == 8 and (len({p.id for p in seen}) == 8 or all("DF" in p.flags for p in seen)),
          [p.id for p in seen])


def exhaustion():
    for proto, name in (UDP, "UDP"), (TCP, "TCP"):
        kw = {"flags": "S"} if proto == TCP else {}
        flows = []
        for i in range(1, 5):
            f = Flow(f"5:{i}", 6000, 80, proto, via="203.0.113.5")
            f.port = None
            f.say((84, 107), f"{name}: client {i} of a pool of four ports", **kw)
            flows.append(f)
        check((84, 107), f"{name}: all four", sorted(f.port or 0 for f in flows) == [6000, 6001, 6002, 6003],
              [f.port for f in flows])
        for i in range(2):
            n = Flow("5:5", 6000 + i, 80, proto)
            p = n.packet("c", 6, b"" if kw else DATA, **kw)
            case((84, 107), f"{name}: the fifth is told 1/3, try {i}", p, back=refused(p, 1, 3), drop="DropNoPort",
                 free=ANY_FLOW)
        for f in flows:
            if proto == TCP:
                f.say((84, 107), f"{name}: mapping {f.port} is still there", "s", flags="SA")
            else:
                f.say((84, 107), f"{name}: mapping {f.port} is still there", "s")
                f.say((84, 107), f"{name}: mapping {f.port} works", "c")


def pools():
    used = set()
    for i in range(1, 13):
        f = Flow(f"20:{i}", 1200, via=None)
        f.port = None
        f.say(105, f"client {i} of a pool with holes")
        used.add(f.via)
    check(105, "only addresses of the pool", used <= {"203.0.113.20", "203.0.113.22", "203.0.113.24"}, used)
    check(105, "more than one of them", len(used) > 1, used)
    own = P + "198.51.100.99"
    u = UDP(sport=5, dport=6)
    case(105, "an exempt destination", IPv6(src=NET + "1", dst=own, hlim=64) / u / DATA,
         IPv6(src=NET + "1", dst=own, hlim=63) / u / DATA)
    own = P + "198.51.100.98"
    u = UDP(sport=5, dport=9999)
    case(105, "an exempt port", IPv6(src=NET + "1", dst=own, hlim=64) / u / DATA,
         IPv6(src=NET + "1", dst=own, hlim=63) / u / DATA)
    # Any port: another client may have been moved to this one.
    f = Flow("1", 45105, 9998, dst="198.51.100.98")
    f.port = None
    f.say(105, "another port is translated")


def limits():
    """With rfc6146_limits.nft: three sessions at once; four new ones at once"""
    flows = [Flow("71", 7100 + i) for i in range(5)]
    for i, f in enumerate(flows):
        f.say(104, f"session {i + 1} of three at most", fate=None if i < 3 else ())
    flows[0].both(104, "the first one goes on")
    Flow("72", 7100 + 50).say(104, "another subscriber has his own")
    for i in range(6):
        Flow("73", 7200 + i, proto=TCP).say(104, f"new session {i + 1} of four a while", flags="S",
                                            fate=None if i < 4 else ())


def queries():
    a, b = Flow("e1", 77, 0, "echo"), Flow("e2", 77, 0, "echo")
    b.port = None
    a.say(92, "echo request")
    b.say(92, "another client's, of the same id")
    check(92, "has another id", b.port != 77, b.port)
    a.say(92, "reply", "s")
    b.say(92, "reply to the other: its id is back", "s")
    a.lives((92, 102), "a query", ICMP_AGE)
    for f in a, b:
        f.say(92, "once more")
    zero = Flow("e1", 0, 0, "echo")
    zero.both(92, "id 0")
    aged(a, b)
    refreshes(92, "a request", a, lambda: a.say(92, "a request later"))
    refreshes(92, "a reply", b, lambda: b.say(92, "a reply later", "s"))
    # The gateway's own address is a pool's, too: its stack knows no such query.
    m = Flow("a:1", 78, 0, "echo", via=GW4)
    m.both(92, "through the gateway's own address")
    for what, ident, src in ("an id", 79, S4), ("a sender", 78, T4):
        stray = Flow("a:1", ident, 0, "echo", src, GW4)
        stray.say(92, f"reply with {what} that nobody asked: silence", "s", fate=())


def errors():
    """RFC 6146 sections 3.6, 3.7; RFC 5508"""
    flows = {"UDP": moved(94, "d1", 8000, "d2"), "TCP": Flow("d1", 8001, proto=TCP), "echo": Flow("d1", 80, 0, "echo"),
             "TCP, opening": Flow("d1", 8002, proto=TCP)}
    for name, f in flows.items():
        if name == "TCP":
            f.open(94)
        elif name == "TCP, opening":
            f.say(94, "TCP, opening", flags="S")
        else:
            f.both(94, name)
    aged(*flows.values())
    for name, f in flows.items():
        before = f.state(), f.age()
        f.error(94, f"{name}: 3/3 of the peer", "s")
        f.error(94, f"{name}: 3/1 of a router", "s", (1, 0), (3, 1), ROUTER4)
        f.error(94, f"{name}: 11/0 of a router", "s", (3, 0), (11, 0), ROUTER4)
        if name != "TCP, opening":
            f.error(94, f"{name}: 1/4 of the client", "c")
            f.error(94, f"{name}: 1/0 of a router, which borrows the address", "c", (1, 0), (3, 1), ROUTER6)
            f.error(94, f"{name}: 3/0 of a router", "c", (3, 0), (11, 0), ROUTER6)
        state, age = f.state(), f.age()
        check((94, 99, 101), f"{name}: errors neither refresh nor end a session",
              0 < age <= before[1] and (name == "UDP" or name == "echo" or state == before[0]), before, state, age)
    f = flows["UDP"]
    f.both((94, 101), "the session works after errors")

    # a wrong checksum; then nobody's session
    def broken(p, at):
        b = bytearray(bytes(p))
        b[at] ^= 0x55
        return (IPv6 if b[0] >> 4 == 6 else IP)(bytes(b))
    q4, q6 = f.packet("c", 4, hops=7), f.packet("s", 6, hops=7)
    e4 = icmp4(3, 3, 0, q4, IP(src=S4, dst=POOL, ttl=64))
    e6 = icmp6(1, 4, 0, q6, IPv6(src=f.src, dst=S6, hlim=64))
    case(101, "error of IPv4 with a wrong checksum: silence", broken(e4, 22))
    case(101, "error of IPv6 with a wrong checksum: silence", broken(e6, 42), drop="DropChecksum")
    q4, q6 = (f.packet("c", n, hops=7) for n in (4, 6))
    case((94, 101), "an error that quotes a header with a wrong checksum",
         icmp4(11, 0, 0, broken(q4, 10), IP(src=ROUTER4, dst=f.ends("s", 4)[1][0], ttl=64)),
         icmp6(3, 0, 0, q6, IPv6(src=P + ROUTER4, dst=f.ends("s", 6)[1][0], hlim=63)))
    stray = Flow("d9", 8123, 81)
    stray.error(101, "error of IPv4 about no session: silence", "s", fate=())
    stray.error(101, "error of IPv6 about no session: silence", "c", fate=(), drop="DropState")
    check(101, "nothing of that made a session", stray.entry() is None, stray.entry())


def prefixes():
    """With rfc6146_prefixes.nft: a prefix of each length that there is"""
    client = "fd00:6146::1"

    def embed(prefix, n):
        b = bytearray(ipaddress.ip_address(prefix).packed)
        at = n // 8
        for x in ipaddress.ip_address(S4).packed:
            at += at == 8
            b[at] = x
            at += 1
        return str(ipaddress.ip_address(bytes(b)))

    for i, (prefix, n) in enumerate((("2001:db8::", 32), ("2001:db8:100::", 40), ("2001:db8:122::", 48),
                                     ("2001:db8:122:300::", 56), ("2001:db8:122:344::", 64),
                                     ("2001:db8:122:344::", 96), ("64:ff9b::", 96), ("64:ff9b:1::", 48))):
        f = Flow(client, 2000 + i)
        if n == 96:
            f.prefix = prefix
        else:
            f.ends = lambda side, family, f=f, a=embed(prefix, n): (
                lambda c, s: (c, s) if side == "c" else (s, c))(
                    *(((f.src, f.sport), (a, f.dport)) if family == 6 else ((f.via, f.port), (f.dst, f.dport))))
        if prefix == "64:ff9b::":
            f.dst = "8.8.8.8"  # nothing else may be in it
        f.both(93, f"prefix {prefix}/{n}")


def timeouts():
    u, v = Flow("7a", 5300), Flow("7a", 5301)
    u.say(85, "UDP")
    u.lives(85, "UDP without an answer", UDP_AGE)
    u.say(85, "the answer", "s")
    u.lives(85, "UDP with an answer", UDP_AGE)
    v.both(85, "another session")
    w = Flow("7a", 5302)
    w.say(85, "one without an answer")
    aged(u, v, w)
    refreshes(85, "a packet of the client", u, lambda: u.say(85, "outbound"))
    refreshes(85, "a packet of the server", v, lambda: v.say(85, "inbound", "s"))
    refreshes(85, "a packet of the client, unanswered so far,", w, lambda: w.say(85, "outbound again"))
    u.lives(85, "after that", UDP_AGE)
    v.lives(85, "after that", UDP_AGE)


def tcp_states():
    t = Flow("7b", 4000, proto=TCP)
    t.say(86, "SYN", flags="S")
    t.lives((86, 98), "V6 INIT", TRANS, "SYN_SENT")
    t.say(86, "SYN and ACK", "s", flags="SA")
    t.lives((86, 98), "answered", TRANS, "SYN_RECV")
    t.say(86, "ACK", flags="A")
    t.lives((86, 98), "ESTABLISHED", EST, "ESTABLISHED")
    t.say(86, "data", data=DATA)
    t.lives((86, 98), "data without an acknowledgement", EST, "ESTABLISHED")
    t.say(86, "data of the server", "s", data=DATA)
    t.lives((86, 98), "ESTABLISHED, after data", EST, "ESTABLISHED")
    t.say(86, "a window of zero", flags="A", window=0)
    t.lives((86, 98), "ESTABLISHED, a window of zero", EST, "ESTABLISHED")

    for first, then, name in ("c", "s", "V6"), ("s", "c", "V4"):
        t = Flow("7b", 4100 + ord(first), proto=TCP)
        t.open(86)
        t.say((86, 90), f"{name} FIN", first, flags="FA")
        t.lives((86, 90), f"{name} FIN RCV", EST, "FIN_WAIT")
        t.say((86, 90), "its ACK", then, flags="A")
        t.lives((86, 90), f"{name} FIN RCV, acknowledged", EST, "CLOSE_WAIT")
        t.say((86, 90), "data of the half that is open", then, data=DATA)
        t.lives((86, 90), f"{name} FIN RCV, after data", EST, "CLOSE_WAIT")
        t.say((86, 90), "the other FIN", then, flags="FA")
        t.lives((86, 90, 98), "V4 FIN + V6 FIN RCV", TRANS, "LAST_ACK")
        t.say((86, 90), "its ACK", first, flags="A")
        t.lives((86, 90, 98), "closed", TRANS, "TIME_WAIT")
        # the same ports again, with numbers beyond those
        t.next = {"c": 100000, "s": 200000}
        t.asks = "c"
        t.say(90, "a SYN of the same ports opens it again", flags="S")
        t.lives(90, "opened again", TRANS, "SYN_SENT")

    t = Flow("7b", 4200, proto=TCP)
    t.open(86)
    t.say((86, 90), "FIN", flags="FA")
    t.next["c"] -= 1
    ack = t.next["c"]
    t.say((86, 90), "FIN that crosses it", "s", flags="FA", ack=ack)
    t.lives((86, 90), "V4 FIN + V6 FIN RCV", TRANS, "LAST_ACK")

    for side in "c", "s":
        t = Flow("7b", 4300 + ord(side), proto=TCP)
        t.open(98)
        t.say((90, 98), "RST is translated", side, flags="R")
        t.lives((90, 98, 99), "after RST, TRANS", TRANS, "CLOSE")
        for s in "c", "s":
            t.say((90, 98), f"data after RST of {side} flows", s, data=DATA)
        t.lives((90, 98), "data after RST", TRANS, "CLOSE")

    t = Flow("7b", 4400, proto=TCP)
    t.say(86, "SYN", flags="S")
    t.next["c"] -= 1
    t.say((86, 87), "SYN that crosses it", "s", flags="S")
    t.lives((86, 87), "simultaneous open", TRANS, "SYN_SENT2")
    t.say((86, 87), "SYN and ACK", flags="SA")
    t.next["c"] = 1001
    t.next["s"] = 5000
    t.say((86, 87), "SYN and ACK of the other", "s", flags="SA")
    t.say((86, 87), "ACK", flags="A")
    t.lives((86, 87), "simultaneous open is done", EST, "ESTABLISHED")

    # no session begins so, as far as RFC 6146 has it; conntrack picks it up
    t = Flow("7b", 4000, 81, proto=TCP)
    t.say(89, "an ACK to another server, with a mapping of that port", flags="A")
    t = Flow("7b", 4000, 82, proto=TCP)
    t.say(89, "data to a third", data=DATA)


def tcp_moved():
    Flow("7c", 4600, proto=TCP).say(89, "a client has port 4600", flags="S")
    t = Flow("7d", 4600, proto=TCP)
    t.port = None
    t.open(89, "another client's")
    Flow("7d", 4600, 81, TCP, port=t.port).say(89, "an ACK to another server comes by its mapping", flags="A")


def configured():
    """With rfc6146_timeouts.nft: nothing of the defaults is left where a rule says so"""
    u = Flow("7f", 5310)
    u.say(85, "UDP, configured")
    u.lives(85, "UDP, configured, without an answer", 120)
    u.say(85, "its answer", "s")
    aged(u, by=3)
    u.say(85, "later, when conntrack takes it for a stream")
    u.lives(85, "UDP, configured, with an answer", 150)
    t = Flow("7f", 4800, proto=TCP)
    t.say(98, "SYN", flags="S")
    t.lives(98, "opening, configured", 250, "SYN_SENT")
    t.say(98, "SYN and ACK", "s", flags="SA")
    t.say(98, "ACK", flags="A")
    t.lives(98, "established, configured", 8000, "ESTABLISHED")
    t.say(98, "FIN", flags="FA")
    t.say(98, "FIN of the other", "s", flags="FA")
    t.lives(98, "closing, configured", 260, "LAST_ACK")
    t.say(98, "ACK", flags="A")
    t.lives(98, "closed, configured", 270, "TIME_WAIT")
    u = Flow("7f", 5311, 81)
    u.say(85, "UDP to another port")
    u.lives(85, "UDP, not configured", UDP_AGE)
    for n, (secs, want) in enumerate(((100, 100), (20, ICMP_AGE))):
        with sysctl("nf_conntrack_icmpv6_timeout", secs):
            e = Flow("7f", 710 + n, 0, "echo")
            e.say((92, 102), f"echo request, sysctl {secs}")
            e.lives((92, 102), f"echo, sysctl {secs}", want)
            aged(e)
            e.say((92, 102), "its reply", "s")
            e.lives((92, 102), f"echo with a reply, sysctl {secs}", want)


def strays():
    """Without a mapping: the policy is that the gateway's stack or its routes answer"""
    # another client's mapping may have any port
    used = " ".join(table())
    port = next(p for p in range(999, 1, -1) if not re.search(rf"port={p}\b", used))
    u = UDP(sport=80, dport=port)
    for i, what, p in ((82, "UDP", IP(src="198.51.100.31", dst=POOL, ttl=64, id=1) / u / DATA),
                       (89, "TCP ACK", IP(src="198.51.100.32", dst=POOL, ttl=64, id=1) / TCP(dport=port, flags="A")),
                       ((87, 89), "TCP SYN", IP(src="198.51.100.33", dst=POOL, ttl=64, id=1) / TCP(dport=port, flags="S"))):
        case(i, f"{what} to the pool without a mapping: 3/1", p,
             back=icmp4(3, 1, 0, bytes(p), IP(src=GW4, dst=p.src, tos=0xc0)), free=ANY_ID)
    p = IP(src="198.51.100.34", dst="203.0.113.200", ttl=64, id=1) / TCP(dport=port, flags="S")
    case(87, "SYN to a pool address with a blackhole: silence", p)
    check(87, "and nothing is held", not any("203.0.113.200" in li for li in table()))
    # The peer's SYN comes first, and again: simultaneous open works by then.
    t = Flow("7e", 4700, proto=TCP, via=POOL)
    t.dst = "198.51.100.35"
    t.next["s"] = 5000
    p = t.packet("s", 4, b"", flags="S")
    case(87, "SYN of a peer that comes first: 3/1", p, back=icmp4(3, 1, 0, bytes(p), IP(src=GW4, dst=t.dst, tos=0xc0)),
         free=ANY_ID)
    t.say(87, "SYN of the client", flags="S")
    t.next["c"] -= 1
    t.say(87, "SYN of the peer, sent again", "s", flags="S")
    t.say(87, "SYN and ACK", flags="SA")


def stranger(flow, dst=T4, dport=4000):
    """Another peer that sends to the same mapping"""
    f = Flow(flow.src, flow.sport, dport, flow.proto, dst, flow.via, flow.port, "s")
    if flow.proto == "echo":
        f.dport = 0
    return f


def told(p, kind, code):
    """The gateway's own error about a packet of IPv4"""
    return icmp4(kind, code, 0, bytes(p)[:548], IP(src=GW4, dst=p.src, tos=0xc0))


KINDS = {"UDP": (UDP, {}), "TCP": (TCP, {"flags": "S"}), "echo": ("echo", {})}


def static():
    for what, f in {
            "to another port": Flow("76", 8080, 4001, TCP, T4, "203.0.113.7", 80, "s"),
            "to the same port": Flow("78", 443, 4002, TCP, T4, "203.0.113.8", 443, "s")}.items():
        f.say(76, f"SYN {what}", "s", flags="S")
        f.lives((76, 86), f"{what}: V4 INIT", TRANS, "SYN_SENT")
        f.say(76, f"SYN and ACK {what}", flags="SA")
        f.say(76, f"ACK {what}", "s", flags="A")
        f.lives((76, 86), f"{what}: ESTABLISHED", EST, "ESTABLISHED")
        f.say(76, f"data {what}", data=DATA)
        f.error(76, f"{what}: an error of the client", "c")
        f.error(76, f"{what}: an error of the peer", "s")
        f.error(76, f"{what}: an error of a router", "s", (1, 0), (3, 1), ROUTER4)
    f = Flow("76", 5353, 4001, UDP, T4, "203.0.113.7", 53, "s")
    f.say(76, "UDP", "s")
    f.lives(76, "UDP", UDP_IN)
    f.say(76, "UDP, the answer")
    f = Flow("78", 500, 0, "echo", T4, "203.0.113.8", asks="s")
    f.say(76, "echo request", "s")
    f.lives(76, "echo", ICMP_AGE)
    f.say(76, "echo reply")
    with sysctl("nf_conntrack_icmp_timeout", 100):
        e = Flow("78", 510, 0, "echo", T4, "203.0.113.8", asks="s")
        e.say((76, 92), "echo request, sysctl 100", "s")
        e.lives((76, 92), "echo, sysctl 100", 100)
        aged(e)
        e.say((76, 92), "its reply")
        e.lives((76, 92), "echo with a reply, sysctl 100", 100)
    f.error(76, "an error about the reply", "s", (1, 0), (3, 1), ROUTER4)
    f = Flow("78", 501, 4003, UDP, S4, "203.0.113.8", asks="s")
    p4, p6 = f.packet("s", 4, BIG[:2000]), f.packet("s", 6, BIG[:2000])
    p4.id = 7
    case(76, "UDP in fragments", frags4(p4, [1200])[::-1], frags6(p6, [1232], id=7))


def filtering():
    for name, (proto, kw) in KINDS.items():
        f = moved(82, "21", 5000, "22", dport=0 if proto == "echo" else 80, proto=proto) if not kw else \
            Flow("21", 5050, 80, proto)
        f.say(82, f"{name}: a mapping", **kw)
        n = stranger(f)
        n.say((82, 88) if kw else 82, f"{name}: anybody may send to it", "s", **kw)
        if proto == TCP:
            p = stranger(f, "198.51.100.6").packet("s", 4, DATA, flags="A")
            case(89, "no SYN and no session, to a mapping: 3/1", p, back=told(p, 3, 1), free=ANY_ID)
            n.lives((86, 88), "V4 INIT", TRANS, "SYN_SENT")
            n.say(88, "the answer", flags="SA")
            n.say(88, "its ACK", "s", flags="A")
            n.lives((86, 88), "ESTABLISHED", EST, "ESTABLISHED")
        else:
            n.say(82, f"{name}: the answer")
            n.lives(82, f"{name}, begun by IPv4", ICMP_AGE if proto == "echo" else UDP_IN)
        n.error((82, 94), f"{name}: an error of the client to him", "c")
        n.error((82, 94), f"{name}: an error of a router to the client", "s", (3, 0), (11, 0), ROUTER4)
        if proto != "echo":
            for other, (proto2, kw2) in KINDS.items():
                if proto2 not in (proto, "echo"):
                    p = Flow(f.src, f.sport, 4100, proto2, "198.51.100.4", f.via, f.port, "s").packet("s", 4, **kw2)
                    case(99, f"{other} to a mapping of {name} alone: 3/1", p, back=told(p, 3, 1), free=ANY_ID)
    f = Flow("23", 5100)
    f.say(82, "one more mapping")
    aged(f)
    n = stranger(f)
    n.say(82, "a stranger")
    refreshes(99, "another session", f, lambda: n.say(99, "the stranger again", "s"), False)


def address_dependent():
    flows = {}
    for name, (proto, kw) in KINDS.items():
        flows[name] = Flow("2:1", 5000, 0 if proto == "echo" else 80, proto, via="203.0.113.2")
        flows[name].say(82, f"{name}: a mapping that filters", **kw)
    aged(*flows.values())
    for name, (proto, kw) in KINDS.items():
        f, n, dport = flows[name], stranger(flows[name]), 0 if proto == "echo" else 81
        items = (82, 88) if kw else 82
        p = n.packet("s", 4, **kw)
        says, back = ("silence", []) if kw else ("3/13", told(p, 3, 13))
        refreshes(99, f"{name}: what is filtered", f, lambda: case(
            items, f"{name}: an address that it has no session with: {says}", p, back=back, drop="DropFiltered",
            free=ANY_ID), False)
        check(items, f"{name}: no session of that", n.entry() is None, n.entry())
        if dport:
            same = stranger(f, S4, 4001)
            same.say(items, f"{name}: another port of an address that it has one with", "s", **kw)
            same.say(items, f"{name}: the answer", **({"flags": "SA"} if kw else {}))
        Flow("2:1", 5000, dport, proto, T4, "203.0.113.2").say(82, f"{name}: a session with the address", **kw)
        if dport:
            n.say(items, f"{name}: which may send now", "s", **kw)


def port_dependent():
    for name, (proto, kw) in KINDS.items():
        dport = 0 if proto == "echo" else 80
        for i, dst in (1, S4), (2, T4):
            Flow(f"3:{i}", 5000, dport, proto, dst, "203.0.113.3").say(
                100, f"{name}: client {i} has port 5000 for {dst}", **kw)
        f = Flow("3:2", 5000, dport, proto, S4, "203.0.113.3")
        f.port = None
        f.say(100, f"{name}: and another where that is taken", **kw)
        check(100, f"{name}: which is not 5000", f.port != 5000, f.port)
        n = Flow("3:2", 5000, 4000, proto, "198.51.100.5", "203.0.113.3", 5000, "s")
        p = n.packet("s", 4, **kw)
        case(100, f"{name}: a stranger finds no mapping: 3/1", p, back=told(p, 3, 1), free=ANY_ID)


class Hairpin:
    """A client a that talks to the address in the pool of b, two mappings"""

    def __init__(self, a, b):
        self.a, self.b = a, b

    def packet(self, a, b, l4, out=False, hops=None):
        if out:
            return IPv6(src=P + a.via, dst=b.src, hlim=hops or 63) / a.proto(sport=a.port, dport=b.sport, **l4[0]) / l4[1]
        return IPv6(src=a.src, dst=P + b.via, hlim=hops or 64) / a.proto(sport=a.sport, dport=b.port, **l4[0]) / l4[1]

    def say(self, item, what, back=False, data=DATA, **kw):
        a, b = (self.b, self.a) if back else (self.a, self.b)
        return case(item, what, self.packet(a, b, (kw, data)), back=self.packet(a, b, (kw, data), True))

    def error(self, item, what, back=False, router=None, **kw):
        """Of b about a packet of a, or of a about one of b"""
        a, b = (self.b, self.a) if back else (self.a, self.b)
        sent = icmp6(1, 4, 0, self.packet(a, b, (kw, DATA), True, 7), IPv6(src=router or b.src, dst=P + a.via, hlim=64))
        case(item, what, sent, back=icmp6(1, 4, 0, self.packet(a, b, (kw, DATA), False, 7),
                                          IPv6(src=P + b.via, dst=a.src, hlim=63)))


def hairpin():
    b = moved(95, "31", 5500, "32")
    b.say(95, "a mapping on another port")
    a = moved(95, "33", 5501, "34")
    a.say(95, "another one")
    h = Hairpin(a, b)
    h.say(95, "UDP to the other's address in the pool")
    h.say(95, "the answer", True)
    h.say(95, "UDP once more")
    h.say(95, "and an answer", True)
    h.error((95, 102), "an error of who was asked")
    h.error((95, 102), "an error of who asked", True)
    h.error((95, 102), "an error of a router", router=ROUTER6)
    a2 = Flow("33", 5503)
    h = Hairpin(a2, b)
    h.say(95, "UDP of a client without a mapping, which gets one")
    h.error((95, 102), "an error about the first packet")
    stranger(a2).say((82, 95), "which anybody may send to", "s")
    h.say(95, "the answer", True)
    Hairpin(b, b).say(95, "UDP to oneself")
    b.both(95, "the mapping goes on to serve IPv4")

    b = Flow("31", 6000, proto=TCP)
    b.say(95, "TCP: a mapping", flags="S")
    a = Flow("33", 6001, proto=TCP)
    h = Hairpin(a, b)
    h.say(95, "SYN", data=b"", flags="S", seq=1000)
    h.say(95, "SYN and ACK", True, data=b"", flags="SA", seq=5000, ack=1001)
    h.say(95, "ACK", data=b"", flags="A", seq=1001, ack=5001)
    h.say(95, "data", data=DATA, flags="A", seq=1001, ack=5001)
    h.error((95, 102), "TCP: an error of who was asked", flags="A", seq=1001, ack=5001)
    h.error((95, 102), "TCP: an error of who asked", True, flags="A", seq=5001, ack=1001)
    # the static entry of 203.0.113.7 port 80
    s = Flow("76", 8080, 0, TCP, via="203.0.113.7", port=80)
    h = Hairpin(Flow("33", 6002, proto=TCP), s)
    h.say((76, 95), "SYN to a static entry", data=b"", flags="S", seq=1000)
    h.say((76, 95), "SYN and ACK of it", True, data=b"", flags="SA", seq=5000, ack=1001)
    h.say((76, 95), "ACK to it", data=b"", flags="A", seq=1001, ack=5001)
    h.error((76, 95, 102), "an error of it", flags="A", seq=1001, ack=5001)


def own_address():
    """masquerade: the pool's address is the gateway's"""
    p = IP(src="198.51.100.41", dst=GW4, ttl=64, id=1) / TCP(sport=4, dport=5201, flags="S", seq=1)
    case(87, "SYN to the gateway's own address, which nobody has a mapping of: silence", p, drop="DropUnsolicited")
    m = Flow("a:1", 90, 0, "echo", via=GW4)
    m.both(92, "an echo session on the gateway's own address")
    q = Flow("a:1", 90, 0, "echo", T4, GW4, asks="s").packet("s", 4)
    case(92, "an echo request to the gateway's address is the gateway's", q,
         back=icmp4(0, 0, 90 << 16 | 1, DATA, IP(src=GW4, dst=T4, ttl=64)), free=ANY_ID)
    f = Flow("a:1", 5200, via=GW4)
    f.both(82, "a mapping on the gateway's own address")
    stranger(f).say(82, "which anybody may send to", "s")
    g = Flow("a:2", 5210, via=GW4)
    g.say(95, "a mapping of another client on that address")
    h = Hairpin(f, g)
    h.say(95, "UDP to it")
    h.say(95, "its answer", True)
    h.error((95, 102), "its error")
    p = IP(src="198.51.100.41", dst=GW4, ttl=64, id=1) / UDP(sport=4, dport=5201) / DATA
    case(82, "no mapping on the gateway's own address: 3/3, of its stack", p, back=told(p, 3, 3), free=ANY_ID)
    # The peer's SYN comes first, and again: simultaneous open works by then.
    t = Flow("a:3", 5202, proto=TCP, dst="198.51.100.42", via=GW4)
    t.next["s"] = 5000
    p = t.packet("s", 4, b"", flags="S")
    case(87, "SYN without a mapping to the gateway's own address: silence", p, drop="DropUnsolicited")
    check(87, "and nothing is held", not any("198.51.100.42" in li for li in table()))
    t.say(87, "SYN of the client, from that port", flags="S")
    t.next["c"] -= 1
    t.say(87, "SYN of the peer, sent again", "s", flags="S")
    t.say(87, "SYN and ACK", flags="SA")


def established():
    """With nothing else in conntrack's table"""
    global kept
    kept = [Flow("96", 9600 + i, proto=TCP) for i in range(4)]
    for f in kept:
        f.open(96, "an established session")
    print(f"# {len(table())} entries")


def table_full():
    for i in range(3):
        Flow("97", 9700 + i, proto=TCP).say(96, f"table full: session {i} is not made", flags="S", fate=())
        Flow("97", 9700 + i).say(96, f"table full: UDP session {i} is not made", fate=())
    check(96, "table full: nothing was added", len(table()) == 4, len(table()))
    for f in kept:
        f.say(96, "table full: a session goes on", data=DATA)
        f.say(96, "table full: its answer", "s", data=DATA)
        f.lives(96, "table full: the session is as it was", EST, "ESTABLISHED")


def table_free():
    Flow("97", 9700, proto=TCP).open(96, "room again")


main(globals())
