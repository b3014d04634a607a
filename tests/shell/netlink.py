# SPDX-License-Identifier: GPL-2.0
"""What scripts share that talk netlink by hand."""
import os
import socket
import struct


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def nest(kind, *attrs):
    return attr(kind | 0x8000, b"".join(attrs))


def ask(family, kind, flags, data):
    """One request with NLM_F_REQUEST and NLM_F_ACK; what the kernel says to it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as nl:
        nl.bind((0, 0))
        nl.send(struct.pack("=IHHII", 16 + len(data), kind, flags | 5, 1, 0) + data)
        return os.strerror(-struct.unpack_from("=i", nl.recv(4096), 16)[0])
