"""WebSockets on the wire (RFC 6455) with permessage-deflate (RFC 7692).

The protocol itself is the sans-I/O core of `websockets`. `shake_hands` answers the handshake; from then on the
WebSocket is what the transport calls. Besides the bounds of every WebSocket, who does not answer a ping is gone.
"""

import asyncio
import codecs
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from spruce.green import Waiter
from spruce.http import Request
from spruce.server.websocket import WebSocket, WebSocketOptions

if TYPE_CHECKING:
    from websockets.frames import Frame
    from websockets.server import ServerProtocol

__all__ = ["WireWebSocket", "shake_hands"]

_CONTINUED, _TEXT, _BINARY, _PONG = 0, 1, 2, 10  # opcodes (RFC 6455 section 5.2)
_PONG_BEGINS: Final = b"\x8a"
_ABNORMAL: Final = 1006
_CLOSE_SECONDS = 5
_new_decoder: Final = codecs.getincrementaldecoder("utf-8")
_MOST_WAITING = 16  # messages that have come and are not received, before reading stops


class WireWebSocket(WebSocket, asyncio.Protocol):
    """A WebSocket that has the transport of its connection."""

    def __init__(self, protocol: "ServerProtocol", options: WebSocketOptions, clock: Callable[[], float]) -> None:
        super().__init__(protocol.subprotocol, options)
        self.lost = False
        self.on_lost: Callable[[], object] | None = None
        self._protocol = protocol
        self._clock = clock
        self._heard = clock()
        self._asked = 0.0  # when a ping was sent that has no answer yet
        self._closing = 0.0  # since when
        self._bytes: list[bytes] = []  # parts of the message that comes, as the first one told what it is
        self._text: list[str] = []
        self._decoder: codecs.IncrementalDecoder | None = None  # of text
        self._writers: list[Waiter] = []
        self._pings: dict[bytes, Waiter] = {}
        self._full = False
        self._pong = b""  # the answer to the last ping, while the client takes nothing
        self._held_back = False

    # What the application does

    def _wanted(self) -> None:
        if self._held_back and not self.lost:
            self._held_back = False
            self.transport.resume_reading()

    def _send(self, message: str | bytes) -> None:
        self._put(message)
        self.wait_until_taken()

    def put(self, message: str | bytes) -> bool:
        """Send a message without waiting; return whether the client has taken enough to send the next one.

        Raises WebSocketClosed.
        """
        self._check_open()
        self._put(message)
        return not self._full

    def _put(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()

    def wait_until_taken(self) -> None:
        """Wait while the client takes too little. Raises WebSocketClosed when it has gone."""
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
        """Send a ping and wait for its answer."""
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
        """Send a close frame, if none was sent."""
        if not self._closing and not self.lost:
            self._closing = self._clock()
            self._protocol.send_close(code, reason)
            self._flush()
            self._wake_all()

    def fail(self, code: int, reason: str = "") -> None:
        """Send a close frame and nothing after it."""
        if not self.lost:
            self._closing = self._closing or self._clock()
            self._protocol.fail(code, reason)
            self._flush()
            self._wake_all()

    @property
    def close_code(self) -> int | None:
        """The code that the client gave, else ours."""
        if self.lost:
            return self._protocol.close_code or _ABNORMAL
        end = self._protocol.close_rcvd or self._protocol.close_sent
        return None if end is None else end.code

    @property
    def close_reason(self) -> str:
        """The reason that the client gave, else ours."""
        end = self._protocol.close_rcvd or self._protocol.close_sent
        return end.reason if end is not None else ""

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
        pong, self._pong = self._pong, b""
        if pong and not self._closing:
            self.transport.write(pong)
        for waiter in self._writers:
            waiter.wake()

    def _take(self, frame: "Frame") -> None:
        code = frame.opcode
        if code in (_TEXT, _BINARY, _CONTINUED):
            if code != _CONTINUED:
                self._decoder = _new_decoder() if code == _TEXT else None
            self._take_part(bytes(frame.data), frame.fin)
        elif code == _PONG and (waiter := self._pings.pop(bytes(frame.data), None)) is not None:
            waiter.wake()

    def _take_part(self, data: bytes, final: bool) -> None:
        """Take a part of a message. Text that is no UTF-8 ends the connection with its part, not only with its end."""
        if self._decoder is None:
            if data:  # empty ones count for no limit, and would fill the memory
                self._bytes.append(data)
            if final:
                message, self._bytes = b"".join(self._bytes), []
                self._arrived(message)
            return
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            self.fail(1007, f"{error.reason} at position {error.start}")
            return
        if text:
            self._text.append(text)
        if final:
            whole, self._text = "".join(self._text), []
            self._arrived(whole)

    def _flush(self) -> None:
        """Write what the protocol has to say; its empty piece means that it is done.

        Of the answers to pings the last one will do where the client takes none (RFC 6455 section 5.5.3).
        """
        for data in self._protocol.data_to_send():
            if self._full and data[:1] == _PONG_BEGINS:
                self._pong = data
            elif data:
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


def shake_hands(
    request: Request,
    options: WebSocketOptions,
    switch: Callable[[WireWebSocket, bytes], None],
    clock: Callable[[], float],
) -> WebSocket:
    """Answer the handshake of a request: `switch` sends the answer and lets the WebSocket have all that follows.

    `clock` is the server's time in seconds. Raises BadRequest when the handshake is wrong.
    """
    from spruce.server.handshake import agree  # most servers never see a WebSocket, and it takes a while to load

    protocol, head = agree(request, options)
    websocket = WireWebSocket(protocol, options, clock)
    switch(websocket, head)
    return websocket
