# SPDX-License-Identifier: GPL-2.0
"""eam_traffic.py ADDRESS PORT: ask again and again, print who the server sees"""
import socket
import sys

s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.connect((sys.argv[1], int(sys.argv[2])))
s.settimeout(0.05)
while True:
    s.send(b"hello\n")
    try:
        print(s.recv(200).split()[2].decode(), flush=True)
    except (TimeoutError, OSError):
        pass
