#!/usr/bin/python3
"""A DNS server for the network tests: names.py LOG ADDRESS ZONE.

ZONE has lines "NAME TYPE TTL VALUE[|VALUE...]" (A, AAAA, CNAME; a CNAME is followed); of several values each question gets
the next one, the last for ever. Serves UDP and TCP, port 53; LOG gets a line "NAME TYPE" for every question. Prints a
line when it is there, ends with its parent.
"""
import ctypes
import selectors
import signal
import socket
import struct
import sys

ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
log = open(sys.argv[1], "a", buffering=1)
types = {"A": 1, "CNAME": 5, "AAAA": 28}
zone, asked = {}, {}
for line in open(sys.argv[3]):
    name, kind, ttl, values = line.split()
    zone.setdefault(name, []).append((kind, int(ttl), values.split("|")))


def wire(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def records(name, kind):
    found = []
    for have, ttl, values in zone.get(name, []):
        if have not in (kind, "CNAME"):
            continue
        key = name, have
        value = values[min(asked.get(key, 0), len(values) - 1)]
        asked[key] = asked.get(key, 0) + 1
        data = {"A": lambda: socket.inet_aton(value), "AAAA": lambda: socket.inet_pton(socket.AF_INET6, value),
                "CNAME": lambda: wire(value)}[have]()
        found.append(wire(name) + struct.pack(">HHIH", types[have], 1, ttl, len(data)) + data)
        if have == "CNAME":
            found += records(value, kind)
    return found


def answer(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
        at += 1 + query[at]
    name, number = ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])[0]
    kind = {v: k for k, v in types.items()}.get(number, str(number))
    log.write(f"{name} {kind}\n")
    found = records(name, kind)
    code = 0 if name in zone else 3
    return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(found), 0, 0) + query[12:at + 5] + b"".join(found)


selector = selectors.DefaultSelector()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((sys.argv[2], 53))
tcp = socket.create_server((sys.argv[2], 53))
selector.register(udp, selectors.EVENT_READ)
selector.register(tcp, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if key.fileobj is udp:
            query, peer = udp.recvfrom(4096)
            udp.sendto(answer(query), peer)
        else:
            connection, _ = tcp.accept()
            query = connection.recv(4096)
            reply = answer(query[2:])
            connection.sendall(struct.pack(">H", len(reply)) + reply)
            connection.close()
