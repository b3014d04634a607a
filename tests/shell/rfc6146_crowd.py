# SPDX-License-Identifier: GPL-2.0
"""rfc6146_crowd.py FROM N PORT M TO:DPORT...

A datagram from each of N addresses, FROM and those after it, and each of M ports,
PORT and those after it, to each TO.
"""
import ipaddress
import socket
import sys

first, n, port, m = sys.argv[1], *(int(x) for x in sys.argv[2:5])
to = [(a, int(p)) for a, p in (x.rsplit(":", 1) for x in sys.argv[5:])]
start = ipaddress.ip_address(first)
family = socket.AF_INET6 if start.version == 6 else socket.AF_INET
sent = 0
for i in range(n):
    for p in range(port, port + m):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.bind((str(start + i), p))
            for peer in to:
                s.sendto(b"hello", peer)
                sent += 1
print(f"{sent} sent")
