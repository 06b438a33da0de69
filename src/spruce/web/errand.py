"""A request of a WSGI server, from its OS thread to the shared hub and back.

A view doesn't run in the server's OS thread, but as a green thread of the one hub that all those threads share, where
it may wait and spawn as under Spruce's own server. The OS thread reads the body and takes the response, piece by piece,
so that neither is ever held whole, and a slow client holds up nobody else.
"""

from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any, NamedTuple

from spruce.green import Waiter, spawn_in_background
from spruce.http import Handler, Request, Response
from spruce.web.environ import request_of

__all__ = ["Errand"]

StartResponse = Callable[..., Any]

_BODILESS = (204, 304)


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


class Errand:
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
            self._handle(request_of(self._environ, self if "wsgi.input" in self._environ else None))
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
        whole = b"" if request.method == "HEAD" or response.status_code in _BODILESS else None
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
