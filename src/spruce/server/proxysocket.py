"""Passing a WebSocket on: the client's is accepted as soon as the other side has accepted, with what that chose."""

from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidMessage
from websockets.frames import Frame, Opcode
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from spruce.green import GreenSocket, spawn
from spruce.http import Request, Response
from spruce.server.websocket import WebSocket, WebSocketClosed, WebSocketOptions, accept

__all__ = ["pass_websocket"]

_MAX_MESSAGE = 64 * 1024 * 1024
_PASSED_ON = ("cookie", "authorization", "user-agent")
_SENDABLE = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}  # RFC 6455 section 7.4


def pass_websocket(request: Request, address: str, sock: GreenSocket) -> Response:
    """Let the client of a request talk to the WebSocket at the other end of `sock`, until one of them has ended.

    Blocks. `address` is host and port, for the log of errors. Raises ConnectionError when the other side refuses.
    """
    with sock:
        other = _Other(request, address, sock)
        options = WebSocketOptions(["*"], other.chosen, compression=False, max_message=_MAX_MESSAGE)
        websocket = accept(request, options)
        back = spawn(other.pass_to, websocket)
        try:
            for message in websocket:
                other.send(message)
        except ConnectionError:
            pass
        finally:
            other.close(websocket)
            back.kill()
        websocket.close()
    return Response(b"", 101)


class _Other:
    """The WebSocket of the other side; made by a handshake that it has accepted."""

    def __init__(self, request: Request, address: str, sock: GreenSocket) -> None:
        self.sock = sock
        offered = [Subprotocol(name) for name in _names(request.headers.get("Sec-WebSocket-Protocol", ""))]
        origin = request.headers.get("Origin")
        self.protocol = ClientProtocol(
            parse_uri(f"ws://{address}{request.target}"),
            origin=None if origin is None else Origin(origin),
            subprotocols=offered or None,
            max_size=_MAX_MESSAGE,
        )
        handshake = self.protocol.connect()
        del handshake.headers["Host"]
        handshake.headers["Host"] = request.host
        for name, value in request.headers.items():
            if name.lower() in _PASSED_ON:
                handshake.headers[name] = value
        self.protocol.send_request(handshake)
        self._flush()
        self.early = self._shake()
        self.chosen = [self.protocol.subprotocol] if self.protocol.subprotocol else []

    def _shake(self) -> list[Any]:
        """Wait for the answer to the handshake; return what came behind it."""
        events: list[Any] = []
        while not events and self._receive():
            events = self.protocol.events_received()
        error = self.protocol.handshake_exc
        if isinstance(error, InvalidHandshake | InvalidMessage) or not events:
            raise ConnectionError(f"it refused the WebSocket ({error or 'it hung up'})")
        return events[1:]

    def _receive(self) -> bool:
        """Wait for bytes; return whether there were any."""
        data = self.sock.recv(65536)
        if data:
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_eof()
        self._flush()
        return bool(data)

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.sock.sendall(data)

    def pass_to(self, websocket: WebSocket) -> None:
        """Pass on what comes, until one of both has ended."""
        parts: list[bytes] = []
        text = False
        events = self.early
        try:
            while True:
                for frame in events:
                    if not isinstance(frame, Frame) or frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                        continue
                    if frame.opcode is not Opcode.CONT:
                        text = frame.opcode is Opcode.TEXT
                    parts.append(bytes(frame.data))
                    if frame.fin:
                        whole = b"".join(parts)
                        parts.clear()
                        websocket.send(whole.decode("utf-8", "replace") if text else whole)
                if not self._receive():
                    break
                events = self.protocol.events_received()
        except (ConnectionError, WebSocketClosed):
            pass
        websocket.close(_sendable(self.protocol.close_code), self.protocol.close_reason or "")

    def send(self, message: str | bytes) -> None:
        """Pass a message on. Raises ConnectionError."""
        if self.protocol.close_code is not None:
            raise ConnectionError("the other side has gone")
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        self._flush()

    def close(self, websocket: WebSocket) -> None:
        """Tell the other side why the client has gone."""
        try:
            if self.protocol.close_code is None and self.protocol.state.name == "OPEN":
                self.protocol.send_close(_sendable(websocket.close_code), websocket.close_reason)
                self._flush()
        except OSError:
            pass


def _sendable(code: int | None) -> int:
    """Return a code that may be sent: where there was none, that one side goes away."""
    return code if code in _SENDABLE and code is not None else 1001


def _names(header: str) -> list[str]:
    return [name.strip() for name in header.split(",") if name.strip()]
