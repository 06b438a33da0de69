"""WebSockets of hosted ASGI applications, on each event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from spruce.green import await_, listen
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
