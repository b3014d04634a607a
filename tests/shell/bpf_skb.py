# SPDX-License-Identifier: GPL-2.0
"""bpf_skb.py DIRECTORY: what programs pinned there (bpf_skb.bpf.c) get of the functions

A line of PASS or FAIL for each frame; exit status 1 after a FAIL.
"""
import ctypes
import os
import platform
import random
import socket
import struct
import subprocess
import sys

CLIENT6, CLIENT4 = "2001:db8:c::2", "203.0.113.33"
SERVER6, SERVER4 = "64:ff9b::192.0.2.2", "192.0.2.2"
MACS = bytes(11) + b"\1"
ENOENT, EINVAL, EBADMSG, EMSGSIZE, EOPNOTSUPP = 2, 22, 74, 90, 95
# enum nf_xlat_reason
MALFORMED, ICMP, ADDRESS, HOPLIMIT, TOOBIG, NON_GLOBAL = 1, 5, 7, 9, 10, 20
ANY, HOP = 1, 2


def csum(data):
    data += bytes(len(data) % 2)
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def addr(a):
    return socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a)


def summed(src, dst, proto, data, at):
    """a transport packet with its checksum, which lies at @at"""
    pseudo = addr(src) + addr(dst) + struct.pack("!II", len(data), proto)
    return data[:at] + struct.pack("!H", csum(pseudo + data)) + data[at + 2:]


def udp(src, dst, n=32):
    data = (bytes(range(256)) * 8)[:n]
    return summed(src, dst, 17, struct.pack("!HHHH", 4000, 5353, 8 + n, 0) + data, 6)


def ip6(proto, data, src=CLIENT6, dst=SERVER6, hops=64, length=None):
    return (MACS + struct.pack("!HIHBB", 0x86dd, 6 << 28, len(data) if length is None else length, proto, hops) +
            addr(src) + addr(dst) + data)


def ip4(proto, data, df=0, ttl=64, options=b"", frag=0, tos=0, src=CLIENT4, dst=SERVER4):
    n = 20 + len(options)
    head = (struct.pack("!BBHHHBBH", 0x40 | n // 4, tos, n + len(data), 0, df << 14 | frag, ttl, proto, 0) +
            addr(src) + addr(dst) + options)
    return MACS + b"\x08\0" + head[:10] + struct.pack("!H", csum(head)) + head[12:] + data


def icmp4(kind, rest):
    return ip4(1, summed4(bytes([kind, 0, 0, 0]) + rest))


def summed4(data):
    return data[:2] + struct.pack("!H", csum(data)) + data[4:]


def tcp(src, dst, data=b""):
    return summed(src, dst, 6, struct.pack("!HHIIBBHHH", 4000, 80, 1, 2, 5 << 4, 16, 1000, 0, 0) + data, 16)


def tagged(frame, *tags):
    """with VLAN tags: protocol, and number"""
    return frame[:12] + b"".join(struct.pack("!HH", *t) for t in tags) + frame[12:]


def comparable(packet):
    """without what is random in it: the identification of IPv4"""
    return packet[:4] + packet[6:10] + packet[12:] if packet[0] >> 4 == 4 and not packet[6] & 0x40 else packet


def icmp6(src, kind, rest):
    return ip6(58, summed(src, SERVER6, 58, bytes([kind, 0, 0, 0]) + rest, 2), src, hops=255)


def opts(lengths=(96, 128, 32), flags=ANY, mtu=0, error4="0.0.0.0"):
    """struct bpf_xlat_opts"""
    return (addr("64:ff9b::") + addr(CLIENT6) + addr(CLIENT4) + addr(error4) +
            struct.pack("BBBBHH", *lengths, flags, mtu, 0))


libc = ctypes.CDLL(None, use_errno=True)
BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]


def bpf(cmd, fmt, *args):
    attr = ctypes.create_string_buffer(struct.pack(fmt, *args), 128)
    ret = libc.syscall(BPF, cmd, attr, 128)
    if ret < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return ret, attr


def pinned(name):
    path = ctypes.create_string_buffer((sys.argv[1] + "/" + name).encode())
    return bpf(7, "Q", ctypes.addressof(path))[0] # BPF_OBJ_GET


