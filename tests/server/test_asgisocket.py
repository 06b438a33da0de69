"""WebSockets of hosted ASGI applications, on each event loop."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from spruce.errors import ServerError
from spruce.green import await_, listen, sleep
from spruce.green import connect as green_connect
from spruce.server import asgi, start

OnHub = Callable[[Callable[[], Any]], Any]


def talk(on_hub: OnHub, app: Any, client: Callable[[ClientConnection], Awaitable[Any]], **options: Any) -> Any:
    """Serve the app, connect to it, and return what `client` returns."""

    async def run(port: int) -> Any:
        async with connect(f"ws://127.0.0.1:{port}/a%20b?c=d", proxy=None, **options) as connection:
            return await client(connection)

    def main() -> Any:
        server = start(asgi(app), listen(("127.0.0.1", 0), reuse_port=False))
        try:
            return await_(run(int(server.address[1])))
        finally:
            server.stop(5)

    return on_hub(main)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        raise ValueError("there is no lifespan")
    assert await receive() == {"type": "websocket.connect"}
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    await send({"type": "websocket.send", "text": f"{scope['scheme']} {scope['path']} {scope['query_string']}"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"], "bytes": event["bytes"]})
    scope["state"]["end"] = event


def test_an_application_accepts_and_talks(on_hub: OnHub) -> None:
    async def client(connection: ClientConnection) -> list[Any]:
        came = [connection.subprotocol, await connection.recv()]
        for message in ("熊猫", b"\xff"):
            await connection.send(message)
            came.append(await connection.recv())
        return came

    came = talk(on_hub, echo, client, subprotocols=["chat", "other"])
    assert came == ["chat", "ws /a b b'c=d'", "熊猫", b"\xff"]


def test_one_that_closes_first_refuses_and_one_that_fails_is_1011(on_hub: OnHub) -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close"})

    async def fail(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise ValueError("there is none")
        await send({"type": "websocket.accept"})
        raise ZeroDivisionError

    async def code(connection: ClientConnection) -> int | None:
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        return connection.close_code

    with pytest.raises(InvalidStatus) as refused:
        talk(on_hub, refuse, code)
    assert refused.value.response.status_code == 403
    assert talk(on_hub, fail, code) == 1011


def test_the_end_is_told_with_its_code_and_a_cancelled_receive_loses_nothing(on_hub: OnHub) -> None:
    ends: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise ValueError("there is none")
        await receive()
        await send({"type": "websocket.accept"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.001)
        await send({"type": "websocket.send", "text": "go"})
        ends.extend([await receive(), await receive()])

    async def client(connection: ClientConnection) -> None:
        assert await connection.recv() == "go"
        await connection.send("kept")
        await connection.close(4000, "bye")

    talk(on_hub, app, client)
    assert ends == [
        {"type": "websocket.receive", "text": "kept", "bytes": None},
        {"type": "websocket.disconnect", "code": 4000, "reason": "bye"},
    ]


def test_header_fields_of_the_acceptance_are_sent(on_hub: OnHub) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept", "headers": [(b"set-cookie", b"a=1"), (b"x-room", b"panda")]})

    async def fields(connection: ClientConnection) -> list[str]:
        assert connection.response is not None
        return [connection.response.headers[name] for name in ("Set-Cookie", "X-Room")]

    assert talk(on_hub, app, fields) == ["a=1", "panda"]


def test_one_that_refuses_may_say_why(on_hub: OnHub) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            assert "websocket.http.response" in scope["extensions"]
            await receive()
            headers = [(b"content-type", b"text/plain"), (b"x-room", b"full")]
            await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b"There is ", "more_body": True})
            await send({"type": "websocket.http.response.body", "body": b"no room."})

    async def nothing(connection: ClientConnection) -> None:
        raise AssertionError("it was refused")

    with pytest.raises(InvalidStatus) as refused:
        talk(on_hub, app, nothing)
    response = refused.value.response
    assert (response.status_code, response.headers["X-Room"], response.body) == (429, "full", b"There is no room.")


def test_sending_waits_for_a_client_that_takes_nothing_and_ends_when_it_leaves(on_hub: OnHub) -> None:
    """Whichever of the application's tasks sends."""

    def main() -> None:
        sent: list[int] = []
        ended: list[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            async def push() -> None:
                try:
                    while True:
                        await send({"type": "websocket.send", "bytes": bytes(100_000)})
                        sent.append(1)
                except OSError as error:
                    ended.append(type(error).__name__)

            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.accept"})
                await asyncio.create_task(push())

        server = start(asgi(app), listen(("127.0.0.1", 0), reuse_port=False))
        with green_connect(server.address) as client:
            client.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            while not (server.connections and next(iter(server.connections)).websocket):
                sleep(0.001)
            (one,) = server.connections
            while not (one.websocket and one.websocket._writers):
                sleep(0.001)
            assert len(sent) < 500
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            client.close()
            while not ended:
                sleep(0.001)
        server.stop(1)
        assert ended == ["WebSocketClosed"]

    on_hub(main)


def test_two_tasks_that_receive_at_once_are_told_so(on_hub: OnHub) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            first = asyncio.create_task(receive())
            await asyncio.sleep(0)
            try:
                await receive()
            except ServerError as error:
                await send({"type": "websocket.send", "text": str(error)})
            first.cancel()

    async def client(connection: ClientConnection) -> Any:
        return await connection.recv()

    assert talk(on_hub, app, client) == (
        "two threads or tasks receive from one WebSocket. Let one receive and tell the other."
    )
