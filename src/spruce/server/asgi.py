"""Hosting of ASGI 3 applications: `asgi(app)` is a handler that can be served, mounted and wrapped as any other.

Each request's application runs as an asyncio task, beside the green thread that sends what it says: it may go on after
its response is complete. Its lifespan runs from the start of the server to its end, or from the first request where the
handler is not what the server was given.
"""

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeAlias
from urllib.parse import quote, unquote_to_bytes

from spruce.errors import HostedAppError, ServerError
from spruce.green import Semaphore, Waiter, await_, get_hub, spawn
from spruce.http import EMPTY_STREAM, FilePart, Headers, Request, Response
from spruce.server.announcing import announced, is_heard
from spruce.server.asgisocket import serve_websocket
from spruce.server.body import BodyIncomplete
from spruce.server.routenames import route_of_scope
from spruce.server.websocket import Upgradable

__all__ = ["ASGIApp", "ASGIHandler", "asgi"]

Message: TypeAlias = dict[str, Any]
ASGIApp: TypeAlias = Callable[
    [dict[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI 3 application."""

_BUFFERED = 64 * 1024
_PATHSEND = "http.response.pathsend"
_VERSION = {"version": "3.0", "spec_version": "2.4"}


def asgi(app: ASGIApp) -> "ASGIHandler":
    """Return a handler that answers with an ASGI application."""
    return ASGIHandler(app)


class ASGIHandler:
    """A handler around an ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.lifespan: _Lifespan | None = None
        self._starting = Semaphore(1)

    def startup(self) -> None:
        """Let the application get ready. Blocks. Raises ServerError when it says that it cannot."""
        if self.lifespan is None:
            with self._starting:
                if self.lifespan is None:
                    lifespan = _Lifespan(self.app)
                    lifespan.startup()
                    self.lifespan = lifespan

    def shutdown(self) -> None:
        """Let the application clean up. Blocks."""
        if self.lifespan is not None:
            self.lifespan.shutdown()

    def __call__(self, request: Request) -> Response:
        """Answer one request; returns when the first part of the body is there."""
        if self.lifespan is None:
            self.startup()
        state = self.lifespan.state.copy() if self.lifespan is not None else {}
        scope = _scope(request, state)
        if isinstance(request.stream, Upgradable):
            return serve_websocket(self.app, request, scope)
        exchange = _Exchange(self.app, request)
        if is_heard():
            return announced(request, lambda: exchange.respond(scope), lambda: route_of_scope(scope, request.root_path))
        return exchange.respond(scope)


class _Lifespan:
    """The lifespan of an application: a task that gets two messages. One that raises has none, which is allowed."""

    def __init__(self, app: ASGIApp) -> None:
        self.state: dict[str, Any] = {}
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.answers: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": _VERSION, "state": self.state}
        self.task = asyncio.ensure_future(app(scope, self.incoming.get, self.answers.put), loop=get_hub().loop)

    def startup(self) -> None:
        answer = self._ask("lifespan.startup")
        if answer.get("type") == "lifespan.startup.failed":
            raise ServerError(f"the ASGI application could not start: {answer.get('message', 'it gave no reason')}")

    def shutdown(self) -> None:
        if not self.task.done():
            self._ask("lifespan.shutdown")
        self.task.cancel()
        with suppress(Exception, asyncio.CancelledError):
            await_(self.task)

    def _ask(self, question: str) -> Message:
        self.incoming.put_nowait({"type": question})
        return await_(self._answer())

    async def _answer(self) -> Message:
        answer = asyncio.ensure_future(self.answers.get())
        await asyncio.wait([answer, self.task], return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        answer.cancel()
        if not self.task.cancelled():
            self.task.exception()  # seen: an application without lifespan raises
        return {}


def _scope(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    raw_path = path.encode("latin-1")
    root = request.root_path
    return {
        "type": "http",
        "asgi": _VERSION,
        "http_version": request.http_version,
        "method": request.method,
        "scheme": request.scheme,
        "path": root + (unquote_to_bytes(raw_path).decode("utf-8", "replace") if "%" in path else path),
        "raw_path": quote(root).encode() + raw_path if root else raw_path,
        "query_string": query.encode("latin-1"),
        "root_path": root,
        "headers": request.raw_headers,
        "client": request.client,
        "server": (request.server, None) if isinstance(request.server, str) else request.server,
        "state": state,
        "extensions": {_PATHSEND: {}},
        "spruce.request": request,
    }


class _Exchange:
    """One request of an application: what it receives and what it sends."""

    __slots__ = (
        "app", "body_read", "body_told", "complete", "drained", "end", "ended", "error", "file", "headers", "loop",
        "over", "pieces", "request", "status", "streaming", "task", "waiter",
    )  # fmt: skip

    def __init__(self, app: ASGIApp, request: Request) -> None:
        self.app = app
        self.request = request
        self.loop = get_hub().loop
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: deque[bytes] = deque()
        self.file: FilePart | None = None
        self.streaming = False  # a part of the body was sent
        self.complete = False
        self.over = False
        self.ended = False
        self.error: BaseException | None = None
        self.body_read = request.stream is EMPTY_STREAM
        self.body_told = False
        self.waiter: Waiter | None = None
        self.drained: asyncio.Future[None] | None = None
        self.end: asyncio.Future[None] | None = None

    # The green thread's side

    def respond(self, scope: dict[str, Any]) -> Response:
        self.request.stops_with_client = True  # this green thread only sends: the application hears of it and decides
        self.task = self.loop.create_task(self._perform(scope))
        self.request.__dict__["task"] = self.task  # for who looks at what is in flight
        _running.add(self.task)
        try:
            while not (self.pieces or self.complete):
                self._wait()
        except BaseException:
            self._finish()
            raise
        if self.complete and self.file is None:
            body = b"".join(self.pieces)
            if (content_type := _plain_type(self.headers, len(body))) is not None:
                self._finish()
                return Response(body, self.status, None, None, content_type)
            response = self._response(body)
        else:
            response = self._response(self.file or self._stream())
        response.call_on_close(self._finish)
        return response

    def _response(self, body: FilePart | bytes | Iterator[bytes]) -> Response:
        response = Response(body, self.status)
        response.plain_type = None
        response.headers = Headers.from_raw(self.headers)
        return response

    def _stream(self) -> Iterator[bytes]:
        while True:
            while self.pieces:
                yield self.pieces.popleft()
            if self.drained is not None and not self.drained.done():
                self.drained.set_result(None)
            if self.complete:
                return
            self._wait()

    def _wait(self) -> None:
        """Wait until the application sends something. Raises what it raised, HostedAppError when it ended too early."""
        if self.ended:
            self._raise_failure()
        self.waiter = Waiter()
        try:
            self.waiter.wait()
        finally:
            self.waiter = None
        if self.ended and not (self.pieces or self.complete):
            self._raise_failure()

    def _raise_failure(self) -> None:
        if isinstance(self.error, Exception):
            raise self.error
        what = "without a response" if not self.status else "before its response was complete"
        raise HostedAppError(
            f"the ASGI application {_name(self.app)} ended {what}",
            hint="Send http.response.start, then http.response.body until one has no more_body.",
        )

    def _finish(self) -> None:
        """The response has been sent, or nobody wants it any more."""
        self.over = True
        for future in (self.end, self.drained):
            if future is not None and not future.done():
                future.set_result(None)

    # The application's side

    async def _perform(self, scope: dict[str, Any]) -> None:
        """Run the application. What it raises is for the green thread, or for the log when that has its response."""
        try:
            await self.app(scope, self.receive, self.send)
        except Exception as error:
            self.error = error
            if self.complete or self.over:
                self.loop.call_exception_handler(
                    {"message": "An ASGI application failed after its response", "exception": error}
                )
        finally:
            self.ended = True
            _running.discard(self.task)
            if self.waiter is not None:
                self.waiter.wake()

    async def receive(self) -> Message:
        """Give the next part of the body; behind it, wait for the end of the exchange."""
        if not self.body_told:
            try:
                piece = b"" if self.body_read else await spawn(self._read)
            except BodyIncomplete:
                return {"type": "http.disconnect"}
            self.body_told = self.body_read = self.body_read or not piece
            return {"type": "http.request", "body": piece, "more_body": not self.body_told}
        if not self.over:
            if self.end is None:
                self.end = self.loop.create_future()
            await asyncio.shield(self.end)
        return {"type": "http.disconnect"}

    def _read(self) -> bytes:
        stream: Any = self.request.stream
        return stream.read1(_BUFFERED) if hasattr(stream, "read1") else stream.read(_BUFFERED)  # type: ignore[no-any-return] # bytes

    async def send(self, message: Message) -> None:
        """Take a part of the response; waits while the client does not take what came before."""
        if self.over and not self.complete:
            raise OSError("the client has gone")
        if message["type"] == "http.response.start":
            self._start(message)
            return
        if message["type"] == _PATHSEND and self.status and not self.complete and not self.streaming:
            self._send_path(message["path"])
            return
        if message["type"] != "http.response.body" or not self.status or self.complete:
            raise HostedAppError(
                f"the ASGI application {_name(self.app)} sent {message['type']!r} at a time when it cannot be sent",
                hint="Send http.response.start once, then http.response.body until one has no more_body.",
            )
        if body := message.get("body", b""):
            self.pieces.append(bytes(body))
        self.streaming = True
        self.complete = not message.get("more_body", False)
        if self.waiter is not None:
            self.waiter.wake()
        if not self.complete and self.pieces:
            self.drained = self.loop.create_future()
            await self.drained

    def _send_path(self, path: str) -> None:
        """Take a file as the whole body. Raises OSError when it cannot be opened."""
        file = open(path, "rb")  # noqa: SIM115 - closed by the response
        self.file = FilePart(file, 0, os.fstat(file.fileno()).st_size)
        self.complete = True
        if self.waiter is not None:
            self.waiter.wake()

    def _start(self, message: Message) -> None:
        if self.status:
            raise HostedAppError(f"the ASGI application {_name(self.app)} sent http.response.start twice")
        self.status = message["status"]
        self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]


def _plain_type(headers: Sequence[tuple[bytes, bytes]], length: int) -> str | None:
    """The content type where there is nothing else among the headers but a length that is right; else None."""
    content_type: bytes | None = None
    for name, value in headers:
        key = name.lower()
        if key == b"content-type" and content_type is None:
            content_type = value
        elif key != b"content-length" or value != b"%d" % length:
            return None
    return None if content_type is None else content_type.decode("latin-1")


_running: set["asyncio.Future[None]"] = set()


def _name(app: object) -> str:
    return str(getattr(app, "__qualname__", type(app).__qualname__))
