# SPDX-License-Identifier: GPL-2.0
"""flow_pppoe.py READY DEV MAC SESSION

One end of a PPPoE session without discovery and LCP, which the kernel does not ask
for: ppp0 is there when READY is, for as long as this runs.
"""
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys

ready, dev, mac, session = sys.argv[1:]
PPPIOCGCHAN, PPPIOCATTCHAN, PPPIOCCONNECT, PPPIOCNEWUNIT = 0x80047437, 0x40047438, 0x4004743a, 0xc004743e


def ioctl(fd, what, number=0):
    return struct.unpack("i", fcntl.ioctl(fd, what, struct.pack("i", number)))[0]


libc = ctypes.CDLL(None, use_errno=True)
s = socket.socket(24, socket.SOCK_STREAM, 0) # AF_PPPOX
addr = struct.pack("=HI", 24, 0) + struct.pack("!H6s16s", int(session), bytes.fromhex(mac.replace(":", "")), dev.encode())
if libc.connect(s.fileno(), addr, len(addr)):
    sys.exit(f"connect: {os.strerror(ctypes.get_errno())}")
channel, unit = (os.open("/dev/ppp", os.O_RDWR) for _ in range(2))
ioctl(channel, PPPIOCATTCHAN, ioctl(s, PPPIOCGCHAN))
# Network protocols pass from the beginning.
ioctl(channel, PPPIOCCONNECT, ioctl(unit, PPPIOCNEWUNIT, 0))
open(ready, "w").close()
signal.pause()
