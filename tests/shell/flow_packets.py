# SPDX-License-Identifier: GPL-2.0
"""flow_packets.py CLIENT6 GW SERVER4 NFT PORT

Packets of a UDP session that is in the fast path (client6's 2001:db8:c::2, PORT,
to server4's 192.0.2.2, 7777, as 192.0.2.1 and the same port), sent by hand from
both ends: which come out and how, and whether the forward chain saw them.
"""
import os
import re
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import GW4, End, csum, enter  # noqa: E402

client6, gw, server4, nft, port = sys.argv[1:]
port = int(port)
ok = True


class Wire(End):
    def __init__(self, ns, peer, proto):
        super().__init__(ns, gw, peer, proto)
        # What comes by this one has a virtio header.
        self.vnet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.vnet.setsockopt(263, 15, 1) # SOL_PACKET, PACKET_VNET_HDR
        self.vnet.bind(("eth0", 0))

    def send(self, packet):
        """A packet, or one as offload() or host() have it"""
        if isinstance(packet, bytes):
            super().send(packet)
        elif isinstance(packet[0], str):
            self.sock.send(bytes.fromhex(packet[0]) + self.head[6:12] + bytes.fromhex(packet[1]) + self.head[12:] + packet[2])
        else:
            self.vnet.send(packet[0] + self.head + packet[1])

    def drain(self, n=0, wait=0.1):
        """what comes: n packets, and others within a little while"""
        got = []
        while p := next(self.packets(2 if len(got) < n else wait), None):
            got.append(p)
        return got


def slow():
    enter(gw)
    out = subprocess.run([nft, "list", "counter", "inet", "gw", "slow"], capture_output=True, check=True).stdout
    return int(re.search(rb"packets (\d+)", out)[1])


C6 = socket.inet_pton(socket.AF_INET6, "2001:db8:c::2")
S6 = socket.inet_pton(socket.AF_INET6, "2001:db8:64::192.0.2.2")
P4, S4 = socket.inet_aton(GW4), socket.inet_aton("192.0.2.2")


def udp(src, dst, sport, dport, data, zero=False):
    u = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    pseudo = src + dst + struct.pack("!II", len(u), 17)
    return u if zero else u[:6] + struct.pack("!H", csum(pseudo + u) or 0xffff) + u[8:]


def six(data, up=True, nh=17, ext=b"", hlim=64, plen=None, cut=None, zero=False):
    src, dst, *ports = (C6, S6, port, 7777) if up else (S6, C6, 7777, port)
    payload = ext + (udp(src, dst, *ports, data, zero) if cut is None else cut)
    return struct.pack("!IHBB", 6 << 28, len(payload), nh, hlim) + src + dst + payload


