"""WebSockets of applications that `eventlet.wsgi` serves."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from spruce import eventlet, green
from spruce.errors import HostedAppError
from spruce.eventlet import websocket, wsgi

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455 section 1.3
ASKS = {"Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Host": "x"}
MODERN = {**ASKS, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}


def echo(ws: websocket.WebSocket) -> None:
    """Say what is said, until nothing is."""
    while (message := ws.wait()) is not None:
        ws.send(message)


@contextmanager
def serving(app: Any) -> Iterator[tuple[str, int]]:
    """Serve an application; the address."""
    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    server = eventlet.spawn(wsgi.server, sock, app, log_output=False)
    yield address
    server.kill(SystemExit)
    server.wait()


def answer_to(app: Any, fields: dict[str, str], behind: bytes = b"", size: int = 65536) -> bytes:
    """What comes first when a WebSocket is asked for with these header fields."""
    with serving(app) as address, eventlet.connect(address) as client:
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        client.sendall(f"GET /chat?a=b HTTP/1.1\r\n{head}\r\n".encode() + behind)
        return bytes(client.recv(size))


@pytest.mark.parametrize("compression", ["deflate", None])
def test_a_client_of_others(compression: str | None) -> None:
    """That of the library websockets, in an OS thread; a frame that is too long ends it."""
    app = websocket.WebSocketWSGI(echo, max_frame_length=1000)

    def talk(address: tuple[str, int]) -> list[str | bytes]:
        with connect(f"ws://{address[0]}:{address[1]}/", compression=compression) as client:
            got = []
            for message in ("text", b"bytes", "x" * 1000):
                client.send(message)
                got.append(client.recv())
            client.send("x" * 1001)
            with pytest.raises(ConnectionClosed, match="1009"):
                client.recv()
            return got

    def main() -> list[str | bytes]:
        with serving(app) as address:
            got: list[str | bytes] = green.tpool.execute(talk, address)
            return got

    assert green.run(main) == ["text", b"bytes", "x" * 1000]


def test_the_handshake() -> None:
    """To the byte; of what is offered, what is known is agreed on."""
    app = websocket.WebSocketWSGI.configured(echo, supported_protocols=["b", "c"])
    answer = answer_to(app, {**MODERN, "Sec-WebSocket-Protocol": "a, b, c"})
    accept = base64.b64encode(hashlib.sha1(KEY.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    assert answer.decode().splitlines() == [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
        "Sec-WebSocket-Protocol: b",
        "",
    ]


@pytest.mark.parametrize(
    ("offers", "agreed"),
    [
        ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
        ("x, permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=15"),
        ('permessage-deflate; server_max_window_bits="10"', "permessage-deflate; server_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=x", None),
        ("other", None),
    ],
)
def test_compression_is_agreed_on(offers: str, agreed: str | None) -> None:
    answer = answer_to(websocket.WebSocketWSGI(echo), {**MODERN, "Sec-WebSocket-Extensions": offers})
    assert answer.decode().partition("Sec-WebSocket-Extensions: ")[2].strip() == (agreed or "")


def test_the_drafts() -> None:
    """75, and 76 with the example of its text; not where they aren't wanted."""
    app = websocket.WebSocketWSGI(echo)
    fields = {**ASKS, "Origin": "http://x"}
    assert answer_to(app, fields).decode().splitlines()[3:] == [
        "WebSocket-Origin: http://x",
        "WebSocket-Location: ws://x/chat?a=b",
        "",
    ]
    keys = {
        "Sec-WebSocket-Key1": "18x 6]8vM;54 *(5:  {   U1]8  z [  8",
        "Sec-WebSocket-Key2": "1_ tx7X d  <  nw  334J702) 7]o}` 0",
    }
    answer = answer_to(app, {**fields, **keys}, b"Tm[K T2u")
    assert answer.endswith(b"\r\nSec-WebSocket-Location: ws://x/chat?a=b\r\n\r\nfQJ,fN/4F4!~K~MH")
    modern_only = websocket.WebSocketWSGI.configured()(echo)
    assert answer_to(modern_only, fields).startswith(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"Upgrade": "h2c"}, b"400 Bad Request"),
        ({"Connection": "close"}, b"400 Bad Request"),
        ({"Sec-WebSocket-Version": "12"}, b"426 Upgrade Required\r\nSec-Websocket-Version: 8, 13\r\n"),
        ({"Sec-WebSocket-Key": None}, b"400 Bad Request"),
        ({"Origin": "http://evil"}, b"403 Forbidden"),
        ({"Sec-WebSocket-Version": None, "Sec-WebSocket-Key1": "1 2"}, b"400 Bad Request"),
        ({"Sec-WebSocket-Version": None, "Sec-WebSocket-Key1": "1", "Sec-WebSocket-Key2": "1 2"}, b"400 Bad Request"),
    ],
)
def test_what_is_refused(change: dict[str, Any], answer: bytes) -> None:
    app = websocket.WebSocketWSGI.configured(
        echo, origin_checker=lambda host, origin: origin != "http://evil", support_legacy_versions=True
    )
    fields = {name: value for name, value in {**MODERN, **change}.items() if value is not None}
    got = answer_to(app, fields)
    assert got.startswith(b"HTTP/1.1 " + answer)
    assert got.count(b"Connection: close") == 1


def test_what_a_handler_raises() -> None:
    """That the client has gone is nothing; else it is the application's error, with nothing more on the wire."""
    raised: list[BaseException] = []

    def gone(ws: websocket.WebSocket) -> None:
        raise BrokenPipeError(32, "gone")

    def broken(ws: websocket.WebSocket) -> None:
        raise OSError(88, "broken")

    def noting(app: Any) -> Any:
        def wrapper(environ: Any, start_response: Any) -> Any:
            try:
                return app(environ, start_response)
            except OSError as error:
                raised.append(error)
                raise

        return wrapper

    answer_to(noting(websocket.WebSocketWSGI(gone)), MODERN)
    assert raised == []
    answer_to(noting(websocket.WebSocketWSGI(broken)), MODERN)
    assert [str(error) for error in raised] == ["[Errno 88] broken"]


def test_a_server_that_gives_no_socket() -> None:
    """Gunicorn's does, under a name of its own."""
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in MODERN.items()}
    with pytest.raises(HostedAppError, match="WebSocketWSGI needs the socket of its request"):
        websocket.WebSocketWSGI(echo)(environ, None)  # type: ignore[arg-type]  # it isn't called

    class Sock:
        sent = b""

        def sendall(self, data: bytes) -> None:
            self.sent += data

        def recv(self, size: int) -> bytes:
            return b""

    sock = Sock()
    assert websocket.WebSocketWSGI(echo)({**environ, "gunicorn.socket": sock}, None) == []  # type: ignore[arg-type]  # the same
    assert sock.sent.startswith(b"HTTP/1.1 101")
