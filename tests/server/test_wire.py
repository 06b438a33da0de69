"""WebSockets on the wire, against the client of another library, on each event loop."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from spruce import green
from spruce.green import await_, listen
from spruce.http import Handler, Request, Response
from spruce.server import Server, WebSocket, WebSocketClosed, WebSocketOptions, accept, start
from spruce.server.wire import WireWebSocket, shake_hands

OnHub = Callable[[Callable[[], Any]], Any]


@contextmanager
def serving(handler: Handler) -> Iterator[tuple[Server, str]]:
    server = start(handler, listen(("127.0.0.1", 0), reuse_port=False))
    try:
        yield server, f"ws://127.0.0.1:{server.address[1]}/chat"
    finally:
        server.stop(5)
        assert server.stats() == {"connections": 0, "in_flight": 0}


def answering(view: Callable[[WebSocket], object], options: WebSocketOptions | None = None) -> Handler:
    """Make a handler that accepts every WebSocket."""

    def handler(request: Request) -> Response:
        view(accept(request, options))
        return Response(b"", 101)

    return handler


def echo(websocket: WebSocket) -> None:
    for message in websocket:
        websocket.send(message)


def talk(on_hub: OnHub, handler: Handler, client: Callable[[ClientConnection], Awaitable[Any]], **options: Any) -> Any:
    """Serve `handler`, connect to it, and return what `client` returns."""

    async def run(url: str) -> Any:
        async with connect(url, **{"proxy": None, **options}) as connection:
            return await client(connection)

    def main() -> Any:
        with serving(handler) as (_, url):
            return await_(run(url))

    return on_hub(main)


@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_of_all_sizes_come_back(on_hub: OnHub, compression: str | None) -> None:
    messages = ["", "熊猫", b"", bytes(range(256)), "x" * 125, "x" * 126, b"y" * 65536, "z" * 1_000_000]

    async def client(connection: ClientConnection) -> list[str | bytes]:
        assert bool(connection.protocol.extensions) is bool(compression)
        came = []
        for message in messages:
            await connection.send(message)
            came.append(await connection.recv())
        return came

    assert talk(on_hub, answering(echo), client, compression=compression) == messages


def test_a_message_in_parts_is_received_whole(on_hub: OnHub) -> None:
    async def client(connection: ClientConnection) -> str | bytes:
        await connection.send(["pan", "da ", "doll"])
        return await connection.recv()

    assert talk(on_hub, answering(echo), client) == "panda doll"


def test_both_sides_can_ask_for_a_sign_of_life(on_hub: OnHub) -> None:
    seconds: list[float] = []

    def view(websocket: WebSocket) -> None:
        seconds.append(websocket.ping())
        websocket.receive()

    async def client(connection: ClientConnection) -> None:
        await (await connection.ping())
        await connection.send("done")

    talk(on_hub, answering(view), client)
    assert seconds[0] >= 0


def test_either_side_can_close_with_a_reason(on_hub: OnHub) -> None:
    closed: list[WebSocketClosed] = []

    def view(websocket: WebSocket) -> None:
        try:
            websocket.receive()
        except WebSocketClosed as error:
            closed.append(error)
            assert list(websocket) == []
            with pytest.raises(WebSocketClosed):
                websocket.send("late")

    async def leave(connection: ClientConnection) -> None:
        await connection.close(4001, "enough")

    talk(on_hub, answering(view), leave)
    assert str(closed[0]) == "the WebSocket is closed (4001, enough)"

    async def wait(connection: ClientConnection) -> tuple[int | None, str | None]:
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        return connection.close_code, connection.close_reason

    assert talk(on_hub, answering(lambda websocket: websocket.close(4002, "no")), wait) == (4002, "no")
    assert talk(on_hub, answering(lambda websocket: None), wait) == (1000, "")


def test_a_client_that_vanishes_is_1006(on_hub: OnHub) -> None:
    codes: list[int] = []

    def view(websocket: WebSocket) -> None:
        assert list(websocket) == []
        codes.append(websocket.close_code or 0)

    async def client(connection: ClientConnection) -> None:
        connection.transport.abort()

    talk(on_hub, answering(view), client)
    assert codes == [1006]


def test_an_error_in_the_view_closes_with_1011_and_is_logged(on_hub: OnHub, caplog: pytest.LogCaptureFixture) -> None:
    async def client(connection: ClientConnection) -> int | None:
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        return connection.close_code

    assert talk(on_hub, answering(lambda websocket: 1 / 0), client) == 1011
    (message,) = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert message.startswith("GET /chat failed (request ")


def test_what_breaks_the_protocol_or_a_limit_is_closed_with_its_code(on_hub: OnHub) -> None:
    def sending(*frames: Frame) -> Callable[[ClientConnection], Awaitable[int | None]]:
        async def client(connection: ClientConnection) -> int | None:
            for frame in frames:
                connection.transport.write(frame.serialize(mask=True, extensions=[]))
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            return connection.close_code

        return client

    handler = answering(echo, WebSocketOptions(max_message=1000))
    codes = [
        talk(on_hub, handler, sending(*frames), compression=None)
        for frames in (
            [Frame(Opcode.TEXT, b"\xff")],
            [Frame(Opcode.BINARY, bytes(1001))],
            [Frame(Opcode.BINARY, bytes(600), fin=False), Frame(Opcode.CONT, bytes(600))],
            [Frame(Opcode.CONT, b"x")],
        )
    ]
    assert codes == [1007, 1009, 1009, 1002]


def test_what_is_not_received_stops_the_reading(on_hub: OnHub) -> None:
    gate = []

    def view(websocket: WebSocket) -> None:
        gate[0].wait()
        websocket.send(str(sum(len(websocket.receive()) for _ in range(400))))

    def main() -> str | bytes:
        gate.append(green.Event())
        with serving(answering(view)) as (server, url):

            async def client() -> str | bytes:
                async with connect(url, proxy=None, compression=None) as connection:
                    sending = asyncio.ensure_future(send(connection))
                    (one,) = server.connections
                    while one.transport.is_reading():
                        await asyncio.sleep(0)
                    gate[0].send()
                    await sending
                    return await connection.recv()

            return await_(client())

    async def send(connection: ClientConnection) -> None:
        for _ in range(400):
            await connection.send(bytes(10_000))

    assert on_hub(main) == "4000000"


def test_sending_waits_for_a_client_that_takes_nothing(on_hub: OnHub) -> None:
    def main() -> None:
        sent: list[int] = []
        ended: list[int | None] = []

        def view(websocket: WebSocket) -> None:
            try:
                while True:
                    websocket.send(bytes(100_000))
                    sent.append(1)
            finally:
                ended.append(websocket.close_code)

        with serving(answering(view)) as (server, _), green.connect(server.address) as client:
            client.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            while not (server.connections and next(iter(server.connections)).websocket):
                green.sleep(0.001)
            (one,) = server.connections
            while not (one.websocket and one.websocket._writers):
                green.sleep(0.001)
            assert len(sent) < 500
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            client.close()
            while not ended:
                green.sleep(0.001)
        assert ended == [1006]

    on_hub(main)


def test_pages_of_other_origins_are_refused_unless_they_are_named_asvs_4_4_2(on_hub: OnHub) -> None:
    async def nothing(connection: ClientConnection) -> None:
        pass

    named = WebSocketOptions(origins=["https://shop.example"])
    talk(on_hub, answering(echo, named), nothing, origin="https://shop.example")
    talk(on_hub, answering(echo, WebSocketOptions(origins=["*"])), nothing, origin="https://evil.example")
    for options in (None, named):
        with pytest.raises(InvalidStatus) as refused:
            talk(on_hub, answering(echo, options), nothing, origin="https://evil.example")
        assert refused.value.response.status_code == 403

    def main() -> None:
        with serving(answering(echo)) as (_, url):

            async def client() -> None:
                async with connect(url, proxy=None, origin=url.replace("ws:", "http:").removesuffix("/chat")):
                    pass

            await_(client())

    on_hub(main)


def test_a_subprotocol_of_both_is_chosen(on_hub: OnHub) -> None:
    async def chosen(connection: ClientConnection) -> str | None:
        return connection.subprotocol

    handler = answering(echo, WebSocketOptions(subprotocols=["v2.chat", "v1.chat"]))
    assert talk(on_hub, handler, chosen, subprotocols=["v1.chat", "v2.chat"]) == "v2.chat"
    assert talk(on_hub, handler, chosen, subprotocols=["v0.chat"]) is None


def test_what_asks_for_no_websocket_or_asks_wrongly_is_refused(talk: Callable[..., bytes]) -> None:
    handler = answering(echo)
    plain = talk(handler, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert plain.startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    assert b"\r\nUpgrade: websocket\r\n" in plain
    wrong = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nConnection: close\r\n\r\n"
    assert talk(handler, wrong).startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    no_key = wrong.replace(b"Connection: close\r\n", b"Sec-WebSocket-Version: 13\r\n")
    assert talk(handler, no_key).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_server_that_stops_says_1001(on_hub: OnHub) -> None:
    def main() -> tuple[int | None, str | None]:
        with serving(answering(echo)) as (server, url):

            async def client() -> tuple[int | None, str | None]:
                async with connect(url, proxy=None) as connection:
                    stopping = green.spawn(server.stop, 5)
                    with pytest.raises(ConnectionClosed):
                        await connection.recv()
                    await stopping
                    return connection.close_code, connection.close_reason

            return await_(client())  # type: ignore[no-any-return] # what the client returns

    assert on_hub(main) == (1001, "the server stops")


class Slow(asyncio.Transport):
    """A transport whose client takes nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))
        if len(self.written) == 3:
            self.protocol.pause_writing()  # type: ignore[attr-defined] # it is the WebSocket

    def is_closing(self) -> bool:
        return False


