# SPDX-License-Identifier: GPL-2.0
"""failover.py hold tcp|udp ADDRESS PORT N SOURCE-PORT DIR NAME [SOURCE]
N sessions from SOURCE-PORT on, each with a word of its own that has to come back. Asks all of them
again each time that DIR/go1, DIR/go2, ... comes to be, and writes DIR/NAME.0, .1, ...: how many were
answered, from the same address and port as before. DIR/NAME.peers has those: "ADDRESS PORT" each, and
DIR/NAME.peers1, .peers2, ... what they were then, or the error.

failover.py hairpin ADDRESS PORT PREFIX DIR NAME
A client that asks ADDRESS for its own IPv4 address and port, and another one that asks it there, by
PREFIX; both again as hold does.

failover.py pushed tcp|udp ADDRESS PORT N DIR NAME
N sessions in which the other end speaks first, each time that DIR/go1, ... comes to be, as hold has it: this
end sends nothing that could begin a session anew.
failover.py pusher tcp|udp PORT DIR
The other end of it.

failover.py stream ADDRESS PORT DIR NAME
Sends until DIR/stop is there. DIR/NAME has how many bytes were sent, and how many came.
failover.py sink PORT
The other end of it.

failover.py spread SOURCE N PORT ADDRESS...
N clients, SOURCE1 to SOURCEN in hexadecimal, each of which asks all ADDRESSes by TCP: for each, a line with the
addresses as which it was seen.

failover.py burst ADDRESS PORT N SOURCE...
A datagram of each of N sessions, by turns from each SOURCE, from port 10000 on.
failover.py deaf PORT
The other end of it, which hears none of them.

failover.py same NS NS XLAT DIR
Are sessions and mappings of two namespaces the same, but for what passes with time? DIR/of, of2, m and m2
have them.
"""
import json
import os
import socket
import subprocess
import sys
import time


def phases(where):
    """The number of each phase, when it begins"""
    n = 1
    while True:
        while not os.path.exists(f"{where}/go{n}"):
            time.sleep(0.02)
        yield n
        n += 1


def write(where, name, text):
    with open(f"{where}/{name}.new", "w") as f:
        f.write(f"{text}\n")
    os.rename(f"{where}/{name}.new", f"{where}/{name}")


def tell(sock, word):
    """What the echo server answers to a word: "WORD from PEER PORT" without the word"""
    for _ in range(4 if sock.type == socket.SOCK_DGRAM else 1):
        try:
            sock.send(word.encode() + b"\n")
            got = ""
            while not got.endswith("\n"):
                more = sock.recv(200).decode()
                if not more:
                    return "end"
                got += more
                if sock.type == socket.SOCK_DGRAM:
                    break
            first, *rest = got.split()
            return " ".join(rest[1:]) if first == word else f"crossed: {got}"
        except OSError as e:
            error = str(e)
    return error


def is_peer(text):
    """Is it an address and a port, and no error?"""
    return len(text.split()) == 2 and text.split()[1].isdigit()


def hold(proto, addr, port, n, source_port, where, name, source=""):
    socks = []
    for i in range(int(n)):
        s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
                          socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
        s.settimeout(10 if proto == "tcp" else 3)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((source, int(source_port) + i))
        s.connect((addr, int(port)))
        socks.append(s)
    peers = [tell(s, f"{name}-0-{i}") for i, s in enumerate(socks)]
    write(where, name + ".peers", "\n".join(peers))
    write(where, name + ".0", f"{sum(map(is_peer, peers))} of {n}")
    for phase in phases(where):
        good, bad, then = 0, 0, []
        for i, s in enumerate(socks):
            now = tell(s, f"{name}-{phase}-{i}")
            then.append(now)
            if now == peers[i] and is_peer(now):
                good += 1
                continue
            print(f"{name}: phase {phase}, session {i}: {now}, before {peers[i]}", flush=True)
            # That may have taken ten seconds.
            bad += now == "timed out"
            if bad > 5:
                break
        write(where, f"{name}.peers{phase}", "\n".join(then))
        write(where, f"{name}.{phase}", f"{good} of {n}")


