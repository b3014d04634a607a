# SPDX-License-Identifier: GPL-2.0
"""overrun.py SLOW READY DONE: listen to sessions, together with so many sockets that take long for each
event. Makes READY, and when there is DONE, prints how many events came, and how often the socket
was given an error. It reads nothing meanwhile, which would clear the error.
"""
import array
import fcntl
import os
import resource
import signal
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import attr, family, group, message  # noqa: E402

LISTEN, SESSIONS = 10, 2
POLL_IN, POLL_ERR = 1, 4
slow, ready, done = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def member():
    nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    nl.bind((0, 0))
    return nl


# One signal for each event and each error: a queue of them has no end then.
resource.setrlimit(resource.RLIMIT_SIGPENDING, (1 << 20, 1 << 20))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN, signal.SIGIO})
sessions = group("nf-xlat", "sessions")
# A filter of BPF: 999 times nothing, then no byte of the message
code = array.array("B", struct.pack("=HBBI", 0, 0, 0, 0) * 999 + struct.pack("=HBBI", 6, 0, 0, 0))
crowd = [member() for _ in range(slow)]
for nl in crowd:
    nl.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1000, code.buffer_info()[0]))  # SO_ATTACH_FILTER
    nl.setsockopt(270, 1, sessions)  # NETLINK_ADD_MEMBERSHIP
nl = member()
nl.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
nl.send(message(family("nf-xlat"), 4, struct.pack("=BBH", LISTEN, 1, 0) + attr(8, struct.pack("=I", SESSIONS))))
nl.recv(4096)
fcntl.fcntl(nl, fcntl.F_SETOWN, os.getpid())
fcntl.fcntl(nl, 10, signal.SIGRTMIN)  # F_SETSIG
fcntl.fcntl(nl, fcntl.F_SETFL, fcntl.fcntl(nl, fcntl.F_GETFL) | os.O_ASYNC)
nl.setsockopt(270, 1, sessions)
open(ready, "w").close()

count = {POLL_IN: 0, POLL_ERR: 0}
while True:
    got = signal.sigtimedwait({signal.SIGRTMIN, signal.SIGIO}, 1)
    if got:
        count[got.si_code] += 1
    elif os.path.exists(done):
        break
print(count[POLL_IN], count[POLL_ERR])
