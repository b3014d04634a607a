# SPDX-License-Identifier: GPL-2.0
"""RFC 7915, section 4: IPv4 to IPv6."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfc import *  # noqa: E402,F401,F403

U = UDP(sport=1111, dport=2222)


def header():
    case(14, "type of service", s4(tos=0xb8) / U / DATA, s6(tc=0xb8) / U / DATA)
    p = s4(ttl=1) / U / DATA
    case(18, "TTL of 1", p, back=error4(11, 0, 0, p), drop="DropHopLimit", free=ANY_ID)


main({"header": header})
