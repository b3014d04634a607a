# SPDX-License-Identifier: GPL-2.0
"""linkchange.py DEV N: up and down by turns, N times in 8 s; prints how many
microseconds the third slowest took, as a busy host may make one or two slow."""
import fcntl
import socket
import struct
import sys
import time

dev, n = sys.argv[1].encode(), int(sys.argv[2])
SIOCSIFFLAGS = 0x8914
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
took = []
for i in range(n):
    start = time.monotonic_ns()
    fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", dev, i % 2))
    took.append((time.monotonic_ns() - start) // 1000)
    time.sleep(8 / n)
print(sorted(took)[-3])
