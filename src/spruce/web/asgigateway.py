"""The gateway to servers of others by ASGI 3: uvicorn, hypercorn, granian, daphne.

Each connection that such a server tells of is answered by a green thread on the server's own loop, whichever that is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol
from urllib.parse import quote

from spruce.green import GreenletExit, GreenThread, await_, spawn, spawn_owner
from spruce.http import EMPTY_STREAM, Handler, Peer, Readable, Request, Response
from spruce.server import WebSocketOptions
from spruce.server.websocket import Upgradable
from spruce.web.asgiwebsocket import AsgiWebSocket

__all__ = ["AsgiApp", "Hosted"]

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger("spruce.web")
_PATH_SAFE = "/!$&'()*+,;=:@~"
_BODILESS = frozenset({204, 304})
_PLAIN_SCHEMES = {"ws": "http", "wss": "https"}


class Hosted(Protocol):
    """What is hosted: an app."""

    @property
    def handle(self) -> Handler:
        """Answers requests."""

    def startup(self) -> None:
        """Get ready; blocks."""

    def shutdown(self) -> None:
        """Clean up; blocks."""


class AsgiApp:
    """An app as an ASGI application; an object, since servers tell the version of ASGI by its `__call__`."""

    def __init__(self, app: Hosted) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one connection of an ASGI server: a request, a WebSocket, or the server's start and end."""
        kind = scope["type"]
        if kind == "http":
            await _Exchange(self._app.handle, scope, receive, send).run()
        elif kind == "websocket":
            await _run(spawn_owner(_talk, self._app.handle, scope, receive, send))
        elif kind == "lifespan":
            await _live(self._app, receive, send)


async def _run(thread: GreenThread) -> None:
    """Wait for a green thread, which ends with the server's task."""
    try:
        await thread
    except asyncio.CancelledError:
        thread.kill()
        raise


async def _live(app: Hosted, receive: Receive, send: Send) -> None:
    """Start the app, so that a server doesn't take requests for one that cannot answer them, and stop it in the end."""
    while True:
        event = (await receive())["type"]
        try:
            await spawn(app.startup if event == "lifespan.startup" else app.shutdown)
        except Exception as error:
            _log.exception("%s failed", event)
            await send({"type": f"{event}.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


class _Exchange:
    """One request: a green thread that answers, and somebody who looks whether its client is still there.

    A client that leaves stops a GET or HEAD at its next wait, and any response that is a stream, unless the request
    says otherwise: nobody will see what comes of it. Other views go on, since what they do may matter to others.
    """

    def __init__(self, handler: Handler, scope: Message, receive: Receive, send: Send) -> None:
        self._handler = handler
        self._receive = receive
        self._send = send
        self._body = _Received(receive) if _has_body(scope) else None
        self._request = _from_scope(scope, EMPTY_STREAM if self._body is None else self._body)
        self._watcher: asyncio.Task[None] | None = None
        self._stops = self._request.method in ("GET", "HEAD")
        self._gone = self._over = False

    async def run(self) -> None:
        """Answer the request."""
        self._thread = thread = spawn_owner(self._answer)
        try:
            if self._body is None:
                await asyncio.sleep(0)  # most views don't wait, and need no watcher
                if not thread.dead:
                    self._watch()
            await _run(thread)
        except GreenletExit:
            if not self._gone:
                raise
        finally:
            if self._watcher is not None:
                self._watcher.cancel()

    def _watch(self) -> None:
        self._watcher = self._watcher or asyncio.ensure_future(self._wait_for_end())

    async def _wait_for_end(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        stops = self._request.stops_with_client
        if not self._over and (self._stops if stops is None else stops):
            self._gone = True
            self._thread.kill()

    def _answer(self) -> None:
        request = self._request
        try:
            response = self._handler(request)
            try:
                self._respond(request, response)
            finally:
                self._over = True
                response.close()
        finally:
            self._over = True
            request.close()

    def _respond(self, request: Request, response: Response) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.header_list()]
        self._say({"type": "http.response.start", "status": response.status_code, "headers": headers})
        body = response.response
        if request.method == "HEAD" or response.status_code in _BODILESS:
            body = b""
        if not isinstance(body, bytes):
            self._stops = True
            if self._body is None or self._body.ended:
                self._watch()
            for piece in response.iter_encoded():
                self._say({"type": "http.response.body", "body": piece, "more_body": True})
            body = b""
        self._over = True
        self._say({"type": "http.response.body", "body": body, "more_body": False})

    def _say(self, message: Message) -> None:
        await_(self._send(message))


def _has_body(scope: Message) -> bool:
    """Whether a body may come; in HTTP/2 and 3 it need not be announced, but a GET's is."""
    if scope["method"] not in ("GET", "HEAD"):
        return True
    fields = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
    return b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"


def _talk(handler: Handler, scope: Message, receive: Receive, send: Send) -> None:
    """Let a view have a WebSocket; what is answered instead refuses it."""
    opened: list[AsgiWebSocket] = []

    def accept(request: Request, options: WebSocketOptions) -> AsgiWebSocket:
        chosen = next((one for one in options.subprotocols if one in scope.get("subprotocols", ())), None)
        websocket = AsgiWebSocket(receive, send, chosen, options)
        opened.append(websocket)
        websocket.begin()
        return websocket

    request = _from_scope(scope, Upgradable(accept))
    try:
        response = handler(request)
        if opened:
            opened[0].close()
        else:
            _refuse(scope, response, receive, send)
        response.close()
    finally:
        for websocket in opened:
            websocket.end()
        request.close()


def _refuse(scope: Message, response: Response, receive: Receive, send: Send) -> None:
    """Answer a handshake with an ordinary response, where the server can; with a 403 where not."""
    await_(receive())
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await_(send({"type": "websocket.close", "code": 1000, "reason": ""}))
        return
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.header_list()]
    await_(send({"type": "websocket.http.response.start", "status": response.status_code, "headers": headers}))
    await_(send({"type": "websocket.http.response.body", "body": b"".join(response.iter_encoded())}))


def _from_scope(scope: Message, stream: Readable) -> Request:
    root_path = scope.get("root_path", "").rstrip("/")
    path = scope["path"]
    if root_path and path.startswith(f"{root_path}/"):
        path = path[len(root_path) :]
    query = scope.get("query_string", b"").decode("latin-1")
    target = quote(path, safe=_PATH_SAFE) + (f"?{query}" if query else "")
    scheme: str = scope.get("scheme", "http")
    peer = Peer(_PLAIN_SCHEMES.get(scheme, scheme), _address(scope.get("client")), _address(scope.get("server")))
    headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
    request = Request(scope.get("method", "GET"), target, headers, stream, peer, scope.get("http_version", "1.1"))
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
        self.ended = False
        self._receive = receive
        self._kept = bytearray()

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that is to come when it is negative. Raises: ConnectionResetError."""
        while not self.ended and (size < 0 or len(self._kept) < max(size, 1)):
            message = await_(self._receive())
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client went away before it had sent the whole body")
            self._kept += message.get("body", b"")
            self.ended = not message.get("more_body", False)
        end = len(self._kept) if size < 0 else size
        data = bytes(self._kept[:end])
        del self._kept[:end]
        return data
