# SPDX-License-Identifier: GPL-2.0
"""flow_packets.py CLIENT6 GW SERVER4 NFT PORT

Packets of a UDP session that is in the fast path (client6's 2001:db8:c::2, PORT,
to server4's 192.0.2.2, 7777, as 192.0.2.1 and the same port), sent by hand from
both ends: which come out and how, and whether the forward chain saw them.
"""
import ctypes
import os
import re
import socket
import struct
import subprocess
import sys

client6, gw, server4, nft, port = sys.argv[1:]
port = int(port)
libc = ctypes.CDLL(None, use_errno=True)
ok = True


def enter(ns):
    with open(f"/run/netns/{ns}") as f:
        if libc.setns(f.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")


class End:
    def __init__(self, ns, dev, peer, proto):
        enter(gw)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
            s.bind((peer, 0))
            self.head = s.getsockname()[4]
        enter(ns)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(proto))
        self.sock.bind((dev, proto))
        self.sock.settimeout(0.1)
        self.head += self.sock.getsockname()[4] + struct.pack("!H", proto)

    def send(self, packet):
        self.sock.send(self.head + packet)

    def drain(self):
        got = []
        try:
            while True:
                data, addr = self.sock.recvfrom(65536)
                # neighbours and listeners are not for us
                if addr[2] == socket.PACKET_HOST and not (data[12:14] == b"\x86\xdd" and data[20] == 58 and data[54] > 4):
                    got.append(data[14:])
        except TimeoutError:
            return got


def slow():
    enter(gw)
    out = subprocess.run([nft, "list", "counter", "inet", "gw", "slow"], capture_output=True, check=True).stdout
    return int(re.search(rb"packets (\d+)", out)[1])


def csum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


C6 = socket.inet_pton(socket.AF_INET6, "2001:db8:c::2")
S6 = socket.inet_pton(socket.AF_INET6, "2001:db8:64::192.0.2.2")
P4, S4 = socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.2")


def udp(src, dst, sport, dport, data, zero=False):
    u = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    pseudo = src + dst + struct.pack("!II", len(u), 17)
    return u if zero else u[:6] + struct.pack("!H", csum(pseudo + u) or 0xffff) + u[8:]


def six(data, up=True, nh=17, ext=b"", hlim=64, plen=None, cut=None, zero=False):
    src, dst, *ports = (C6, S6, port, 7777) if up else (S6, C6, 7777, port)
    payload = ext + (udp(src, dst, *ports, data, zero) if cut is None else cut)
    return struct.pack("!IHBB", 6 << 28, len(payload), nh, hlim) + src + dst + payload