def run(prog, frame):
    """what the program returns, and the frame afterwards"""
    data, out = ctypes.create_string_buffer(frame, len(frame)), ctypes.create_string_buffer(8192)
    # BPF_PROG_TEST_RUN: fd, retval, sizes, addresses, repeat
    attr = bpf(10, "IIIIQQI", prog, 0, len(frame), 8192, ctypes.addressof(data), ctypes.addressof(out), 1)[1]
    _, ret, _, size = struct.unpack_from("IIII", attr)
    return ret, out.raw[:size]


short6, short4 = ip6(17, udp(CLIENT6, SERVER6)), ip4(17, udp(CLIENT4, SERVER4))
long6 = ip6(17, udp(CLIENT6, SERVER6, 1372))
long4 = ip4(17, udp(CLIENT4, SERVER4, 1372), df=1)
error6 = icmp6("2001:db8:ffff::1", 3, bytes(4) + ip6(17, udp(SERVER6, CLIENT6), SERVER6, CLIENT6)[14:])
bad = bytearray(short4)
bad[24] ^= 1
table = (
    # what, options, frame, errno, reason, what comes out
    ("UDP from IPv6", opts(), long6, 0, 0, long4),
    ("UDP from IPv4", opts(), short4, 0, 0, short6),
    ("padded by the link", opts(), short4 + bytes(6), 0, 0, short6),
    ("one hop", opts(flags=ANY | HOP), long6, 0, 0, ip4(17, udp(CLIENT4, SERVER4, 1372), df=1, ttl=63)),
    ("as long as may be", opts(mtu=1400), long6, 0, 0, long4),
    ("with DF, no MTU", opts(), long4, 0, 0, long6),
    ("an error of a router, with a source for it", opts(error4="192.0.0.8"), error6, 0, 0, None),
    ("no IP", opts(), MACS + b"\x08\x06" + bytes(46), ENOENT, 0, 1),
    ("another source", opts(), ip6(17, udp("2001:db8::3", SERVER6), "2001:db8::3"), ENOENT, ADDRESS, 1),
    ("another destination", opts(), ip6(17, udp(CLIENT6, "2001:db8::3"), dst="2001:db8::3"), ENOENT, ADDRESS, 1),
    ("an error of a router without a mapping", opts(), error6, ENOENT, ADDRESS, 1),
    ("over 1280 without DF", opts(), ip4(17, udp(CLIENT4, SERVER4, 1372)), EMSGSIZE, TOOBIG, 1),
    ("over the MTU", opts(mtu=1399), long6, EMSGSIZE, TOOBIG, 1),
    ("shorter than its header says", opts(), ip6(17, udp(CLIENT6, SERVER6), length=400), EBADMSG, MALFORMED, 1),
    ("half a UDP header", opts(), ip4(17, udp(CLIENT4, SERVER4)[:7]), EBADMSG, MALFORMED, 1),
    ("version 5", opts(), short4[:14] + b"\x55" + short4[15:], EBADMSG, MALFORMED, 1),
    ("a wrong sum of the header", opts(), bytes(bad), EBADMSG, MALFORMED, 1),
    ("neighbour discovery", opts(), icmp6(CLIENT6, 135, bytes(4) + addr(SERVER6)), EBADMSG, ICMP, 1),
    ("no hop left", opts(flags=ANY | HOP), ip6(17, udp(CLIENT6, SERVER6), hops=1), EBADMSG, HOPLIMIT, 1),
    ("no global address", opts(flags=0), short6, EBADMSG, NON_GLOBAL, 1),
    ("length of the prefix", opts((95, 128, 32)), short6, EINVAL, 0, 1),
    ("neither prefix nor pair", opts((0, 0, 0)), short6, EINVAL, 0, 1),
    ("lengths of the pair", opts((96, 64, 8)), short6, EINVAL, 0, 1),
    ("bits behind the pair's length", opts((96, 64, 32)), short6, EINVAL, 0, 1),
    ("unknown flags", opts(flags=4), short6, EINVAL, 0, 1),
    ("source of errors", opts(error4="255.255.255.255"), short6, EINVAL, 0, 1),
)
failed = False
conf, answer, wrong = pinned("xlat_conf"), pinned("answer"), pinned("wrong_size")
key = ctypes.create_string_buffer(4)


def report(what, good, got):
    global failed
    print(f"PASS: {what}" if good else f"FAIL: {what}: got {got}")
    failed |= not good


def use(options):
    value = ctypes.create_string_buffer(options, len(options))
    # BPF_MAP_UPDATE_ELEM
    bpf(2, "IxxxxQQQ", conf, ctypes.addressof(key), ctypes.addressof(value), 0)


