# SPDX-License-Identifier: GPL-2.0
"""dev_crowd.py PREFIX NAMESPACE PID...: make a device with state in the network namespace of each of
these processes, and then in that namespace. When conntrack is there in the last one, print in how
many of the others it is as well. It takes a walk of the kernel until it is there. No program is
started meanwhile, so that this is quick beside the walks. Each namespace has one entry."""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, new_xlat  # noqa: E402
from wire import enter  # noqa: E402


class Namespace:
    def __init__(self, path):
        self.path = path
        enter(path)
        self.sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.count = open("/proc/sys/net/netfilter/nf_conntrack_count")
        self.there = False

    def tracks(self):
        """Conntrack has an entry more once it sees a packet of IPv6."""
        if not self.there:
            try:
                self.sock.sendto(b"x", ("::1", 9))
            except ConnectionRefusedError:
                pass
            self.count.seek(0)
            self.there = int(self.count.read()) > 1
        return self.there


# IFLA_XLAT_PREFIX and _NON_GLOBAL; _MODE, which is IF_XLAT_MASQ
data = attr(1, socket.inet_pton(socket.AF_INET6, sys.argv[1])) + attr(3, b"") + attr(11, bytes([1]))
request = new_xlat("xlat0", data)
crowd = [Namespace(f"/proc/{pid}/ns/net") for pid in sys.argv[3:]]
late = Namespace(sys.argv[2])
for ns in crowd + [late]:
    enter(ns.path)
    said = ask(0, request)
    assert said == "Success", said
end = time.monotonic() + 60
while not late.tracks() and time.monotonic() < end:
    time.sleep(0.001)
print(sum(ns.tracks() for ns in crowd) if late.there else "conntrack is not there")
