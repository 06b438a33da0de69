"""Messages of WebSockets over a green socket: RFC 6455 with permessage-deflate, and the drafts 75 and 76 before it.

Frames are read and written by the core of `websockets`, which `spruce.server` stands on as well.
"""

import codecs
import errno
import struct
import sys
import zlib
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import replace
from socket import SHUT_RDWR, SHUT_WR
from typing import Any, Final

from websockets.exceptions import PayloadTooBig
from websockets.exceptions import ProtocolError as MalformedFrame
from websockets.extensions import Extension
from websockets.frames import Close, Frame, Opcode

from spruce.green import Semaphore

__all__ = [
    "DEFAULT_MAX_FRAME_LENGTH",
    "ConnectionClosedError",
    "FailedConnectionError",
    "ProtocolError",
    "RFC6455WebSocket",
    "WebSocket",
]

DEFAULT_MAX_FRAME_LENGTH: int = 8 << 20
_FRAMES_OF_A_MESSAGE: Final = 16  # of the greatest length, together
_DEFLATE: Final = "permessage-deflate"
_CONTROL: Final = 8


class ConnectionClosedError(Exception):
    """The other side has closed the WebSocket, or its connection."""


class FailedConnectionError(Exception):
    """The other side has done what ends the WebSocket: a status of RFC 6455 section 7.4, and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


class ProtocolError(ValueError):
    """A frame was to be sent that can't be."""


class WebSocket:
    """The server's end of a WebSocket of the drafts 75 and 76. Any number of green threads may send; one waits.

    `path` is the request's PATH_INFO, `origin` its Origin, `protocol` the subprotocol, `environ` all of it.
    """

    def __init__(self, sock: Any, environ: Mapping[str, Any], version: int = 76) -> None:
        self.socket = sock
        self.environ = environ
        self.version = version
        self.log = environ.get("wsgi.errors", sys.stderr)
        self.origin = environ.get("HTTP_ORIGIN")
        self.protocol = environ.get("HTTP_WEBSOCKET_PROTOCOL")
        self.path = environ.get("PATH_INFO")
        self.websocket_closed = False
        self._buf = b""
        self._msgs: deque[str] = deque()
        self._sendlock = Semaphore()

    def send(self, message: Any) -> None:
        """Send a message: text, bytes, or what `str` makes text of. Blocks; OSError when the client has gone."""
        data = message.encode() if isinstance(message, str) else message
        self._send(b"\x00" + (data if isinstance(data, bytes) else str(data).encode()) + b"\xff")

    def wait(self) -> Any:
        """Return the next message; None when there will be none. Blocks."""
        while not self._msgs:
            if self.websocket_closed:
                return None
            data = self.socket.recv(8096)
            if not data:
                return None
            self._buf += data
            self._parse()
        return self._msgs.popleft()

    def _parse(self) -> None:
        while self._buf:
            if self._buf[0] == 0:
                end = self._buf.find(b"\xff")
                if end < 0:
                    return
                self._msgs.append(self._buf[1:end].decode("utf-8", "replace"))
                self._buf = self._buf[end + 1 :]
            elif self._buf[0] == 255:
                self.websocket_closed = True
                return
            else:
                raise ValueError(f"a WebSocket of draft {self.version} has no frame that begins with {self._buf[:8]!r}")

    def _send(self, data: bytes) -> None:
        with self._sendlock:
            self.socket.sendall(data)

    def _send_closing_frame(self, ignore_send_errors: bool = False) -> None:
        """Tell the client that no more comes, where the draft has a way to."""
        if self.version == 76 and not self.websocket_closed:
            self.websocket_closed = True
            self._send_last(b"\xff\x00", ignore_send_errors)

    def _send_last(self, data: bytes, ignore_send_errors: bool) -> None:
        try:
            self._send(data)
        except OSError:
            if not ignore_send_errors:
                raise

    def close(self) -> None:
        """Close the WebSocket and its connection; better is to return from the handler."""
        self._send_closing_frame(True)
        self._end(SHUT_RDWR)

    def _end(self, how: int) -> None:
        try:
            self.socket.shutdown(how)
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EBADF):
                self.log.write(f"the socket of the WebSocket {self.path} could not be shut down: {error}\n")
        finally:
            self.socket.close()


