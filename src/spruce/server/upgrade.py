"""The stream of a request that asks for a WebSocket: it has no bytes, but knows how its connection becomes one."""

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import Protocol

__all__ = ["Successor", "Upgradable"]


class Successor(Protocol):
    """What takes a connection over: a WebSocket, as the connection sees it."""

    lost: bool
    on_lost: Callable[[], object] | None

    def begin(self, transport: asyncio.Transport, head: bytes) -> None:
        """Send the answer to the handshake and take over the transport."""

    def close(self) -> None:
        """Begin to close it; nothing if that has begun."""

    def fail(self, code: int, reason: str = "") -> None:
        """Close it at once, because of an error."""

    def drain(self) -> None:
        """Close it: the server stops."""

    def check(self, now: float) -> None:
        """Look whether the client is still there; `now` is the loop's time."""


class Upgradable(BytesIO):
    """An empty body. `switch(successor, head)` sends `head` and lets the WebSocket have all that follows.

    `clock()` is the server's time.
    """

    def __init__(self, switch: Callable[[Successor, bytes], None], clock: Callable[[], float]) -> None:
        super().__init__()
        self.switch = switch
        self.clock = clock
