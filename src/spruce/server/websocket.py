"""WebSockets as plain calls that wait in the green thread: what a view talks to, whoever carries the messages.

`accept(request)` makes one of a request that asks for it: Spruce's own server does so on the wire (`wire.py`), those of
others by ASGI, the test client in memory. Each keeps to these bounds: what has come and is not received stops the
reading, and what is not taken makes `send` wait.
"""

from abc import ABC, abstractmethod
from asyncio import Future, get_running_loop
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urlsplit

from spruce.errors import Forbidden, ServerError, SpruceError
from spruce.errors.http import UpgradeRequired
from spruce.events import websocket_accepted, websocket_received, websocket_waiting
from spruce.green import Waiter
from spruce.http import Request

__all__ = ["Upgradable", "WebSocket", "WebSocketClosed", "WebSocketOptions", "accept"]


class WebSocketClosed(SpruceError, ConnectionError):
    """The WebSocket is closed: `code` and `reason` say why; 1006 is a connection that was lost."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the WebSocket is closed ({code}{', ' + reason if reason else ''})")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WebSocketOptions:
    """What a WebSocket is held to. `accept` checks the first two."""

    origins: Sequence[str] | None = None
    """Web pages of these origins may connect, as https://shop.example; None: those of the same host; "*": all."""
    subprotocols: Sequence[str] = ()
    """Those that are spoken, the best first."""
    compression: bool = True
    """Whether permessage-deflate is agreed on with clients that offer it."""
    max_message: int = 1024 * 1024
    """Bytes of a message, decompressed; a larger one closes with 1009."""
    ping_seconds: float = 20
    """Silence after which a ping is sent, and as long for its answer; then the connection is lost. 0: no pings."""
    headers: Sequence[tuple[str, str]] = ()
    """Further header fields of the answer to the handshake, cookies for example."""


class WebSocket(ABC):
    """The server's end of one WebSocket. Any number of green threads may send; one receives.

    `subprotocol` is the one that was agreed on, None without.
    """

    def __init__(self, subprotocol: str | None, options: WebSocketOptions) -> None:
        self.subprotocol = subprotocol
        self.options = options
        self._messages: deque[str | bytes] = deque()
        self._reader: Waiter | _Arrival | None = None

    def __repr__(self) -> str:
        return f"<WebSocket {'open' if self.close_code is None else f'closed {self.close_code}'}>"

    def receive(self) -> str | bytes:
        """Return the next message; waits for it. Raises WebSocketClosed when there will be none."""
        self._check_alone()
        if websocket_waiting.subscribers:
            websocket_waiting.emit(websocket=self)
        while not self._messages:
            self._check_open()
            self._reader = waiter = Waiter()
            try:
                self._wanted()
                waiter.wait()
            finally:
                self._reader = None
        message = self._messages.popleft()
        if websocket_received.subscribers:
            websocket_received.emit(websocket=self, size=len(message))
        return message

    def poll(self) -> str | bytes | None:
        """Return the next message if there is one, else None; never waits. Raises WebSocketClosed as `receive`."""
        if self._messages:
            return self._messages.popleft()
        self._check_open()
        return None

    def arrival(self) -> "Future[None]":
        """Return a future for async code: done when there is something to `poll`, or the WebSocket has been closed.

        If its awaiting is cancelled nothing is lost: ask for another one.
        """
        self._check_alone()
        self._reader = arrival = _Arrival()
        self._wanted()
        return arrival.future

    def _check_alone(self) -> None:
        reader = self._reader
        if reader is not None and not (isinstance(reader, _Arrival) and reader.future.done()):
            raise ServerError(
                "two threads or tasks receive from one WebSocket", hint="Let one receive and tell the other."
            )

    def __iter__(self) -> Iterator[str | bytes]:
        """Yield the messages until it is closed, however that happens."""
        while True:
            try:
                message = self.receive()
            except WebSocketClosed:
                return
            yield message

    def send(self, message: str | bytes) -> None:
        """Send a message: text or bytes. Waits while the client takes too little. Raises WebSocketClosed."""
        self._check_open()
        given: object = message
        if isinstance(given, bytearray | memoryview):
            self._send(bytes(given))
        elif isinstance(given, str | bytes):
            self._send(given)
        else:
            raise TypeError(f"a WebSocket sends str or bytes, not a {type(given).__name__}: {given!r:.60}")

    @abstractmethod
    def ping(self) -> float:
        """Ask for a sign of life and wait for it; return how many seconds it took. Raises WebSocketClosed."""

    @abstractmethod
    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin to close it, with a reason of at most 123 bytes; nothing if that has begun. Never waits."""

    @abstractmethod
    def fail(self, code: int, reason: str = "") -> None:
        """Close it at once, because of an error."""

    @property
    @abstractmethod
    def close_code(self) -> int | None:
        """Why it was closed, as RFC 6455 section 7.4 counts; None while it is open."""

    @property
    @abstractmethod
    def close_reason(self) -> str:
        """What whoever closed it said; empty while it is open."""

    @abstractmethod
    def _send(self, message: str | bytes) -> None:
        """Carry a message to the client; waits while it takes too little."""

    def _arrived(self, message: str | bytes) -> None:
        """Keep a message until it is received."""
        self._messages.append(message)
        if self._reader is not None:
            self._reader.wake()

    @abstractmethod
    def _wanted(self) -> None:
        """Go on reading: somebody waits for a message."""

    def _check_open(self) -> None:
        if (code := self.close_code) is not None:
            raise WebSocketClosed(code, self.close_reason)


class _Arrival:
    """Who waits for a message in async code."""

    def __init__(self) -> None:
        self.future: Future[None] = get_running_loop().create_future()

    def wake(self) -> None:
        """There is one."""
        if not self.future.done():
            self.future.set_result(None)


class Upgradable(BytesIO):
    """The stream of a request that asks for a WebSocket: an empty body, and `accept`, which makes one of the request.

    `accept` raises BadRequest when the handshake is wrong.
    """

    def __init__(self, accept: Callable[[Request, WebSocketOptions], WebSocket]) -> None:
        super().__init__()
        self.accept = accept


def accept(request: Request, options: WebSocketOptions | None = None) -> WebSocket:
    """Turn the connection of a request into a WebSocket; the view goes on with it and returns when it is done.

    Raises UpgradeRequired when the request asks for none, Forbidden for a page of another origin, BadRequest when the
    handshake is wrong.
    """
    options = options or WebSocketOptions()
    stream = request.stream
    if not isinstance(stream, Upgradable):
        raise UpgradeRequired()
    _check_origin(request, options.origins)
    websocket = stream.accept(request, options)
    if websocket_accepted.subscribers:
        websocket_accepted.emit(websocket=websocket, request=request)
    return websocket


def _check_origin(request: Request, origins: Sequence[str] | None) -> None:
    """Refuse web pages of other origins: a browser sends its cookies along (RFC 6455 section 10.2)."""
    origin = request.headers.get("Origin")
    if origin is None or (origins is not None and ("*" in origins or origin in origins)):
        return
    if origins is None and urlsplit(origin).netloc.lower() == request.host.lower():
        return
    raise Forbidden(f"A page of {origin!r:.100} may not connect to this WebSocket.")
