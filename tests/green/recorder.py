"""A protocol that notes what happens to it, and a connection for it; shared by the tests of the transport."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from spruce.green.transport import SocketTransport


class Recorder(asyncio.Protocol):
    """Notes what happens to it, and calls `then` with each chunk."""

    def __init__(self, then: Callable[[bytes], object] = bytes) -> None:
        self.seen: list[str] = []
        self.data = b""
        self.chunks: list[int] = []
        self.then = then
        self.lost: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        self.more = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.seen.append("made")
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.chunks.append(len(data))
        self.more.set()
        self.then(data)

    def pause_writing(self) -> None:
        self.seen.append("pause")

    def resume_writing(self) -> None:
        self.seen.append("resume")

    def eof_received(self) -> bool:
        self.seen.append("eof")
        return False

    def connection_lost(self, exc: BaseException | None) -> None:
        self.seen.append("lost")
        self.lost.set_result(exc)

    async def until(self, size: int) -> bytes:
        while len(self.data) < size:
            self.more.clear()
            await self.more.wait()
        return self.data


async def connected(protocol: asyncio.BaseProtocol) -> tuple[SocketTransport, socket.socket]:
    """Return a transport for the protocol, and the socket at the other end."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: protocol, sock=ours)
    assert type(transport) is SocketTransport
    return transport, theirs
