# SPDX-License-Identifier: GPL-2.0
"""dev_index.py NAMESPACE INDEX N PREFIX HOST PEER: N times each, have a device with state and one
for that host made in that other namespace, with an index that is taken there. Prints how often
the kernel said what."""
import collections
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, nest, new_xlat  # noqa: E402

name, index, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
prefix, host, peer = (socket.inet_pton(socket.AF_INET6, a) for a in sys.argv[4:])


def pair(ip6, ip4):
    return attr(7, ip6 + socket.inet_aton(ip4) + bytes([128, 32, 0, 0]))


with open(f"/run/netns/{name}") as ns:
    # IFLA_XLAT_PREFIX and _NON_GLOBAL; _MODE, which is IF_XLAT_MASQ; _PAIRS and _HOST
    both = attr(1, prefix) + attr(3, b"")
    kinds = (attr(11, bytes([1])), nest(4, pair(host, "192.0.0.1"), pair(peer, "192.0.0.2")) + attr(10, b""))
    requests = [new_xlat("xlat0", both + kind, index, attr(28, struct.pack("=I", ns.fileno()))) for kind in kinds]
    said = collections.Counter(ask(0, r) for r in requests * times)
print(" ".join(f"{n} {what}" for what, n in said.items()))