def opened(transport: Slow) -> WireWebSocket:
    """A WebSocket on this transport, whose handshake is over."""
    fields = [
        (b"host", b"shop.example"),
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    websockets: list[WireWebSocket] = []
    shake_hands(Request("GET", "/", fields), WebSocketOptions(), lambda one, head: websockets.append(one), lambda: 0.0)
    websockets[0].begin(transport, b"the head")
    return websockets[0]


def frames(opcode: Opcode, *contents: bytes, final: bool = True) -> bytes:
    """Frames of a client, as bytes."""
    return b"".join(Frame(opcode, data, final).serialize(mask=True, extensions=[]) for data in contents)


def test_pings_of_who_takes_no_answers_are_answered_by_one() -> None:
    """The latest (RFC 6455, section 5.5.3), when there is room for it; so they fill no memory."""
    transport = Slow()
    websocket = opened(transport)
    for first in range(0, 1000, 100):
        websocket.data_received(frames(Opcode.PING, *(b"%d" % number for number in range(first, first + 100))))
    pongs = [b"\x8a\x010", b"\x8a\x011"]
    assert transport.written == [b"the head", *pongs]
    websocket.resume_writing()
    websocket.data_received(frames(Opcode.PING, b"more"))
    assert transport.written[3:] == [b"\x8a\x03999", b"\x8a\x04more"]


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
def test_empty_parts_of_a_message_take_no_room(opcode: Opcode) -> None:
    """However many there are, since no limit of bytes stops them."""
    websocket = opened(Slow())
    websocket.data_received(frames(opcode, b"pan", final=False))
    websocket.data_received(frames(Opcode.CONT, *[b""] * 1000, final=False))
    assert len(websocket._text) + len(websocket._bytes) == 1
    websocket.data_received(frames(Opcode.CONT, b"da"))
    assert websocket.receive() in ("panda", b"panda")


def test_who_does_not_answer_a_ping_is_gone(on_hub: OnHub) -> None:
    def main() -> None:
        codes: list[int | None] = []

        def view(websocket: WebSocket) -> None:
            assert list(websocket) == []
            codes.append(websocket.close_code)

        with serving(answering(view)) as (server, _), green.connect(server.address) as client:
            client.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            assert client.recv(65536).startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
            now = server.hub.loop.time()
            server.sweep(now + 21)
            assert client.recv(100) == b"\x89\x00"
            server.sweep(now + 42)
            assert client.recv(100).endswith(b"no answer to a ping")
            while not codes:
                green.sleep(0.001)
            server.sweep(now + 60)
            assert codes == [1011]

    on_hub(main)