class _Flag(Extension):
    """Takes note of a frame that is compressed, and marks those that are sent so."""

    name: Any = _DEFLATE

    def __init__(self, data: bytes | None = None) -> None:
        self.compressed = False
        self.data = data

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Take the mark off a frame that begins a message."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self.compressed = frame.rsv1
            return replace(frame, rsv1=False)
        return frame

    def encode(self, frame: Frame) -> Frame:
        """Give a frame the compressed data."""
        return frame if self.data is None else replace(frame, data=self.data, rsv1=True)


class _Message:
    """A message, or a control frame, as it comes."""

    def __init__(self, opcode: int, limit: int, decompressor: Any) -> None:
        self.opcode = opcode
        self.limit = limit
        self.decompressor = decompressor
        self.finished = False
        self.size = 0
        self._parts: list[bytes] = []

    def push(self, frame: Frame) -> None:
        """Add what a frame brings."""
        self._parts.append(bytes(frame.data))
        self.size += len(frame.data)
        self.finished = frame.fin
        if self.size > _FRAMES_OF_A_MESSAGE * self.limit:
            raise FailedConnectionError(1009, f"Incoming message is above length limit of {self.size} bytes.")

    def getvalue(self) -> str | bytes:
        """The whole of it: text or bytes."""
        data = b"".join(self._parts)
        if self.decompressor is not None:
            try:
                data = self.decompressor.decompress(data + b"\x00\x00\xff\xff", self.limit + 1)
            except zlib.error:
                raise FailedConnectionError(1007, "The message can't be decompressed.") from None
            if len(data) > self.limit or self.decompressor.unconsumed_tail:
                message = f"Incoming compressed frame exceeds length limit of {self.limit} bytes."
                raise FailedConnectionError(1009, message)
        if self.opcode != Opcode.TEXT:
            return data
        try:
            return codecs.decode(data, "utf-8")
        except UnicodeDecodeError:
            raise FailedConnectionError(1007, "Text data must be valid utf-8") from None


