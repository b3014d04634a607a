# SPDX-License-Identifier: GPL-2.0
"""echo.py serve READY tcp4:PORT|udp4:PORT|tcp6:PORT|udp6:PORT ...

Answer each line with "LINE from PEER PORT", and make READY when listening. PORT%DEV is bound to
that device.
"""
import os
import selectors
import socket
import sys

sel = selectors.DefaultSelector()


def answer(data, peer):
    return data.rstrip(b"\n") + f" from {peer[0]} {peer[1]}\n".encode()


def on_tcp(sock, peer):
    try:
        data = sock.recv(65536)
        if data:
            sock.sendall(answer(data, peer))
            return
    except OSError:
        pass
    sel.unregister(sock)
    sock.close()


def on_listen(sock, _):
    conn, peer = sock.accept()
    sel.register(conn, selectors.EVENT_READ, (on_tcp, peer))


def on_udp(sock, _):
    try:
        data, peer = sock.recvfrom(65536)
        sock.sendto(answer(data, peer), peer)
    except OSError:
        pass


for spec in sys.argv[3:]:
    kind, port = spec.split(":")
    port, _, dev = port.partition("%")
    s = socket.socket(socket.AF_INET if kind[3] == "4" else socket.AF_INET6,
                      socket.SOCK_STREAM if kind[:3] == "tcp" else socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if kind[3] == "6":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode())
    s.bind(("", int(port)))
    if kind[:3] == "tcp":
        s.listen(1024)
    sel.register(s, selectors.EVENT_READ, (on_listen if kind[:3] == "tcp" else on_udp, None))

os.close(os.open(sys.argv[2], os.O_CREAT))
while True:
    for key, _ in sel.select():
        key.data[0](key.fileobj, key.data[1])
