# SPDX-License-Identifier: GPL-2.0
"""sessionlog.py N: N records of NFLOG group 1, with what conntrack adds to them.

A record is PREFIX TIME PROTOCOL and, for each direction of the session,
ADDRESS#PORT>ADDRESS#PORT; a time that is not there is "-". Writes "ready" first.
"""
import socket
import struct
import sys

CONFIG, GROUP = 1, 1
TIMESTAMP, PREFIX, CT = 3, 10, 18
F_CONNTRACK = 4

nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
nl.settimeout(10)
nl.bind((0, 0))


def attrs(data):
    res = {}
    while len(data) >= 4:
        size, name = struct.unpack_from("=HH", data)
        res[name & 0x3fff] = data[4:size]
        data = data[size + 3 & ~3:]
    return res


def config(name, value):
    data = struct.pack("!BBH", 0, 0, GROUP)
    data += struct.pack("=HH", 4 + len(value), name) + value + bytes(-len(value) % 4)
    nl.send(struct.pack("=IHHII", 16 + len(data), 4 << 8 | CONFIG, 5, 1, 0) + data)
    err = -struct.unpack_from("=i", nl.recv(4096), 16)[0]
    if err:
        sys.exit(f"sessionlog: error {err}")


def ends(data):
    """of a CTA_TUPLE: the family is that of its attributes"""
    t = attrs(data)
    ip, l4 = attrs(t[1]), attrs(t[2])
    family, at = (socket.AF_INET, 1) if 1 in ip else (socket.AF_INET6, 3)
    src, dst = (socket.inet_ntop(family, ip[i]) for i in (at, at + 1))
    sport, dport = (int.from_bytes(l4[i], "big") for i in (2, 3))
    return l4[1][0], f"{src}#{sport}>{dst}#{dport}"


config(1, b"\1")
config(2, struct.pack("!IBB", 64, 2, 0))
config(5, struct.pack("!I", 1))
config(6, struct.pack("!H", F_CONNTRACK))
print("ready", flush=True)
n = int(sys.argv[1])
while n:
    data = nl.recv(1 << 16)
    while len(data) >= 20:
        length, kind = struct.unpack_from("=IH", data)
        if kind == 4 << 8:
            a = attrs(data[20:length])
            ct = attrs(a[CT])
            proto, there = ends(ct[1])
            when = int.from_bytes(a[TIMESTAMP][:8], "big") if TIMESTAMP in a else "-"
            print(a[PREFIX].rstrip(b"\0").decode(), when, proto, there, ends(ct[2])[1], flush=True)
            n -= 1
        data = data[length + 3 & ~3:]
