"""Bare RSGI: the same answer to everything, the least that granian can cost."""

from typing import Any

HEADERS = [("content-type", "text/html; charset=utf-8")]


async def app(scope: Any, protocol: Any) -> None:
    protocol.response_bytes(200, HEADERS, b"Hello, world")
