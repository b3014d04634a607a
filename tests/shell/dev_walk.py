# SPDX-License-Identifier: GPL-2.0
"""dev_walk.py PREFIX: how many ms of CPU time it takes to walk over conntrack's table, and how many more
to make the first device with state than the second one. The namespace has an entry, or the kernel
would not walk."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, message, new_xlat  # noqa: E402


def took(n, family, request):
    start = time.thread_time_ns()
    for _ in range(n):
        said = ask(family, request)
        assert said == "Success", said
    return (time.thread_time_ns() - start) // n // 1000000


# To delete all of IPv6: IPCTNL_MSG_CT_DELETE
walk = took(4, 12, message(0x102, 4, struct.pack("!BBH", socket.AF_INET6, 1, 0)))
# IFLA_XLAT_PREFIX and _NON_GLOBAL; _MODE, which is IF_XLAT_MASQ
data = attr(1, socket.inet_pton(socket.AF_INET6, sys.argv[1])) + attr(3, b"") + attr(11, bytes([1]))
first, second = (took(1, 0, new_xlat(name, data)) for name in ("xlat0", "xlat1"))
print(walk, first - second)
