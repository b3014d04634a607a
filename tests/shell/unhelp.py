# SPDX-License-Identifier: GPL-2.0
"""unhelp.py SRC LOW HIGH DST DPORT: take the helper from UDP sessions of IPv6.

From those of the source ports LOW to HIGH, by ctnetlink and an empty name, as root of any
user namespace may try. Prints what the kernel says, and how often.
"""
import collections
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, message, nest  # noqa: E402

src, low, high, dst, dport = sys.argv[1:]


def unhelp(sport):
    """CTA_TUPLE_ORIG and CTA_HELP with CTA_HELP_NAME, in IPCTNL_MSG_CT_NEW"""
    data = struct.pack("!BBH", socket.AF_INET6, 0, 0) + nest(
        1, nest(1, attr(3, socket.inet_pton(socket.AF_INET6, src)), attr(4, socket.inet_pton(socket.AF_INET6, dst))),
        nest(2, attr(1, b"\x11"), attr(2, struct.pack("!H", sport)), attr(3, struct.pack("!H", int(dport))))
    ) + nest(5, attr(1, b"\0"))
    return ask(12, message(1 << 8, 4, data))


said = collections.Counter(unhelp(sport) for sport in range(int(low), int(high) + 1))
for what, n in said.items():
    print(n, what)
