# SPDX-License-Identifier: GPL-2.0
"""packets.py stateless|stateful CLIENT6 GW SERVER4 FUZZ

Send packets that nobody should send, from both ends of the translator, and say
for each what came out at the other end and what was counted, as PASS and FAIL.
FUZZ: how many random ones to send in the end.
"""
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import GW4, GW6, End, csum, enter  # noqa: E402

mode, client6, gw, server4, fuzz = sys.argv[1:]
ok = True


def counters():
    enter(gw)
    with open("/proc/thread-self/net/nf_xlat") as f:
        return {k[4:]: int(v) for k, v in (line.split() for line in f)}


def a4(addr):
    return socket.inet_aton(addr)


def a6(addr):
    return socket.inet_pton(socket.AF_INET6, addr)


C6 = a6("2001:db8:6464::203.0.113.33" if mode == "stateless" else "2001:db8:c::2")
S6 = a6("64:ff9b::192.0.2.2")
C4 = a4("203.0.113.33" if mode == "stateless" else "192.0.2.1")
S4 = a4("192.0.2.2")


def ip6(nh, payload, src=C6, dst=S6, plen=None, hlim=64, version=6):
    return struct.pack("!IHBB", version << 28, len(payload) if plen is None else plen, nh, hlim) \
        + src + dst + payload


