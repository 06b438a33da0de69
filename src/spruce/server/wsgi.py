"""Hosting of WSGI applications (PEP 3333): `wsgi(app)` is a handler to be served, mounted and wrapped as any other.

The application runs in the request's green thread, or with `threads` in one of the operating system. One that returns a
list is answered in one piece; any other iterable is streamed as it comes. What is written with the old `write` callable
is kept until the application returns.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import IO, Any, TypeAlias
from urllib.parse import unquote_to_bytes

from spruce.errors import ConfigError, HostedAppError
from spruce.green import detach_children
from spruce.http import EMPTY_STREAM, PHRASES, FilePart, Handler, Headers, Peer, Request, Response
from spruce.patching import is_monkey_patched
from spruce.server.announcing import announced, is_heard
from spruce.server.routenames import route_of_environ
from spruce.server.threads import Exchange, ThreadPool, body_across

__all__ = ["FileWrapper", "ThreadedWSGIHandler", "WSGIApp", "WSGIHandler", "environ_of", "usual_threads", "wsgi"]

StartResponse: TypeAlias = Callable[..., Callable[[bytes], None]]
WSGIApp: TypeAlias = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
"""A WSGI application."""

_USUAL_STATUSES = {
    status: code for code, phrase in PHRASES.items() for status in (f"{code} {phrase}", f"{code} {phrase.upper()}")
}


_MOST_KEYS = 500  # names of headers: an app sees a few dozen, and a client might invent any number
_THREADS_OF_DJANGO = 8


def wsgi(app: WSGIApp, threads: int | None = None) -> Handler:
    """Return a handler that answers with a WSGI application.

    It runs in the green threads of its requests, so what blocks there blocks them all; with `threads`, in so many
    threads of the operating system. None: as `usual_threads` says. Raises ConfigError for a negative number of them.
    """
    if threads is None:
        threads = usual_threads()
    if threads < 0:
        raise ConfigError(f"threads={threads} would serve nothing", hint="Give 1 or more; 0 is for green threads.")
    return ThreadedWSGIHandler(app, threads) if threads else WSGIHandler(app)


def usual_threads() -> int:
    """Return how many threads a WSGI application is given where nobody says: none, but 8 where Django is loaded.

    Its database layer refuses to run in a thread that has an event loop, and has a connection for each thread. In a
    patched program a green thread is one, and sees no loop.
    """
    return _THREADS_OF_DJANGO if "django.core.handlers.wsgi" in sys.modules and not is_monkey_patched("thread") else 0


class WSGIHandler:
    """A handler around a WSGI application."""

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    def __call__(self, request: Request) -> Response:
        """Answer one request. Raises HostedAppError when the application breaks the rules of WSGI."""
        environ = environ_of(request)
        if is_heard():
            return announced(
                request, lambda: self.respond(environ), lambda: route_of_environ(environ, request.root_path)
            )
        return self.respond(environ)

    def respond(self, environ: dict[str, Any]) -> Response:
        """Answer the request that an environ describes."""
        detach_children()  # the application knows of no requests that end their threads
        call = _Call(self.app)
        result = self.app(environ, call.start_response)
        if result.__class__ is list and call.status and not call.written:
            return call.respond(_joined(self.app, result))
        return _streamed(call, result)


class ThreadedWSGIHandler(WSGIHandler):
    """The same, in OS threads of its own: for an application that blocks."""

    def __init__(self, app: WSGIApp, threads: int) -> None:
        super().__init__(app)
        self.pool = ThreadPool(threads)

    def __call__(self, request: Request) -> Response:
        """Answer one request; waits for a thread, and in it. Raises HostedAppError as a handler without threads."""
        environ = environ_of(request)
        environ["wsgi.multithread"] = True
        environ["wsgi.input"] = body_across(request)
        exchange = Exchange(lambda: self.respond(environ))
        request.__dict__["exchange"] = exchange  # for who looks at what is in flight
        if is_heard():
            return announced(
                request, lambda: exchange.answer(self.pool), lambda: route_of_environ(environ, request.root_path)
            )
        return exchange.answer(self.pool)

    def startup(self) -> None:
        """Nothing: threads start with the first requests."""

    def shutdown(self) -> None:
        """Let the threads end."""
        self.pool.close()


class FileWrapper:
    """`wsgi.file_wrapper`: iterates over a file in blocks of `size` bytes, and closes it."""

    def __init__(self, file: IO[bytes], size: int = 64 * 1024) -> None:
        self.file = file
        self.size = size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.size), b"")

    def part(self) -> FilePart | None:
        """Return what is left of a file on a disk, to be sent without reading it; None for another kind of file."""
        try:
            status = os.fstat(self.file.fileno())
            start = self.file.tell()
        except (AttributeError, OSError):
            return None
        return FilePart(self.file, start, status.st_size - start) if stat.S_ISREG(status.st_mode) else None

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()


_CONSTANT: dict[str, Any] = {
    "wsgi.version": (1, 0),
    "wsgi.multithread": False,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
    "wsgi.file_wrapper": FileWrapper,
}


def environ_of(request: Request) -> dict[str, Any]:
    """Return the environ of a request.

    Header names with an underscore are left out: in an environ they could not be told from those with a dash.
    """
    path, _, query = request.target.partition("?")
    if "%" in path:
        path = unquote_to_bytes(path).decode("latin-1")
    peer = request.peer
    environ = (peer.kept or _of_connection(peer)).copy()
    environ["REQUEST_METHOD"] = request.method
    environ["SCRIPT_NAME"] = request.root_path
    environ["PATH_INFO"] = path
    environ["QUERY_STRING"] = query
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if request.http_version == "1.1" else f"HTTP/{request.http_version}"
    environ["wsgi.input"] = BytesIO() if request.stream is EMPTY_STREAM else request.stream
    environ["wsgi.errors"] = sys.stderr
    environ["spruce.request"] = request
    if "SERVER_NAME" not in environ:
        name, _, port = request.host.rpartition(":") if request.host[-1:].isdigit() else (request.host, "", "")
        environ["SERVER_NAME"], environ["SERVER_PORT"] = name or request.host, port or "80"
    _add_headers(environ, request.raw_headers)
    return environ


def _of_connection(peer: Peer) -> dict[str, Any]:
    """What all requests of a connection have in their environ; kept with it."""
    peer.kept = part = {"wsgi.url_scheme": peer.scheme, **_CONSTANT}
    if isinstance(peer.server, tuple):
        part["SERVER_NAME"], part["SERVER_PORT"] = peer.server[0], str(peer.server[1])
    if peer.client is not None:
        part["REMOTE_ADDR"], part["REMOTE_PORT"] = peer.client[0], str(peer.client[1])
    return part


def _add_headers(environ: dict[str, Any], headers: Sequence[tuple[bytes, bytes]]) -> None:
    for name, raw_value in headers:
        key = _keys.get(name)
        if key is None:
            key = _key_of(name)
        value = raw_value.decode("latin-1")
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        if key:
            environ[key] = value


_keys: dict[bytes, str] = {}


def _key_of(raw_name: bytes) -> str:
    """The key of a header in an environ, empty for one that has none; those that were seen first are kept."""
    name = raw_name.decode("latin-1")
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    if "_" in name:
        key = ""
    if len(_keys) < _MOST_KEYS:
        _keys[raw_name] = key
    return key


class _Call:
    """One call of an application: what it gives to `start_response` and `write`."""

    def __init__(self, app: WSGIApp) -> None:
        self.app = app
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []
        self.sent = False

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Take status and headers; a second time only with `exc_info`, which is raised when it is too late for that."""
        if exc_info is not None:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status:
            raise HostedAppError(
                f"{_name(self.app)} called start_response a second time", hint="To replace a response, pass exc_info."
            )
        if not isinstance(status, str) or not isinstance(headers, list):
            raise HostedAppError(
                f"{_name(self.app)} called start_response with {status!r:.60} and a {type(headers).__name__}",
                hint='Give a str and a list: start_response("200 OK", [("Content-Type", "text/plain")]).',
            )
        self.status, self.headers = status, headers
        return self.written.append

    def respond(self, body: bytes | Iterable[bytes]) -> Response:
        """Make the response. The header fields are those of the application, nothing is added."""
        if not self.status:
            raise HostedAppError(
                f"{_name(self.app)} returned without calling start_response",
                hint='Call start_response("200 OK", [("Content-Type", "text/plain")]) before returning the body.',
            )
        code = _USUAL_STATUSES.get(self.status)
        if code is not None and isinstance(body, bytes) and self._is_plain(len(body)):
            return Response(body, code, None, None, self.headers[0][1])
        response = Response(body, self.status)
        response.plain_type = None
        response.headers = Headers(self.headers)
        return response

    def _is_plain(self, length: int) -> bool:
        """Whether there is nothing but a content type, and a length that is right."""
        headers = self.headers
        if not headers or headers[0][0].lower() != "content-type":
            return False
        if len(headers) == 1:
            return True
        return len(headers) == 2 and headers[1][0].lower() == "content-length" and headers[1][1] == str(length)