for what, options, frame, errno, reason, out in table:
    use(options)
    ret, got = run(answer, frame)
    report(f"{what}: errno {errno}, reason {reason}", (ret & 255, ret >> 8) == (errno, reason),
           f"{ret & 255}, {ret >> 8}")
    # No device of Ethernet is there, which the protocol in its header would be changed for.
    if out == 1:
        report(f"{what}: as it was", got == frame, got.hex())
    elif out:
        report(f"{what}: as RFC 7915 has it", got[14:] == out[14:], got.hex())
ret, got = run(wrong, short6)
report(f"a size that no version has: errno {EINVAL}", (ret, got) == (EINVAL, short6), ret)

# ---------------------------------------------------------------- XDP
answers = {name: pinned("xdp_" + name) for name in
           ("answer", "frags", "crowded", "wrong_size", "in_frame", "fib", "fib_size", "fib_long", "fib_in_frame")}
echo6 = icmp6(CLIENT6, 128, struct.pack("!HH", 7, 1) + bytes(range(32)))
plain = ip4(17, udp(CLIENT4, SERVER4)[:6] + bytes(2) + bytes(32))
xdp_table = (
    # what, program, options, frame, errno, reason, what comes out
    ("UDP from IPv6", "answer", opts(), long6, 0, 0, long4),
    ("UDP from IPv4", "answer", opts(), short4, 0, 0, short6),
    ("TCP from IPv4", "answer", opts(), ip4(6, tcp(CLIENT4, SERVER4)), 0, 0, ip6(6, tcp(CLIENT6, SERVER6))),
    ("echo from IPv4", "answer", opts(), icmp4(8, echo6[58:]), 0, 0, echo6[:21] + b"\x40" + echo6[22:]),
    ("padded by the link", "answer", opts(), short4 + bytes(6), 0, 0, short6),
    ("one hop", "answer", opts(flags=ANY | HOP), long6, 0, 0, ip4(17, udp(CLIENT4, SERVER4, 1372), df=1, ttl=63)),
    ("a VLAN", "answer", opts(), tagged(short4, (0x8100, 5)), 0, 0, tagged(short6, (0x8100, 5))),
    ("two VLANs", "answer", opts(), tagged(long6, (0x88a8, 6), (0x8100, 5)), 0, 0,
     tagged(long4, (0x88a8, 6), (0x8100, 5))),
    ("no room for less is needed", "crowded", opts(), short6, 0, 0, None),
    ("no IP", "answer", opts(), MACS + b"\x08\x06" + bytes(46), ENOENT, 0, 1),
    ("three VLANs", "answer", opts(), tagged(short4, *[(0x8100, 5)] * 3), ENOENT, 0, 1),
    ("half a tag", "answer", opts(), tagged(short4, (0x8100, 5))[:15], ENOENT, 0, 1),
    ("another MAC", "answer", opts(), b"\2" + short4[1:], ENOENT, 0, 1),
    ("another source", "answer", opts(), ip6(17, udp("2001:db8::3", SERVER6), "2001:db8::3"), ENOENT, ADDRESS, 1),
    ("another destination", "answer", opts(), ip4(17, udp(CLIENT4, "0.0.0.1"), dst="0.0.0.1"), EBADMSG, ADDRESS, 1),
    ("options", "answer", opts(), ip4(17, udp(CLIENT4, SERVER4), options=b"\1" * 4), EOPNOTSUPP, 0, 1),
    ("a fragment of IPv4", "answer", opts(), ip4(17, udp(CLIENT4, SERVER4), frag=0x2000), EOPNOTSUPP, 0, 1),
    ("a fragment of IPv6", "answer", opts(), ip6(44, b"\x11" + bytes(7) + udp(CLIENT6, SERVER6)), EOPNOTSUPP, 0, 1),
    ("an extension header", "answer", opts(), ip6(60, b"\x11\0\1\4" + bytes(4) + udp(CLIENT6, SERVER6)),
     EOPNOTSUPP, 0, 1),
    ("another protocol", "answer", opts(), ip4(47, bytes(8)), EOPNOTSUPP, 0, 1),
    ("ICMP of the other family", "answer", opts(), ip4(58, bytes(8)), EOPNOTSUPP, 0, 1),
    ("an ICMP error", "answer", opts(), icmp4(3, bytes(4) + short4[14:]), EOPNOTSUPP, 0, 1),
    ("no checksum", "answer", opts(), plain, EOPNOTSUPP, 0, 1),
    ("several buffers", "frags", opts(), ip4(17, udp(CLIENT4, SERVER4, 2048) + bytes(4096)), EOPNOTSUPP, 0, 1),
    ("no room for more", "crowded", opts(), short4, EOPNOTSUPP, 0, None),
    ("over 1280 without DF", "answer", opts(), ip4(17, udp(CLIENT4, SERVER4, 1372)), EMSGSIZE, TOOBIG, 1),
    ("over the MTU", "answer", opts(mtu=1399), long6, EMSGSIZE, TOOBIG, 1),
    ("shorter than its header says", "answer", opts(), ip6(17, udp(CLIENT6, SERVER6), length=400),
     EBADMSG, MALFORMED, 1),
    ("no whole header", "answer", opts(), short6[:53], EBADMSG, MALFORMED, 1),
    ("version 5", "answer", opts(), short4[:14] + b"\x55" + short4[15:], EBADMSG, MALFORMED, 1),
    ("a wrong sum of the header", "answer", opts(), bytes(bad), EBADMSG, MALFORMED, 1),
    ("half a UDP header", "answer", opts(), ip4(17, udp(CLIENT4, SERVER4)[:7]), EBADMSG, MALFORMED, 1),
    ("half a TCP header", "answer", opts(), ip4(6, tcp(CLIENT4, SERVER4)[:19]), EBADMSG, MALFORMED, 1),
    ("half an echo", "answer", opts(), ip4(1, bytes(7)), EBADMSG, MALFORMED, 1),
    ("no hop left", "answer", opts(flags=ANY | HOP), ip6(17, udp(CLIENT6, SERVER6), hops=1), EBADMSG, HOPLIMIT, 1),
    ("no global address", "answer", opts(flags=0), short6, EBADMSG, NON_GLOBAL, 1),
    ("options that are wrong", "answer", opts((95, 128, 32)), short6, EINVAL, 0, 1),
    ("a size that no version has", "wrong_size", opts(), short6, EINVAL, 0, 1),
    ("options in the frame", "in_frame", opts(), long6, EINVAL, 0, None),
    ("route: a size that no version has", "fib_size", opts(), short6, EINVAL, 0, 1),
    ("route: a longer size", "fib_long", opts(), short6, 0, 0, 1),
    ("route: to the frame", "fib_in_frame", opts(), long6, EINVAL, 0, 1),
    ("route: no IP", "fib", opts(), MACS + b"\x08\x06" + bytes(46), ENOENT, 0, 1),
    ("route: a VLAN", "fib", opts(), tagged(short4, (0x8100, 5)), EOPNOTSUPP, 0, 1),
    ("route: IPv6", "fib", opts(), short4, 0, 0, 1),
)
for what, prog, options, frame, errno, reason, out in xdp_table:
    use(options)
    ret, got = run(answers[prog], frame)
    report(f"XDP: {what}: errno {errno}, reason {reason}", (ret & 255, ret >> 8) == (errno, reason),
           f"{ret & 255}, {ret >> 8}")
    if out == 1:
        report(f"XDP: {what}: as it was", got == frame, got.hex())
    elif out:
        report(f"XDP: {what}: as RFC 7915 has it",
               got[:14] + comparable(got[14:]) == out[:14] + comparable(out[14:]), got.hex())

