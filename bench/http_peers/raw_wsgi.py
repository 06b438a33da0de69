"""Bare WSGI: the same answer to everything, the least that a server of WSGI apps can cost."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b"Hello, world"
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY)))]


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]