class RFC6455WebSocket(WebSocket):
    """An end of a WebSocket of RFC 6455: the server's, or a client's.

    `extensions` is what was agreed on, by name: for permessage-deflate a dict of its parameters. A frame longer than
    `max_frame_length` ends it, and a message of 16 times as many bytes.
    """

    def __init__(
        self,
        sock: Any,
        environ: Mapping[str, Any],
        version: int = 13,
        protocol: str | None = None,
        client: bool = False,
        extensions: dict[str, dict[str, Any]] | None = None,
        max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH,
    ) -> None:
        super().__init__(sock, environ, version)
        self.protocol = protocol
        self.client = client
        self.extensions = extensions or {}
        self.max_frame_length = max_frame_length
        self._remote_close_data: bytes | None = None
        self._kept: dict[str, Any] = {}  # what compresses and decompresses, where that goes on from message to message
        self._ended = False

    # ---- receiving -------------------------------------------------------------------------------------------------

    def wait(self) -> str | bytes | None:
        """Return the next message, text or bytes; None when there will be none. Blocks."""
        message: _Message | None = None
        while not self._ended:
            try:
                got = self._recv_frame(message)
                if got.opcode & _CONTROL:
                    self._control(got)
                elif got.finished:
                    return got.getvalue()
                else:
                    message = got
            except FailedConnectionError as failure:
                self.close((failure.status, failure.message))
            except ConnectionClosedError:
                self._ended = True
        return None

    def _recv_frame(self, message: _Message | None = None) -> _Message:
        """Read a frame; return the message that it begins or goes on with, or the control frame itself."""
        flag = _Flag()
        reading = Frame.parse(
            self._exactly,
            mask=not self.client,
            max_size=self.max_frame_length,
            extensions=[flag] if _DEFLATE in self.extensions else None,
        )
        frame = _result(reading, self.max_frame_length)
        if frame.opcode & _CONTROL:
            message = _Message(frame.opcode, self.max_frame_length, None)
        elif frame.opcode and message is not None:
            raise FailedConnectionError(1002, "Received a non-continuation opcode within fragmented message.")
        elif frame.opcode:
            decompressor = self._decompressor() if flag.compressed else None
            message = _Message(frame.opcode, self.max_frame_length, decompressor)
        elif message is None:
            raise FailedConnectionError(1002, "Received continuation opcode with no previous fragments received.")
        message.push(frame)
        return message

    def _exactly(self, size: int) -> Generator[None, None, bytes]:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionClosedError
            data += more
        yield from ()
        return data

    def _control(self, frame: _Message) -> None:
        data = frame.getvalue()
        if frame.opcode == Opcode.PING:
            self.send(data, control_code=Opcode.PONG)
        elif frame.opcode == Opcode.CLOSE:
            assert isinstance(data, bytes)  # noqa: S101 - for the type checker: only text is text
            self._remote_close_data = data
            try:
                close = Close.parse(data)
            except (MalformedFrame, UnicodeDecodeError):
                raise FailedConnectionError(1002, "The close frame is malformed.") from None
            self.close((1000 if close.code == 1005 else close.code, ""))
            raise ConnectionClosedError

    # ---- sending ---------------------------------------------------------------------------------------------------

    def send(self, message: Any, **how: Any) -> None:
        """Send a message: text or bytes. Blocks; OSError when the other side has gone."""
        self._send(self._pack_message(message, masked=self.client, **how))

    def _pack_message(
        self,
        message: Any,
        masked: bool = False,
        continuation: bool = False,
        final: bool = True,
        control_code: int | None = None,
    ) -> bytes:
        opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
        data = message.encode() if isinstance(message, str) else bytes(message)
        if control_code is not None:
            if continuation or not final or len(data) > 125 or not control_code & _CONTROL:
                raise ProtocolError("a control frame is one frame, of 125 bytes at most, and has a code from 8 on")
            return Frame(Opcode(control_code), data).serialize(mask=masked)
        packed = self._compressed(data) if data and not continuation and final else None
        frame = Frame(Opcode.CONT if continuation else opcode, data, final)
        return frame.serialize(mask=masked, extensions=[_Flag(packed)])

    def _send_closing_frame(
        self, ignore_send_errors: bool = False, close_data: tuple[int, str | bytes] | None = None
    ) -> None:
        if self.websocket_closed:
            return
        self.websocket_closed = True
        data = b""
        if close_data is not None:
            status, reason = close_data
            data = struct.pack("!H", status) + (reason.encode() if isinstance(reason, str) else reason)[:123]
        packed = self._pack_message(data, masked=self.client, control_code=Opcode.CLOSE)
        self._send_last(packed, ignore_send_errors)

    def close(self, close_data: tuple[int, str | bytes] | None = None) -> None:
        """Close the WebSocket and its connection, with a status and a reason; better is to return from the handler."""
        self._ended = True
        self._send_closing_frame(True, close_data)
        self._end(SHUT_WR)

    # ---- compression -----------------------------------------------------------------------------------------------

    def _compressed(self, data: bytes) -> bytes | None:
        options = self.extensions.get(_DEFLATE)
        if options is None:
            return None
        side = "client" if self.client else "server"
        bits = options.get(f"{side}_max_window_bits", zlib.MAX_WBITS)
        compressor = self._lasting(side, zlib.compressobj, zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -bits)
        packed: bytes = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
        return packed[:-4]

    def _decompressor(self) -> Any:
        side = "server" if self.client else "client"
        bits = self.extensions[_DEFLATE].get(f"{side}_max_window_bits", zlib.MAX_WBITS)
        return self._lasting(side, zlib.decompressobj, -bits)

    def _lasting(self, side: str, make: Any, *args: int) -> Any:
        """What is made for each message where that was agreed on, else once."""
        if self.extensions[_DEFLATE].get(f"{side}_no_context_takeover"):
            return make(*args)
        if side not in self._kept:
            self._kept[side] = make(*args)
        return self._kept[side]


def _result(reading: Generator[None, None, Frame], limit: int) -> Frame:
    try:
        next(reading)
    except StopIteration as end:
        frame: Frame = end.value
        return frame
    except PayloadTooBig as error:
        message = f"Incoming frame of {error.size} bytes is above length limit of {limit} bytes."
        raise FailedConnectionError(1009, message) from None
    except MalformedFrame as error:
        raise FailedConnectionError(1002, f"The frame is malformed: {error}.") from None
    raise AssertionError("the frame's bytes are read at once")
