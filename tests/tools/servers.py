#!/usr/bin/python3
"""Servers for the network tests: servers.py LOG ADDRESS:PORT[/udp]...

Each TCP port answers whatever it is sent with an HTTP answer that says who was reached, each UDP port sends back what
it got. LOG gets a line for every connection and datagram: "tcp ADDRESS PORT PEER BYTES". Prints a line when all ports
are there. Ends with its parent.
"""
import ctypes
import selectors
import signal
import socket
import sys

ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
log = open(sys.argv[1], "a", buffering=1)
selector = selectors.DefaultSelector()


def on_datagram(sock, name):
    data, peer = sock.recvfrom(65535)
    log.write(f"udp {name[0]} {name[1]} {peer[0]} {len(data)}\n")
    sock.sendto(data, peer)


def on_data(sock, name):
    try:
        data = sock.recv(65536)
    except OSError:
        data = b""
    if data:
        log.write(f"data {name[0]} {name[1]} {len(data)}\n")
        body = f"reached {name[0]} {name[1]}\n"
        try:
            sock.sendall(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        except OSError:
            pass
    selector.unregister(sock)
    sock.close()


def on_connection(listener, name):
    sock, peer = listener.accept()
    log.write(f"tcp {name[0]} {name[1]} {peer[0]}\n")
    selector.register(sock, selectors.EVENT_READ, (on_data, name))


for word in sys.argv[2:]:
    udp = word.endswith("/udp")
    address, port = word.removesuffix("/udp").rsplit(":", 1)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((address.strip("[]"), int(port)))
    if not udp:
        sock.listen(128)
    selector.register(sock, selectors.EVENT_READ, (on_datagram if udp else on_connection, (address.strip("[]"), port)))
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        key.data[0](key.fileobj, key.data[1])
