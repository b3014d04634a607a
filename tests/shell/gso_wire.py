# SPDX-License-Identifier: GPL-2.0
"""gso_wire.py CLIENT SERVER [NAME=VALUE...]	data both ways, TCP and UDP

It sits in both namespaces at once, sends, and looks at what comes out of
the translator, as an AF_PACKET socket of the receiver has it: every packet whose
length, header checksum, identification, DF, hop limit, checksum or TCP sequence
is wrong is told, and what they carry has to be what was sent. Exits with 1 if
not. What is said:

src=ADDRESS,... to=ADDRESS	the client, by turns, and the server as it calls it
ways=up,down kinds=tcp,udp	6to4, 4to6
bytes=N size=N		of each, and of one datagram
df=1|0			of the server
mtu4=1500 mtu6=1500	what no packet may be longer than
gso=1|0			packets must be many in one, or none may be
frag=1			what comes down comes in fragments
error=MTU		the sender is told so: TCP recovers, UDP fails
"""
import collections
import errno
import os
import random
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import enter  # noqa: E402

UDP_SEGMENT, MTU_DISCOVER = 103, 10
PACKET_VNET_HDR, PACKET_OUTGOING = 15, 4
SO_RCVBUFFORCE = 33
GSO = {1: "TCPv4", 4: "TCPv6", 5: "UDP"}
TCP, UDP, FRAGMENT = 6, 17, 44
# which has no number for it in the header that comes with a packet
NO_UDP = os.uname().release.startswith("6.1.")
NAMES = {"tcp": TCP, "udp": UDP}

# of a length that falls together with nothing
PATTERN = random.Random(64).randbytes(100003) * 30


def summed(data, start=0):
    """Does it sum up to what one's complement calls zero?"""
    # The rest of a division by 65535 is the sum of all words.
    return (int.from_bytes(data + bytes(len(data) & 1), "big") + start) % 0xffff == 0


def pseudo(src, dst, proto, length):
    return int.from_bytes(src, "big") + int.from_bytes(dst, "big") + proto + length


