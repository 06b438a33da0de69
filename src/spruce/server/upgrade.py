"""The stream of a request that asks for a WebSocket: it has no bytes, but knows how its connection becomes one."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spruce.server.websocket import WebSocket

__all__ = ["Upgradable"]


class Upgradable(BytesIO):
    """An empty body. `switch(websocket, head)` sends `head` and lets the WebSocket have all that follows.

    `clock()` is the server's time.
    """

    def __init__(self, switch: "Callable[[WebSocket, bytes], None]", clock: Callable[[], float]) -> None:
        super().__init__()
        self.switch = switch
        self.clock = clock
