"""ws.py - a WebSocket client with nothing hidden: what is sent and what comes are frames, good ones and bad ones.
SPDX-License-Identifier: MIT
"""
import base64
import hashlib
import os
import socket
import struct
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status, head, body):
        super().__init__(status)
        self.status, self.head, self.body = status, head, body


class WebSocket:
    def __init__(self, host, port, path="/api/live", headers=None, timeout=60, room=None, answer_pings=True):
        self.answer_pings = answer_pings
        self.pings = 0
        self.buffer, self.at = b"", 0  # what came, and how far it is read
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if room:  # bytes that the kernel may keep for us
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.settimeout(timeout)
        self.socket.connect((host, port))
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Host": f"{host}:{port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
        fields.update(headers or {})
        lines = [f"GET {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items() if value is not None]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(65536)
            if not piece:
                raise Refused(0, head.decode("latin-1"), "")
            head += piece
        head, self.buffer = head.split(b"\r\n\r\n", 1)
        head = head.decode("latin-1")
        status = int(head.split(" ", 2)[1])
        if status != 101:
            try:
                while piece := self.socket.recv(65536):
                    self.buffer += piece
            except OSError:
                pass
            raise Refused(status, head, self.buffer.decode())
        wanted = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        assert wanted in head, head

    def take(self, n):
        while len(self.buffer) - self.at < n:
            piece = self.socket.recv(1 << 18)
            if not piece:
                raise ConnectionError("closed")
            self.buffer, self.at = self.buffer[self.at:] + piece, 0
        self.at += n
        return self.buffer[self.at - n:self.at]

    def frame(self):
        """The next frame: (fin, opcode, payload)."""
        first, second = self.take(2)
        n = second & 127
        assert not second & 128, "a server does not mask"
        if n == 126:
            n = struct.unpack(">H", self.take(2))[0]
        elif n == 127:
            n = struct.unpack(">Q", self.take(8))[0]
        return bool(first & 128), first & 15, self.take(n)

    def receive(self):
        """The next message: (opcode, payload); pings are answered on the way."""
        whole, kind = b"", None
        while True:
            fin, opcode, payload = self.frame()
            if opcode == PING:
                self.pings += 1
                if self.answer_pings:
                    self.send(payload, PONG)
                continue
            if opcode in (CLOSE, PONG):
                return opcode, payload
            kind = kind or opcode
            assert (opcode == 0) == bool(whole), "continuation frames follow a first one"
            whole += payload
            if fin:
                return kind, whole

    def send(self, payload, opcode=TEXT, fin=True, mask=True):
        if isinstance(payload, str):
            payload = payload.encode()
        head = bytes([(128 if fin else 0) | opcode])
        bit = 128 if mask else 0
        if len(payload) < 126:
            head += bytes([bit | len(payload)])
        elif len(payload) < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", len(payload))
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
        if mask:
            key = os.urandom(4)
            payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
            head += key
        self.socket.sendall(head + payload)

    def closed_with(self, seconds=60):
        """Read until the other side closes: its status code, or None if it just went."""
        end = time.monotonic() + seconds
        try:
            while True:
                assert time.monotonic() < end, f"not closed within {seconds} s"
                opcode, payload = self.receive()
                if opcode == CLOSE:
                    return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
        except ConnectionError:
            return None

    def close(self):
        self.socket.close()