class Capture:
    def __init__(self, ns, opts):
        enter(ns)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.sock.setsockopt(263, PACKET_VNET_HDR, 1)
        self.sock.bind(("eth0", 3))
        self.sock.setblocking(False)
        self.opts = opts
        self.wrong = collections.Counter()
        self.packets = self.large = self.segments = self.linear = self.cut = 0
        self.streams = collections.defaultdict(list)
        self.frags = collections.defaultdict(list)
        self.datagrams = []
        self.ids = set()
        self.atomic = {}
        self.errors = []
        self.unread = 0

    def check(self, ok, what):
        if not ok:
            self.wrong[what] += 1
        return ok

    def read(self, proto, port):
        """All that came, of that protocol and with that port."""
        while True:
            try:
                frame, addr = self.sock.recvfrom(1 << 18)
            except BlockingIOError:
                break
            except OSError as e:
                self.unread += 1
                self.check(NO_UDP, f"cannot read a packet: {e}")
                continue
            if addr[2] == PACKET_OUTGOING or addr[1] not in (0x800, 0x86dd):
                continue
            flags, gso, *vnet = struct.unpack_from("=BBHHHH", frame)
            self.packet(frame[10:], flags & 1, gso & 0x7f, vnet, proto, port)
        self.check(not any(self.frags.values()), "last fragment is missing")
        lost = struct.unpack("II", self.sock.getsockopt(263, 6, 8))[1]  # PACKET_STATISTICS
        self.check(not lost, "packets not captured")

    def packet(self, frame, partial, gso, vnet, proto, port):
        v6 = frame[12:14] == b"\x86\xdd"
        ip = frame[14:]
        if v6:
            hlen, nxt, ttl = 40, ip[6], ip[7]
            length = 40 + int.from_bytes(ip[4:6], "big")
            src, dst = ip[8:24], ip[24:40]
        else:
            hlen, nxt, ttl = (ip[0] & 15) * 4, ip[9], ip[8]
            length = int.from_bytes(ip[2:4], "big")
            src, dst = ip[12:16], ip[16:20]
        if v6 and nxt == FRAGMENT:
            if ip[40] == proto:
                self.fragment(ip, length, gso, partial, port)
            return
        if (nxt, ip[hlen:hlen + 2]) in ((1, b"\3\4"), (58, b"\2\0")):
            self.errors.append(int.from_bytes(ip[hlen + 4:hlen + 8], "big"))
        if nxt != proto or int.from_bytes(ip[hlen:hlen + 2], "big") != port and \
                int.from_bytes(ip[hlen + 2:hlen + 4], "big") != port:
            return
        self.packets += 1
        # Ethernet pads what is short.
        self.check(length == len(ip) or length < len(ip) <= 46, "length is not that of the packet")
        self.check(ttl == 63, f"TTL of {ttl}")
        l4 = ip[hlen:length]
        self.transport(v6, src, dst, proto, l4, partial, gso, vnet, 14 + hlen)
        thlen = (l4[12] >> 4) * 4 if proto == TCP else 8
        mtu = int(self.opts["mtu6" if v6 else "mtu4"])
        one = hlen + thlen + vnet[1] if gso else length
        self.check(one <= mtu, f"{'segment' if gso else 'packet'} of {one} bytes, MTU {mtu}")
        data = l4[thlen:]
        if not v6:
            self.header4(ip, hlen, proto, gso, one, -(-len(data) // vnet[1]) if gso else 1, bool(data))
        if gso:
            self.large += 1
            self.segments += -(-len(data) // vnet[1])
            self.linear = max(self.linear, vnet[0])
        elif data:
            self.segments += 1
        if proto == TCP:
            if l4[13] & 2:
                self.streams[l4[:4]].append((int.from_bytes(l4[4:8], "big"), None))
            elif data:
                self.streams[l4[:4]].append((int.from_bytes(l4[4:8], "big"), data))
        else:
            step = vnet[1] if gso else max(len(data), 1)
            self.datagrams += [data[i:i + step] for i in range(0, len(data), step)]

    def header4(self, ip, hlen, proto, gso, one, segments, data):
        """one: the length of each of its segments"""
        self.check(summed(ip[:hlen]), "IPv4 header checksum")
        ident, frag = struct.unpack_from("!HH", ip, 4)
        self.check(not frag & 0xbfff, "IPv4 fragment or reserved bit")
        # RFC 7915 section 5.1, of what is on the wire. A short one may be the rest of longer ones.
        if one > 1260:
            self.check(frag & 0x4000, f"{one} bytes without DF")
        elif gso or int(self.opts["mtu4"]) <= 1260:
            self.check(not frag & 0x4000, f"{one} bytes with DF")
        if frag & 0x4000:
            # by place; two CPUs may mix segments, and some are sent again
            if data:
                place = int.from_bytes(ip[hlen + 4:hlen + 8], "big") if proto == TCP else \
                    len(self.atomic)
                self.atomic.setdefault(place, ident)
        else:
            # RFC 6864 section 4.1: within the lifetime of a packet
            ids = {(ident + i) & 0xffff for i in range(segments)}
            self.check(not ids & self.ids, "ID used twice without DF")
            self.ids |= ids

    def transport(self, v6, src, dst, proto, l4, partial, gso, vnet, start):
        if proto == UDP:
            self.check(gso or int.from_bytes(l4[4:6], "big") == len(l4), "length of UDP")
            self.check(l4[6:8] != b"\0\0", "no UDP checksum")
        if gso:
            self.check(GSO.get(gso) == ("UDP" if proto == UDP else "TCPv6" if v6 else "TCPv4"),
                       f"GSO type {gso}")
            self.check(partial, "GSO packet without CHECKSUM_PARTIAL")
        if not partial:
            self.check(summed(l4, pseudo(src, dst, proto, len(l4))), "checksum")
            return
        off = 16 if proto == TCP else 6
        self.check(vnet[2:] == [start, off], f"checksum begins at {vnet[2:]}, not {[start, off]}")
        # What is there already has to be the pseudo header's sum, not inverted.
        have = int.from_bytes(l4[off:off + 2], "big")
        self.check((pseudo(src, dst, proto, len(l4)) - have) % 0xffff == 0,
                   "sum of the pseudo header")

    def fragment(self, ip, length, gso, partial, port):
        frag, ident = struct.unpack_from("!HI", ip, 42)
        self.check(length == len(ip), "length of a fragment")
        self.check(not gso and not partial, "fragment with offloads")
        self.check(length <= int(self.opts["mtu6"]), f"fragment of {length} bytes")
        self.check(ip[7] == 63, f"hop limit {ip[7]} of a fragment")
        # Its ID is that of IPv4: the clauses on it are in rfc7915_4to6.
        self.check(not frag & 1 or (length - 48) % 8 == 0, "fragment of odd length")
        key = ip[8:40], ip[40], ident
        self.frags[key].append((frag & 0xfff8, ip[48:length]))
        # Each is cut in one go. The sender draws one ID for all segments of a datagram, and
        # counts on from it, so that the next one's come again.
        if not frag & 1:
            self.cut += 1
            self.reassemble(key, self.frags.pop(key), port)

    def reassemble(self, key, parts, port):
        addrs, proto, _ = key
        end, l4 = 0, b""
        for off, data in parts:
            if not self.check(off == end, "fragments overlap, or one is missing"):
                return
            l4 += data
            end += len(data)
        if port not in struct.unpack_from("!HH", l4):
            return
        self.check(summed(l4, pseudo(addrs[:16], addrs[16:], proto, len(l4))),
                   "checksum of what came in fragments")
        if proto == TCP:
            self.streams[l4[:4]].append((int.from_bytes(l4[4:8], "big"), l4[(l4[12] >> 4) * 4:]))
        else:
            self.check(int.from_bytes(l4[4:6], "big") == len(l4), "length of UDP in fragments")
            self.datagrams.append(l4[8:])

    def count(self):
        """The next one's GRO takes IDs that count, and those that do not."""
        first, last = next(iter(self.atomic), 0), None
        for place in sorted(self.atomic, key=lambda seq: (seq - first + (1 << 31)) & 0xffffffff):
            ident = self.atomic[place]
            self.check(last is None or ident in (0, last, last + 1), "IDs neither count nor stay")
            last = ident

    def stream(self):
        """What a TCP would have read."""
        for parts in self.streams.values():
            base = next((seq for seq, data in parts if data is None), None)
            if base is None:
                continue
            out = bytearray()
            order = sorted(((seq - base - 1) & 0xffffffff, data) for seq, data in parts
                           if data is not None)
            for seq, data in order:
                if not self.check(seq <= len(out), "hole in the sequence"):
                    break
                if seq < len(out):  # sent again
                    self.check(out[seq:seq + len(data)] == data[:len(out) - seq],
                               "sent again, but another")
                out[seq:seq + len(data)] = data
            return bytes(out)
        return b""


def tcp(ends, src, way, opts):
    client, server = ends
    total = int(opts["bytes"])
    enter(server)
    lst = socket.socket()
    lst.bind(("", 0))
    lst.listen()
    port = lst.getsockname()[1]
    enter(client)
    c = socket.socket(socket.AF_INET6)
    c.bind((src, 0))
    c.settimeout(20)
    c.connect((opts["to"], port))
    lst.settimeout(20)
    s, _ = lst.accept()
    s.setsockopt(socket.IPPROTO_IP, MTU_DISCOVER, 2 if opts["df"] == "1" else 0)
    tx, rx = (c, s) if way == "up" else (s, c)
    for sock in tx, rx:
        sock.setblocking(False)
    sent = pos = 0
    view = memoryview(PATTERN)
    while pos < total:
        r, w, _ = select.select([rx], [tx] if sent < total else [], [], 20)
        if not r and not w:
            return port, f"stuck after {pos} of {total} bytes"
        if w:
            sent += tx.send(view[sent:min(total, sent + (1 << 18))])
        if r:
            data = rx.recv(1 << 18)
            if data != view[pos:pos + len(data)] or not data:
                return port, f"wrong after {pos} bytes"
            pos += len(data)
    c.close()
    s.close()
    return port, ""


def udp(ends, src, way, opts):
    client, server = ends
    size, total = int(opts["size"]), int(opts["bytes"])
    enter(server)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 0))
    s.setsockopt(socket.IPPROTO_IP, MTU_DISCOVER, 2 if opts["df"] == "1" else 0)
    port = s.getsockname()[1]
    enter(client)
    c = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    c.bind((src, 0))
    c.connect((opts["to"], port))
    for sock in c, s:
        sock.settimeout(20)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    c.send(b"")
    _, peer = s.recvfrom(10)
    s.connect(peer)
    tx, rx = (c, s) if way == "up" else (s, c)
    tx.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
    # of a burst, the last one is shorter
    burst = size * min(40, 60000 // size) - size // 2
    want = []
    for at in range(0, total, burst):
        data = PATTERN[at:min(at + burst, total)]
        chunk = [data[i:i + size] for i in range(0, len(data), size)]
        try:
            tx.send(data)
            if opts["error"]:
                tx.recv(1)
            back = [rx.recv(65536) for _ in chunk]
        except OSError as e:
            if opts["error"] and e.errno == errno.EMSGSIZE:
                return port, "", []
            return port, f"after {at} bytes: {e}", want
        want += chunk
        if sorted(back) != sorted(chunk):
            return port, f"wrong after {at} bytes", want
    return port, "", want


def transfer(ends, src, way, kind, opts):
    caps = [Capture(ns, opts) for ns in (ends if way == "down" else ends[::-1])]
    cap, sender = caps
    port, error, *want = (tcp if kind == "tcp" else udp)(ends, src, way, opts)
    for c in caps:
        c.read(NAMES[kind], port)
    if error:
        cap.wrong[error] += 1
    elif cap.unread and kind == "udp" and opts["gso"] != "0":
        print("    large packets of UDP are not looked at, this kernel does not tell of them")
    elif kind == "tcp":
        cap.check(cap.stream() == PATTERN[:int(opts["bytes"])], "not the stream that was sent")
    else:
        cap.check(sorted(d for d in cap.datagrams if d) == sorted(want[0]),
                  "not the datagrams that were sent")
    if opts["gso"] == "0":
        cap.check(not cap.large, "large packets")
    elif opts["gso"] and not cap.unread:
        # how many of TCP come together is a matter of time
        cap.check(cap.large if kind == "tcp" else
                  (cap.packets - cap.large) * 2 < cap.segments, "small packets")
        # hdr_len is the linear part: a packet copied into one has no other
        if kind == "tcp":
            cap.check(cap.linear < 512, f"{cap.linear} bytes are linear")
    cap.check(bool(cap.cut) == bool(opts["frag"]), "fragments" if cap.cut else "no fragments")
    if opts["error"]:
        cap.check(set(sender.errors) == {int(opts["error"])}, f"told MTUs of {set(sender.errors)}")
    else:
        cap.count()
        cap.check(not sender.errors, "told an MTU")
    print(f"{src} {way} {kind}: {cap.packets} packets, {cap.large} large, {cap.segments} segments, "
          f"{cap.cut} in fragments, {len(sender.errors)} errors")
    for what, n in (cap.wrong + sender.wrong).items():
        print(f"    {what} ({n} times)")
    return not cap.wrong and not sender.wrong


def main(client, server, args):
    opts = {"ways": "up,down", "kinds": "tcp,udp", "bytes": "300000", "size": "1000", "df": "1",
            "mtu4": "1500", "mtu6": "1500", "gso": "", "frag": "", "error": "",
            **dict(a.split("=") for a in args)}
    good = [transfer((client, server), src, way, kind, opts) for src in opts["src"].split(",")
            for way in opts["ways"].split(",") for kind in opts["kinds"].split(",")]
    return not all(good)


try:
    sys.exit(main(*sys.argv[1:3], sys.argv[3:]))
except OSError as e:
    sys.exit(f"gso_wire: {e}")
