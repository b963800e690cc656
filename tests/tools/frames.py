#!/usr/bin/python3
"""Raw frames from inside of a sandbox: frames.py KIND ADDRESS PORT

Sends one frame of that kind by tap0 (packet(7): it needs NET_RAW, and no system call filter) and prints "sent", with
what came back within half a second: "sent reset", "sent prohibited", "sent reply", "sent nothing".
"""
import socket
import struct
import sys

GUEST4, GUEST6 = "10.0.2.100", "fd6b:7572:756e::100"
MAC = bytes.fromhex("52550a000264")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def raw(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def ip(source, dest, protocol, payload, flags=0, length=None, options=b"", ttl=64):
    if ":" in dest:
        return struct.pack("!IHBB", 6 << 28, len(payload) if length is None else length, protocol, ttl) + raw(source) + raw(dest) + payload
    size = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | size // 4, 0, size + len(payload) if length is None else length, 1, flags, ttl, protocol, 0)
    head += raw(source) + raw(dest) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def transport(source, dest, protocol, segment, offset):
    pseudo = raw(source) + raw(dest) + struct.pack("!II", len(segment), protocol)
    return segment[:offset] + struct.pack("!H", checksum(pseudo + segment) or 0xFFFF) + segment[offset + 2:]


def udp(source, dest, port, length=None, data=b"canary"):
    return transport(source, dest, 17, struct.pack("!HHHH", 4000, port, 8 + len(data) if length is None else length, 0) + data, 6)


def tcp(source, dest, port, flags=2):
    return transport(source, dest, 6, struct.pack("!HHIIBBHHH", 4001, port, 1000, 0, 0x50, flags, 65535, 0, 0), 16)


def ethernet(packet, kind=None, source=MAC):
    return b"\x52\x56\0\0\0\2" + source + struct.pack("!H", kind or (0x86DD if packet[0] >> 4 == 6 else 0x0800)) + packet


def make(kind, dest, port):
    v6 = ":" in dest
    guest = GUEST6 if v6 else GUEST4
    plain = udp(guest, dest, port)
    if kind == "udp":
        return ethernet(ip(guest, dest, 17, plain))
    if kind == "tcp":
        return ethernet(ip(guest, dest, 6, tcp(guest, dest, port)))
    if kind == "tcp-fin":
        return ethernet(ip(guest, dest, 6, tcp(guest, dest, port, 3)))
    if kind == "spoofed":
        source = "fd6b:7572:756e::99" if v6 else "10.0.2.99"
        return ethernet(ip(source, dest, 17, udp(source, dest, port)))
    if kind == "spoofed-mac":
        return ethernet(ip(guest, dest, 17, plain), source=b"\x02\0\0\0\0\x01")
    if kind == "fragment":
        if v6:
            return ethernet(ip(guest, dest, 44, struct.pack("!BBHI", 17, 0, 1, 7) + plain))
        return ethernet(ip(guest, dest, 17, plain, flags=0x2000))
    if kind == "extension":
        return ethernet(ip(guest, dest, 60, struct.pack("!BB", 17, 0) + b"\x01\x04\0\0\0\0" + plain) if v6 else ip(guest, dest, 17, plain, options=b"\x94\x04\0\0"))
    if kind == "ip-short":
        return ethernet(ip(guest, dest, 17, plain, length=(len(plain) - 4 if v6 else 20 + len(plain) - 4)))
    if kind == "ip-long":
        return ethernet(ip(guest, dest, 17, plain, length=(len(plain) + 4000 if v6 else 20 + len(plain) + 4000)))
    if kind == "udp-long":
        return ethernet(ip(guest, dest, 17, udp(guest, dest, port, length=4000)))
    if kind == "truncated":
        return ethernet(ip(guest, dest, 17, plain))[:30]
    if kind == "vlan":
        return ethernet(b"\0\1\x08\0" + ip(guest, dest, 17, plain), kind=0x8100)
    if kind == "sctp":
        return ethernet(ip(guest, dest, 132, plain))
    if kind == "dhcp":
        data = struct.pack("!BBBBIHH", 1, 1, 6, 0, 99, 0, 0) + bytes(16) + MAC + bytes(202) + b"\x63\x82\x53\x63\x35\x01\x01\xff"
        return ethernet(ip("0.0.0.0", "255.255.255.255", 17, transport("0.0.0.0", "255.255.255.255", 17, struct.pack("!HHHH", 68, 67, 8 + len(data), 0) + data, 6)))
    if kind == "tftp":
        return ethernet(ip(guest, dest, 17, udp(guest, dest, 69, data=b"\0\1/etc/passwd\0octet\0")))
    if kind == "arp":
        return ethernet(struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + MAC + raw(guest) + bytes(6) + raw(dest), kind=0x806)
    raise SystemExit(f"unknown kind {kind}")


sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sock.bind(("tap0", 0))
sock.settimeout(0.5)
sock.send(make(sys.argv[1], sys.argv[2], int(sys.argv[3])))
answer = "nothing"
try:
    while True:
        frame, where = sock.recvfrom(65535)
        if where[2] == socket.PACKET_OUTGOING or len(frame) < 34:
            continue
        v6, packet = frame[12:14] == b"\x86\xdd", frame[14:]
        protocol, body = (packet[6], packet[40:]) if v6 else (packet[9], packet[20:])
        if protocol == 6 and body[13] & 4:
            answer = "reset"
        elif protocol in (1, 58) and body[0] in (1, 3):
            answer = "prohibited"
        else:
            answer = "reply"
        break
except TimeoutError:
    pass
print("sent", answer)
