# SPDX-License-Identifier: GPL-2.0
"""udp_gso.py serve READY PORT
udp_gso.py call ADDRESS PORT SEGMENTS SIZE

Datagrams handed to the kernel as one send: the caller sends SEGMENTS of SIZE
bytes that way, the server says how many of them were right, and sends as many
back the same way. Prints both counts.
"""
import os
import socket
import sys

UDP_SEGMENT = 103


def datagram(i, size):
    return i.to_bytes(2, "big") + bytes((i + j) & 0xff for j in range(size - 2))


def burst(sock, n, size):
    sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
    # the last one may be shorter
    sock.send(b"".join(datagram(i, size if i < n - 1 else size // 2) for i in range(n)))
    sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)


def collect(sock, n, size):
    good = set()
    for _ in range(n):
        try:
            data = sock.recv(65536)
        except OSError:
            break
        i = int.from_bytes(data[:2], "big")
        if data == datagram(i, size if i < n - 1 else size // 2):
            good.add(i)
    return len(good)


def serve(ready, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", int(port)))
    os.close(os.open(ready, os.O_CREAT))
    while True:
        data, peer = s.recvfrom(100)
        s.sendto(b"!", peer)
        s.connect(peer)
        s.settimeout(20)
        n, size = map(int, data.split())
        s.send(b"%d" % collect(s, n, size))
        burst(s, n, size)
        s.close()
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", int(port)))


def call(addr, port, n, size):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(20)
    s.connect((addr, int(port)))
    s.send(f"{n} {size}".encode())
    s.recv(10)
    burst(s, int(n), int(size))
    print(s.recv(10).decode(), collect(s, int(n), int(size)))


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    try:
        call(*sys.argv[2:])
    except OSError as e:
        print(e)
