# SPDX-License-Identifier: GPL-2.0
"""What scripts share that talk netlink by hand."""
import os
import socket
import struct


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def nest(kind, *attrs):
    return attr(kind | 0x8000, b"".join(attrs))


def message(kind, flags, data):
    """NLM_F_REQUEST is among its flags."""
    return struct.pack("=IHHII", 16 + len(data), kind, flags | 1, 1, 0) + data


def ask(family, *messages):
    """What the kernel says to them, the last of which but for a batch's end has NLM_F_ACK."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as nl:
        nl.bind((0, 0))
        nl.send(b"".join(messages))
        return os.strerror(-struct.unpack_from("=i", nl.recv(4096), 16)[0])
