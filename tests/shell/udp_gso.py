# SPDX-License-Identifier: GPL-2.0
"""udp_gso.py serve READY PORT [six]		IPv4, or IPv6
udp_gso.py call ADDRESS PORT SEGMENTS SIZE
udp_gso.py count READY PORT SEGMENTS SIZE
udp_gso.py greet ADDRESS PORT
udp_gso.py inject SOURCE ADDRESS PORT SEGMENTS SIZE
udp_gso.py send ADDRESS PORT SEGMENTS SIZE FROM-PORT
udp_gso.py get READY END PORT SEGMENTS SIZE	IPv6

Datagrams handed to the kernel as one send: the caller sends SEGMENTS of SIZE
bytes that way, the server says how many of them were right, and sends as many
back the same way. Prints both counts. count: answers three datagrams, which greet sends from
port 4000; then says how many of SEGMENTS were right. inject: sends these as one, with another's
address. send: sends them as one. get: when END exists, says how many have come, and how many
different ones of SEGMENTS were right.
"""
import os
import socket
import sys

UDP_SEGMENT = 103
IPV6_FREEBIND = 78


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


def serve(ready, port, six=""):
    family = socket.AF_INET6 if six else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
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
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind(("", int(port)))


def call(addr, port, n, size):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(20)
    s.connect((addr, int(port)))
    s.send(f"{n} {size}".encode())
    s.recv(10)
    burst(s, int(n), int(size))
    print(s.recv(10).decode(), collect(s, int(n), int(size)))


def count(ready, port, n, size):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(20)
    s.bind(("", int(port)))
    os.close(os.open(ready, os.O_CREAT))
    for _ in range(3):
        s.sendto(b"!", s.recvfrom(100)[1])
    s.settimeout(5)
    print(collect(s, int(n), int(size)))


def greet(addr, port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(20)
    s.bind(("", 4000))
    s.connect((addr, int(port)))
    for _ in range(3):
        s.send(b"?")
        s.recv(10)


def inject(source, addr, port, n, size):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    s.bind((source, 4000))
    s.connect((addr, int(port)))
    burst(s, int(n), int(size))


def send(addr, port, n, size, sport):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("", int(sport)))
    s.connect((addr, int(port)))
    burst(s, int(n), int(size))


def get(ready, end, port, n, size):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("", int(port)))
    s.settimeout(0.2)
    os.close(os.open(ready, os.O_CREAT))
    came, n, size = [], int(n), int(size)
    while True:
        try:
            came.append(s.recv(65536))
        except TimeoutError:
            if os.path.exists(end):
                break
    right = {datagram(i, size if i < n - 1 else size // 2) for i in range(n)}
    print(len(came), len(right & set(came)))


if sys.argv[1] != "call":
    {"serve": serve, "count": count, "greet": greet, "inject": inject, "send": send,
     "get": get}[sys.argv[1]](*sys.argv[2:])
else:
    try:
        call(*sys.argv[2:])
    except OSError as e:
        print(e)