# What bpf_fib_lookup() is asked
fib = ctypes.create_string_buffer(64)
bpf(1, "IxxxxQQQ", pinned("xlat_fib"), ctypes.addressof(key), ctypes.addressof(fib), 0)
family, proto, sport, dport, length, ifindex = struct.unpack_from("=BB2s2sHI", fib.raw)
report("XDP: route: what is asked", (family, proto, sport + dport, length, ifindex, fib.raw[16:48]) ==
       (10, 17, struct.pack("!HH", 4000, 5353), 80, 1, addr(CLIENT6) + addr(SERVER6)), fib.raw.hex())
use(opts())
run(answers["fib"], ip6(58, echo6[54:], hops=9))
bpf(1, "IxxxxQQQ", pinned("xlat_fib"), ctypes.addressof(key), ctypes.addressof(fib), 0)
family, proto, ports, length, ifindex = struct.unpack_from("=BBIHI", fib.raw)
report("XDP: route: what is asked of an echo", (family, proto, ports, length, ifindex, fib.raw[16:20], fib.raw[32:36]) ==
       (2, 1, 0, 60, 1, addr(CLIENT4), addr(SERVER4)), fib.raw.hex())

# What this host itself has to say about a frame
ip4_forward, ip6_forward = "/proc/sys/net/ipv4/conf/lo/forwarding", "/proc/sys/net/ipv6/conf/all/forwarding"
use(opts())
for what, begin, end, frame in (
        ("IPv4 is not forwarded", f"echo 0 >{ip4_forward}", f"echo 1 >{ip4_forward}", short4),
        ("IPv6 is not forwarded", f"echo 0 >{ip6_forward}", f"echo 1 >{ip6_forward}", short6),
        ("IPv4 address of this host", f"ip addr add {SERVER4} dev lo", f"ip addr del {SERVER4}/32 dev lo", short4),
        ("IPv6 address of this host", f"ip addr add {SERVER6} dev lo nodad", f"ip addr del {SERVER6}/128 dev lo", short6),
        ("IPsec policies", "ip xfrm policy add dir fwd", "ip xfrm policy flush", short6)):
    if "xfrm" in begin and subprocess.run("ip xfrm policy list", shell=True, capture_output=True, check=False).returncode:
        print("# SKIP: this kernel has no IPsec")
        continue
    subprocess.run(begin, shell=True, check=True)
    ret = run(answers["fib"], frame)[0]
    subprocess.run(end, shell=True, check=True)
    report(f"XDP: route: {what}: errno {EOPNOTSUPP}", ret == EOPNOTSUPP, ret)
    ret = run(answers["fib"], frame)[0]
    report(f"XDP: route: {what} no longer: errno 0", ret == 0, ret)