def four(data, ttl=64, opt=b"", frag=0, zero=False, cut=None, ident=7):
    payload = udp(S4, P4, 7777, port, data, zero) if cut is None else cut
    h = struct.pack("!BBHHHBBH", 0x45 + len(opt) // 4, 0, 20 + len(opt) + len(payload), ident, frag, ttl, 17, 0) \
        + S4 + P4 + opt
    return h[:10] + struct.pack("!H", csum(h)) + h[12:] + payload


def describe(p):
    """What the other end gets, in a few words."""
    if p[0] >> 4 == 4:
        n = (p[0] & 15) * 4
        src, dst, proto, ttl, l4 = p[12:16], p[16:20], p[9], p[8], p[n:struct.unpack("!H", p[2:4])[0]]
        if csum(p[:n]):
            return "wrong header checksum"
        if p[6] & 0x3f or p[7]:
            return "a fragment"
    else:
        src, dst, proto, ttl, l4 = p[8:24], p[24:40], p[6], p[7], p[40:40 + struct.unpack("!H", p[4:6])[0]]
        if proto == 44:
            return "a fragment"
    if proto in (1, 58):
        return f"icmp {l4[0]}/{l4[1]} mtu {struct.unpack('!I', l4[4:8])[0]}"
    pseudo = src + dst + struct.pack("!II", len(l4), proto)
    if l4[6:8] != b"\0\0" and csum(pseudo + l4):
        return "wrong checksum"
    if proto == 17:
        if (src, dst) not in ((P4, S4), (S6, C6)):
            return "wrong addresses"
        return f"ttl {ttl} {len(l4) - 8} bytes" + (" no checksum" if l4[6:8] == b"\0\0" else "")
    return f"protocol {proto}"


left = End(client6, "eth0", "lan", 0x86dd)
right = End(server4, "eth0", "wan", 0x0800)


def case(what, path, end, packets, there=(), back=(), length=None):
    """packets from one end: what the other one gets, and what comes back"""
    global ok
    other = right if end is left else left
    for _ in range(2): # the session is fast again, whatever the last one did
        left.send(six(b"to be fast"))
        right.send(four(b"to be fast"))
        left.drain(), right.drain()
    before = slow()
    for p in packets:
        end.send(p)
    got = [describe(p) for p in other.drain()]
    answers = [describe(p) for p in end.drain()]
    seen = slow() - before
    good = got == list(there) and answers == list(back) and (seen == 0 if path == "fast" else seen > 0 or not there)
    ok &= good
    print(f"{'PASS' if good else 'FAIL'}: {what}" +
          ("" if good else f": {got} {answers}, {seen} by the normal path; wanted {list(there)} {list(back)}, {path}"))


def cut6(packet, at, ident):
    """two fragments"""
    body = packet[40:]
    for off, part in ((0, body[:at]), (at, body[at:])):
        yield packet[:6] + b"\x2c" + packet[7:8] + packet[8:40] + \
            struct.pack("!BBHI", 17, 0, off | (off == 0), ident) + part


def fix6(p):
    return p[:4] + struct.pack("!H", len(p) - 40) + p[6:]


d = b"x" * 100
none = bytes([17, 0, 1, 4, 0, 0, 0, 0]) # an option that says nothing
case("IPv6", "fast", left, [six(d)], ["ttl 63 100 bytes"])
case("IPv4", "fast", right, [four(d)], ["ttl 63 100 bytes"])
case("IPv6, empty", "fast", left, [six(b"")], ["ttl 63 0 bytes"])
case("IPv4, empty", "fast", right, [four(b"")], ["ttl 63 0 bytes"])
case("IPv4, padded to what Ethernet wants", "fast", right, [four(b"ab") + bytes(16)], ["ttl 63 2 bytes"])
case("IPv4, padded with something", "fast", right, [four(b"abc") + b"\xaa" * 15], ["ttl 63 3 bytes"])
case("IPv6, padded", "fast", left, [six(b"abc") + b"\xaa" * 5], ["ttl 63 3 bytes"])
case("IPv4, as long as the MTU lets it", "fast", right, [four(b"x" * 1452, frag=0x4000)], ["ttl 63 1452 bytes"])
case("IPv6, as long as the MTU lets it", "fast", left, [six(b"x" * 1452)], ["ttl 63 1452 bytes"])
case("hop limit 2", "fast", left, [six(d, hlim=2)], ["ttl 1 100 bytes"])
case("hop limit 1", "normal", left, [six(d, hlim=1)], [], ["icmp 3/0 mtu 0"])
case("TTL 2", "fast", right, [four(d, ttl=2)], ["ttl 1 100 bytes"])
case("TTL 1", "normal", right, [four(d, ttl=1)], [], ["icmp 11/0 mtu 0"])
case("IPv6 option", "normal", left, [six(d, nh=60, ext=none)], ["ttl 63 100 bytes"])
case("IPv4 option", "normal", right, [four(d, opt=b"\1\1\1\1")], ["ttl 63 100 bytes"])
case("IPv4 without checksum", "normal", right, [four(d, zero=True)], ["ttl 63 100 bytes"])
case("IPv6 fragments", "normal", left, map(fix6, cut6(six(b"x" * 1000), 504, 9)), ["ttl 63 1000 bytes"])
whole = udp(S4, P4, 7777, port, b"x" * 1000)
case("IPv4 fragments", "normal", right,
     [four(b"", frag=0x2000, cut=whole[:504]), four(b"", frag=63, cut=whole[504:])], ["ttl 63 1000 bytes"])
case("IPv6 fragments, the last first", "normal", left,
     reversed(list(map(fix6, cut6(six(b"x" * 1000), 504, 10)))), ["ttl 63 1000 bytes"])
case("IPv4 over the lowest MTU of IPv6, may be cut", "normal", right, [four(b"x" * 1400)], ["a fragment"] * 2)
case("IPv4 over the MTU", "normal", right, [four(b"x" * 1472, frag=0x4000)], [], ["icmp 3/4 mtu 1480"])
case("IPv4 header checksum is wrong", "normal", right, [four(d)[:10] + b"\1\2" + four(d)[12:]])
case("IPv4 is shorter than it says", "normal", right, [four(d)[:-5]])
case("IPv6 is shorter than it says", "normal", left, [six(d)[:-5]])

# A link that becomes narrower, of either side
enter(gw)
subprocess.run(["ip", "link", "set", "wan", "mtu", "1400"], check=True)
case("IPv6 over wan's new MTU", "normal", left, [six(b"x" * 1400)], [], ["icmp 2/0 mtu 1420"])
case("IPv6 just under it", "fast", left, [six(b"x" * 1372)], ["ttl 63 1372 bytes"])
enter(gw)
subprocess.run(["ip", "link", "set", "wan", "mtu", "1500"], check=True)
subprocess.run(["ip", "link", "set", "lan", "mtu", "1400"], check=True)
case("IPv4 over lan's new MTU", "normal", right, [four(b"x" * 1360, frag=0x4000)], [], ["icmp 3/4 mtu 1380"])
case("IPv4 just under it", "fast", right, [four(b"x" * 1352, frag=0x4000)], ["ttl 63 1352 bytes"])
enter(gw)
subprocess.run(["ip", "link", "set", "lan", "mtu", "1500"], check=True)
case("IPv6 at the old MTU again", "fast", left, [six(b"x" * 1452)], ["ttl 63 1452 bytes"])
sys.exit(not ok)
