# SPDX-License-Identifier: GPL-2.0
"""attributes.py: offer the kernel rules that nft would never send.

Each is a batch of a table, a chain and a rule, and has to be refused as a whole
with the error named. Prints PASS and FAIL.
"""
import errno
import os
import socket
import struct
import sys

IN_TREE = os.path.exists(f"/lib/modules/{os.uname().release}/kernel/net/netfilter/xlat")

INET, IP, IP6, BRIDGE, NETDEV = 1, 2, 10, 7, 5
PRE, IN, FWD, OUT, POST = range(5)
(DIR, MODE, PREFIX, SADDR, DADDR, POOL, HOST, FLAGS, MAPPING, FILTERING, ERROR, MTU, BLOCK,
 BLOCK_OF) = range(1, 15)
NEXT, LATER = 15, 15  # of no attribute yet: the first and the last
REV, REVISION, FLOW_REV = 16, 1, 2
MASQ, SNAT, DNAT = 1, 2, 3
NESTED = 0x8000


def attr(kind, data):
    if isinstance(data, int):
        data = struct.pack("!I", data)
    elif isinstance(data, str):
        data = data.encode() + b"\0"
    elif isinstance(data, dict):
        kind |= NESTED
        data = b"".join(attr(k, v) for k, v in data.items())
    elif isinstance(data, list):
        kind |= NESTED
        data = b"".join(attr(1, d) for d in data)
    pad = -len(data) % 4
    return struct.pack("=HH", len(data) + 4, kind) + data + bytes(pad)


def msg(kind, flags, family, body, res=0):
    body = struct.pack("!BBH", family, 0, res) + body
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


def attrs(**kw):
    return b"".join(attr(int(k[1:]), v) for k, v in kw.items())


def batch(family, exprs, hook=PRE, prio=-100, kind="filter", sets=(), flowtables=()):
    """sets: (name, flags, key length, data type, data length); flowtables: names"""
    create = 0x405
    return b"".join((
        msg(16, 1, 0, b"", 10),
        msg(0xa00, create, family, attrs(_1="t")),
        msg(0xa03, create, family, attrs(
            _1="t", _3="c", _4={1: hook, 2: struct.pack("!i", prio)}, _7=kind)),
        *(msg(0xa09, create, family, attrs(_1="t", _2=name, _3=flags, _4=0, _5=klen, _6=dtype, _7=dlen, _10=1 + i))
          for i, (name, flags, klen, dtype, dlen) in enumerate(sets)),
        *(msg(0xa16, create, family, attrs(_1="t", _2=name, _3={1: 0, 2: 0, 3: ["lo"]})) for name in flowtables),
        msg(0xa06, create | 0x800, family, attrs(_1="t", _2="c", _4=exprs)),
        msg(17, 1, 0, b"", 10)))


