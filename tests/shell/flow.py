# SPDX-License-Identifier: GPL-2.0
"""flow.py call tcp|udp ADDRESS PORT [SOURCE-PORT]	a flow to echo.py
flow.py watch DEV					what comes in by DEV

Does what it reads, line by line, and answers each with a line:

open		another socket, from the same port
ask N [S]	N questions: "N from PEER PORT" when all were answered alike, each in S
		seconds (10)
close, reset	end it, by FIN or RST
plain 0|1	IPv4's UDP without checksums, or with them
begin, end	ask all the time in between; "ANSWERED PEER PORT..." since begin
		or since the last "how", which does not end it
anew		as "how", and answers to what was asked before do not count: a slow
		machine has many of them on their way
seen		watch: "SOURCE>MAC-OF-DESTINATION ..." of IP packets since the last
pairs		watch: "SOURCE>DESTINATION ..." of them
"""
import socket
import struct
import sys
import threading
import time


class Call:
    def __init__(self, proto, addr, port, sport=0):
        self.tcp = proto == "tcp"
        self.family = socket.AF_INET6 if ":" in addr else socket.AF_INET
        self.to = addr, int(port)
        self.sport = int(sport)
        self.running = False
        self.count = 0
        self.open()

    def open(self, patience=10):
        self.s = socket.socket(self.family, socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.bind(("", self.sport))
        self.s.settimeout(patience)
        self.s.connect(self.to)
        self.sport = self.s.getsockname()[1]
        return "open"

    def one(self):
        """The answer's peer. Late answers to datagrams are not for us."""
        self.count += 1
        word = str(self.count)
        self.s.send(word.encode() + b"\n")
        while True:
            got = self.s.recv(200).decode().split()
            if not got:
                raise OSError("closed")
            if got[0] == word:
                return " ".join(got[1:])

    def ask(self, n, patience=10):
        done, seen = 0, []
        self.s.settimeout(float(patience))
        try:
            for _ in range(int(n)):
                peer = self.one()
                done += 1
                if peer not in seen:
                    seen.append(peer)
        except OSError as e:
            seen.append(str(e))
        return f"{done} {', '.join(seen)}"

    def plain(self, on):
        self.s.setsockopt(socket.SOL_SOCKET, 11, 1 - int(on)) # SO_NO_CHECK
        return "plain"

    def close(self):
        if self.tcp:
            self.s.shutdown(socket.SHUT_WR)
            while self.s.recv(200):
                pass
        self.s.close()
        return "closed"

    def reset(self):
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.s.close()
        return "reset"

    def run(self):
        # A datagram is lost for good, so ask again soon; TCP does by itself. Who
        # has lost the session calls again, as when the gateway forgot it and its
        # own stack reset the server's end.
        self.s.settimeout(1 if self.tcp else 0.05)
        word, silent = None, 0
        while self.running:
            try:
                if not word or not self.tcp:
                    self.count += 1
                    word = str(self.count)
                    self.s.send(word.encode() + b"\n")
                got = self.s.recv(200).decode().split()
                if not got:
                    raise OSError("closed")
                word, silent = None, 0
                if int(got[0]) > self.old:
                    self.answered += 1 # a late one as well
                    self.peers.add(" ".join(got[2:]))
                time.sleep(0.003) # leave the machine something
            except OSError as e:
                silent += 1
                lost = not isinstance(e, TimeoutError)
                if lost:
                    time.sleep(0.02)
                if self.tcp and (lost or silent > 2):
                    self.again()
                    word, silent = None, 0

    def again(self):
        self.s.close()
        self.sport = 0
        try:
            self.open(1)
        except OSError:
            pass # the next send() fails

    def begin(self):
        self.answered, self.peers, self.old = 0, set(), 0
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return "begun"

    def how(self):
        n, peers = self.answered, self.peers
        self.answered, self.peers = 0, set()
        return f"{n} {', '.join(sorted(peers))}"

    def anew(self):
        self.old = self.count
        return self.how()

    def end(self):
        self.running = False
        self.thread.join()
        return self.how()


class Watch:
    def __init__(self, dev):
        self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24) # SO_RCVBUFFORCE
        self.s.bind((dev, 3))
        self.got = set()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                p, addr = self.s.recvfrom(60)
            except OSError:
                continue # the device was down
            if addr[2] == socket.PACKET_OUTGOING:
                continue
            if addr[1] == 0x800:
                src, dst = (socket.inet_ntop(socket.AF_INET, p[i:i + 4]) for i in (26, 30))
            elif addr[1] == 0x86dd:
                src, dst = (socket.inet_ntop(socket.AF_INET6, p[i:i + 16]) for i in (22, 38))
            else:
                continue
            # neighbours and listeners
            if not src.startswith("fe80:") and src != "::" and p[0] & 1 == 0:
                self.got.add((src, p[:6].hex(":"), dst))

    def since(self, i):
        time.sleep(0.05)
        got, self.got = self.got, set()
        return " ".join(sorted({f"{g[0]}>{g[i]}" for g in got}))

    def seen(self):
        return self.since(1)

    def pairs(self):
        return self.since(2)


try:
    it = {"call": Call, "watch": Watch}[sys.argv[1]](*sys.argv[2:])
except OSError as e:
    print(e)
    sys.exit(1)
for line in sys.stdin:
    what, *args = line.split()
    try:
        print(getattr(it, what)(*args))
    except OSError as e:
        print(e)
