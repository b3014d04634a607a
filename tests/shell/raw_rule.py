# SPDX-License-Identifier: GPL-2.0
"""raw_rule.py TABLE CHAIN register|cluster: rules that nft itself never sends.

register: loads the original source address of IPv4, four bytes, in front of a register
that holds zeros, and counts in the counters "sees" the packets whose address begins with
2001:db8, and in "whole" those after which the zeros are still there.
cluster: counts in "node" what xt_cluster takes for its only node.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netlink import ask, attr, message, nest  # noqa: E402

table, chain = (name.encode() + b"\0" for name in sys.argv[1:3])
IPV4 = 2


def number(kind, value):
    return attr(kind, struct.pack("!I", value))


def expr(name, *attrs):
    return nest(1, attr(1, name), nest(2, *attrs))


def rule(*exprs):
    """NFT_MSG_NEWRULE; NLM_F_ACK, CREATE, APPEND"""
    return message(0xa06, 0xc04, struct.pack("!BBH", IPV4, 0, 0) + attr(1, table) + attr(2, chain) + nest(4, *exprs))


def begins_or_ends(kind):
    return message(kind, 0, struct.pack("!BBH", 0, 0, 10))


def compare(reg, data):
    return expr(b"cmp\0", number(1, reg), number(2, 0), nest(3, attr(1, data)))


def count(name):
    return expr(b"objref\0", number(1, 1), attr(2, name))


# registers 8 and 9, of four bytes each: NFT_REG32_00 and what is behind it
zeros = expr(b"immediate\0", number(1, 9), nest(2, attr(1, bytes(12))))
# NFT_CT_SRC, IP_CT_DIR_ORIGINAL
saddr = expr(b"ct\0", number(1, 8), number(2, 8), attr(3, b"\0"))
# Of struct xt_cluster_match_info: nodes, those that are meant, seed, flags
cluster = expr(b"match\0", attr(1, b"cluster\0"), number(2, 0), attr(3, struct.pack("=IIII", 1, 1, 0, 0)))
rules = {
    "register": ((saddr, compare(8, b"\x20\x01\x0d\xb8"), count(b"sees\0")),
                 (zeros, saddr, compare(9, bytes(12)), count(b"whole\0"))),
    "cluster": ((cluster, count(b"node\0")),),
}
for exprs in rules[sys.argv[3]]:
    said = ask(12, begins_or_ends(16), rule(*exprs), begins_or_ends(17))
    if said != os.strerror(0):
        sys.exit(said)
