# SPDX-License-Identifier: GPL-2.0
"""netlink_new.py bad: messages that make or change sessions and mappings, each with something wrong,
and what the kernel says of it: the error, the text, the attribute that it names.

netlink_new.py set SECONDS STATE: SESSION_SET for the only session, of TCP, by its dump.

netlink_new.py events: SESSION_NEW, SESSION_SET and SESSION_DEL with NLM_F_ECHO. For each, the error, how
many events of conntrack came to a socket that has joined no group, but has the same port, and the
ports that are in the events for a listener.

netlink_new.py static N COMMAND...: make so many static mappings, and run the command: how many mappings
began and ended, by their events.

netlink_new.py again [PROTOCOL]: get a session of TCP, end all of them, and make it of what was got: what
the kernel says to the last, and to wrong requests for a session.

netlink_new.py get: get each session; how many there are, and how often the kernel made us wait.

netlink_new.py del again N: SESSION_DEL of all, while each session that ends is made again at once, N times
at most: how many it says that it ended.

netlink_new.py del killed N: SESSION_DEL of N sessions, which is killed when the first has ended: how many
are left.

netlink_new.py del beside N: SESSION_DEL while ctnetlink, which holds nf_conntrack_mutex, deletes N sessions
and has deleted the first: how many of these it does not wait for.

netlink_new.py zones COMMAND ZONE...: a dump of sessions (2) or mappings (3) for each zone: how many have a
client, an address of the pool, a peer, and any end there.

netlink_new.py copy: each session that there is, sent back as it was dumped: what the kernel says.
"""
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, attrs, family, group, message, nest  # noqa: E402

SESSION_DEL, LISTEN, SESSION_NEW, SESSION_SET, MAPPING_NEW, MAPPING_DEL = 4, 10, 11, 12, 13, 14
FAMILY = family("nf-xlat")


def say(cmd, data, flags=4):
    """Error, text, and kind of the attribute that is named"""
    sent = message(FAMILY, flags, struct.pack("=BBH", cmd, 1, 0) + data)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl:
        nl.bind((0, 0))
        nl.setsockopt(270, 11, 1)  # SOL_NETLINK, NETLINK_EXT_ACK
        nl.send(sent)
        got = nl.recv(8192)
    flags, error = struct.unpack_from("=H8xi", got, 6)
    text, named = "", ""
    at = 20 + (16 if flags & 0x100 else struct.unpack_from("=I", got, 20)[0])
    for kind, value in attrs(got[at:]) if flags & 0x200 else ():
        if kind == 1:
            text = value[:-1].decode()
        elif kind == 2:
            at = struct.unpack("=I", value)[0]
            named = " at %d" % (struct.unpack_from("=H", sent, at + 2)[0] & 0x3fff)
    return f"{os.strerror(-error)}: {text}{named}"


def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


u8, u16, u32 = (lambda n: struct.pack("=B", n)), (lambda n: struct.pack("=H", n)), (lambda n: struct.pack("=I", n))
be16, ip4 = (lambda n: struct.pack("!H", n)), socket.inet_aton

ORIG = {3: ip6("2001:db8:c::2"), 4: ip6("64:ff9b::192.0.2.2"), 5: u8(6), 6: be16(1000), 7: be16(80)}
REPLY = {1: ip4("192.0.2.2"), 2: ip4("192.0.2.1"), 5: u8(6), 6: be16(80), 7: be16(2000)}
SESSION = {2: ORIG, 3: REPLY, 4: u32(10), 6: u32(100), 7: u8(3)}
MAPPING = {9: ip6("64:ff9b::"), 10: u8(96), 12: ip4("192.0.2.1"), 19: b""}
WHOLE = {**MAPPING, 1: ip6("2001:db8:c::2"), 2: be16(1000), 3: ip4("192.0.2.1"), 4: be16(2000), 5: u8(6)}
NESTED = {2: ORIG, 3: REPLY}


def pack(members):
    return b"".join(nest(k, pack(v)) if isinstance(v, dict) else attr(k, v) for k, v in members.items() if v is not None)


def session(mapping=None, orig=None, reply=None, peer=None, **changes):
    """A session, with changes by number of the attribute, "_4" for example; None: it is absent"""
    members = {**SESSION, **{int(k[1:]): v for k, v in changes.items()}}
    members[2] = {**ORIG, **(orig or {})} if members[2] is ORIG else members[2]
    members[3] = {**REPLY, **(reply or {})} if members[3] is REPLY else members[3]
    data = nest(3, pack(members))
    if mapping is not None:
        data += nest(4, pack(mapping))
    if peer is not None:
        data += nest(9, pack(peer))
    return data


