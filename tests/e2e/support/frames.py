"""Ethernet frames, byte by byte: what a guest may send and what it may not, and who sees which of them arrive."""

import socket
import struct
import threading

EVERYBODY = b"\xff" * 6
ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 16  # packet(7), linux/if_packet.h


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def v4(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET, text)


def v6(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6, text)


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def ethernet(kind: int, payload: bytes, source: bytes, to: bytes = EVERYBODY) -> bytes:
    return to + source + struct.pack("!H", kind) + payload


def ipv4(source: str, to: str, protocol: int, payload: bytes) -> bytes:
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, v4(source), v4(to))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(source: str, to: str, protocol: int, payload: bytes) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255) + v6(source) + v6(to) + payload


def udp(source: int, to: int) -> bytes:
    return struct.pack("!HHHH", source, to, 16, 0) + b"immure.."


def icmpv6(kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", kind, 0, 0) + body


def arp(operation: int, sender: bytes, sender_ip: str, target_ip: str) -> bytes:
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + sender + v4(sender_ip) + bytes(6) + v4(target_ip)


def tagged(*tags: int) -> bytes:
    """The rest of 802.1Q tags, before the type that is 0x8100 or 0x88a8 itself."""
    return b"".join(struct.pack("!HH", tag, 0x8100) for tag in tags[:-1]) + struct.pack("!HH", tags[-1], 0x0800)


def with_tag(frame: bytes, beside: list) -> bytes:
    """The kernel takes the outer VLAN tag off a frame and tells it beside that: struct tpacket_auxdata."""
    for level, kind, data in beside:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tag, protocol = struct.unpack("=IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                return frame[:12] + struct.pack("!HH", protocol, tag) + frame[12:]
    return frame


class Watch:
    """Sees every frame that arrives at an interface while it is open."""

    def __init__(self, interface: str):
        self.frames = set()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((interface, 0))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.settimeout(1)
        self.open = True
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self) -> None:
        while self.open:
            try:
                frame, beside, _, _ = self.socket.recvmsg(65536, 256)
            except TimeoutError:
                continue
            self.frames.add(with_tag(frame, beside))

    def close(self) -> set:
        self.open = False
        self.thread.join()
        self.socket.close()
        return self.frames
