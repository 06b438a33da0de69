"""Bare ASGI: the same answer to everything, the least that a server of ASGI apps can cost."""

from typing import Any

BODY = b"Hello, world"
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(BODY)).encode())],
}
END = {"type": "http.response.body", "body": BODY}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send(START)
    await send(END)