def mapping(**changes):
    return nest(4, pack({**WHOLE, **{int(k[1:]): v for k, v in changes.items()}}))


def bad():
    print("# nothing, or nothing in it")
    for cmd in (SESSION_NEW, SESSION_SET, MAPPING_NEW, MAPPING_DEL):
        print(say(cmd, b""))
        print(say(cmd, nest(3 if cmd < MAPPING_NEW else 4)))
    print("# attributes of a wrong size or range")
    for k in range(1, 16):
        size = 3 if k in (2, 3) else 17
        print(k, say(SESSION_NEW, session(MAPPING, **{f"_{k}": bytes(size)})))
    for k in range(1, 12):
        print(k, say(SESSION_NEW, session(MAPPING, orig={k: bytes(17)})))
    for k in range(1, 26):
        print(k, say(MAPPING_NEW, mapping(**{f"_{k}": bytes(17)})))
    for changes in ({"_5": u32(32)}, {"_6": u32(0)}, {"_7": u8(0)}, {"_7": u8(10)}, {"_11": u32(0)},
                    {"_12": u8(97)}, {"_12": u8(0)}, {"_13": u32(1279)}, {"_13": u32(65536)}, {"_14": u32(0)}, {"_14": u32(9999)},
                    {"_11": u32(1)}, {"_4": u32(4)}, {"_9": ip4("192.0.2.9")}):
        print(*changes, say(SESSION_NEW, session(MAPPING, **changes)))
    print("# tuples")
    for orig, reply in (
            ({5: u8(136)}, {5: u8(136)}), ({3: None}, {}), ({1: ip4("1.2.3.4")}, {}), ({5: None}, {}), ({5: u8(132)}, {5: u8(132)}), ({5: u8(47)}, {5: u8(47)}),
            ({5: u8(1)}, {}), ({6: be16(0)}, {}), ({}, {7: be16(0)}), ({3: ip6("fe80::1")}, {}), ({3: ip6("ff02::1")}, {}),
            ({4: ip6("::1")}, {}), ({}, {1: ip4("127.0.0.1")}), ({}, {2: ip4("224.0.0.1")}), ({}, {5: u8(17)}),
            ({8: u16(1)}, {8: u16(2)}), ({4: ip6("64:ff9b::192.0.2.3")}, {}), ({4: ip6("2001:db8::1")}, {}),
            ({}, {6: be16(81)}), ({3: ip6("64:ff9b::1.2.3.4")}, {}), ({}, {2: ip4("192.0.2.9")}),
            ({5: u8(58), 7: be16(1000)}, {5: u8(1)}), ({5: u8(50)}, {5: u8(50)})):
        print(say(SESSION_NEW, session({**MAPPING, 12: None, 16: b""} if 2 in reply else MAPPING, orig, reply)))
    print("# sessions")
    for args, kwargs in (
            ((MAPPING,), {"_6": None}), ((MAPPING,), {"_7": None}), ((MAPPING,), {"_2": None}), ((MAPPING,), {"_3": None}),
            ((MAPPING,), {"peer": MAPPING}), ((), {"_5": u32(16)}), ((), {"_12": u8(95)}), ((), {"_12": u8(96)}),
            ((), {"_5": u32(12), "_12": u8(96), "reply": {2: ip4("192.0.2.9")}}), ((MAPPING,), {"_12": u8(64)}),
            ((MAPPING,), {"_13": u32(1400)}), (({**MAPPING, 4: be16(1)},), {}),
            (({**MAPPING, 9: ip6("64:ff9b:1:2::")},), {}), (({10: u8(96)},), {}), (({**MAPPING, 9: None},), {}),
            (({**MAPPING, 12: None},), {}), (({**MAPPING, 12: ip4("192.0.2.2")},), {}),
            (({**MAPPING, 14: be16(3000), 15: be16(4000)},), {}), (({**MAPPING, 17: u32(9999)},), {})):
        print(say(SESSION_NEW, session(*args, **kwargs)))
    print(say(SESSION_SET, session()))
    udp = session(orig={5: u8(17)}, reply={5: u8(17)})
    print(say(SESSION_NEW, udp))
    print("# mappings")
    for changes in (*({f"_{k}": None} for k in (1, 2, 3, 4, 5)), {"_5": u8(132)}, {"_2": be16(0)}, {"_4": be16(0)}, {"_3": ip4("127.0.0.1")},
                    {"_1": ip6("::1")}, {"_8": u8(2)}, {"_1": ip6("64:ff9b::1.2.3.4")}):
        print(say(MAPPING_NEW, mapping(**changes)))
    print(say(MAPPING_DEL, mapping()))
    print("# blocks")
    for changes in ({"_22": be16(1984)}, {"_23": u32(64)}, {"_24": b""}, {"_22": be16(1984), "_23": u32(0)},
                    {"_22": be16(1984), "_23": u32(65)}, {"_22": be16(1984), "_23": u32(65536)},
                    {"_22": be16(1985), "_23": u32(64)}, {"_22": be16(0), "_23": u32(2048)},
                    {"_22": be16(1920), "_23": u32(64)}, {"_22": be16(2048), "_23": u32(64)},
                    {"_22": be16(1984), "_23": u32(64), "_24": b""},
                    {"_22": be16(1984), "_23": u32(64), "_14": be16(1990), "_15": be16(3000)}):
        print(say(MAPPING_NEW, mapping(**changes)))
    fixed = {"_22": be16(1984), "_23": u32(64), "_24": b"", "_14": be16(1984), "_15": be16(2047)}
    print(say(MAPPING_NEW, mapping(**fixed)))
    print(say(MAPPING_NEW, mapping(**fixed, _2=be16(1001), _6=u16(5))))
    print(say(MAPPING_DEL, mapping(**fixed)))


