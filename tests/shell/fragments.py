# SPDX-License-Identifier: GPL-2.0
"""fragments.py serve READY ADDRESS PORT	UDP: return what comes, whole
fragments.py call ADDRESS PORT dont|df|zero|file SIZE...
fragments.py raw ADDRESS ID SIZE	UDP of IPv4 in one packet, with this identification and DF=0
fragments.py watch READY SIZE	print the identifications of IPv6 fragments, until SIZE bytes came

Says of each size if it came back as it was.  "df" is with DF, and again with what
the path takes when there was an error, until it fits; "zero" without checksum; "file"
by sendfile(), so that the kernel's packet refers to pages of a file.
"""
import os
import random
import socket
import struct
import sys
import tempfile

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, DONT, DO = 10, 23, 0, 2


def udp(addr, how="dont"):
    six = ":" in addr
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    level, name = (socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER) if six else (socket.IPPROTO_IP, IP_MTU_DISCOVER)
    s.setsockopt(level, name, DO if how == "df" else DONT)
    if how == "zero":
        s.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK
    return s


def serve(ready, addr, port):
    s = udp(addr)
    s.bind((addr, int(port)))
    os.close(os.open(ready, os.O_CREAT))
    while True:
        s.sendto(*s.recvfrom(65536))


def call(addr, port, how, *sizes):
    s = udp(addr, how)
    s.settimeout(20)
    s.connect((addr, int(port)))
    for n in sizes:
        left, tries, got = int(n), 0, None
        while tries < 10:
            tries += 1
            data = random.Random(left).randbytes(left)
            try:
                if how == "file":
                    with tempfile.TemporaryFile() as f:
                        f.write(data)
                        f.flush()
                        os.sendfile(s.fileno(), f.fileno(), 0, left)
                else:
                    s.send(data)
                got = s.recv(65536)
                break
            except OSError as e:
                if e.errno != 90:  # EMSGSIZE
                    got = type(e).__name__.encode()
                    break
                # IP_MTU or IPV6_MTU, less the headers
                if ":" in addr:
                    left = s.getsockopt(socket.IPPROTO_IPV6, 24) - 48
                else:
                    left = s.getsockopt(socket.IPPROTO_IP, 14) - 28
        print(left, "intact" if got == data else f"corrupt, {len(got)}" if got and len(got) > 100 else got)


def raw(addr, ident, size):
    size = int(size)
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    # The kernel fills in what is 0, but for the checksum of UDP.
    s.sendto(struct.pack("!BBHHHBBH4s4sHHHH", 0x45, 0, 0, int(ident), 0, 64, socket.IPPROTO_UDP, 0, bytes(4),
                         socket.inet_aton(addr), 5000, 5001, size - 20, 0) + bytes(size - 28), (addr, 0))


def watch(ready, size):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86dd))
    os.close(os.open(ready, os.O_CREAT))
    s.settimeout(20)
    left, ids = int(size), []
    while left > 0:
        p, addr = s.recvfrom(70000)
        if addr[2] == socket.PACKET_HOST and p[6] == 44:
            left -= len(p) - 48
            ids.append(struct.unpack_from("!I", p, 44)[0])
    print(*ids)


globals()[sys.argv[1]](*sys.argv[2:])
