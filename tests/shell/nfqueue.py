# SPDX-License-Identifier: GPL-2.0
"""nfqueue.py READY GOT GO: a user of queue 0 who takes his time.
nfqueue.py READY again GO: one who sends packets to the queue's rule again
nfqueue.py READY two GO: one who accepts two packets when he has both
nfqueue.py READY all GO: one who accepts all of them

Makes READY when the queue is bound, GOT when there is a packet in it, and
accepts that packet when GO exists. Prints what the kernel says about that. With
"again", ends when GO exists, and leaves the packets alone from then on.
"""
import os
import select
import socket
import struct
import sys
import time

NFNL_SUBSYS_QUEUE = 3
VERDICT, CONFIG = 1, 2
NF_ACCEPT, NF_REPEAT = 1, 4

ready, got, go = sys.argv[1:]
again, two = got == "again", got == "two"
nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
nl.bind((0, 0))


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def tell(kind, data, flags):
    data = struct.pack("!BBH", 0, 0, 0) + data
    nl.send(struct.pack("=IHHII", 16 + len(data), NFNL_SUBSYS_QUEUE << 8 | kind, flags, 1, 0) + data)


def request(kind, data):
    """Returns the errno of the answer."""
    tell(kind, data, 5)
    return -struct.unpack_from("=i", nl.recv(4096), 16)[0]


def packet_id(msg):
    at = 20
    while at < len(msg):
        length, kind = struct.unpack_from("=HH", msg, at)
        if kind & 0x7fff == 1:
            return struct.unpack_from("!I", msg, at + 4)[0]
        at += length + 3 & ~3


def touch(path):
    os.close(os.open(path, os.O_CREAT))


# NFQNL_CFG_CMD_BIND, and all of each packet
err = request(CONFIG, attr(1, struct.pack("!BBH", 1, 0, 2)))
if err:
    sys.exit(f"bind: {os.strerror(err)}")
request(CONFIG, attr(2, struct.pack("!IB", 0xffff, 2)))
touch(ready)
while again and not os.path.exists(go):
    if select.select([nl], [], [], 0.1)[0]:
        number = packet_id(nl.recv(70000))
        if number:
            tell(VERDICT, attr(2, struct.pack("!II", NF_REPEAT, number)), 1)
if again:
    time.sleep(600)
while got == "all":
    number = packet_id(nl.recv(70000))
    if number:
        tell(VERDICT, attr(2, struct.pack("!II", NF_ACCEPT, number)), 1)
if two:
    for number in [packet_id(nl.recv(70000)), packet_id(nl.recv(70000))]:
        tell(VERDICT, attr(2, struct.pack("!II", NF_ACCEPT, number)), 1)
    sys.exit()
number = packet_id(nl.recv(70000))
touch(got)
while not os.path.exists(go):
    time.sleep(0.05)
print(os.strerror(request(VERDICT, attr(2, struct.pack("!II", NF_ACCEPT, number)))))