def dumped(cmd=2, filters=b""):
    """The nest of each session, or mapping"""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl:
        nl.bind((0, 0))
        nl.send(message(FAMILY, 0x300, struct.pack("=BBH", cmd, 1, 0) + filters))
        while True:
            got = nl.recv(65536)
            at = 0
            while at < len(got):
                length, kind = struct.unpack_from("=IH", got, at)
                if kind in (2, 3):
                    return
                yield next(v for k, v in attrs(got[at + 20:at + length]) if k == cmd + 1)
                at += (length + 3) & ~3


def zones(cmd, *zones):
    for zone in zones:
        found = [len(list(dumped(cmd, nest(1, nest(end, attr(5, u16(zone))))))) for end in (2, 3, 4, 5)
                 if cmd == 2 or end != 4]
        print(f"{zone}:", *found, end="; ")


def waiting(nl):
    """The messages in the queue of a socket"""
    while True:
        try:
            yield nl.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return


def events():
    whole = session(_5=u32(8), _12=u8(96))
    with (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl,
          socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as other,
          socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as listener):
        nl.bind((4242, 0))
        other.bind((4242, 0))
        listener.bind((4243, 7))  # new, update, destroy
        for cmd, data in ((SESSION_NEW, whole), (SESSION_SET, whole), (SESSION_DEL, nest(1, attr(1, u8(6))))):
            nl.send(message(FAMILY, 12, struct.pack("=BBH", cmd, 1, 0) + data))
            answers = [nl.recv(8192), *waiting(nl)]
            error = next(struct.unpack_from("=i", a, 16)[0] for a in answers if a[4:6] == u16(2))
            ports = [struct.unpack_from("=I", event, 12)[0] for event in waiting(listener)]
            print(os.strerror(-error), len(list(waiting(other))), ports)


def again():
    proto = u8(int(sys.argv[2]) if sys.argv[2:] else 6)
    old = next(s for s in dumped() if dict(attrs(dict(attrs(s))[2]))[5] == proto)
    orig = nest(2, dict(attrs(old))[2])
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl:
        nl.bind((0, 0))
        both = orig + nest(3, dict(attrs(old))[3])
        nl.send(message(FAMILY, 1, struct.pack("=BBH", 2, 1, 0) + nest(3, both)))
        got = nl.recv(8192)
        nl.send(message(FAMILY, 1, struct.pack("=BBH", SESSION_DEL, 1, 0) + nest(1, attr(1, proto))))
        nl.recv(8192)
    print(say(SESSION_NEW, got[20:]))
    print(say(2, nest(3, nest(2, pack({**ORIG, 6: be16(1)})))))
    print(say(2, nest(3, orig + nest(3, pack({**REPLY, 6: be16(1)})))))
    print(say(2, nest(1, attr(1, u8(6))) + nest(3, orig)))
    print(say(2, nest(3, orig), 0x300))


def switches():
    """How often another task has run: who waits may be said to have given way at that moment"""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_nvcsw + usage.ru_nivcsw


