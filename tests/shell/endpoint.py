# SPDX-License-Identifier: GPL-2.0
# UDP from one socket to many peers, who say where it comes from:
#	serve READY [ADDR PORT]...
#	call ADDR PORT [ADDR PORT]...	from, to
#	wait ADDR PORT [ADDR PORT]...	the same, and who else writes, who is answered,
#			until one writes nothing or 10 s have passed
import select
import socket
import sys


def udp(addr, port):
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
                      socket.SOCK_DGRAM)
    s.bind((addr, int(port)))
    return s


def pairs(args):
    return list(zip(args[::2], args[1::2]))


def serve(ready, *args):
    socks = [udp(*p) for p in pairs(args)]
    open(ready, "w").close()
    while True:
        for s in select.select(socks, [], [])[0]:
            peer = s.recvfrom(100)[1]
            s.sendto(b"%s %d" % (peer[0].encode(), peer[1]), peer)


def call(addr, port, *args):
    s = udp(addr, port)
    s.settimeout(5)
    for peer, number in pairs(args):
        s.sendto(b"?", (peer, int(number)))
        try:
            print(s.recv(100).decode())
        except OSError as e:
            print(type(e).__name__)
    return s


def wait(*args):
    s = call(*args)
    s.settimeout(40) # an emulated guest may take its time
    print("waits", flush=True)
    while True:
        data, peer = s.recvfrom(100)
        if not data:
            break
        print(peer[0], peer[1], flush=True)
        s.sendto(b"%s %d" % (peer[0].encode(), peer[1]), peer)


globals()[sys.argv[1]](*sys.argv[2:])
