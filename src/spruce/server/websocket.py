"""WebSockets (RFC 6455) with permessage-deflate (RFC 7692), as plain calls that wait in the green thread.

The protocol itself is the sans-I/O core of `websockets`. `accept(request)` answers the handshake; from then on the
WebSocket is what the transport calls. It stays within these bounds: what has come and is not received stops the
reading, what is not taken makes `send` wait, and who does not answer a ping is gone.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from spruce.errors import BadRequest, Forbidden, ServerError, SpruceError
from spruce.errors.http import UpgradeRequired
from spruce.green import Waiter
from spruce.http import Request
from spruce.server.upgrade import Upgradable

if TYPE_CHECKING:
    from websockets.frames import Frame
    from websockets.server import ServerProtocol

__all__ = ["WebSocket", "WebSocketClosed", "WebSocketOptions", "accept"]

_log = logging.getLogger("spruce.server.websocket")
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PONG = 0, 1, 2, 8, 10  # opcodes (RFC 6455 section 5.2)
_ABNORMAL: Final = 1006
_CLOSE_SECONDS = 5
_MOST_WAITING = 16  # messages that have come and are not received, before reading stops


class WebSocketClosed(SpruceError, ConnectionError):
    """The WebSocket is closed: `code` and `reason` say why; 1006 is a connection that was lost."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the WebSocket is closed ({code}{', ' + reason if reason else ''})")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WebSocketOptions:
    """What a WebSocket is held to. `accept` checks the first three."""

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


class WebSocket(asyncio.Protocol):
    """The server's end of one WebSocket. Any number of green threads may send; one receives.

    `subprotocol` is the one that was agreed on, None without. `close_code` and `close_reason` are None and empty until
    it is closed.
    """

    def __init__(self, protocol: "ServerProtocol", options: WebSocketOptions, clock: Callable[[], float]) -> None:
        self.subprotocol: str | None = protocol.subprotocol
        self.options = options
        self.lost = False
        self.on_lost: Callable[[], object] | None = None
        self._protocol = protocol
        self._clock = clock
        self._heard = clock()
        self._asked = 0.0  # when a ping was sent that has no answer yet
        self._closing = 0.0  # since when
        self._messages: deque[str | bytes] = deque()
        self._parts: list[bytes] = []
        self._is_text = False
        self._reader: Waiter | None = None
        self._writers: list[Waiter] = []
        self._pings: dict[bytes, Waiter] = {}
        self._full = False
        self._held_back = False

    def __repr__(self) -> str:
        return f"<WebSocket {'open' if self.close_code is None else f'closed {self.close_code}'}>"

    # What the application does

    def receive(self) -> str | bytes:
        """Return the next message; waits for it. Raises WebSocketClosed when there will be none."""
        if self._reader is not None:
            raise ServerError(
                "two green threads receive from one WebSocket", hint="Let one receive and tell the other."
            )
        while not self._messages:
            self._check_open()
            self._reader = Waiter()
            try:
                self._reader.wait()
            finally:
                self._reader = None
        message = self._messages.popleft()
        if self._held_back and not self._messages and not self.lost:
            self._held_back = False
            self.transport.resume_reading()
        return message

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
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        elif isinstance(message, bytes | bytearray | memoryview):
            self._protocol.send_binary(bytes(message))
        else:
            raise TypeError(f"a WebSocket sends str or bytes, not a {type(message).__name__}: {message!r:.60}")
        self._flush()
        while self._full and not self.lost:
            waiter = Waiter()
            self._writers.append(waiter)
            try:
                waiter.wait()
            finally:
                self._writers.remove(waiter)
        if self.lost:
            self._check_open()

    def ping(self) -> float:
        """Ask for a sign of life and wait for it; return how many seconds it took. Raises WebSocketClosed."""
        self._check_open()
        loop = asyncio.get_running_loop()
        data = b"%x" % (id(self) + len(self._pings) + int(loop.time() * 1e6))
        waiter = self._pings[data] = Waiter()
        start = loop.time()
        self._protocol.send_ping(data)
        self._flush()
        try:
            waiter.wait()
        finally:
            self._pings.pop(data, None)
        self._check_open()
        return loop.time() - start

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin to close it, with a reason of at most 123 bytes; nothing if that has begun. Never waits."""
        if not self._closing and not self.lost:
            self._closing = self._clock()
            self._protocol.send_close(code, reason)
            self._flush()
            self._wake_all()

    def fail(self, code: int, reason: str = "") -> None:
        """Close it at once, because of an error."""
        if not self.lost:
            self._closing = self._closing or self._clock()
            self._protocol.fail(code, reason)
            self._flush()
            self._wake_all()

    @property
    def close_code(self) -> int | None:
        """Why it was closed, as RFC 6455 section 7.4 counts; None while it is open."""
        if self.lost:
            return self._protocol.close_code or _ABNORMAL
        end = self._protocol.close_rcvd or self._protocol.close_sent
        return None if end is None else end.code

    @property
    def close_reason(self) -> str:
        """What whoever closed it said."""
        end = self._protocol.close_rcvd or self._protocol.close_sent
        return end.reason if end is not None else ""

    def _check_open(self) -> None:
        if (code := self.close_code) is not None:
            raise WebSocketClosed(code, self.close_reason)

    # What the transport calls

    def begin(self, transport: asyncio.Transport, head: bytes) -> None:
        """Send the answer to the handshake and take over the transport."""
        self.transport = transport
        transport.set_protocol(self)
        transport.write(head)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._heard, self._asked = self._clock(), 0.0
        protocol = self._protocol
        protocol.receive_data(data)
        for frame in protocol.events_received():
            self._take(frame)  # type: ignore[arg-type] # a server that is open gets frames, not requests
        self._flush()
        if self._protocol.close_sent is not None and not self._closing:
            self._closing = self._clock()
            self._wake_all()
        if len(self._messages) > _MOST_WAITING and not self._held_back and not self.transport.is_closing():
            self._held_back = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """The client has closed its side."""
        self._protocol.receive_eof()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The connection has gone."""
        self.lost = True
        self._wake_all()
        if self.on_lost is not None:
            self.on_lost()

    def pause_writing(self) -> None:
        """The client does not take what was sent."""
        self._full = True

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        self._full = False
        for waiter in self._writers:
            waiter.wake()

    def _take(self, frame: "Frame") -> None:
        code = frame.opcode
        if code in (_TEXT, _BINARY, _CONTINUED):
            if code != _CONTINUED:
                self._is_text = code == _TEXT
            self._parts.append(bytes(frame.data))
            if frame.fin:
                self._take_message(b"".join(self._parts))
                self._parts = []
        elif code == _PONG and (waiter := self._pings.pop(bytes(frame.data), None)) is not None:
            waiter.wake()

    def _take_message(self, data: bytes) -> None:
        try:
            self._messages.append(data.decode() if self._is_text else data)
        except UnicodeDecodeError as error:
            self.fail(1007, f"{error.reason} at position {error.start}")
            return
        if self._reader is not None:
            self._reader.wake()

    def _flush(self) -> None:
        """Write what the protocol has to say; its empty piece means that it is done."""
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)
            elif self.transport.can_write_eof() and not self._held_back:
                self.transport.write_eof()  # and the client closes: to close now could reset what it has not read
            else:
                self.transport.close()

    def _wake_all(self) -> None:
        for waiter in (self._reader, *self._writers, *self._pings.values()):
            if waiter is not None:
                waiter.wake()

    # What the server calls

    def drain(self) -> None:
        """Close it: the server stops."""
        self.close(1001, "the server stops")
        self.check(self._clock())

    def check(self, now: float) -> None:
        """Look whether the client is still there; `now` is the loop's time."""
        patience = self.options.ping_seconds
        if self._closing:
            if now - self._closing > _CLOSE_SECONDS:
                self.transport.abort()
        elif patience and self._asked and now - self._asked > patience:
            self.fail(1011, "no answer to a ping")
        elif patience and not self._asked and not self._held_back and now - self._heard > patience:
            self._asked = now
            self._protocol.send_ping(b"")
            self._flush()


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
    protocol, head = _shake_hands(request, options)
    websocket = WebSocket(protocol, options, stream.clock)
    stream.switch(websocket, head)
    return websocket


