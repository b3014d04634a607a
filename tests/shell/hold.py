# SPDX-License-Identifier: GPL-2.0
"""hold.py ADDRESS PORT DIR: a TCP session that asks whenever DIR/go appears.

The answer to question N is written to DIR/N.
"""
import os
import socket
import sys
import time

addr, port, folder = sys.argv[1:]
n = 0
s = socket.create_connection((addr, int(port)), 5)
while True:
    try:
        s.send(b"%d\n" % n)
        got = s.recv(200).decode()
    except OSError as e:
        got = f"{e}\n"
    with open(f"{folder}/.new", "w") as f:
        f.write(got)
    os.rename(f"{folder}/.new", f"{folder}/{n}")
    while not os.path.exists(f"{folder}/go"):
        time.sleep(0.05)
    os.remove(f"{folder}/go")
    n += 1
