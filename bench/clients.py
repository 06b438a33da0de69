"""Clients that are cheap enough to drive a server: WebSockets that ping and pong, connections that do nothing."""

from __future__ import annotations

import selectors
import socket
import time

__all__ = ["echo", "idle"]

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # any sixteen bytes do; these are those of RFC 6455
TEXT = b"x" * 64
MASKED = bytes([0x81, 0x80 | len(TEXT), 0, 0, 0, 0]) + TEXT  # masked with zeros, so that the text stays as it is
ANSWER = len(TEXT) + 2  # bytes of the frame that comes back


def echo(port: int, connections: int, seconds: float) -> int:
    """Send a message over each connection, and the next when it has come back; return how many have."""
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(
            f"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        if not (answer := sock.recv(4096)).startswith(b"HTTP/1.1 101"):
            raise ConnectionError(f"no WebSocket: {answer[:60]!r}")
        sock.sendall(MASKED)
        selector.register(sock, selectors.EVENT_READ)
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in selector.select(1):
            sock = key.fileobj  # type: ignore[assignment] # only sockets are registered
            if len(sock.recv(4096)) != ANSWER:
                raise ConnectionError("a message came back that was not sent")
            count += 1
            sock.sendall(MASKED)
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr] # only sockets are registered
    return count


def idle(port: int, connections: int) -> list[socket.socket]:
    """Return connections that have each had one answer, and are kept alive."""
    opened = []
    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(f"GET /hello/world HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        opened.append(sock)
        answer = b""
        while not answer.endswith(b"world"):
            answer += sock.recv(4096)
    return opened
