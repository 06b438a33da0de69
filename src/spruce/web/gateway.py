"""Gateways: an app under servers of others, by WSGI (PEP 3333) and by ASGI 3."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_from_bytes

from spruce.http import EMPTY_STREAM, Handler, Peer, Readable, Request, Response
from spruce.web.awaiting import await_

__all__ = ["AsgiApp", "serve_wsgi"]

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_PATH_SAFE = "/!$&'()*+,;=:@~"
_BODILESS = frozenset({204, 304})


# WSGI


def serve_wsgi(handler: Handler, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Handle one request of a WSGI server and return the body."""
    request = _from_environ(environ)
    response = handler(request)
    start_response(response.status, response.header_list())
    if request.method == "HEAD" or response.status_code in _BODILESS:
        response.close()
        request.close()
        return []
    if isinstance(response.response, bytes) and not response.close_calls:
        request.close()
        return [response.response]
    return _Body(request, response)


class _Body:
    """A body that is sent piece by piece and closed by the server."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_encoded()

    def close(self) -> None:
        """Close what the request and the response hold."""
        try:
            self._response.close()
        finally:
            self._request.close()


def _from_environ(environ: dict[str, Any]) -> Request:
    query = environ.get("QUERY_STRING", "")
    target = quote_from_bytes(environ.get("PATH_INFO", "").encode("latin-1"), safe=_PATH_SAFE) or "/"
    client = (environ["REMOTE_ADDR"], int(environ.get("REMOTE_PORT") or 0)) if environ.get("REMOTE_ADDR") else None
    server = (environ["SERVER_NAME"], int(environ.get("SERVER_PORT") or 0)) if environ.get("SERVER_NAME") else None
    request = Request(
        environ["REQUEST_METHOD"],
        f"{target}?{query}" if query else target,
        list(_headers(environ)),
        _input(environ),
        Peer(environ.get("wsgi.url_scheme", "http"), client, server),
        environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
    )
    request.root_path = environ.get("SCRIPT_NAME", "").encode("latin-1").decode("utf-8", "replace").rstrip("/")
    return request


def _headers(environ: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    for key, value in environ.items():
        name = key[5:] if key.startswith("HTTP_") else key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else ""
        if name and value != "":
            yield name.replace("_", "-").lower().encode("latin-1"), str(value).encode("latin-1")


def _input(environ: dict[str, Any]) -> Readable:
    stream = environ.get("wsgi.input")
    length = environ.get("CONTENT_LENGTH") or ""
    if stream is None:
        return EMPTY_STREAM
    if length.isdigit():
        return _Limited(stream, int(length))
    return stream if environ.get("wsgi.input_terminated") else EMPTY_STREAM


class _Limited:
    """The first `left` bytes of a stream that doesn't end by itself."""

    def __init__(self, stream: Any, left: int) -> None:
        self._stream = stream
        self._left = left

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that is left when it is negative."""
        if self._left <= 0 or size == 0:
            return b""
        wanted = self._left if size < 0 else min(size, self._left)
        data: bytes = self._stream.read(wanted)
        self._left = self._left - len(data) if data else 0
        return data


# ASGI


class AsgiApp:
    """A handler as an ASGI application; an object, since servers tell the version of ASGI by its `__call__`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Handle one connection of an ASGI server: a request, or its start and end. WebSockets are refused."""
        if scope["type"] == "http":
            from spruce.green import spawn_owner  # servers that speak WSGI don't need it

            await spawn_owner(_answer, self._handler, _from_scope(scope, receive), send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


def _answer(handler: Handler, request: Request, send: Send) -> None:
    response = handler(request)
    try:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.header_list()]
        await_(send({"type": "http.response.start", "status": response.status_code, "headers": headers}))
        if request.method != "HEAD" and response.status_code not in _BODILESS:
            for piece in response.iter_encoded():
                await_(send({"type": "http.response.body", "body": piece, "more_body": True}))
        await_(send({"type": "http.response.body", "body": b"", "more_body": False}))
    finally:
        response.close()
        request.close()


def _from_scope(scope: dict[str, Any], receive: Receive) -> Request:
    root_path = scope.get("root_path", "").rstrip("/")
    path = scope["path"]
    if root_path and path.startswith(f"{root_path}/"):
        path = path[len(root_path) :]
    query = scope.get("query_string", b"").decode("latin-1")
    target = quote(path, safe=_PATH_SAFE) + (f"?{query}" if query else "")
    peer = Peer(scope.get("scheme", "http"), _address(scope.get("client")), _address(scope.get("server")))
    headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
    request = Request(scope["method"], target, headers, _Received(receive), peer, scope.get("http_version", "1.1"))
    request.root_path = root_path
    return request


def _address(pair: Iterable[Any] | None) -> tuple[str, int] | None:
    if pair is None:
        return None
    host, port = pair
    return str(host), int(port or 0)


class _Received:
    """The body of an ASGI request, waited for in the green thread that reads it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept = bytearray()
        self._ended = False

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that is to come when it is negative. Raises: ConnectionResetError."""
        while not self._ended and (size < 0 or len(self._kept) < max(size, 1)):
            message = await_(self._receive())
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client went away before it had sent the whole body")
            self._kept += message.get("body", b"")
            self._ended = not message.get("more_body", False)
        end = len(self._kept) if size < 0 else size
        data = bytes(self._kept[:end])
        del self._kept[:end]
        return data
