# SPDX-License-Identifier: GPL-2.0
"""bpf_skb.py DIRECTORY: what programs pinned there (bpf_skb.bpf.c) get of bpf_skb_xlat()

A line of PASS or FAIL for each frame; exit status 1 after a FAIL.
"""
import ctypes
import os
import platform
import socket
import struct
import sys

CLIENT6, CLIENT4 = "2001:db8:c::2", "203.0.113.33"
SERVER6, SERVER4 = "64:ff9b::192.0.2.2", "192.0.2.2"
MACS = bytes(11) + b"\1"
ENOENT, EINVAL, EBADMSG, EMSGSIZE = 2, 22, 74, 90
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


def ip4(proto, data, df=0, ttl=64):
    head = (struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 0, df << 14, ttl, proto, 0) +
            addr(CLIENT4) + addr(SERVER4))
    return MACS + b"\x08\0" + head[:10] + struct.pack("!H", csum(head)) + head[12:] + data


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
    data, out = ctypes.create_string_buffer(frame, len(frame)), ctypes.create_string_buffer(4096)
    # BPF_PROG_TEST_RUN: fd, retval, sizes, addresses, repeat
    attr = bpf(10, "IIIIQQI", prog, 0, len(frame), 4096, ctypes.addressof(data), ctypes.addressof(out), 1)[1]
    _, ret, _, size = struct.unpack_from("IIII", attr)
    return ret, out.raw[:size]


short6, short4 = ip6(17, udp(CLIENT6, SERVER6)), ip4(17, udp(CLIENT4, SERVER4))
long6 = ip6(17, udp(CLIENT6, SERVER6, 1372))
long4 = ip4(17, udp(CLIENT4, SERVER4, 1372), df=1)
error6 = icmp6("2001:db8:ffff::1", 3, bytes(4) + ip6(17, udp(SERVER6, CLIENT6), SERVER6, CLIENT6)[14:])
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


for what, options, frame, errno, reason, out in table:
    value = ctypes.create_string_buffer(options, len(options))
    # BPF_MAP_UPDATE_ELEM
    bpf(2, "IxxxxQQQ", conf, ctypes.addressof(key), ctypes.addressof(value), 0)
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
sys.exit(failed)
