# SPDX-License-Identifier: GPL-2.0
"""crowd.py call tcp|udp ADDRESS PORT N SOURCE-PORT [SOURCE]
crowd.py hold tcp|udp ADDRESS PORT N SOURCE-PORT GO

N sessions open at once, from SOURCE-PORT on, each with a word of its own that
has to come back. Prints "from PEER PORT" as the server saw each, and how many
were answered. hold: asks all of them once more when GO exists.
"""
import os
import socket
import sys
import time

what, proto, addr, port, n, source, last = (sys.argv[1:] + [""])[:7]
n = int(n)
me = "%s-%d" % ("six" if ":" in addr else "four", os.getpid())


def ask(socks, word):
    """Questions before answers; of datagrams, as many as a buffer holds."""
    peers = {}
    todo = list(socks)
    batch = len(todo) if proto == "tcp" else 50
    while todo:
        now, todo = todo[:batch], todo[batch:]
        for i in now:
            socks[i].send(b"%s-%s-%d\n" % (me.encode(), word, i))
        for i in now:
            try:
                got = socks[i].recv(200).decode().split()
            except OSError as e:
                print(f"session {i}: {e}")
                continue
            if got[0] == "%s-%s-%d" % (me, word.decode(), i):
                peers[i] = " ".join(got[1:])
            else:
                print("crossed:", i, got)
    return peers


socks = {}
for i in range(n):
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
                      socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
    s.settimeout(20)
    try:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((last if what == "call" else "", int(source) + i))
        s.connect((addr, int(port)))
        socks[i] = s
    except OSError as e:
        print(f"session {i}: {e}")

peers = ask(socks, b"first")
for p in peers.values():
    print(p)
print(f"{len(peers)} of {n} answered")
if what == "hold":
    while not os.path.exists(last):
        time.sleep(0.05)
    again = ask(socks, b"again")
    print(f"{sum(again[i] == peers.get(i) for i in again)} of {n} answered again")
