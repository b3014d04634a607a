# SPDX-License-Identifier: GPL-2.0
"""nfqueue.py READY GOT GO: a user of queue 0 who takes his time.
nfqueue.py READY again GO: one who sends packets to the queue's rule again
nfqueue.py READY two GO: one who accepts two packets when he has both
nfqueue.py READY all GO: one who accepts all of them. When GO exists and no more come, he
	prints how many there were, and the length of the longest
nfqueue.py READY hold GO: one who keeps all of them until GO exists, then accepts them, and
	prints how many the kernel still had, and how many it had not

Makes READY when the queue is bound, GOT when there is a packet in it, and
accepts that packet when GO exists. Prints what the kernel says about that. With
"again", ends when GO exists, and leaves the packets alone from then on.
"""
import errno
import os
import select
import socket
import struct
import sys
import time

NLMSG_ERROR = 2
NFNL_SUBSYS_QUEUE = 3
VERDICT, CONFIG = 1, 2
PACKET_HDR, PAYLOAD = 1, 10
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
    while True:
        msg = nl.recv(70000)
        # The next packet may come before the answer.
        if struct.unpack_from("=H", msg, 4)[0] == NLMSG_ERROR:
            return -struct.unpack_from("=i", msg, 16)[0]


def packet(msg):
    """Its number and its length, or None if the message is about something else"""
    number, size, at = None, 0, 20
    if struct.unpack_from("=H", msg, 4)[0] == NLMSG_ERROR:
        return None
    while at < len(msg):
        length, kind = struct.unpack_from("=HH", msg, at)
        if kind & 0x7fff == PACKET_HDR:
            number = struct.unpack_from("!I", msg, at + 4)[0]
        elif kind & 0x7fff == PAYLOAD:
            size = length - 4
        at += length + 3 & ~3
    return number and (number, size)


def packets():
    """Those that come until GO exists and no more come"""
    while True:
        if select.select([nl], [], [], 0.1)[0]:
            found = packet(nl.recv(70000))
            if found:
                yield found
        elif os.path.exists(go):
            return


def packet_id(msg):
    found = packet(msg)
    return found and found[0]


def touch(path):
    os.close(os.open(path, os.O_CREAT))


# NFQNL_CFG_CMD_BIND, and all of each packet
err = request(CONFIG, attr(1, struct.pack("!BBH", 1, 0, 2)))
if err:
    sys.exit(f"bind: {os.strerror(err)}")
request(CONFIG, attr(2, struct.pack("!IB", 0xffff, 2)))
if got in ("all", "hold"):
    # room for many at once: of the socket (SO_RCVBUFFORCE), and NFQA_CFG_QUEUE_MAXLEN
    nl.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)
    request(CONFIG, attr(3, struct.pack("!I", 65536)))
touch(ready)
while again and not os.path.exists(go):
    if select.select([nl], [], [], 0.1)[0]:
        number = packet_id(nl.recv(70000))
        if number:
            tell(VERDICT, attr(2, struct.pack("!II", NF_REPEAT, number)), 1)
if again:
    time.sleep(600)
if got == "all":
    count = longest = 0
    for number, size in packets():
        tell(VERDICT, attr(2, struct.pack("!II", NF_ACCEPT, number)), 1)
        count += 1
        longest = max(longest, size)
    print(count, longest)
    sys.exit()
if got == "hold":
    held = [number for number, _ in packets()]
    said = [request(VERDICT, attr(2, struct.pack("!II", NF_ACCEPT, number))) for number in held]
    print(said.count(0), said.count(errno.ENOENT))
    sys.exit()
if two:
    for number in [packet_id(nl.recv(70000)), packet_id(nl.recv(70000))]:
        tell(VERDICT, attr(2, struct.pack("!II", NF_ACCEPT, number)), 1)
    sys.exit()
number = packet_id(nl.recv(70000))
touch(got)
while not os.path.exists(go):
    time.sleep(0.05)
print(os.strerror(request(VERDICT, attr(2, struct.pack("!II", NF_ACCEPT, number)))))
