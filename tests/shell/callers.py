# SPDX-License-Identifier: GPL-2.0
"""callers.py tcp|udp ADDRESS PORT [N [spread|SOURCE-PORT]]

N calls at once, all of them open until each has its answer, which is printed.
ADDRESS -: one call to each address on stdin. spread: from all addresses of this
host in turn.  SOURCE-PORT: from that port on. An error is printed as such.
"""
import socket
import sys

proto, addr, port = sys.argv[1:4]
n = int(sys.argv[4]) if len(sys.argv) > 4 else 1
source = sys.argv[5] if len(sys.argv) > 5 else ""

targets = sys.stdin.read().split() if addr == "-" else [addr] * n
mine = [""]
if source == "spread":
    with open("/proc/net/if_inet6") as f:
        mine = [":".join(l[i:i + 4] for i in range(0, 32, 4))
                for l in f if l.startswith("2001")]

socks = []
for i, target in enumerate(targets):
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
    s.settimeout(20)
    try:
        if source == "spread":
            s.bind((mine[i % len(mine)], 0))
        elif source:
            s.bind(("", int(source) + i))
        s.connect((target, int(port)))
        s.send(b"call %d\n" % i)
        socks.append((i, s))
    except OSError as e:
        print(f"call {i}: {e}")
for i, s in socks:
    try:
        got = s.recv(100).decode().rstrip()
        print(got if got.startswith(f"call {i} ") else f"crossed: call {i} got {got}")
    except OSError as e:
        print(f"call {i}: {e}")