def pushed(proto, addr, port, n, where, name):
    socks = []
    for _ in range(int(n)):
        s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
        s.settimeout(10)
        s.connect((addr, int(port)))
        s.send(b"x")
        socks.append(s)

    def heard(word):
        good = 0
        for s in socks:
            try:
                good += s.recv(100) == word
            except OSError as e:
                print(f"{name}: {e}", flush=True)
                break
        return f"{good} of {n}"

    write(where, name + ".0", heard(b"x"))
    for phase in phases(where):
        write(where, f"{name}.{phase}", heard(b"%d" % phase))


def pusher(proto, port, where):
    """Echoes the first word of each client, and tells all of them the number of each phase"""
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    ends, phase = [], 1
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("", int(port)))
        if proto == "tcp":
            server.listen(100)
        server.settimeout(0.02)
        while True:
            try:
                if proto == "tcp":
                    ends.append(server.accept()[0])
                    ends[-1].sendall(ends[-1].recv(1))
                else:
                    word, peer = server.recvfrom(100)
                    ends.append(peer)
                    server.sendto(word, peer)
            except TimeoutError:
                if os.path.exists(f"{where}/go{phase}"):
                    for end in ends:
                        if proto == "tcp":
                            end.sendall(b"%d" % phase)
                        else:
                            server.sendto(b"%d" % phase, end)
                    phase += 1


def hairpin(addr, port, prefix, where, name):
    called, caller = (socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(2))
    called.settimeout(5)
    caller.settimeout(5)
    called.bind(("", 7105))
    caller.bind(("", 7106))

    def once():
        try:
            called.sendto(b"x\n", (addr, int(port)))
            mine, mine_port = called.recv(200).decode().split()[2:]
            caller.sendto(b"there", (prefix + mine, int(mine_port)))
            got, peer = called.recvfrom(200)
            called.sendto(b"back", peer)
            back, _ = caller.recvfrom(200)
            return mine, mine_port, peer[:2], got, back
        except (OSError, ValueError) as e:
            return repr(e)

    first = once()
    write(where, name + ".0", "answered" if first[-1] == b"back" else first)
    for phase in phases(where):
        now = once()
        write(where, f"{name}.{phase}", "answered" if now == first else f"{now}, before {first}")


def stream(addr, port, where, name):
    sent = 0
    with socket.create_connection((addr, int(port))) as s:
        s.settimeout(30)
        while not os.path.exists(where + "/stop"):
            s.sendall(bytes(1000))
            sent += 1000
            time.sleep(0.01)
        s.shutdown(socket.SHUT_WR)
        write(where, name, f"{sent} {s.recv(99).decode()}")


def sink(port):
    n = 0
    with socket.create_server(("", int(port))) as server:
        s = server.accept()[0]
        while data := s.recv(1 << 16):
            n += len(data)
        s.sendall(b"%d" % n)


def spread(source, n, port, *addrs):
    for i in range(1, int(n) + 1):
        seen = set()
        for addr in addrs:
            with socket.create_connection((addr, int(port)), 10, (f"{source}{i:x}", 0)) as s:
                seen.add(tell(s, "x").split()[0])
        print(*sorted(seen))


def burst(addr, port, n, *sources):
    for i in range(int(n)):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind((sources[i % len(sources)], 10000 + i // len(sources)))
            s.sendto(b"x", (addr, int(port)))


def deaf(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        s.bind(("", int(port)))
        while True:
            time.sleep(1000)


def same(ns, ns2, xlat, where):
    passing = ("id", "timeout", "start", "packets", "bytes", "fast_path", "uplink", "age", "sessions")
    got = {}
    for name, namespace, what in (("of", ns, "sessions"), ("of2", ns2, "sessions"),
                                  ("m", ns, "mappings"), ("m2", ns2, "mappings")):
        told = json.loads(subprocess.run(("ip", "netns", "exec", namespace, xlat, what, "--json"),
                                         check=True, capture_output=True).stdout)
        got[name] = sorted(json.dumps({k: v for k, v in t.items() if k not in passing}) for t in told)
        write(where, name, "\n".join(got[name]))
    sys.exit(not got["of"] or got["of"] != got["of2"] or got["m"] != got["m2"])


globals()[sys.argv[1]](*sys.argv[2:])
