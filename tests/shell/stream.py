# SPDX-License-Identifier: GPL-2.0
"""stream.py serve READY PORT [six]		one connection after the other, IPv4, or IPv6
stream.py up|down ADDRESS PORT BYTES	prints "BYTES" when all of them came

The receiver compares what comes with what was sent.
"""
import os
import random
import socket
import sys

# of a length that falls together with nothing
PATTERN = random.Random(64).randbytes(1000003)
TWICE = PATTERN + PATTERN


def send(sock, left):
    view = memoryview(TWICE)
    pos = 0
    while left:
        done = sock.send(view[pos:pos + min(left, 262144)])
        pos = (pos + done) % len(PATTERN)
        left -= done


def receive(sock, left):
    total = 0
    pos = 0
    while left:
        data = sock.recv(min(left, 262144))
        if not data:
            return f"closed after {total}"
        if data != TWICE[pos:pos + len(data)]:
            return f"corrupt after {total}"
        pos = (pos + len(data)) % len(PATTERN)
        total += len(data)
        left -= len(data)
    return str(total)


def serve(ready, port, six=""):
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", int(port)))
    s.listen(10)
    os.close(os.open(ready, os.O_CREAT))
    while True:
        conn, _ = s.accept()
        conn.settimeout(20)
        try:
            way, size = conn.recv(100).decode().split()
            conn.sendall(b"!")
            if way == "up":
                conn.sendall(receive(conn, int(size)).encode())
            else:
                send(conn, int(size))
        except OSError:
            pass
        conn.close()


def call(way, addr, port, size):
    s = socket.create_connection((addr, int(port)), 20)
    s.settimeout(20)
    s.sendall(f"{way} {size}".encode())
    s.recv(1)
    if way == "up":
        send(s, int(size))
        print(s.recv(100).decode())
    else:
        print(receive(s, int(size)))


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    try:
        call(*sys.argv[1:])
    except OSError as e:
        print(e)