def ip4(proto, payload, src=S4, dst=C4, tlen=None, ttl=64, ihl=None, opt=b"", frag=0, check=0):
    n = 20 + len(opt)
    h = struct.pack("!BBHHHBBH", 0x40 | (n // 4 if ihl is None else ihl), 0,
                    n + len(payload) if tlen is None else tlen, 7, frag, ttl, proto, 0) + src + dst + opt
    return h[:10] + struct.pack("!H", csum(h) ^ check) + h[12:] + payload


def l4sum(src, dst, proto, data, at):
    p = src + dst + (struct.pack("!II", len(data), proto) if len(src) == 16 else
                     struct.pack("!HH", proto, len(data)))
    return data[:at] + struct.pack("!H", csum(p + data)) + data[at + 2:]


def udp(src, dst, sport=1111, dport=2222, data=b"x" * 20):
    return l4sum(src, dst, 17, struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data, 6)


def tcp(src, dst, flags=2, sport=1111, dport=2222, off=5):
    return l4sum(src, dst, 6, struct.pack("!HHIIBBHHH", sport, dport, 1, 0, off << 4, flags, 1000, 0, 0), 16)


def icmp6(kind, code, body, src=C6, dst=S6, bad=0):
    d = l4sum(src, dst, 58, struct.pack("!BBH", kind, code, 0) + body, 2)
    return d[:2] + bytes([d[2] ^ bad]) + d[3:]


def icmp4(kind, code, body, bad=0):
    d = struct.pack("!BBH", kind, code, 0) + body
    return d[:2] + struct.pack("!H", csum(d) ^ bad) + d[4:]


def udp6(**kw):
    return udp(C6, S6, **kw)


def udp4(**kw):
    return udp(S4, C4, **kw)


# What an error quotes was on its way to the error's sender.
port4 = 1111


def back6(payload=None, nh=17, **kw):
    return ip6(nh, udp(S6, C6, 2222, 1111) if payload is None else payload, **{"src": S6, "dst": C6, **kw})


def back4(payload=None, proto=17, **kw):
    return ip4(proto, udp(C4, S4, port4, 2222) if payload is None else payload, **{"src": C4, "dst": S4, **kw})


z4 = bytes(4)
dst_opt = bytes([60, 0, 1, 4, 0, 0, 0, 0])


def cases6():
    """(what, packet from client6, counter); True: it comes out; None: the stack's"""
    yield "UDP", ip6(17, udp6()), True
    yield "TCP", ip6(6, tcp(C6, S6)), True
    yield "echo request", ip6(58, icmp6(128, 0, b"\0\1\0\1ping")), True
    yield "a destination option", ip6(60, bytes([17, 0, 1, 4, 0, 0, 0, 0]) + udp6()), True
    yield "version 4", ip6(17, udp6(), version=4), None
    yield "payload length beyond the end", ip6(17, udp6(), plen=500), None
    yield "payload length of 0", ip6(17, udp6(), plen=0), "DropMalformed"
    yield "less than a UDP header", ip6(17, udp6()[:4]), "DropMalformed"
    yield "less than a TCP header", ip6(6, tcp(C6, S6)[:10]), "DropMalformed"
    yield "less than an ICMPv6 header", ip6(58, icmp6(128, 0, z4)[:4]), "DropMalformed"
    yield "destination option beyond the end", ip6(60, bytes([17, 40, 1, 4, 0, 0, 0, 0]) + udp6()), "DropMalformed"
    yield "hop-by-hop option beyond the end", ip6(0, bytes([17, 40, 1, 4, 0, 0, 0, 0]) + udp6()), None
    yield "20 destination options", ip6(60, dst_opt * 19 + bytes([17]) + dst_opt[1:] + udp6()), "DropMalformed"
    yield "routing header with segments left", \
        ip6(43, bytes([17, 2, 0, 1]) + z4 + C6 + udp6()), "DropSourceRoute"
    yield "hop limit of 1", ip6(17, udp6(), hlim=1), "DropHopLimit"
    yield "ICMPv4 in IPv6", ip6(1, icmp4(8, 0, z4)), "DropProtocol"
    yield "IGMP in IPv6", ip6(2, bytes.fromhex("1164ee9b00000000")), "DropIcmpType"
    for addr in "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255":
        dst = a6("64:ff9b::" + addr)
        yield f"to {addr}", ip6(17, udp(C6, dst), dst=dst), "DropDestination"
    for kind in 130, 133, 135, 137, 139, 200, 0, 100:
        yield f"ICMPv6 type {kind}", ip6(58, icmp6(kind, 0, bytes(20))), "DropIcmpType"
    yield "unreachable, unknown code", ip6(58, icmp6(1, 9, z4 + back6())), "DropIcmpType"
    yield "echo request, cut into fragments", \
        ip6(44, bytes([58, 0, 0, 1, 0, 0, 0, 9]) + icmp6(128, 0, bytes(20))), \
        "DropFragmentedIcmp" if mode == "stateless" else None
    if mode == "stateful":
        yield "OSPF", ip6(89, bytes(12)), "DropProtocol"
        yield "OSPF", ip6(89, bytes(24)), "DropProtocol"
        yield "protocol 253", ip6(253, bytes(12)), "DropProtocol"
        yield "TCP with SYN and FIN", ip6(6, tcp(C6, S6, 3, sport=7)), "DropState"
        yield "UDP, wrong checksum", ip6(17, udp(C6, C6)), "DropState"
        yield "echo reply to no request", ip6(58, icmp6(129, 0, z4)), "DropState"
        yield "error about no session", \
            ip6(58, icmp6(1, 4, z4 + back6(udp(S6, C6, 5, 6)))), "DropState"
        return
    for addr in "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255":
        src = a6("2001:db8:6464::" + addr)
        yield f"from {addr}", ip6(17, udp(src, S6), src=src), "DropAddress"
    yield "error", ip6(58, icmp6(1, 4, z4 + back6())), True
    yield "error, wrong checksum", ip6(58, icmp6(1, 4, z4 + back6(), bad=1)), "DropChecksum"
    yield "error that quotes nothing", ip6(58, icmp6(1, 4, z4)), "DropIcmpQuoted"
    yield "error that quotes 20 bytes", ip6(58, icmp6(1, 4, z4 + back6()[:20])), "DropIcmpQuoted"
    yield "error that quotes version 4", ip6(58, icmp6(1, 4, z4 + back6(version=4))), "DropIcmpQuoted"
    yield "error that quotes an error", \
        ip6(58, icmp6(1, 4, z4 + back6(icmp6(1, 4, z4 + bytes(40)), 58))), "DropIcmpQuoted"
    yield "error that quotes ICMPv4", ip6(58, icmp6(1, 4, z4 + back6(icmp4(8, 0, z4), 1))), "DropIcmpQuoted"
    yield "error that quotes another source", \
        ip6(58, icmp6(1, 4, z4 + back6(src=a6("2001:db8::1")))), "DropIcmpQuoted"
    yield "error that quotes another destination", \
        ip6(58, icmp6(1, 4, z4 + back6(dst=a6("2001:db8::1")))), "DropIcmpQuoted"
    yield "error that quotes half a header of UDP", ip6(58, icmp6(1, 4, z4 + back6()[:44])), True


def cases4():
    """The same from server4."""
    yield "UDP", ip4(17, udp4(sport=2222, dport=port4)), True
    yield "UDP, wrong header checksum", ip4(17, udp4(), check=1), None
    yield "header of 16 bytes", ip4(17, udp4(), ihl=4), None
    yield "header beyond the end", ip4(17, b"", ihl=15), None
    yield "length beyond the end", ip4(17, udp4(), tlen=500), None
    yield "length less than the header", ip4(17, udp4(), tlen=16), None
    if mode == "stateful":
        # Without a session they are the gateway's, and nothing for us.
        yield "error", ip4(1, icmp4(3, 3, z4 + back4())), True
        yield "error, wrong checksum", ip4(1, icmp4(3, 3, z4 + back4(), bad=1)), None
        yield "error that quotes 10 bytes", ip4(1, icmp4(3, 3, z4 + back4()[:10])), None
        yield "error that quotes half a header of UDP", ip4(1, icmp4(3, 3, z4 + back4()[:24])), True
        yield "error about no session", ip4(1, icmp4(3, 3, z4 + back4(udp(C4, S4, 5, 6)))), None
        yield "error that quotes an error", \
            ip4(1, icmp4(3, 3, z4 + back4(icmp4(3, 3, z4 + back4()), 1))), None
        yield "echo reply to no request", ip4(1, icmp4(0, 0, z4)), None
        yield "error of an unknown code", ip4(1, icmp4(3, 99, z4 + back4())), "DropIcmpType"
        yield "source quench", ip4(1, icmp4(4, 0, z4 + back4())), "DropIcmpType"
        # The gateway sent what it is about, and is whom it is for.
        yield "redirect", ip4(1, icmp4(5, 0, z4 + back4())), None
        yield "hop limit of 1", ip4(17, udp4(sport=2222, dport=port4), ttl=1), "DropHopLimit"
        return
    yield "TCP", ip4(6, tcp(S4, C4)), True
    yield "less than a UDP header", ip4(17, udp4()[:4]), "DropMalformed"
    yield "less than a TCP header", ip4(6, tcp(S4, C4)[:10]), "DropMalformed"
    yield "less than an ICMP header", ip4(1, icmp4(8, 0, z4)[:4]), "DropMalformed"
    yield "loose source route", ip4(17, udp4(), opt=bytes([131, 7, 4]) + S4 + b"\0"), "DropSourceRoute"
    yield "source route at its end", ip4(17, udp4(), opt=bytes([131, 7, 8]) + S4 + b"\0"), True
    yield "broken option", ip4(17, udp4(), opt=bytes([131, 60, 4, 0])), "DropSourceRoute"
    yield "time to live of 1", ip4(17, udp4(), ttl=1), "DropHopLimit"
    yield "ICMPv6 in IPv4", ip4(58, icmp4(128, 0, z4)), "DropProtocol"
    for addr in "127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0":
        src = a4(addr)
        yield f"from {addr}", ip4(17, udp(src, C4), src=src), "DropAddress"
    for kind in 4, 5, 9, 10, 13, 14, 15, 17, 30, 200:
        yield f"ICMP type {kind}", ip4(1, icmp4(kind, 0, z4 + back4())), "DropIcmpType"
    yield "unreachable, unknown code", ip4(1, icmp4(3, 99, z4 + back4())), "DropIcmpType"
    yield "parameter problem at the checksum", ip4(1, icmp4(12, 0, b"\x0a\0\0\0" + back4())), "DropIcmpType"
    yield "fragment of ICMP", ip4(1, icmp4(8, 0, bytes(20)), frag=0x2000), "DropFragmentedIcmp"
    yield "fragment of UDP without checksum", ip4(17, udp4()[:6] + b"\0\0" + bytes(20), frag=0x2000), "DropFragmentedUdpZero"
    yield "error", ip4(1, icmp4(3, 3, z4 + back4())), True
    yield "error, wrong checksum", ip4(1, icmp4(3, 3, z4 + back4(), bad=1)), "DropChecksum"
    yield "error that quotes nothing", ip4(1, icmp4(3, 3, z4)), "DropIcmpQuoted"
    yield "error that quotes 10 bytes", ip4(1, icmp4(3, 3, z4 + back4()[:10])), "DropIcmpQuoted"
    yield "error that quotes a header of 16 bytes", ip4(1, icmp4(3, 3, z4 + back4(ihl=4))), "DropIcmpQuoted"
    yield "error that quotes a header beyond the end", \
        ip4(1, icmp4(3, 3, z4 + back4(b"", ihl=15))), "DropIcmpQuoted"
    yield "error that quotes an error", \
        ip4(1, icmp4(3, 3, z4 + back4(icmp4(3, 3, z4 + bytes(28)), 1))), "DropIcmpQuoted"
    yield "error that quotes ICMPv6", ip4(1, icmp4(3, 3, z4 + back4(bytes(8), 58))), "DropIcmpQuoted"
    yield "error that quotes half a header of UDP", ip4(1, icmp4(3, 3, z4 + back4()[:24])), True


def drain(end, wanted=None):
    return list(filter(wanted, end.packets(0.02)))


def run(label, sender, receiver, wanted, cases):
    global ok
    for what, packet, expect in cases:
        before = counters()
        drain(receiver)
        sender.send(packet)
        out = drain(receiver, wanted)
        after = counters()
        counted = [k for k in after if after[k] != before[k] and k.startswith("Drop")]
        if expect is True:
            good = len(out) == 1 and not counted
        else:
            good = not out and counted == ([expect] if expect else [])
        if good:
            print(f"PASS: {label}: {what}")
        else:
            ok = False
            print(f"FAIL: {label}: {what}: {len(out)} came out, counted {counted}, wanted {expect}")


def from4(p):
    """Not what the gateway says in its own name"""
    return mode == "stateful" or p[12:16] != a4(GW4)


def from6(p):
    return p[8:24] != a6(GW6)


left = End(client6, gw, "lan", 0x86dd)
right = End(server4, gw, "wan", 0x0800)

# neighbours get known, and in stateful mode a session is made
for _ in range(50):
    left.send(ip6(17, udp6()))
    got = drain(right, from4)
    if got:
        port4 = struct.unpack("!H", got[0][20:22])[0]
        break
right.send(ip4(17, udp4(sport=2222, dport=port4)))
time.sleep(0.3)

run(f"{mode}, 6to4", left, right, from4, cases6())
run(f"{mode}, 4to6", right, left, from6, cases4())

# Nobody can say what has to come of these: the kernel has to live, is all.
rand = random.Random(6052)
good6 = [p for _, p, e in cases6()]
good4 = [p for _, p, e in cases4()]
for i in range(int(fuzz)):
    for end, kind in (left, good6), (right, good4):
        p = bytearray(rand.choice(kind))
        for _ in range(rand.randrange(4)):
            p[rand.randrange(len(p))] = rand.randrange(256)
        if rand.random() < 0.3:
            p = p[:rand.randrange(20, len(p) + 1)]
        if rand.random() < 0.3:
            p += rand.randbytes(rand.randrange(100))
        # so that the stack lets more of it through
        if end is left:
            p[0] = 0x60
            p[24:36] = S6[:12] if len(p) >= 40 else p[24:36]
            if rand.random() < 0.8:
                p[4:6] = struct.pack("!H", max(len(p) - 40, 0))
        else:
            p[0] = 0x40 | rand.choice((5, 5, 5, p[0] & 15))
            p[16:20] = C4
            p[2:4] = struct.pack("!H", len(p))
            p[10:12] = b"\0\0"
            p[10:12] = struct.pack("!H", csum(bytes(p[:(p[0] & 15) * 4])))
        end.send(bytes(p))
print(f"PASS: {mode}: {2 * int(fuzz)} random packets")
sys.exit(not ok)