def four(data, ttl=64, opt=b"", frag=0, zero=False, cut=None, ident=7, proto=17):
    payload = udp(S4, P4, 7777, port, data, zero) if cut is None else cut
    h = struct.pack("!BBHHHBBH", 0x45 + len(opt) // 4, 0, 20 + len(opt) + len(payload), ident, frag, ttl, proto, 0) \
        + S4 + P4 + opt
    return h[:10] + struct.pack("!H", csum(h)) + h[12:] + payload


def describe(p):
    """What the other end gets, in a few words."""
    if p[0] >> 4 == 4:
        n = (p[0] & 15) * 4
        src, dst, proto, ttl, l4 = p[12:16], p[16:20], p[9], p[8], p[n:struct.unpack("!H", p[2:4])[0]]
        if csum(p[:n]):
            return "wrong header checksum"
        if len(p) != struct.unpack("!H", p[2:4])[0]:
            return "wrong length"
        if p[6] & 0x3f or p[7]:
            return "a fragment"
    else:
        src, dst, proto, ttl, l4 = p[8:24], p[24:40], p[6], p[7], p[40:40 + struct.unpack("!H", p[4:6])[0]]
        if len(p) != 40 + struct.unpack("!H", p[4:6])[0]:
            return "wrong length"
        if proto == 44:
            return "a fragment"
    if proto in (1, 58):
        return f"icmp {l4[0]}/{l4[1]} mtu {struct.unpack('!I', l4[4:8])[0]}"
    pseudo = src + dst + struct.pack("!II", len(l4), proto)
    if (proto == 6 or l4[6:8] != b"\0\0") and csum(pseudo + l4):
        return "wrong checksum"
    if proto == 6:
        return f"TCP, ttl {ttl} {len(l4) - 20} bytes"
    if proto == 17:
        if (src, dst) not in ((P4, S4), (S6, C6)):
            return "wrong addresses"
        return f"ttl {ttl} {len(l4) - 8} bytes" + (" no checksum" if l4[6:8] == b"\0\0" else "")
    return f"protocol {proto}"


left = Wire(client6, "lan", 0x86dd)
right = Wire(server4, "wan", 0x0800)


def case(what, path, end, packets, there=(), back=(), length=None):
    """packets from one end: what the other one gets, and what comes back"""
    global ok
    other = right if end is left else left
    for _ in range(2): # the session is fast again, whatever the last one did
        left.send(six(b"to be fast"))
        right.send(four(b"to be fast"))
        left.drain(1, 0.001), right.drain(1, 0.001)
    before = slow()
    for p in packets:
        end.send(p)
    got = [describe(p) for p in other.drain(len(there))]
    answers = [describe(p) for p in end.drain(len(back), 0.001 if there else 0.1)]
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


def host(mac, packet, end, tag=""):
    """to another MAC than the gateway's, or with a tag"""
    return mac or end.head[:6].hex(), tag, packet


def offload(packet, at, start=0, gso=0):
    """UDP, whose header is at this place: the sum that starts there, or further on, is for others to make"""
    p, at = bytearray(packet), at + start
    l4 = bytes(p[at:])
    # The field has the pseudo-header's sum, which is what it differs by without.
    whole, = struct.unpack("!H", l4[6:8])
    p[at + 6:at + 8] = struct.pack("!H", (csum(l4[:6] + b"\0\0" + l4[8:]) - whole) % 0xffff)
    return struct.pack("=BBHHHH", 1, 5 if gso else 0, 14 + at + 8, gso, 14 + at, 6), bytes(p)


# in a datagram as VXLAN has it, a datagram: its sum is behind 8 + 14 + 20 bytes
inner = struct.pack("!II", 0x08000000, 5 << 8) + bytes(12) + b"\x08\0" + bytes(20) + \
    udp(socket.inet_aton("10.0.0.1"), socket.inet_aton("10.0.0.2"), 1, 2, b"y" * 77)
d = b"x" * 100
none = bytes([17, 0, 1, 4, 0, 0, 0, 0]) # an option that says nothing
case("IPv6", "fast", left, [six(d)], ["ttl 63 100 bytes"])
case("IPv4", "fast", right, [four(d)], ["ttl 63 100 bytes"])
case("IPv6, to be summed from within its header on", "normal", left, [offload(six(d), 40, 4)], [])
case("IPv4, to be summed from within its header on", "normal", right, [offload(four(d), 20, 4)], [])
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
case("IPv6 without checksum", "normal", left, [six(d, zero=True)], ["ttl 63 100 bytes no checksum"])
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

for mac, who in ("020000000099", "another host"), ("ffffffffffff", "all"), ("333300000001", "a group"):
    case(f"IPv6 to the MAC of {who}", "normal", left, [host(mac, six(d), left)])
    case(f"IPv4 to the MAC of {who}", "normal", right, [host(mac, four(d), right)])
case("IPv6 in a VLAN that is not there", "normal", left, [host("", six(d), left, "81000009")])
case("IPv4 in a VLAN that is not there", "normal", right, [host("", four(d), right, "81000009")])
case("IPv6 with a priority, in no VLAN", "fast", left, [host("", six(d), left, "81006000")], ["ttl 63 100 bytes"])
case("IPv4 with a priority, in no VLAN", "fast", right, [host("", four(d), right, "81006000")], ["ttl 63 100 bytes"])

# Sums that others make, and datagrams that others cut: here the gateway's devices
enter(gw)
for dev in "lan", "wan":
    for what in "tx", "tx-udp-segmentation", "gso":
        subprocess.run(["ethtool", "-K", dev, what, "off"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
case("IPv6, sum is offloaded", "fast", left, [offload(six(d), 40)], ["ttl 63 100 bytes"])
case("IPv4, sum is offloaded", "fast", right, [offload(four(d), 20)], ["ttl 63 100 bytes"])
n = len(inner)
case("IPv6, sum of what is in a tunnel is", "fast", left, [offload(six(inner), 40, 50)], [f"ttl 63 {n} bytes"])
case("IPv4, sum of what is in a tunnel is", "fast", right, [offload(four(inner), 20, 50)], [f"ttl 63 {n} bytes"])
cut = ["ttl 63 500 bytes", "ttl 63 500 bytes", "ttl 63 200 bytes"]
if os.uname().release.startswith("6.1."):
    print("# SKIP: datagrams in one: before 6.2, packet sockets know no VIRTIO_NET_HDR_GSO_UDP_L4")
else:
    case("IPv6, datagrams in one", "fast", left, [offload(six(b"z" * 1200), 40, gso=500)], cut)
    case("IPv4, datagrams in one", "fast", right, [offload(four(b"z" * 1200), 20, gso=500)], cut)

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

# A connection: the shortest packets are padded to what Ethernet wants.
C, S = [1000, 0], [5000, 0]


def tcp(up, flags, data=b"", pad=b""):
    """sequence numbers as they come; the other end's are acknowledged"""
    me, you = (C, S) if up else (S, C)
    seq, me[0] = me[0], (me[0] + len(data) + (flags & 2) // 2)
    src, dst, *ports = (C6, S6, port, 80) if up else (S4, P4, 80, port)
    t = struct.pack("!HHIIBBHHH", *ports, seq, you[0] if flags & 16 else 0, 0x50, flags, 1000, 0, 0) + data
    t = t[:16] + struct.pack("!H", csum(src + dst + struct.pack("!II", len(t), 6) + t)) + t[18:]
    return (six(b"", nh=6, cut=t) if up else four(b"", cut=t, proto=6)) + pad


def tcp_case(what, end, packets, there):
    """by the fast path, once it is there"""
    global ok
    other = right if end is left else left
    before = slow()
    for p in packets:
        end.send(p)
    got = [describe(p) for p in other.drain(len(there))]
    good = got == there and slow() == before
    ok &= good
    print(f"{'PASS' if good else 'FAIL'}: {what}" + ("" if good else f": {got}, {slow() - before} by the normal path"))


for end, flags in (left, 2), (right, 18), (left, 16), (right, 24), (left, 24), (right, 24):
    end.send(tcp(end is left, flags, b"data" if flags == 24 else b""))
    (right if end is left else left).drain(1, 0.001)
tcp_case("TCP, IPv4, padded", right, [tcp(False, 16, pad=b"\xaa" * 6), tcp(False, 16, b"abc", b"\xaa" * 3)],
         ["TCP, ttl 63 0 bytes", "TCP, ttl 63 3 bytes"])
tcp_case("TCP, IPv6, padded", left, [tcp(True, 16, pad=b"\xaa" * 6), tcp(True, 16, b"abc", b"\xaa" * 3)],
         ["TCP, ttl 63 0 bytes", "TCP, ttl 63 3 bytes"])
print("all cases were tried")
sys.exit(not ok)
