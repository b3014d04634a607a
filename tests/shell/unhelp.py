# SPDX-License-Identifier: GPL-2.0
"""unhelp.py SRC SPORT DST DPORT: take the helper from a UDP session of IPv6.

As root of any user namespace can, by ctnetlink and an empty name, before 7.2.
Prints what the kernel says.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, message, nest  # noqa: E402

src, sport, dst, dport = sys.argv[1:]
# CTA_TUPLE_ORIG and CTA_HELP with CTA_HELP_NAME, in IPCTNL_MSG_CT_NEW
data = struct.pack("!BBH", socket.AF_INET6, 0, 0) + nest(
    1, nest(1, attr(3, socket.inet_pton(socket.AF_INET6, src)), attr(4, socket.inet_pton(socket.AF_INET6, dst))),
    nest(2, attr(1, b"\x11"), attr(2, struct.pack("!H", int(sport))), attr(3, struct.pack("!H", int(dport))))
) + nest(5, attr(1, b"\0"))
print(ask(12, message(1 << 8, 4, data)))
