"""The gateway to servers of others by WSGI (PEP 3333): gunicorn, uWSGI, waitress, mod_wsgi.

Such a server calls the app in OS threads of its own. The view does not run there, but as a green thread of the hub that
all those threads share, where it may wait and spawn as under Spruce's own server. The OS thread reads the body and
takes the response, piece by piece, so that neither is ever held whole.
"""

from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

from spruce.green import Waiter, get_ident, spawn_in_background
from spruce.http import EMPTY_STREAM, Handler, Peer, Readable, Request, Response

__all__ = ["serve_wsgi"]

StartResponse = Callable[..., Any]

_PATH_SAFE = "/!$&'()*+,;=:@~"
_BODILESS = frozenset({204, 304})


def serve_wsgi(handler: Handler, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Handle one request of a WSGI server and return the body. Blocks.

    In a green thread, as where one app hosts another, the handler is just called.
    """
    if isinstance(get_ident(), int):
        return _Errand(handler, environ).run(start_response)
    request = _from_environ(environ, environ.get("wsgi.input"))
    response = handler(request)
    start_response(response.status, response.header_list())
    if _is_bodiless(request, response):
        response.close()
        request.close()
        return []
    if isinstance(response.response, bytes) and not response.close_calls:
        request.close()
        return [response.response]
    return _Body(request, response)


def _is_bodiless(request: Request, response: Response) -> bool:
    return request.method == "HEAD" or response.status_code in _BODILESS


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


# Between the server's OS thread and the green thread


class _Read(NamedTuple):
    """The green thread wants at most `size` bytes of the body, all when it is negative."""

    size: int
    waiter: Waiter


class _Begin(NamedTuple):
    """The response begins; `body` is None when pieces follow."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes | None


class _Piece(NamedTuple):
    """A piece of the body. The next one is made when `waiter` is told True, none when it is told False."""

    data: bytes
    waiter: Waiter


class _End(NamedTuple):
    """The green thread has ended, with an error or without."""

    error: BaseException | None


class _Errand:
    """One request: a green thread answers, and tells the OS thread what to read and to send."""

    def __init__(self, handler: Handler, environ: dict[str, Any]) -> None:
        self._handler = handler
        self._environ = environ
        self._news: SimpleQueue[_Read | _Begin | _Piece | _End] = SimpleQueue()
        self._last: _Piece | None = None
        self._ended = False

    # The OS thread's side

    def run(self, start_response: StartResponse) -> Iterable[bytes]:
        """Have the request answered up to the beginning of its body, which is returned. Blocks."""
        spawn_in_background(self._answer)
        begin = self._take()
        if isinstance(begin, _End):
            raise begin.error or RuntimeError("the green thread ended without an answer")
        assert isinstance(begin, _Begin)  # noqa: S101 - for mypy: no piece comes before it
        try:
            start_response(begin.status, begin.headers)
        except BaseException:
            self.close()
            raise
        return self if begin.body is None else [begin.body]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._last is not None:
            _reply(self._last.waiter, True)
            self._last = None
        if self._ended:
            raise StopIteration
        news = self._take()
        if isinstance(news, _Piece):
            self._last = news
            return news.data
        assert isinstance(news, _End)  # noqa: S101 - for mypy: nothing else comes behind the beginning
        if news.error is not None:
            raise news.error
        raise StopIteration

    def close(self) -> None:
        """Let the green thread clean up, and wait until it has. Raises what it raises."""
        news: object = self._last
        while True:
            if isinstance(news, _Piece):
                self._last = None
                _reply(news.waiter, False)
            elif isinstance(news, _End) and news.error is not None:
                raise news.error
            if self._ended:
                return
            news = self._take()

    def _take(self) -> _Begin | _Piece | _End:
        """Wait for what the green thread has to say; read for it meanwhile."""
        while isinstance(news := self._news.get(), _Read):
            try:
                data = self._environ["wsgi.input"].read(*([news.size] if news.size >= 0 else []))
            except BaseException as error:
                _reply(news.waiter, error)
            else:
                _reply(news.waiter, data)
        self._ended = isinstance(news, _End)
        return news

    # The green thread's side

    def read(self, size: int = -1, /) -> bytes:
        """Have the OS thread read at most `size` bytes, all when it is negative."""
        waiter = Waiter()
        self._news.put(_Read(size, waiter))
        return waiter.wait()  # type: ignore[no-any-return]  # what it is woken with

    def _answer(self) -> None:
        error: BaseException | None = None
        try:
            self._handle(_from_environ(self._environ, self if "wsgi.input" in self._environ else None))
        except BaseException as raised:
            error = raised
        self._news.put(_End(error))

    def _handle(self, request: Request) -> None:
        try:
            response = self._handler(request)
            try:
                self._tell(request, response)
            finally:
                response.close()
        finally:
            request.close()

    def _tell(self, request: Request, response: Response) -> None:
        body = response.response
        whole = b"" if _is_bodiless(request, response) else None
        if whole is None and isinstance(body, bytes) and not response.close_calls:
            whole = body
        self._news.put(_Begin(response.status, response.header_list(), whole))
        if whole is not None:
            return
        for data in response.iter_encoded():
            waiter = Waiter()
            self._news.put(_Piece(data, waiter))
            if not waiter.wait():
                return


def _reply(waiter: Waiter, value: object) -> None:
    """Wake a green thread from the server's OS thread; with an exception, raise it there."""
    wake: Callable[[Any], None] = waiter.fail if isinstance(value, BaseException) else waiter.wake
    waiter.carrier.hub.loop.call_soon_threadsafe(wake, value)


# From an environ to a request


def _from_environ(environ: dict[str, Any], stream: Readable | None) -> Request:
    query = environ.get("QUERY_STRING", "")
    target = quote_from_bytes(environ.get("PATH_INFO", "").encode("latin-1"), safe=_PATH_SAFE) or "/"
    client = (environ["REMOTE_ADDR"], int(environ.get("REMOTE_PORT") or 0)) if environ.get("REMOTE_ADDR") else None
    server = (environ["SERVER_NAME"], int(environ.get("SERVER_PORT") or 0)) if environ.get("SERVER_NAME") else None
    request = Request(
        environ["REQUEST_METHOD"],
        f"{target}?{query}" if query else target,
        list(_headers(environ)),
        _body_of(environ, stream),
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


def _body_of(environ: dict[str, Any], stream: Readable | None) -> Readable:
    length = environ.get("CONTENT_LENGTH") or ""
    if stream is None:
        return EMPTY_STREAM
    if length.isdigit():
        return _Limited(stream, int(length))
    return stream if environ.get("wsgi.input_terminated") else EMPTY_STREAM


class _Limited:
    """The first `left` bytes of a stream that doesn't end by itself."""

    def __init__(self, stream: Readable, left: int) -> None:
        self._stream = stream
        self._left = left

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that is left when it is negative."""
        if self._left <= 0 or size == 0:
            return b""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted)
        self._left = self._left - len(data) if data else 0
        return data
