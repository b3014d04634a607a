# SPDX-License-Identifier: GPL-2.0
"""race.py ADDRESS PORT FLOWS SOURCE-PORT

For each flow, two first datagrams at the same moment, from two CPUs. Prints how
many flows had how many answers: "1000 flows, 2000 answers".
"""
import mmap
import os
import socket
import struct
import sys

addr, port, n, source = sys.argv[1:]
n = int(n)

socks = []
for i in range(n):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(20)
    s.bind(("", int(source) + i))
    s.connect((addr, int(port)))
    socks.append(s)

shared = mmap.mmap(-1, 16)
cpus = sorted(os.sched_getaffinity(0))
child = os.fork()
mine, other, cpu = (0, 8, cpus[0]) if child else (8, 0, cpus[-1])
os.sched_setaffinity(0, {cpu})

answers = 0
for i, s in enumerate(socks):
    # Ready, and the other one too: by spinning, nothing else is that close.
    shared[mine:mine + 8] = struct.pack("=Q", i + 1)
    while struct.unpack("=Q", shared[other:other + 8])[0] <= i:
        pass
    s.send(b"%d\n" % i)
    if child:
        try:
            for _ in range(2):
                answers += s.recv(100).split()[0] == b"%d" % i
        except OSError:
            pass
if child:
    os.waitpid(child, 0)
    print(f"{n} flows, {answers} answers")