def send(data, n):
    """The first error of a batch of N messages, 0 if there is none."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        s.bind((0, 0))
        s.settimeout(20)
        s.send(data)
        acks = 0
        while acks < n:
            buf = s.recv(65536)
            while buf:
                size, kind = struct.unpack_from("=IH", buf)
                if kind == 2:
                    err, = struct.unpack_from("=i", buf, 16)
                    if err:
                        return -err
                    acks += 1
                buf = buf[(size + 3) & ~3:]
    return 0


def lists(family, expr):
    """Does the kernel list a rule with these attributes, one behind the other?"""
    want = b"".join(attr(k, v) for k, v in expr[2].items())
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        s.settimeout(20)
        s.send(msg(0xa07, 0x301, family, attrs(_1="t")))
        return want in s.recv(65536)


def delete(family):
    send(msg(16, 1, 0, b"", 10) + msg(0xa02, 5, family, attrs(_1="t")) + msg(17, 1, 0, b"", 10), 1)


def pfx(addr="64:ff9b::", n=96):
    return {1: socket.inet_pton(socket.AF_INET6, addr), 2: n}


def xlat(**kw):
    """xlat(DIR=0, ...), by the names above, and the revision; REV=None: without that"""
    kw = {"REV": REVISION, **kw}
    return {1: "xlat", 2: {globals()[k]: v for k, v in sorted(kw.items(), key=lambda kv: kv[0] == "REV")
                           if v is not None}}


def flow(attributes, rev=REVISION):
    return {1: "xlat_flow", 2: attributes if rev is None else {**attributes, FLOW_REV: rev}}


def imm(reg, data):
    return {1: "immediate", 2: {1: reg, 2: {1: data}}}


def eam(addr6, len6, addr4, len4):
    return {**pfx(addr6, len6), 4: socket.inet_aton(addr4), 5: len4}


def named(name, ident=None):
    return {6: name} if ident is None else {6: name, 7: ident}


P = pfx()
MAP, SET = 8, 0
M64 = {"sets": [("m", MAP, 16, 0, 4)]}
PAIR = eam("2001:db8::", 120, "192.0.2.0", 24)
NG = {**pfx(), 3: 1}
ANON = {"sets": [("__map%d", MAP | 3, 16, 0, 4)]}
UNWRITTEN = -2  # what nf_tables itself says of a register that no expression has written
addr = imm(8, bytes([192, 0, 2, 1]))
addr6 = imm(1, socket.inet_pton(socket.AF_INET6, "2001:db8::1"))
E = errno
rules = [
    # what is right is taken, or none of the rest means anything
    ("stateless", 0, INET, [xlat(DIR=0, PREFIX=P)], {}),
    ("masquerade", 0, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P)], {}),
    ("snat", 0, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8, 2: 8})], {}),
    ("ip6 table", 0, IP6, [xlat(DIR=0, PREFIX=P)], {}),
    ("ip table", 0, IP, [xlat(DIR=1, PREFIX=P)], {}),

    ("4to6 dnat", 0, INET, [addr6, xlat(DIR=1, MODE=DNAT, PREFIX=P, HOST={1: 1})], {}),
    ("6to4 dnat", 0, INET, [addr, xlat(DIR=0, MODE=DNAT, PREFIX=P, HOST={1: 8})], {}),
    ("6to4 dnat and snat", 0, INET, [addr, xlat(DIR=0, MODE=SNAT, POOL={1: 8, 2: 8, 3: 8, 4: 8}, HOST={1: 8, 3: 8})],
     {"dumped": xlat(POOL={1: 1, 2: 1, 3: 1, 4: 1}, HOST={1: 1, 2: 1, 3: 1, 4: 1})}),  # another name of 8
    ("one address, without a maximum", 0, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8})],
     {"dumped": xlat(POOL={1: 1, 2: 1})}),
    ("the default MTU", 0, INET, [xlat(DIR=1, PREFIX=P, MTU=1280)], {"dumped": xlat(MTU=1280)}),
    ("ports of masquerade", 0, INET, [addr, xlat(DIR=0, MODE=MASQ, PREFIX=P, POOL={3: 8})], {}),
    # what the table implies
    ("ip6 table, no direction", 0, IP6, [xlat(PREFIX=P)], {"dumped": xlat(DIR=0, PREFIX=P)}),
    ("ip table, no direction", 0, IP, [xlat(PREFIX=P)], {"dumped": xlat(DIR=1, PREFIX=P)}),
    ("ip6 table, no direction, snat", 0, IP6, [addr, xlat(MODE=SNAT, PREFIX=P, POOL={1: 8})], {}),
    ("ip table, no direction, masquerade", E.EOPNOTSUPP, IP, [xlat(MODE=MASQ, PREFIX=P)], {}),
    ("ip table, no direction, map of the other one", E.EINVAL, IP, [xlat(PREFIX=P, SADDR=named("m"))], M64),

    ("prefix and daddr", 0, INET, [xlat(DIR=0, PREFIX=P, DADDR=P)], {}),
    ("prefix and a pair", 0, INET, [xlat(DIR=0, PREFIX=P, SADDR=PAIR)], {}),
    ("two pairs", 0, INET, [xlat(DIR=1, SADDR=PAIR, DADDR=PAIR)], {}),
    ("a map", 0, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m"))], M64),
    ("a map of intervals", 0, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m"))], {"sets": [("m", MAP, 16, 0, 8)]}),
    ("two maps", 0, INET, [xlat(DIR=1, SADDR=named("m"), DADDR=named("n"))],
     {"sets": [("m", MAP, 4, 0, 16), ("n", MAP, 4, 0, 32)]}),
    ("non-global", 0, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=NG)], {}),
    ("source of errors", 0, INET, [addr, xlat(DIR=0, PREFIX=P, ERROR=8)], {}),
    ("lowest MTU", 0, INET, [xlat(DIR=1, PREFIX=P, MTU=1500)], {}),
    ("lowest MTU with state", 0, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, MTU=65535)], {}),

    ("a map and its id", 0, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m", 1))], M64),
    ("a map and the id of none", 0, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m", 77))], M64),
    ("id without a name", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR={7: 1})], M64),
    ("id and a prefix", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR={**P, 7: 1})], M64),
    ("id of 2 bytes", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR={6: "m", 7: bytes(2)})], M64),
    # Modules out of tree cannot look for an id, nor bind an anonymous map.
    ("map by its id", 0 if IN_TREE else E.EOPNOTSUPP, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("x", 1))], M64),
    ("no map of that id", E.ENOENT if IN_TREE else E.EOPNOTSUPP, INET,
     [xlat(DIR=0, PREFIX=P, SADDR=named("x", 77))], M64),
    ("anonymous map", 0 if IN_TREE else E.EOPNOTSUPP, INET,
     [xlat(DIR=0, PREFIX=P, SADDR=named("__map%d", 1))], ANON),
    ("anonymous map by the name that it gets", 0 if IN_TREE else E.EOPNOTSUPP, INET,
     [xlat(DIR=0, PREFIX=P, SADDR=named("__map0"))], ANON),
    ("anonymous map for both addresses", E.EBUSY if IN_TREE else E.EOPNOTSUPP, INET,
     [xlat(DIR=0, SADDR=named("__map%d", 1), DADDR=named("__map%d", 1))], ANON),
    ("anonymous map, then what is refused", E.EINVAL if IN_TREE else E.EOPNOTSUPP, INET,
     [xlat(DIR=0, PREFIX=P, SADDR=named("__map%d", 1), MTU=1280)], ANON),
    ("no such map", E.ENOENT, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("x"))], M64),
    ("map and prefix for one address", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m") | P)],
     M64),
    ("map as fall-back", E.EINVAL, INET, [xlat(DIR=0, PREFIX=named("m"))], M64),
    ("map for the other address only, no fall-back", E.EINVAL, INET, [xlat(DIR=0, SADDR=named("m"))], M64),
    ("map with state", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, SADDR=named("m"))], M64),
    ("set that is no map", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m"))],
     {"sets": [("m", SET, 16, 0, 0)]}),
    ("map of the other direction", E.EINVAL, INET, [xlat(DIR=1, PREFIX=P, SADDR=named("m"))], M64),
    ("map to numbers of 2 bytes", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m"))],
     {"sets": [("m", MAP, 16, 0, 2)]}),
    ("map to verdicts", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m"))],
     {"sets": [("m", MAP, 16, 0xffffff00, 16)]}),
    ("name of a map of 300 bytes", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR=named("m" * 300))], M64),
    ("pair as fall-back", E.EINVAL, INET, [xlat(DIR=0, PREFIX=PAIR)], {}),
    ("pair without the IPv4 length", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR={**pfx(), 4: bytes(4)})], {}),
    ("pair without the IPv4 address", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR={**pfx(), 5: 24})], {}),
    ("pair with flags", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR={**PAIR, 3: 1})], {}),
    ("pair with more suffix bits in IPv4", E.ERANGE, INET,
     [xlat(DIR=0, PREFIX=P, SADDR=eam("2001:db8::", 121, "192.0.2.0", 24))], {}),
    ("pair with bits beyond the IPv6 length", E.EINVAL, INET,
     [xlat(DIR=0, PREFIX=P, SADDR=eam("2001:db8::1:0", 64, "192.0.2.0", 24))], {}),
    ("pair with bits beyond the IPv4 length", E.EINVAL, INET,
     [xlat(DIR=0, PREFIX=P, SADDR=eam("2001:db8::", 64, "192.0.2.1", 24))], {}),
    # a net that no packet may have; a destination may be a group, but not one of the link
    *((f"{what} of {a6}/{n6} and {a4}/{n4}, direction {d}", e, INET, [xlat(**{"DIR": d, "PREFIX": P, what: eam(a6, n6, a4, n4)})], {})
      for what, d, a6, n6, a4, n4, e in (
          *((what, d, "2001:db8::", 96, a, n, E.EADDRNOTAVAIL) for what in ("SADDR", "DADDR") for d in (0, 1)
            for a, n in (("0.0.0.0", 8), ("127.0.0.1", 32), ("169.254.0.0", 16), ("169.254.1.1", 32), ("224.0.0.0", 24),
                         ("255.255.255.255", 32))),
          *((what, d, a, n, "192.0.2.1", 32, E.EADDRNOTAVAIL) for what in ("SADDR", "DADDR") for d in (0, 1)
            for a, n in (("::", 128), ("::1", 128), ("::ffff:0:0", 96), ("fe80::", 10), ("fe80::1", 128))),
          *((what, d, "2001:db8::", 96, "239.1.2.3", 32, 0 if what == "DADDR" and not d else E.EADDRNOTAVAIL)
            for what in ("SADDR", "DADDR") for d in (0, 1)),
          *((what, d, "ff0e::", 96, "192.0.2.1", 32, 0 if what == "DADDR" and not d else E.EADDRNOTAVAIL)
            for what in ("SADDR", "DADDR") for d in (0, 1)),
          *(("SADDR", d, "2001:db8::", 96, a, n, 0) for d in (0, 1)
            for a, n in (("0.0.0.0", 0), ("0.0.0.0", 7), ("169.254.0.0", 15), ("224.0.0.0", 3), ("240.0.0.0", 4))),
          *(("SADDR", d, a, n, "192.0.2.1", 32, 0) for d in (0, 1) for a, n in (("::", 0), ("::", 96), ("fe80::", 9))))),
    ("IPv4 length of 33", E.ERANGE, INET, [xlat(DIR=0, PREFIX=P, SADDR=eam("2001:db8::", 64, "192.0.2.0", 33))], {}),
    ("unknown flag of a prefix", E.EINVAL, INET, [xlat(DIR=0, PREFIX={**pfx(), 3: 2})], {}),
    ("lowest MTU of 1279", E.ERANGE, INET, [xlat(DIR=1, PREFIX=P, MTU=1279)], {}),
    ("lowest MTU of 65536", E.ERANGE, INET, [xlat(DIR=1, PREFIX=P, MTU=65536)], {}),
    ("lowest MTU from IPv6", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, MTU=1500)], {}),
    ("source of errors with state", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, PREFIX=P, ERROR=8)], {}),
    ("source of errors in register 0", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, ERROR=0)], {}),
    ("source of errors in register 99", E.ERANGE, INET, [xlat(DIR=0, PREFIX=P, ERROR=99)], {}),

    ("no attributes", E.EINVAL, INET, [xlat()], {}),
    ("no direction in an inet table", E.EINVAL, INET, [xlat(PREFIX=P)], {}),
    ("no direction in a bridge table", E.EAFNOSUPPORT, BRIDGE, [xlat(PREFIX=P)], {}),
    ("direction 2", E.ERANGE, INET, [xlat(DIR=2, PREFIX=P)], {}),
    ("mode 4", E.ERANGE, INET, [xlat(DIR=0, MODE=4, PREFIX=P)], {}),
    ("mode of one byte", E.ERANGE, INET, [xlat(DIR=0, MODE=b"\1", PREFIX=P)], {}),
    ("no prefix", E.EINVAL, INET, [xlat(DIR=0)], {}),
    ("masquerade without prefix", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ)], {}),
    ("saddr alone", E.EINVAL, INET, [xlat(DIR=0, SADDR=P)], {}),
    ("daddr alone", E.EINVAL, INET, [xlat(DIR=0, DADDR=P)], {}),
    ("state with saddr and daddr", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, SADDR=P, DADDR=P)], {}),
    ("empty prefix", E.EINVAL, INET, [xlat(DIR=0, PREFIX={})], {}),
    ("prefix without length", E.EINVAL, INET, [xlat(DIR=0, PREFIX={1: bytes(16)})], {}),
    ("prefix of 4 bytes", E.ERANGE, INET, [xlat(DIR=0, PREFIX={1: bytes(4), 2: 96})], {}),
    ("prefix that is no nest", E.EINVAL, INET, [xlat(DIR=0, PREFIX=7)], {}),
    *((f"length {n}", E.ERANGE, INET, [xlat(DIR=0, PREFIX=pfx("2001:db8::", n))], {})
      for n in (0, 31, 33, 95, 97, 128)),
    ("length 129", E.ERANGE, INET, [xlat(DIR=0, PREFIX=pfx(n=129))], {}),
    ("length 4294967295", E.ERANGE, INET, [xlat(DIR=0, PREFIX=pfx(n=0xffffffff))], {}),
    ("bits beyond the length", E.EINVAL, INET, [xlat(DIR=0, PREFIX=pfx("64:ff9b::1"))], {}),
    ("bits 64 to 71", E.EINVAL, INET, [xlat(DIR=0, PREFIX=pfx("64:ff9b:0:0:100::"))], {}),

    *((f"prefix {a}/{n}", E.EADDRNOTAVAIL, INET, [xlat(DIR=0, PREFIX=pfx(a, n))], {})
      for a, n in (("::", 96), ("fe80::", 64), ("ff00::", 32), ("::ffff:0:0", 96))),

    ("6to4 in an ip table", E.EAFNOSUPPORT, IP, [xlat(DIR=0, PREFIX=P)], {}),
    ("4to6 in an ip6 table", E.EAFNOSUPPORT, IP6, [xlat(DIR=1, PREFIX=P)], {}),
    ("bridge table", E.EAFNOSUPPORT, BRIDGE, [xlat(DIR=0, PREFIX=P)], {}),
    ("input hook", E.EOPNOTSUPP, INET, [xlat(DIR=0, PREFIX=P)], {"hook": IN}),
    ("postrouting hook", E.EOPNOTSUPP, INET, [xlat(DIR=0, PREFIX=P)], {"hook": POST}),
    ("nat chain", E.EOPNOTSUPP, INET, [xlat(DIR=0, PREFIX=P)], {"kind": "nat"}),
    ("state in the forward hook", E.EOPNOTSUPP, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P)], {"hook": FWD}),
    ("state at raw", E.ERANGE, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P)], {"prio": -300}),
    ("state at conntrack's priority", E.ERANGE, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P)], {"prio": -200}),

    # of another release, though it means the same there, or nothing
    *((f"revision {r}", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, REV=r)], {}) for r in (None, 0, 2, 0x01000000)),
    ("revision of 2 bytes", E.ERANGE, INET, [xlat(DIR=0, PREFIX=P, REV=bytes(2))], {}),
    # as nft sent rules before there were revisions, where numbers had other meanings: mapping
    # address-port-dependent, a flag, a pool, a port forward
    *((f"before revisions, {what}", e, INET, [addr, xlat(DIR=0, MODE=m, PREFIX=p, REV=None, **a)], {})
      for what, e, m, p, a in (("mapping", E.EINVAL, MASQ, P, {"MTU": 1}), ("random", E.EINVAL, MASQ, P, {"POOL": 4}),
                               ("pool", E.EINVAL, SNAT, P, {"HOST": 8, "FLAGS": 8}),
                               ("dnat", E.EINVAL, MASQ, None, {"LATER": {1: 8}}))),

    # nf_tables itself leaves out what it does not know, and makes another rule.
    ("attribute of a later release", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, LATER=1)], {}),
    ("first attribute of a later release", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, NEXT=1)], {}),
    ("attribute of a later release, of no length", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, LATER=b"")], {}),
    ("attribute of a later release in a prefix", E.EINVAL, INET, [xlat(DIR=0, PREFIX={**P, 8: 1})], {}),
    ("attribute of a later release with a pair", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, SADDR={**PAIR, 8: 1})], {}),

    ("flags without state", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, FLAGS=4)], {}),
    ("flags of 4to6 dnat", E.EINVAL, INET, [addr6, xlat(DIR=1, MODE=DNAT, PREFIX=P, HOST={1: 1}, FLAGS=4)], {}),
    ("no flags of 4to6 dnat", E.EINVAL, INET, [addr6, xlat(DIR=1, MODE=DNAT, PREFIX=P, HOST={1: 1}, FLAGS=0)], {}),
    ("flags of 6to4 dnat", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=DNAT, PREFIX=P, HOST={1: 8}, FLAGS=8)], {}),
    ("flags of snat behind dnat", 0, INET, [addr, xlat(DIR=0, MODE=SNAT, POOL={1: 8}, HOST={1: 8}, FLAGS=8)], {}),
    ("flags of masquerade behind dnat", 0, INET, [addr, xlat(DIR=0, MODE=MASQ, HOST={1: 8}, FLAGS=16)], {}),
    ("unknown flag", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, FLAGS=32)], {}),
    ("flag that is not a user's", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, FLAGS=1)], {}),
    ("pool without state", E.EINVAL, INET, [addr, xlat(DIR=0, PREFIX=P, POOL={1: 8})], {}),
    ("host without state", E.EINVAL, INET, [addr, xlat(DIR=0, PREFIX=P, HOST={1: 8})], {}),
    ("pool that says nothing", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, POOL={})], {}),
    ("pool that is no nest", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL=8)], {}),
    ("pool, attribute of a later release", E.EINVAL, INET,
     [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8, 5: 8})], {}),
    ("snat without address", E.EINVAL, INET, [xlat(DIR=0, MODE=SNAT, PREFIX=P)], {}),
    ("snat with ports only", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={3: 8})], {}),
    ("snat with a maximum only", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={2: 8})], {}),
    ("masquerade with an address", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, PREFIX=P, POOL={1: 8})], {}),
    ("register 0, the verdict", E.EINVAL, INET, [xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 0})], {}),
    ("register 99", E.ERANGE, INET, [xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 99})], {}),
    ("register that none has written", UNWRITTEN, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 9})], {}),
    ("last one in such a register", UNWRITTEN, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8, 2: 9})], {}),
    ("port in register 99", E.ERANGE, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, POOL={3: 99})], {}),
    ("maximum port only", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, PREFIX=P, POOL={4: 8})], {}),
    ("4to6 masquerade", E.EOPNOTSUPP, INET, [xlat(DIR=1, MODE=MASQ, PREFIX=P)], {}),
    ("4to6 snat", E.EOPNOTSUPP, INET, [addr6, xlat(DIR=1, MODE=SNAT, PREFIX=P, POOL={1: 1})], {}),
    ("4to6 dnat without a host", E.EINVAL, INET, [xlat(DIR=1, MODE=DNAT, PREFIX=P)], {}),
    ("4to6 dnat with a pool for a host", E.EINVAL, INET, [addr6, xlat(DIR=1, MODE=DNAT, PREFIX=P, POOL={1: 1})], {}),
    ("4to6 dnat to ports only", E.EINVAL, INET, [addr, xlat(DIR=1, MODE=DNAT, PREFIX=P, HOST={3: 8})], {}),

    ("blocks", 0, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, BLOCK=512)], {}),
    ("blocks that follow", 0, INET,
     [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8}, BLOCK=512, BLOCK_OF=pfx("2001:db8::", 56))], {}),
    *((f"blocks of {n}", E.ERANGE, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, BLOCK=n)], {})
      for n in (0, 1, 65, 32832, 65536, 0x80000040)),
    ("blocks of 2 bytes", E.ERANGE, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, BLOCK=bytes(2))], {}),
    ("blocks without state", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, BLOCK=512)], {}),
    ("clients without state", E.EINVAL, INET, [xlat(DIR=0, PREFIX=P, BLOCK_OF=pfx("2001:db8::", 56))], {}),
    ("blocks, ports of each session", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, PREFIX=P, MAPPING=1, BLOCK=512)], {}),
    ("blocks of a port forward", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, HOST={1: 8}, BLOCK=512)], {}),
    ("blocks of 4to6", E.EINVAL, INET, [addr6, xlat(DIR=1, MODE=DNAT, PREFIX=P, HOST={1: 1}, BLOCK=512)], {}),
    ("clients without blocks", E.EINVAL, INET,
     [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8}, BLOCK_OF=pfx("2001:db8::", 56))], {}),
    ("blocks that follow, masquerade", E.EINVAL, INET,
     [xlat(DIR=0, MODE=MASQ, PREFIX=P, BLOCK=512, BLOCK_OF=pfx("2001:db8::", 56))], {}),
    *((f"clients: {what}", e, INET, [addr, xlat(DIR=0, MODE=SNAT, PREFIX=P, POOL={1: 8}, BLOCK=512, BLOCK_OF=of)], {})
      for what, e, of in (("length 0", E.ERANGE, pfx("::", 0)), ("length 65", E.ERANGE, pfx("2001:db8::", 65)),
                          ("length 129", E.ERANGE, pfx("2001:db8::", 129)),
                          ("bits behind", E.EINVAL, pfx("2001:db8::1", 64)), ("nothing", E.EINVAL, {}),
                          ("no length", E.EINVAL, {1: bytes(16)}), ("flags", E.EINVAL, {**P, 3: 1}),
                          ("no nest", E.EINVAL, 7), ("a later release", E.EINVAL, {**pfx("2001:db8::", 56), 8: 1}))),

    ("port forward from IPv6 without a source", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=DNAT, HOST={1: 8})], {}),
    ("port forward, daddr", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=DNAT, PREFIX=P, DADDR=P, HOST={1: 8})], {}),
    ("port forward, prefix and masquerade", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, PREFIX=P, HOST={1: 8})], {}),
    ("port forward, saddr and masquerade", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, SADDR=P, HOST={1: 8})], {}),
    ("port forward, mapped source and a pool", E.EINVAL, INET,
     [addr, xlat(DIR=0, MODE=DNAT, PREFIX=P, POOL={1: 8}, HOST={1: 8})], {}),
    ("port forward, mapped source and ports of a pool", E.EINVAL, INET,
     [addr, xlat(DIR=0, MODE=DNAT, PREFIX=P, POOL={3: 8}, HOST={1: 8})], {}),
    ("port forward, source of errors", E.EINVAL, INET,
     [addr, xlat(DIR=0, MODE=DNAT, PREFIX=P, HOST={1: 8}, ERROR=8)], {}),
    ("port forward, mapping", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, MAPPING=1, HOST={1: 8})], {}),
    ("port forward, filtering", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, FILTERING=1, HOST={1: 8})], {}),
    ("port forward, mapping of its own", E.EINVAL, INET,
     [addr, xlat(DIR=0, MODE=DNAT, PREFIX=P, HOST={1: 8}, MAPPING=1)], {}),
    ("port forward without an address", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, HOST={3: 8})], {}),
    ("port forward, a maximum only", E.EINVAL, INET, [addr, xlat(DIR=0, MODE=MASQ, HOST={2: 8})], {}),
    ("port forward, nothing", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, HOST={})], {}),
    ("port forward that is no nest", E.EINVAL, INET, [xlat(DIR=0, MODE=MASQ, HOST=8)], {}),
    ("port forward, register 99", E.ERANGE, INET, [xlat(DIR=0, MODE=MASQ, HOST={1: 99})], {}),
    ("port forward, port in register 99", E.ERANGE, INET,
     [addr, xlat(DIR=0, MODE=MASQ, HOST={1: 8, 3: 99})], {}),
    ("port forward, attribute of a later release", E.EINVAL, INET,
     [addr, xlat(DIR=0, MODE=MASQ, HOST={1: 8, 5: 8})], {}),
    ("port forward from IPv4, and masquerade", E.EOPNOTSUPP, INET, [addr6, xlat(DIR=1, MODE=MASQ, HOST={1: 1})], {}),
    ("port forward in the forward hook", E.EOPNOTSUPP, INET,
     [addr, xlat(DIR=0, MODE=MASQ, HOST={1: 8})], {"hook": FWD}),
]
FT = {"hook": FWD, "flowtables": ["ft"]}
flow_rules = [
    *((f"fast path, family {f}", 0, f, [flow({1: "ft"})], FT) for f in (INET, IP, IP6)),
    ("fast path, nothing", E.EINVAL, INET, [flow({})], FT),
    ("fast path, no such flowtable", E.ENOENT, INET, [flow({1: "none"})], FT),
    ("fast path, name of 300 bytes", E.EINVAL, INET, [flow({1: "f" * 300})], FT),
    ("fast path, name without an end", E.EINVAL, INET, [flow({1: b"ft"})], FT),
    *((f"fast path, attribute {n} of a later release", E.EINVAL, INET, [flow({1: "ft", n: 1})], FT) for n in (3, 14, 16)),
    *((f"fast path, revision {r}", E.EINVAL, INET, [flow({1: "ft"}, r)], FT) for r in (None, 0, 2)),
    *((f"fast path, hook {h}", E.EOPNOTSUPP, INET, [flow({1: "ft"})], {**FT, "hook": h}) for h in (PRE, IN, OUT, POST)),
    ("fast path, nat chain", E.EOPNOTSUPP, INET, [flow({1: "ft"})], {**FT, "hook": PRE, "kind": "nat"}),
    ("fast path, bridge table", E.EAFNOSUPPORT, BRIDGE, [flow({1: "ft"})], {"hook": FWD}),
    # as rules had it before there was an expression for it
    ("fast path as an attribute of xlat", E.ERANGE, INET, [{1: "xlat", 2: {14: "ft"}}], FT),
]

if __name__ == "__main__":
    ok = True
    unwritten = send(batch(INET, [{1: "cmp", 2: {1: 9, 2: 0, 3: {1: bytes(4)}}}]), 3)
    if not unwritten:
        delete(INET)
    elif unwritten != E.ENODATA:
        sys.exit(f"FAIL: cmp of a register that none has written: {errno.errorcode[unwritten]}")
    for what, want, family, exprs, where in rules + (flow_rules if "flow" in sys.argv else []):
        where = dict(where)
        if want == UNWRITTEN:
            want = unwritten
        dumped = where.pop("dumped", None)
        got = send(batch(family, exprs, **where), 3 + sum(len(where.get(w, ())) for w in ("sets", "flowtables")))
        if not got and dumped and not lists(family, dumped):
            got = -1
        if got <= 0:
            delete(family)
        names = [errno.errorcode.get(e, e) if e else "accepted" for e in (got, want)]
        if got == want:
            print(f"PASS: {what}: {names[0]}")
        else:
            ok = False
            print(f"FAIL: {what}: {names[0]}, wanted {names[1]}")
    sys.exit(not ok)
