# SPDX-License-Identifier: GPL-2.0
"""Sessions of protocols whose ports cannot be changed, or that have none."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfc import *  # noqa: E402,F403
from rfc import GW4, GW6, S4, S6  # noqa: E402

P = "2001:db8:64::"
NET = "2001:db8:6464::"  # of all clients
PORTS = struct.pack("!HH", 5000, 80)
BACK = struct.pack("!HH", 80, 5000)
ROUTER4, ROUTER6 = "198.51.100.254", NET + "ffff:1"


def pseudo(ip, proto, d, covered):
    """Internet checksum of the first bytes of d"""
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    addrs = b"".join(socket.inet_pton(family, a) for a in (ip.src, ip.dst))
    return struct.pack("!H", checksum(addrs + struct.pack("!II", len(d), proto) + d[:covered]))


def sctp(ip, first):
    # INIT, and INIT ACK with its tag
    ports, tag, kind = (PORTS, 0, 1) if first else (BACK, 0x11223344, 2)
    chunk = struct.pack("!BBHIIHHI", kind, 0, 20, 0x11223344 if first else 0x55667788, 65535, 1, 1, 1)
    if not first:
        chunk = chunk[:2] + struct.pack("!H", 28) + chunk[4:] + struct.pack("!HH", 7, 8) + b"baks"
    head = ports + struct.pack("!I", tag)
    return head + crc32c(head + bytes(4) + chunk) + chunk


def dccp(ip, first):
    # Request with a service code, and Response to it
    if first:
        d = PORTS + struct.pack("!BBHBBHII", 5, 0, 0, 1, 0, 0, 1000, 1)
    else:
        d = BACK + struct.pack("!BBHBBHIIII", 7, 0, 0, 3, 0, 0, 5000, 0, 1000, 1)
    return d[:6] + pseudo(ip, 33, d, len(d)) + d[8:]


def lite(ip, first):
    d = (PORTS if first else BACK) + struct.pack("!HH", 8, 0) + DATA
    return d[:6] + pseudo(ip, 136, d, 8) + d[8:]


PROTOS = {
    "SCTP": (132, sctp),
    "DCCP": (33, dccp),
    "UDP-Lite": (136, lite),
    "GRE": (47, lambda ip, first: struct.pack("!HH", 0, 0x0800) + DATA),
    "GRE with a key": (47, lambda ip, first: struct.pack("!HHI", 0x2000, 0x0800, 77) + DATA),
    "ESP": (50, lambda ip, first: struct.pack("!II", 1 if first else 2, 1) + DATA),
}


class Talk:
    """A client of IPv6, seen as via, and a server of IPv4; asks: who is first"""

    def __init__(self, name, client, via, dst=S4, asks="c"):
        self.proto, self.make = PROTOS[name]
        self.client, self.via, self.dst, self.asks = NET + client, via, dst, asks

    def packet(self, side, family, hops=None):
        c, s = (self.client, P + self.dst) if family == 6 else (self.via, self.dst)
        src, dst = (c, s) if side == "c" else (s, c)
        hops = hops or (64 if (side == "c") == (family == 6) else 63)
        ip = IPv6(src=src, dst=dst, hlim=hops, nh=self.proto) if family == 6 else \
            IP(src=src, dst=dst, ttl=hops, id=0, proto=self.proto)
        return ip / self.make(ip, side == self.asks)

    def say(self, what, side="c"):
        near, far = (6, 4) if side == "c" else (4, 6)
        return case("8", what, self.packet(side, near), self.packet(side, far), free=ANY_ID if side == "c" else None)

    def none(self, what):
        """There is no address for it"""
        p = self.packet("c", 6)
        case("8", what, p, back=icmp6(1, 3, 0, bytes(p), IPv6(src=GW6, dst=p.src)), drop="DropNoPort", free=ANY_FLOW)

    def error(self, what, side, router=None):
        """Of side, or of a router there, about a packet of the other side"""
        other = "c" if side == "s" else "s"
        kind6, kind4 = ((3, 0), (11, 0)) if router else ((1, 4), (3, 3))
        q6, q4 = (self.packet(other, n, 7) for n in (6, 4))
        if side == "s":
            case("5", what, icmp4(*kind4, 0, q4, IP(src=router or self.dst, dst=self.via, ttl=64)),
                 icmp6(*kind6, 0, q6, IPv6(src=P + (router or self.dst), dst=self.client, hlim=63)))
        else:
            case("5", what, icmp6(*kind6, 0, q6, IPv6(src=router or self.client, dst=P + self.dst, hlim=64)),
                 icmp4(*kind4, 0, q4, IP(src=self.via, dst=self.dst, ttl=63)), free=ANY_ID)

    def errors(self, what):
        self.error(f"{what}: an error of the server", "s")
        self.error(f"{what}: of a router there", "s", ROUTER4)
        self.error(f"{what}: of the client", "c")
        self.error(f"{what}: of a router here", "c", ROUTER6)


def masquerade():
    for name in PROTOS:
        t = Talk(name, "a:1", GW4)
        if name == "GRE with a key":
            t.dst = "198.51.100.3"
        t.say(f"{name}, its ports and checksum right")
        t.say(f"{name}: the answer", "s")
        t.say(f"{name}: once more")
        t.errors(name)
        Talk(name, "a:2", GW4, t.dst).none(f"{name} of another client, and there is one address only: 1/3")
        Talk(name, "a:2", GW4, "198.51.100.9").say(f"{name} of another client to another server")
        t.say(f"{name}: the first one goes on", "s")


def pool():
    """Two addresses"""
    for name in PROTOS:
        dst = "198.51.100.3" if name == "GRE with a key" else S4
        first = Talk(name, "16:1", None, dst)
        left.send(first.packet("c", 6))
        at_left, at_right, ok = flush()
        first.via = IP(at_right[0]).src if at_right else None
        check("8", f"{name}: a client gets an address of the pool", ok and first.via in ("203.0.113.16", "203.0.113.17"),
              at_left, at_right)
        if not first.via:
            continue
        other = "203.0.113.16" if first.via == "203.0.113.17" else "203.0.113.17"
        second = Talk(name, "16:2", other, dst)
        second.say(f"{name}: another client gets the other")
        Talk(name, "16:3", None, dst).none(f"{name}: a third one none: 1/3")
        for n, t in ("first", first), ("second", second):
            t.say(f"{name}: the answer to the {n}", "s")
            t.say(f"{name}: the {n} again")
            t.errors(f"{name}, the {n}")


def inbound():
    for name in PROTOS:
        t = Talk(name, "78", "203.0.113.8", "198.51.100.3" if name == "GRE with a key" else S4, "s")
        t.say(f"{name}, begun by IPv4", "s")
        t.say(f"{name}, begun by IPv4: the answer")
        t.say(f"{name}, begun by IPv4: once more", "s")
        t.errors(f"{name}, begun by IPv4")


def others():
    """What cannot be translated; of the protocol inside an AH conntrack knows"""
    tcp = bytes(IPv6(src=NET + "9", dst=S6) / TCP(sport=9, dport=80, flags="S"))[40:]
    for what, nh, data in (
            ("AH with TCP inside", 51, struct.pack("!BBHII", 6, 4, 0, 1, 1) + bytes(12) + tcp),
            ("AH with OSPF inside", 51, struct.pack("!BBHII", 89, 4, 0, 1, 1) + bytes(12) + DATA),
            ("protocol 252", 252, DATA), ("OSPF", 89, DATA), ("IPv4 in IPv6", 4, bytes(IP(src="10.0.0.1", dst="10.0.0.2"))),
            ("PIM", 103, DATA)):
        p = IPv6(src=NET + "9", dst=S6, hlim=64, nh=nh) / Raw(data)
        case("8", f"{what}: 1/4", p, back=icmp6(1, 4, 0, bytes(p), IPv6(src=GW6, dst=p.src)), drop="DropProtocol",
             free=ANY_FLOW)
    # Conntrack does not look at what has no payload.
    case("8", "No Next Header", IPv6(src=NET + "9", dst=S6, hlim=64, nh=59), drop="DropState")
    for what, n in ("AH", 51), ("protocol 252", 252):
        data = struct.pack("!BBHII", 6, 4, 0, 1, 1) + bytes(12) + tcp if n == 51 else DATA
        p = IP(src=S4, dst="203.0.113.8", ttl=64, proto=n) / Raw(data)
        case("8", f"{what} to a static entry: 3/2", p,
             back=icmp4(3, 2, 0, bytes(p), IP(src=GW4, dst=S4, tos=0xc0)), drop="DropProtocol", free=ANY_ID)


main(globals())
