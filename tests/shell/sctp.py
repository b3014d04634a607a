# SPDX-License-Identifier: GPL-2.0
"""sctp.py serve READY ADDRESS PORT [PMTU]
sctp.py call FROM PORT ADDRESS PORT BYTES [DIR]

The server answers with the peer that it sees, and returns what comes, which the
caller compares. With PMTU, its packets have up to that many bytes, and DF=0. With DIR it holds the association and does so again as soon as
there is DIR/go.  One address each, so that none is listed in an INIT.
"""
import os
import random
import socket
import struct
import sys
import threading
import time


def sctp(addr, port):
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, socket.SOCK_STREAM, 132)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, int(port)))
    s.settimeout(8)
    return s


def answer(conn, peer):
    conn.settimeout(20)
    try:
        conn.sendall(f"{peer[0]} {peer[1]}".encode())
        while True:
            data = conn.recv(65536)
            if not data:
                break
            conn.sendall(data)
    except OSError:
        pass
    conn.close()


def serve(ready, addr, port, pmtu=None):
    s = sctp(addr, port)
    if pmtu:
        # SCTP_PEER_ADDR_PARAMS, SPP_PMTUD_DISABLE
        s.setsockopt(132, 9, struct.pack("=i128xIHIII2x", 0, 0, 0, int(pmtu), 0, 1 << 4))
    s.settimeout(None)
    s.listen(10)
    os.close(os.open(ready, os.O_CREAT))
    while True:
        threading.Thread(target=answer, args=s.accept(), daemon=True).start()


def returned(s, size):
    data = random.Random(132).randbytes(size)
    got = bytearray()

    def receive():
        try:
            while len(got) < size:
                part = s.recv(65536)
                if not part:
                    break
                got.extend(part)
        except OSError:
            pass
    t = threading.Thread(target=receive)
    t.start()
    for i in range(0, size, 5000):
        s.sendall(data[i:i + 5000])
    t.join()
    return "intact" if got == data else f"{len(got)} of {size}"


def call(src, sport, dst, dport, size, folder=None):
    s = sctp(src, sport)
    s.connect((dst, int(dport)))
    print(s.recv(100).decode(), returned(s, int(size)))
    if folder:
        end = time.monotonic() + 20
        while not os.path.exists(f"{folder}/go") and time.monotonic() < end:
            time.sleep(0.05)
        print(returned(s, 1000))


try:
    globals()[sys.argv[1]](*sys.argv[2:])
except OSError as e:
    print(type(e).__name__, e.strerror)
