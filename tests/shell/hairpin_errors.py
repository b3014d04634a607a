# SPDX-License-Identifier: GPL-2.0
"""hairpin_errors.py WAY CLIENT6 CLIENT7 GW

Packets between two hosts of one gateway that cannot go on, of either end of a
session, its first or a later one: what their sender is told. client7's link takes
1300 bytes. WAY: static, each host has an address, or the address of the pool.
Prints PASS and FAIL.
"""
import os
import select
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import enter  # noqa: E402

way, client6, client7, gw = sys.argv[1:]
PREFIX = "2001:db8:64::"
NS = {"client6": client6, "client7": client7}
ADDR = {"client6": "2001:db8:c::2", "client7": "2001:db8:d::2"}
STATIC = {"client6": "203.0.113.6", "client7": "203.0.113.7"}
PORT = {"client6": 5000, "client7": 6000}
SERVER = socket.inet_aton("192.0.2.2")
FITS = 1300 - 48
RECVERR, HOPS, DISCOVER, ERRQUEUE = 25, 16, 23, 0x2000
ok = True


def say(good, what, detail=""):
    global ok
    ok = ok and good
    print(("PASS: " if good else "FAIL: ") + what + ("" if good else f" ({detail})"))


def eq(what, got, want):
    say(got == want, f"{way}: {what}", f"got '{got}', wanted '{want}'")


def sock(host, kind, port=0):
    """A socket that tells all errors, and sends what its host thinks too big."""
    enter(NS[host])
    s = socket.socket(socket.AF_INET6, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.setsockopt(41, RECVERR, 1)
    if kind == socket.SOCK_DGRAM:
        s.setsockopt(41, DISCOVER, 3) # probe
    s.bind((ADDR[host], port))
    s.setblocking(False)
    return s


def told(s, wait=3):
    """The ICMP error that a socket has got: TYPE/CODE MTU, and whom it had written to."""
    p = select.poll()
    p.register(s, 0) # errors
    if not p.poll(wait * 1000):
        return "nothing", None
    try:
        _, control, _, to = s.recvmsg(2000, 512, ERRQUEUE)
    except OSError as e:
        return str(e), None
    origin, kind, code, mtu = struct.unpack_from("4xBBBxI", control[0][2])
    return f"{kind}/{code}" + (f" {mtu}" if kind == 2 else "") + ("" if origin == 3 else " of its own"), to


def came(s, wait=3):
    if not select.select([s], [], [], wait)[0]:
        return None, None
    try:
        return s.recvfrom(2000)
    except OSError:
        return None, None


def send(s, to, size, hops=64):
    s.setsockopt(41, HOPS, hops)
    s.sendto(b"x" * size, to)


def fails(what, s, to, size, hops, want):
    send(s, to, size, hops)
    got, about = told(s)
    eq(what, got, want)
    if about:
        eq(what + ": about what it sent", about[:2], to)


def target(called):
    """What others call it by; for a mapping, it has to have one."""
    v4 = socket.inet_aton(STATIC[called] if way == "static" else way)
    return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, PREFIX)[:12] + v4)


# Nothing leaves the gateway but what is for these two.
enter(gw)
seen = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
seen.setblocking(False)
known = {socket.inet_pton(socket.AF_INET6, a) for a in ADDR.values()}


def strange(at, p):
    proto, p = p[12:14], p[14:]
    if at[0] == "lo" or at[2] != socket.PACKET_OUTGOING:
        return None
    if at[0] == "wan" and (proto == b"\x08\x06" and p[24:28] == SERVER or
                           proto == b"\x08\0" and p[9] in (6, 17) and p[16:20] == SERVER):
        return None # made a mapping
    if proto != b"\x86\xdd" or p[0] >> 4 != 6:
        return "no IPv6"
    if p[6] == 58 and p[40] == 135:
        dst = p[48:64] # the neighbour that is looked for
    else:
        dst = p[24:40]
        if dst[0] == 0xff: # listeners
            return None
    if dst in known and at[0] != "wan" or dst[:2] == b"\xfe\x80":
        return None
    return "to " + socket.inet_ntop(socket.AF_INET6, dst)


def left():
    """How many "too big" have left, and whatever should not have."""
    toobig, others = 0, []
    try:
        while True:
            p, at = seen.recvfrom(2000)
            what = strange(at, p)
            if what:
                others.append(f"{at[0]}: {what}: {p[14:].hex()[:160]}")
            elif at[2] == socket.PACKET_OUTGOING and p[20] == 58 and p[54] == 2:
                toobig += 1
    except BlockingIOError:
        return toobig, "; ".join(others)


def mapping(host, kind):
    """A session with server4; TCP's lasts as long as the socket."""
    s = sock(host, kind, PORT[host])
    if way != "static":
        s.connect_ex((PREFIX + "c000:202", 80))
        if kind == socket.SOCK_DGRAM:
            s.send(b"x")
            eq(f"{host} has a mapping", told(s)[0], "1/4")
        else:
            eq(f"{host} has a mapping", select.select([], [s], [], 3)[1], [s])
    return s


