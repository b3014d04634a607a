# SPDX-License-Identifier: GPL-2.0
"""What scripts share that talk netlink by hand."""
import os
import socket
import struct


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def nest(kind, *attrs):
    return attr(kind | 0x8000, b"".join(attrs))


def attrs(data):
    """Kind and value of each attribute"""
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3fff, data[at + 4:at + length]
        at += (max(length, 4) + 3) & ~3


def message(kind, flags, data):
    """NLM_F_REQUEST is among its flags."""
    return struct.pack("=IHHII", 16 + len(data), kind, flags | 1, 1, 0) + data


def ask(family, *messages):
    """What the kernel says to them, the last of which but for a batch's end has NLM_F_ACK."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as nl:
        nl.bind((0, 0))
        nl.send(b"".join(messages))
        return os.strerror(-struct.unpack_from("=i", nl.recv(4096), 16)[0])


def new_xlat(name, data, index=0, more=b""):
    """RTM_NEWLINK for a device of kind "xlat" with these attributes"""
    return message(16, 0x400 | 4, struct.pack("=BxHiII", 0, 0, index, 0, 0) + attr(3, name.encode() + b"\0") + more +
                   nest(18, attr(1, b"xlat\0"), nest(2, data)))


def family(name):
    """Number of a family of generic netlink"""
    return struct.unpack("=H", described(name)[1])[0]


def group(name, member):
    """Number of a multicast group of a family of generic netlink"""
    for _, value in attrs(described(name)[7]):
        found = dict(attrs(value))
        if found[1] == member.encode() + b"\0":
            return struct.unpack("=I", found[2])[0]
    raise OSError(f"no group {member}")


def described(name):
    """The attributes of a family of generic netlink"""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as nl:
        nl.bind((0, 0))
        # CTRL_CMD_GETFAMILY with CTRL_ATTR_FAMILY_NAME
        nl.send(message(16, 0, struct.pack("=BBH", 3, 1, 0) + attr(2, name.encode() + b"\0")))
        answer = nl.recv(4096)
    found = dict(attrs(answer[20:]))
    if 1 not in found:
        raise OSError(f"no family {name}")
    return found
