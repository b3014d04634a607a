# SPDX-License-Identifier: GPL-2.0
"""dev_index.py NAMESPACE INDEX N PREFIX: N times, have a device with state made in that other
namespace, with an index that is taken there. Prints how often the kernel said what."""
import collections
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, message, nest  # noqa: E402

name, index, times, prefix = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with open(f"/run/netns/{name}") as ns:
    # IFLA_XLAT_PREFIX, _NON_GLOBAL and _MODE, which is IF_XLAT_MASQ
    data = (attr(1, socket.inet_pton(socket.AF_INET6, prefix)), attr(3, b""),
            attr(11, bytes([1])))
    request = message(16, 0x400 | 4, struct.pack("=BxHiII", 0, 0, index, 0, 0) +
                      attr(3, b"xlat0\0") + attr(28, struct.pack("=I", ns.fileno())) +
                      nest(18, attr(1, b"xlat\0"), nest(2, *data)))
    said = collections.Counter(ask(0, request) for _ in range(times))
print(" ".join(f"{n} {what}" for what, n in said.items()))
