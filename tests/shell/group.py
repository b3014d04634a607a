# SPDX-License-Identifier: GPL-2.0
"""group.py GROUP PORT: join an IPv4 group, and tell what comes first."""
import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(30)
s.bind((sys.argv[1], int(sys.argv[2])))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(sys.argv[1]) + bytes(4))
data, peer = s.recvfrom(2048)
print(data.decode().strip(), "from", peer[0])
