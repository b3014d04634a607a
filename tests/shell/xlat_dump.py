# SPDX-License-Identifier: GPL-2.0
"""xlat_dump.py sessions|mappings SIZE [PAUSE GO]: a dump of the family nf-xlat, read with
a buffer of SIZE bytes.

Prints how many entries it has, how many different ones, how many of these have a client's
port from 20000 to 29999, and "whole", or "resized" when the kernel says so (NLM_F_DUMP_INTR).
After the first message it makes the file PAUSE, and waits for GO.

xlat_dump.py pools: address, protocol, ports in use and failures of each.

xlat_dump.py bad: filters that the kernel is to refuse, and what it says of each.
"""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import attr, attrs, family, message, nest  # noqa: E402

KINDS = {"sessions": (2, 3), "mappings": (3, 4)}


def key(kind, data):
    """What an entry is known by, and its client's port"""
    found = dict(attrs(data))
    if kind == "sessions":
        return found[1], struct.unpack("!H", dict(attrs(found[2]))[6])[0]
    return found[1] + found[2] + found[5], struct.unpack("!H", found[2])[0]


def messages(cmd, size, *filters):
    """Each message's header, payload, and how many bytes were read with it"""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl:
        nl.bind((0, 0))
        nl.setsockopt(270, 11, 1)  # SOL_NETLINK, NETLINK_EXT_ACK
        # NLM_F_DUMP, which is not for NF_XLAT_CMD_SESSION_DEL
        nl.send(message(family("nf-xlat"), 0x300 if cmd != 4 else 4, struct.pack("=BBH", cmd, 1, 0) + b"".join(filters)))
        while True:
            got = nl.recv(size)
            at = 0
            while at < len(got):
                length, kind, flags = struct.unpack_from("=IHH", got, at)
                yield kind, flags, got[at + 16:at + length]
                if kind in (2, 3):
                    return
                at += (length + 3) & ~3


def bad():
    addr4, addr6 = attr(1, bytes(4)), attr(2, bytes(16))
    for cmd, data in (
            (2, nest(2, addr4)), (2, nest(3, addr6)), (2, nest(4, addr4, addr6)), (2, nest(5, addr4, attr(3, b"\x21"))),
            (2, nest(5, attr(3, b"\x01"))), (2, nest(5)), (4, b""), (2, attr(7, b"")), (2, nest(2, attr(2, bytes(15)))),
            (3, nest(4, addr4)), (3, attr(6, b""))):
        for kind, flags, payload in messages(cmd, 8192, nest(1, data)):
            text = [v for k, v in attrs(payload[4 if kind == 3 else 20 if flags & 0x100 else 4 +
                    struct.unpack_from("=I", payload, 4)[0]:]) if k == 1] if flags & 0x200 else []
            print(os.strerror(-struct.unpack_from("=i", payload)[0]), *(t[:-1].decode() for t in text), sep=": ")


if sys.argv[1] == "bad":
    bad()
    sys.exit()

if sys.argv[1] == "pools":
    for kind, flags, payload in messages(9, 8192):
        for k, v in attrs(payload[4:]) if kind != 3 else ():
            if k == 7:
                got = dict(attrs(v))
                print(socket.inet_ntoa(got[1]), got[3][0], *struct.unpack("=II", got[4] + got[5]))
    sys.exit()

what, size, pause, go = (sys.argv[1:] + ["", ""])[:4]
cmd, nested = KINDS[what]
keys, resized = [], False
for n, (kind, flags, payload) in enumerate(messages(cmd, int(size))):
    resized |= bool(flags & 0x10)
    if kind == 2:
        sys.exit(os.strerror(-struct.unpack_from("=i", payload)[0]))
    if kind != 3:
        keys += [key(what, v) for k, v in attrs(payload[4:]) if k == nested]
    if pause and not n:
        open(pause, "w").close()
        while not os.path.exists(go):
            time.sleep(0.01)
print(len(keys), len(set(keys)), len({k for k in keys if 20000 <= k[1] < 30000}), "resized" if resized else "whole")