def _check_origin(request: Request, origins: Sequence[str] | None) -> None:
    """Refuse web pages of other origins: a browser sends its cookies along (RFC 6455 section 10.2)."""
    origin = request.headers.get("Origin")
    if origin is None or (origins is not None and ("*" in origins or origin in origins)):
        return
    if origins is None and urlsplit(origin).netloc.lower() == request.host.lower():
        return
    raise Forbidden(f"A page of {origin!r:.100} may not connect to this WebSocket.")


def _shake_hands(request: Request, options: WebSocketOptions) -> tuple["ServerProtocol", bytes]:
    # Imported here, since most servers never see a WebSocket, and it takes a while.
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
    from websockets.http11 import Request as Handshake
    from websockets.server import ServerProtocol

    def choose(_: Any, offered: Sequence[Any]) -> Any:
        return next((one for one in options.subprotocols if one in offered), None)

    deflate = ServerPerMessageDeflateFactory(
        server_max_window_bits=12, client_max_window_bits=12, compress_settings={"memLevel": 5}
    )  # 32 KiB a connection, where the largest windows would take 300
    protocol = ServerProtocol(
        extensions=[deflate] if options.compression else None,
        subprotocols=list(options.subprotocols) or None,  # type: ignore[arg-type] # Subprotocol is a NewType of str
        select_subprotocol=choose,
        max_size=options.max_message,
        logger=_log,
    )
    fields = b"".join(b"%b: %b\r\n" % field for field in request.raw_headers)
    protocol.receive_data(b"GET %b HTTP/1.1\r\n%b\r\n" % (request.target.encode("latin-1"), fields))
    (handshake,) = protocol.events_received() or (None,)
    if not isinstance(handshake, Handshake):
        raise BadRequest(f"The handshake of the WebSocket is wrong: {protocol.handshake_exc}.")
    response = protocol.accept(handshake)
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        raise BadRequest(f"The handshake of the WebSocket is wrong: {protocol.handshake_exc}.")
    protocol.send_response(response)
    return protocol, b"".join(protocol.data_to_send())