# Frames at random: what XDP translates comes out as tc has it, what it refuses as malformed,
# tc refuses too.
def any_frame(rnd):
    n, hops = rnd.choice((0, 1, 7, 32, 1180, 1231, 1232, 1233, 1372, 1460)), rnd.choice((1, 2, 64, 255))
    data = rnd.randbytes(n)
    six = rnd.random() < 0.5
    src, dst = (CLIENT6, SERVER6) if six else (CLIENT4, SERVER4)
    if rnd.random() < 0.1:
        dst = "64:ff9b::7f00:1" if six else "127.0.0.1"
    proto = rnd.choice((6, 17, 58 if six else 1, 132))
    if proto == 6:
        rest = tcp(src, dst, data)
    elif proto == 17:
        rest = summed(src, dst, 17, struct.pack("!HHHH", 4000, 53, 8 + n + (rnd.random() < 0.1), 0) + data, 6)
    elif six:
        rest = summed(src, dst, 58, bytes([rnd.choice((128, 129)), 0, 0, 0, 1, 2, 3, 4]) + data, 2)
    else:
        rest = summed4(bytes([rnd.choice((8, 0)), 0, 0, 0, 1, 2, 3, 4]) + data)
    if rnd.random() < 0.1:
        rest = rest[:rnd.randrange(len(rest))]
    if rnd.random() < 0.1: # a wrong checksum has to stay wrong
        rest = rest[:-1] + bytes([rest[-1] ^ 1]) if rest else rest
    frame = ip6(proto, rest, src, dst, hops) if six else \
        ip4(proto, rest, rnd.randrange(2), hops, tos=rnd.randrange(256), src=src, dst=dst)
    if six:
        tos = rnd.randrange(256)
        frame = frame[:14] + struct.pack("!I", 6 << 28 | tos << 20 | rnd.randrange(1 << 20)) + frame[18:]
    return frame + bytes(rnd.choice((0, 0, 4)))


seed = random.randrange(1 << 32)
rnd = random.Random(seed)
wrong, done = [], 0
for _ in range(400):
    frame = any_frame(rnd)
    use(opts(flags=rnd.choice((ANY, ANY | HOP)), mtu=rnd.choice((0, 1280, 1500))))
    was = run(answer, frame)
    ret, got = run(answers["answer"], frame)
    if ret & 255 == EOPNOTSUPP:
        good = got == frame
    elif ret:
        good = got == frame and ret & 255 == was[0] & 255
    else:
        done += 1
        good = was[0] == 0 and comparable(got[14:]) == comparable(was[1][14:]) and got[:12] == frame[:12]
    if not good:
        wrong.append(f"{frame.hex()}: {ret & 255} {got.hex()}, tc {was[0] & 255} {was[1].hex()}")
report(f"XDP: frames at random (seed {seed}): as tc has them", not wrong, wrong[:2])
report("XDP: many of them are translated", done > 100, done)
sys.exit(failed)
