# SPDX-License-Identifier: GPL-2.0
"""flow_put.py GATEWAY CLIENT SENDER N: in the gateway, N flows to IPv6, each of which has a route of its own.

The namespace SENDER sends to 192.0.2.64 and the N - 1 addresses behind it. There are routes for each of
these meanwhile, and CLIENT says what MTU they have: IPv6 counts only routes with such an exception. Prints
how many routes the flows had when these were deleted, and how many of them were gone when a packet of
each flow had ended it. No other task runs in between, so that no grace period of RCU ends on one CPU.
"""
import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import GW6, enter  # noqa: E402

gateway, client, sender, n = *sys.argv[1:4], int(sys.argv[4])
addresses = [f"192.0.2.{64 + i}" for i in range(n)]


def routes(what):
    subprocess.run(["ip", "-6", "-batch", "-"], input="".join(
        f"route {what} 2001:db8:6464::{a}/128 via 2001:db8:c::2\n" for a in addresses), text=True, check=True)


def entries():
    """How many routes IPv6 has in the gateway, whoever holds them"""
    return int(os.pread(stats, 4096, 0).split()[5], 16)


def send():
    for a in addresses:
        s.sendto(b"x", (a, 53))


def too_big():
    """What a router says of an echo request of the gateway. The kernel writes the checksum."""
    for a in addresses:
        ends = socket.inet_pton(socket.AF_INET6, GW6) + socket.inet_pton(socket.AF_INET6, f"2001:db8:6464::{a}")
        icmp.sendto(struct.pack("!BBHI", 2, 0, 0, 1400) + struct.pack("!IHBB", 6 << 28, 8, 58, 64) + ends +
                    struct.pack("!BBHHH", 128, 0, 0, 1, 1), (GW6, 0))


enter(client)
icmp = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
enter(sender)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
enter(gateway)
stats = os.open("/proc/self/net/rt6_stats", os.O_RDONLY)
base = entries()
# If the work of the namespace finds the flows first, they have no routes.
for _ in range(5):
    routes("add")
    too_big()
    for _ in range(3):
        send()
        time.sleep(0.1)
    routes("del")
    time.sleep(0.1)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    had = entries()
    send()
    gone = had - entries()
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    if had - base >= n * 3 // 4:
        break
print(had - base, gone)