def _streamed(call: _Call, result: Iterable[bytes]) -> Response:
    """Respond with an iterable. It is read up to its first piece: start_response need not have been called before."""
    close = getattr(result, "close", None)
    try:
        if isinstance(result, FileWrapper) and (part := result.part()) is not None and not call.written and call.status:
            return _limited(call.respond(part), part)
        pieces = _pieces(call.app, result)
        first = b"".join(call.written) or next(pieces, b"")
        response = call.respond(_rest(call, first, pieces))
    except BaseException:
        if close is not None:
            close()
        raise
    if close is not None:
        response.call_on_close(close)
    return response


def _limited(response: Response, part: FilePart) -> Response:
    """Send no more of a file than its application says."""
    stated = response.headers.get("Content-Length", "")
    if stated.isascii() and stated.isdigit():
        part.length = min(part.length, int(stated))
    return response


def _rest(call: _Call, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    call.sent = True
    yield first
    yield from pieces


def _pieces(app: WSGIApp, result: Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(result, str | bytes | bytearray | dict) or not hasattr(result, "__iter__"):
        raise HostedAppError(
            f"{_name(app)} returned {_article(result)} instead of an iterable of bytes",
            hint="Return a list of bytes: [text.encode()], or [json.dumps(data).encode()].",
        )
    for piece in result:
        if not isinstance(piece, bytes):
            raise _wrong_piece(app, piece)
        yield piece


def _joined(app: WSGIApp, result: Iterable[bytes]) -> bytes:
    try:
        return b"".join(result)
    except TypeError:
        raise _wrong_piece(app, next(piece for piece in result if not isinstance(piece, bytes))) from None


def _wrong_piece(app: WSGIApp, piece: object) -> HostedAppError:
    return HostedAppError(
        f"{_name(app)} yielded {_article(piece)} where bytes belong: {piece!r:.60}", hint="Encode it: text.encode()."
    )


def _article(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _name(app: object) -> str:
    return f"the WSGI application {getattr(app, '__qualname__', type(app).__qualname__)}"