def get():
    requests = [message(FAMILY, 1, struct.pack("=BBH", 2, 1, 0) + nest(3, nest(2, dict(attrs(s))[2]))) for s in dumped()]
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl:
        nl.bind((0, 0))
        before = switches()
        for r in requests:
            nl.send(r)
            assert nl.recv(8192)[4:6] == u16(FAMILY)
        print(len(requests), switches() - before)


def ends(n, command):
    """A socket that hears of the end of sessions, n sessions, and the process that ends them. It runs on
    this CPU, and only while we wait: each end wakes us, and we run as soon as it gives way."""
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    listener.bind((0, 4))  # NFNLGRP_CONNTRACK_DESTROY
    for port in range(1000, 1000 + n):
        said = again_one(port)
        assert said == "Success: ", said
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    answer, end = os.pipe()
    # What we fork has this policy, too: it does not begin before we wait.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    pid = os.fork()
    if not pid:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.write(end, b"%d" % command())
        os._exit(0)
    os.close(end)
    return listener, pid, answer


def again_one(port):
    """A session without a mapping"""
    return say(SESSION_NEW, session(_5=u32(8), _12=u8(96), orig={6: be16(port)}, reply={7: be16(port)}))


def session_del(proto):
    """How many it has ended"""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl:
        nl.bind((0, 0))
        nl.send(message(FAMILY, 0, struct.pack("=BBH", SESSION_DEL, 1, 0) + nest(1, attr(1, u8(proto)))))
        return struct.unpack("=I", dict(attrs(nl.recv(8192)[20:]))[5])[0]


def ctnetlink_flush():
    """Of IPv6, to which sessions belong whose first packet was IPv6: IPCTNL_MSG_CT_DELETE"""
    ask(12, message(0x102, 4, struct.pack("!BBH", socket.AF_INET6, 1, 0)))
    return 0


def del_again(n):
    listener, pid, answer = ends(1, lambda: session_del(6))
    for _ in range(n):
        # Until it has ended, and the pipe is closed.
        if answer in select.select([listener, answer], [], [])[0]:
            break
        listener.recv(8192)
        again_one(1000)
    print(os.read(answer, 99).decode())


def del_killed(n):
    listener, pid, answer = ends(n, lambda: session_del(6))
    listener.recv(8192)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print(len(list(dumped())))


def del_beside(n):
    listener, pid, answer = ends(n, ctnetlink_flush)
    listener.recv(8192)
    session_del(17)
    print(len(list(dumped())))
    os.waitpid(pid, 0)


def static(n, *command):
    with (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl,
          socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as listener):
        nl.bind((0, 0))
        listener.bind((0, 0))
        listener.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        listener.setsockopt(270, 1, group("nf-xlat", "mappings"))  # NETLINK_ADD_MEMBERSHIP
        listener.send(message(FAMILY, 4, struct.pack("=BBH", LISTEN, 1, 0) + attr(8, u32(1))))
        listener.recv(4096)
        for port in range(1000, 1000 + n):
            nl.send(message(FAMILY, 4, struct.pack("=BBH", MAPPING_NEW, 1, 0) + mapping(_2=be16(port), _4=be16(port))))
            error = struct.unpack_from("=i", nl.recv(4096), 16)[0]
            if error:
                print(os.strerror(-error))
                return
        nl.close()
        subprocess.run(command, check=True)
        # A work sends the events; the module does not go before that.
        events = [event[16] for event in waiting(listener)]
        print(events.count(5), events.count(6))


if sys.argv[1] == "bad":
    bad()
elif sys.argv[1] == "static":
    static(int(sys.argv[2]), *sys.argv[3:])
elif sys.argv[1] == "events":
    events()
elif sys.argv[1] == "del":
    {"again": del_again, "killed": del_killed, "beside": del_beside}[sys.argv[2]](int(sys.argv[3]))
elif sys.argv[1] == "zones":
    zones(*map(int, sys.argv[2:]))
elif sys.argv[1] == "get":
    get()
elif sys.argv[1] == "again":
    again()
elif sys.argv[1] == "set":
    old = dict(attrs(next(dumped())))
    new = {**old, 6: u32(int(sys.argv[2])), 7: u8(int(sys.argv[3])), 8: u32(77)}
    print(say(SESSION_SET, nest(3, b"".join(nest(k, v) if k in (2, 3) else attr(k, v) for k, v in new.items()))))
else:
    for nested in list(dumped()):
        print(say(SESSION_NEW, nest(3, *(nest(k, v) if k in (2, 3) else attr(k, v) for k, v in attrs(nested)))))
