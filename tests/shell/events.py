# SPDX-License-Identifier: GPL-2.0
"""events.py SLOW N SECONDS [READY DONE]: listen to mappings, together with so many sockets that take long for
each event, and make N static mappings. Prints in how many milliseconds the event of the first one
came, how many of the N came in that time, in how many milliseconds all came, and how often it was told
that events were lost. With DONE, it has printed that when READY exists, and stays until DONE does.
"""
import array
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import attr, family, group, message, nest  # noqa: E402

LISTEN, MAPPING_NEW = 10, 13
FAMILY, GROUP = family("nf-xlat"), group("nf-xlat", "mappings")
slow, n, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])


def member():
    nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    nl.bind((0, 0))
    return nl


def make(nl, port):
    be = struct.pack("!H", port)
    client, prefix = (socket.inet_pton(socket.AF_INET6, text) for text in ("2001:db8:c::2", "64:ff9b::"))
    addr = socket.inet_aton("192.0.2.1")
    nl.send(message(FAMILY, 4, struct.pack("=BBH", MAPPING_NEW, 1, 0) + nest(
        4, attr(1, client), attr(2, be), attr(3, addr), attr(4, be), attr(5, b"\x06"), attr(9, prefix),
        attr(10, b"\x60"), attr(12, addr), attr(19, b""))))
    error = struct.unpack_from("=i", nl.recv(4096), 16)[0]
    assert not error, os.strerror(-error)


def wait(want, until):
    """How many events come until there are so many, or until that time"""
    global lost
    count = 0
    while count < want and select.select([listener], [], [], max(0, until - time.monotonic()))[0]:
        try:
            count += listener.recv(4096)[16] == 5
        except OSError:  # ENOBUFS
            lost += 1
    return count


lost = 0
# A filter of BPF: 999 times nothing, then no byte of the message
code = array.array("B", struct.pack("=HBBI", 0, 0, 0, 0) * 999 + struct.pack("=HBBI", 6, 0, 0, 0))
crowd = [member() for _ in range(slow)]
for nl in crowd:
    nl.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1000, code.buffer_info()[0]))  # SO_ATTACH_FILTER
    nl.setsockopt(270, 1, GROUP)  # NETLINK_ADD_MEMBERSHIP
listener, maker = member(), member()
listener.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
listener.setsockopt(270, 1, GROUP)
listener.send(message(FAMILY, 4, struct.pack("=BBH", LISTEN, 1, 0) + attr(8, struct.pack("=I", 1))))
listener.recv(4096)

start = time.monotonic()
make(maker, 999)
wait(1, start + 30)
first = time.monotonic() - start
start = time.monotonic()
for port in range(1000, 1000 + n):
    make(maker, port)
count = wait(n, start + seconds)
print(int(first * 1000), count, int((time.monotonic() - start) * 1000), lost, flush=True)
if len(sys.argv) > 4:
    open(sys.argv[4], "w").close()
    while not os.path.exists(sys.argv[5]):
        time.sleep(0.1)