def forged(what, host, port, peer, s):
    """Of a packet that came to a host from its peer, a router there says too small an MTU."""
    enter(NS[host])
    quoted = struct.pack("!IHBB", 6 << 28, 18, 17, 64) + \
        socket.inet_pton(socket.AF_INET6, peer[0]) + socket.inet_pton(socket.AF_INET6, ADDR[host]) + \
        struct.pack("!HHHH", peer[1], port, 18, 0) + b"x" * 10
    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
    raw.sendto(struct.pack("!BBHI", 2, 0, 0, 1000) + quoted, (peer[0], 0))
    eq(f"[30] {what}: too big, MTU 1000", told(s)[0], "2/0 1280")


def udp(caller, called):
    what = f"UDP of {caller}"
    mapping(called, socket.SOCK_DGRAM).close()
    server = sock(called, socket.SOCK_DGRAM, PORT[called])
    to = target(called), PORT[called]

    s = sock(caller, socket.SOCK_DGRAM)
    fails(f"{what}, first packet, hop limit", s, to, 10, 1, "3/0")
    if called == "client7":
        fails(f"{what}, first packet, too big", s, to, FITS + 1, 64, "2/0 1300")
    if routed:
        fails(f"{what}, first packet, rejected", s, to, 111, 64, "1/4")
    eq(f"{what}: none of these arrived", came(server, 0)[0], None)
    send(s, to, FITS, 2)
    data, peer = came(server)
    eq(f"{what}, first packet that fits", data and len(data), FITS)
    if not peer:
        return
    send(server, peer, 10, 2)
    eq(f"{what}: answered", came(s)[1][:2], to)

    fails(f"{what}, later packet, hop limit", s, to, 10, 1, "3/0")
    if called == "client7":
        fails(f"{what}, later packet, too big", s, to, FITS + 1, 64, "2/0 1300")
    fails(f"{what}, later packet, rejected", s, to, 111, 64, "1/4")
    fails(f"{what}, answer, hop limit", server, peer[:2], 10, 1, "3/0")
    if caller == "client7":
        fails(f"{what}, answer, too big", server, peer[:2], FITS + 1, 64, "2/0 1300")
    fails(f"{what}, answer, rejected", server, peer[:2], 111, 64, "1/4")
    eq(f"{what}: none of these arrived", (came(server, 0)[0], came(s, 0)[0]), (None, None))
    send(s, to, FITS, 2)
    eq(f"{what}: goes on", len(came(server)[0] or b""), FITS)
    send(server, peer, FITS, 2)
    eq(f"{what}: goes on, answered", len(came(s)[0] or b""), FITS)
    forged(what, called, PORT[called], peer, s)
    forged(f"{what}, answer", caller, s.getsockname()[1], to, server)


def tcp(caller, called):
    """The one on the long link sends, whoever called."""
    what = f"TCP of {caller}"
    mapped = mapping(called, socket.SOCK_STREAM)
    listen = sock(called, socket.SOCK_STREAM, PORT[called])
    listen.listen()
    to = target(called), PORT[called]

    s = sock(caller, socket.SOCK_STREAM)
    s.setsockopt(41, HOPS, 1)
    s.connect_ex(to)
    eq(f"{what}, SYN, hop limit", told(s)[0], "3/0")
    s.close()
    # What a host has learnt is about an address, which it may know already.
    subprocess.run(["ip", "-n", client6, "-6", "route", "flush", "cache"], check=True)
    s = sock(caller, socket.SOCK_STREAM)
    s.connect_ex(to)
    if not select.select([listen], [], [], 3)[0]:
        eq(f"{what}: connects", False, True)
        return
    left()
    a = listen.accept()[0]
    a.setblocking(False)
    src, dst = (s, a) if caller == "client6" else (a, s)
    src.send(b"x" * 20000)
    n = 0
    while n < 20000 and select.select([dst], [], [], 3)[0]:
        n += len(dst.recv(20000))
    eq(f"{what}: full segments too big, all arrives", n, 20000)
    toobig, others = left()
    say(toobig > 0, f"{way}: {what}: its sender was told", toobig)
    eq(f"{what}: nothing else left", others, "")
    mapped.close()


routed = False
for pair in ("client6", "client7"), ("client7", "client6"):
    left()
    udp(*pair)
    eq(f"UDP of {pair[0]}: nothing else left", left()[1], "")
    tcp(*pair)
enter(gw)
subprocess.run(["ip", "-6", "route", "add", PREFIX + "/96", "dev", "lan"], check=True)
routed = True
PORT = {k: v + 1 for k, v in PORT.items()}
udp("client6", "client7")
eq("with a route: nothing else left", left()[1], "")
enter(gw)
subprocess.run(["ip", "-6", "route", "del", PREFIX + "/96"], check=True)
sys.exit(not ok)
