# SPDX-License-Identifier: GPL-2.0
"""talk.py tcp|udp ADDRESS PORT N: N questions in one flow, after another.

Prints "N from PEER PORT" when all were answered alike.
"""
import socket
import sys

proto, addr, port, n = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
                  socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
s.settimeout(20)
seen = set()
done = 0
try:
    s.connect((addr, int(port)))
    for i in range(int(n)):
        s.send(b"%d\n" % i)
        got = s.recv(200).decode().split()
        if got[0] == str(i):
            done += 1
        seen.add(" ".join(got[1:]))
except OSError as e:
    seen.add(str(e))
print(done, *seen)
