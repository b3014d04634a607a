# SPDX-License-Identifier: GPL-2.0
"""block_race.py N: N clients in turn, for each of whom two CPUs make a static mapping at the same moment, in
a block of 64 ports of an address of its own. Who is told to ask again does. Prints how many mappings
were made.
"""
import mmap
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import attr, family, message, nest  # noqa: E402

MAPPING_NEW, EAGAIN = 13, 11
FAMILY = family("nf-xlat")
n = int(sys.argv[1])
first, last = socket.inet_aton("192.0.2.50"), socket.inet_aton("192.0.2.51")


def make(nl, client, addr, port):
    client, prefix = (socket.inet_pton(socket.AF_INET6, text) for text in (client, "64:ff9b::"))
    be = struct.pack("!H", port)
    request = message(FAMILY, 4, struct.pack("=BBH", MAPPING_NEW, 1, 0) + nest(
        4, attr(1, client), attr(2, be), attr(3, addr), attr(4, be), attr(5, b"\x06"), attr(9, prefix),
        attr(10, b"\x60"), attr(12, first), attr(13, last), attr(19, b""),
        attr(22, struct.pack("!H", port)), attr(23, struct.pack("=I", 64))))
    error = EAGAIN
    while error == EAGAIN:
        nl.send(request)
        error = -struct.unpack_from("=i", nl.recv(4096), 16)[0]
    return not error


nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
nl.bind((0, 0))
shared = mmap.mmap(-1, 24)
cpus = sorted(os.sched_getaffinity(0))
child = os.fork()
if not child:
    nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    nl.bind((0, 0))
mine, other, cpu = (0, 8, cpus[0]) if child else (8, 0, cpus[-1])
os.sched_setaffinity(0, {cpu})
made = 0
for i in range(n):
    # Ready, and the other one too: by spinning, nothing else is that close.
    shared[mine:mine + 8] = struct.pack("=Q", i + 1)
    while struct.unpack("=Q", shared[other:other + 8])[0] <= i:
        pass
    made += make(nl, f"2001:db8:e:{i:x}::2", first if child else last, 1024 + i % 1000 * 64 if child else 1024 + (i + 1) % 1000 * 64)
if child:
    os.waitpid(child, 0)
    print(made + struct.unpack("=Q", shared[16:])[0])
else:
    shared[16:] = struct.pack("=Q", made)
