# SPDX-License-Identifier: GPL-2.0
"""flow_works.py join NAMESPACE...: the device d0 of each becomes a port of br0, one right after the other, so
that a work ends the flows of d0. A NAMESPACE is a file, and the last is one of the host's. The kernel's
trace gets a mark before it. No work runs meanwhile on one CPU.

flow_works.py read <TRACE: what the kernel's tracing of works says of those that look after flows. How many of
users' namespaces ran or slept at once, and how many of these waited to begin when the host's began.
"""
import os
import re
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import attr, message  # noqa: E402
from wire import enter  # noqa: E402


def join(names):
    sockets = []
    for name in names:
        enter(name)
        nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        nl.bind((0, 0))
        # RTM_NEWLINK with IFLA_MASTER
        sockets.append((nl, message(16, 4, struct.pack("=BxHiII", 0, 0, socket.if_nametoindex("d0"), 0, 0) +
                                    attr(10, struct.pack("=I", socket.if_nametoindex("br0"))))))
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    with open("/sys/kernel/tracing/trace_marker", "w") as mark:
        for nl, request in sockets:
            if nl is sockets[-1][0]:
                print("the host's", file=mark, flush=True)
            nl.send(request)
    for nl, _ in sockets:
        error = struct.unpack_from("=i", nl.recv(4096), 16)[0]
        assert not error, os.strerror(-error)


def read():
    users, waiting, running, most, late = set(), set(), set(), 0, None
    for line in sys.stdin:
        if "the host's" in line:
            late = True
        found = re.search(r"workqueue_(\w+): work struct[ =](\w+):? function[ =]nf_xlat_flow_work\b(?:.* workqueue=(\w+))?", line)
        if not found:
            continue
        what, work, queue = found.groups()
        if what == "queue_work" and queue == "nf_xlat_flow_users":
            users.add(work)
            waiting.add(work)
        elif what == "queue_work" and late is True:
            late = work
        elif what == "execute_start" and work == late:
            print(most, len(waiting))
            return
        elif what == "execute_start" and work in users:
            waiting.discard(work)
            running.add(work)
            most = max(most, len(running))
        elif what == "execute_end":
            running.discard(work)
    print(most, 0)


if sys.argv[1] == "join":
    join(sys.argv[2:])
else:
    read()
