"""WebSockets of the test client: a view at one end, a test at the other, and no socket between them."""

import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from spruce.errors import SpruceError
from spruce.green import GreenThread, Timeout, Waiter, spawn_owner
from spruce.http import Handler, Request, Response
from spruce.server import WebSocket, WebSocketClosed, WebSocketOptions
from spruce.server.websocket import Upgradable
from spruce.web.jsonprovider import to_json

__all__ = ["WebSocketRefused", "WebSocketSession", "handshake_fields"]

_END_SECONDS = 5


def handshake_fields(subprotocols: Sequence[str]) -> list[tuple[str, str]]:
    """Return the header fields with which a client asks for a WebSocket."""
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    fields.append(("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))
    return [*fields, ("Sec-WebSocket-Protocol", ", ".join(subprotocols))] if subprotocols else fields


class WebSocketRefused(SpruceError):
    """The app answered the handshake with a `response` of its own instead of accepting it."""

    def __init__(self, request: Request, response: Response) -> None:
        super().__init__(
            f"the WebSocket at {request.path!r} was refused with {response.status}",
            hint="The error has the response, as `response`.",
        )
        self.response = response


class WebSocketSession:
    """The client's end: `with client.websocket_connect("/ws") as websocket:`.

    At the end of the block it is closed, and the view is waited for. What a view raises with TESTING set is raised
    where the test waits for it. `accepted_subprotocol` and `extra_headers` are what the view has answered.
    """

    def __init__(self, handle: Handler, request: Request, subprotocols: Sequence[str]) -> None:
        self.request = request
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[str, str]] = []
        self._handle = handle
        self._offered = subprotocols
        self._messages: list[str | bytes] = []
        self._waiter: Waiter | None = None
        self._server: _ServerEnd | None = None
        request.stream = Upgradable(self._accept)

    def __enter__(self) -> "WebSocketSession":
        self._thread: GreenThread = spawn_owner(self._handle, self.request)
        self._thread.link(lambda _: self._wake())
        self._wait(lambda: self._server is not None or self._thread.dead)
        if self._server is None:
            raise WebSocketRefused(self.request, self._thread.wait())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        try:
            with Timeout(_END_SECONDS):
                self._thread.wait()
        except Timeout:
            self._thread.kill()
            raise AssertionError(
                f"the view at {self.request.path!r} went on for {_END_SECONDS} seconds after its WebSocket was closed"
            ) from error
        except Exception as failure:
            if failure is not error:
                raise

    # What the test sends

    def send_text(self, data: str) -> None:
        """Send a text. Raises WebSocketClosed."""
        self._send(data)

    def send_bytes(self, data: bytes) -> None:
        """Send bytes. Raises WebSocketClosed."""
        self._send(data)

    def send_json(self, data: Any, mode: str = "text") -> None:
        """Send JSON, as a text or, with "binary", as bytes. Raises WebSocketClosed."""
        encoded = to_json(data)
        self._send(encoded if mode == "binary" else encoded.decode())

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, if nobody has."""
        if self._server is not None:
            self._server.end(code, reason)

    def _send(self, data: str | bytes) -> None:
        self._end().take(data)

    # What the test receives

    def receive(self) -> str | bytes:
        """Wait for the next message and return it. Raises WebSocketClosed when there will be none."""
        server = self._end()
        self._wait(lambda: bool(self._messages) or server.close_code is not None or self._thread.dead)
        if self._messages:
            return self._messages.pop(0)
        if server.failed or self._thread.dead:
            self._thread.wait()
        raise WebSocketClosed(1000 if server.close_code is None else server.close_code, server.close_reason)

    def receive_text(self) -> str:
        """Wait for a text and return it. Raises WebSocketClosed, and AssertionError for anything else."""
        message = self.receive()
        if not isinstance(message, str):
            raise AssertionError(f"the view sent bytes and no text: {message!r:.60}")
        return message

    def receive_bytes(self) -> bytes:
        """Wait for bytes and return them. Raises WebSocketClosed, and AssertionError for anything else."""
        message = self.receive()
        if not isinstance(message, bytes):
            raise AssertionError(f"the view sent a text and no bytes: {message!r:.60}")
        return message

    def receive_json(self) -> Any:
        """Wait for a message with JSON and return what it says. Raises WebSocketClosed, and ValueError."""
        return json.loads(self.receive())

    # What the server's end does

    def arrived(self, message: str | bytes) -> None:
        """Keep a message that the view has sent."""
        self._messages.append(message)
        self._wake()

    def _accept(self, request: Request, options: WebSocketOptions) -> WebSocket:
        self.accepted_subprotocol = next((one for one in options.subprotocols if one in self._offered), None)
        self.extra_headers = list(options.headers)
        self._server = _ServerEnd(self.accepted_subprotocol, options, self)
        self._wake()
        return self._server

    def _end(self) -> "_ServerEnd":
        if self._server is None:
            raise RuntimeError("the WebSocket is not open: use it inside of `with client.websocket_connect(...)`")
        return self._server

    def _wait(self, ready: Callable[[], bool]) -> None:
        while not ready():
            self._waiter = Waiter()
            self._waiter.wait()

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.wake()


class _ServerEnd(WebSocket):
    """What the view has."""

    def __init__(self, subprotocol: str | None, options: WebSocketOptions, client: WebSocketSession) -> None:
        super().__init__(subprotocol, options)
        self.failed = False
        self._client = client
        self._closed: tuple[int, str] | None = None

    def ping(self) -> float:
        """Return 0.0: the test is there. Raises WebSocketClosed."""
        self._check_open()
        return 0.0

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, if nobody has."""
        self.end(code, reason)

    def fail(self, code: int, reason: str = "") -> None:
        """Close it because of an error, which the test will see."""
        self.failed = True
        self.end(code, reason)

    @property
    def close_code(self) -> int | None:
        """The code that was given first."""
        return None if self._closed is None else self._closed[0]

    @property
    def close_reason(self) -> str:
        """The reason that was given first."""
        return "" if self._closed is None else self._closed[1]

    def end(self, code: int, reason: str) -> None:
        """Close it from either side; the first one counts."""
        if self._closed is None:
            self._closed = code, reason
            if self._reader is not None:
                self._reader.wake()
            self._client._wake()

    def take(self, message: str | bytes) -> None:
        """Take a message from the test; one that is too large closes it, as on the wire."""
        self._check_open()
        if len(message if isinstance(message, bytes) else message.encode()) > self.options.max_message:
            self.end(1009, f"a message has at most {self.options.max_message} bytes")
        else:
            self._arrived(message)

    def _send(self, message: str | bytes) -> None:
        self._client.arrived(message)

    def _wanted(self) -> None:
        """Nothing: a test sends when it likes."""
