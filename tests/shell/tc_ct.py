# SPDX-License-Identifier: GPL-2.0
"""tc_ct.py DEV ingress|egress WORD[,WORD...] [ADDRESS]

A filter that has tc's ct action for each packet, with these flags and address: what
rtnetlink takes, iproute2 does not offer all of. The device has a clsact qdisc. WORD:
commit, force, clear, nat, src, dst; none.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, message, nest  # noqa: E402

WORDS = {"none": 0, "commit": 1, "force": 2, "clear": 4, "nat": 8, "src": 16, "dst": 32}
dev, where, words, address = (sys.argv[1:] + [""])[:4]


# TCA_CT_PARMS with TC_ACT_OK, TCA_CT_ACTION, TCA_CT_NAT_IPV4_MIN or IPV6_MIN
ct = [attr(1, struct.pack("=IIiii", 0, 0, 0, 0, 0)), attr(3, struct.pack("=H", sum(WORDS[w] for w in words.split(","))))]
if ":" in address:
    ct.append(attr(11, socket.inet_pton(socket.AF_INET6, address)))
elif address:
    ct.append(attr(9, socket.inet_aton(address)))
# tcmsg, TCA_KIND, TCA_OPTIONS with TCA_MATCHALL_ACT with the first action
data = struct.pack("=BBHiIII", 0, 0, 0, socket.if_nametoindex(dev), 0,
                   0xfffffff2 if where == "ingress" else 0xfffffff3, 1 << 16 | socket.htons(3)) + \
    attr(1, b"matchall\0") + nest(2, nest(2, nest(1, attr(1, b"ct\0"), nest(2, *ct))))
# RTM_NEWTFILTER; NLM_F_ACK, EXCL, CREATE
said = ask(0, message(44, 0x604, data))
sys.exit(said if said != os.strerror(0) else 0)
