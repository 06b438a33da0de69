"""WebSockets that an ASGI server carries: the messages are the server's, and so are pings and compression.

A message is asked for when somebody waits for one, and when one is sent, since many servers tell only so that the
client has gone. Nothing is asked for while it is closed: granian would not send the close.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from spruce.errors import BadRequest, ServerError
from spruce.green import await_
from spruce.server import WebSocket, WebSocketOptions

__all__ = ["AsgiWebSocket"]

Message = dict[str, Any]

_MOST_WAITING = 16  # messages that have come and are not received, before reading stops


class AsgiWebSocket(WebSocket):
    """A WebSocket over the `receive` and `send` of a scope. `begin` comes first, `end` last."""

    def __init__(
        self,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
        subprotocol: str | None,
        options: WebSocketOptions,
    ) -> None:
        super().__init__(subprotocol, options)
        self._receive = receive
        self._send_event = send
        self._closed: tuple[int, str] | None = None
        self._taking: asyncio.Future[None] | None = None
        self._telling: asyncio.Future[None] | None = None

    # What the application does

    def ping(self) -> float:
        """Raise ServerError: ASGI has no pings, the server sends them by itself."""
        raise ServerError(
            "there are no pings of one's own under an ASGI server",
            hint="It sends them by itself (uvicorn: --ws-ping-interval); a client that is gone ends receive().",
        )

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Have the server close it, if nobody has."""
        if self._closed is None:
            self._end_with(code, reason)
            self._telling = asyncio.ensure_future(self._say_close(code, reason))

    def fail(self, code: int, reason: str = "") -> None:
        """As `close`."""
        self.close(code, reason)

    @property
    def close_code(self) -> int | None:
        """The code that the client gave, or ours."""
        return None if self._closed is None else self._closed[0]

    @property
    def close_reason(self) -> str:
        """The reason that the client gave, or ours."""
        return "" if self._closed is None else self._closed[1]

    def _send(self, message: str | bytes) -> None:
        kind = "text" if isinstance(message, str) else "bytes"
        if len(self._messages) < _MOST_WAITING:
            self._wanted()
        try:
            await_(self._send_event({"type": "websocket.send", kind: message}))
        except (OSError, RuntimeError):  # what servers raise when the client has gone
            if self._closed is None:
                self._end_with(1006, "")
            self._check_open()

    def _wanted(self) -> None:
        if self._closed is None and (self._taking is None or self._taking.done()):
            self._taking = asyncio.ensure_future(self._take_message())

    # What the gateway does

    def begin(self) -> None:
        """Accept what the client asks for. Blocks. Raises BadRequest."""
        event = await_(self._receive())
        if event["type"] != "websocket.connect":
            raise BadRequest("The client left during the handshake of the WebSocket.")
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.options.headers]
        await_(self._send_event({"type": "websocket.accept", "subprotocol": self.subprotocol, "headers": headers}))

    def end(self) -> None:
        """Wait until the server has been told of the end, and stop taking messages. Blocks."""
        if self._telling is not None:
            await_(self._telling)
        if self._taking is not None:
            self._taking.cancel()

    async def _take_message(self) -> None:
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            if self._closed is None:
                self._end_with(event.get("code") or 1005, event.get("reason") or "")
            return
        text = event.get("text")
        message = event["bytes"] if text is None else text
        if len(message) > self.options.max_message:
            self.close(1009, f"a message has at most {self.options.max_message} bytes")
        else:
            self._arrived(message)

    async def _say_close(self, code: int, reason: str) -> None:
        if (taking := self._taking) is not None and taking is not asyncio.current_task():
            taking.cancel()
            await asyncio.wait([taking])
        try:
            await self._send_event({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):
            pass  # the client was faster

    def _end_with(self, code: int, reason: str) -> None:
        self._closed = code, reason
        if self._reader is not None:
            self._reader.wake()
