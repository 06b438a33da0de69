"""`eventlet.wsgi`: serve a WSGI application on a listening green socket, from a green thread."""

import errno
import sys
from datetime import datetime
from typing import Any, Protocol

from spruce.green import GreenSocket
from spruce.http import Request, Response
from spruce.server import AccessLog, Limits, Server, WSGIApp, WSGIHandler, environ_of

__all__ = ["server"]

_CLOSED = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK)


class _Writable(Protocol):
    def write(self, text: str, /) -> object: ...


def server(
    sock: GreenSocket,
    site: WSGIApp,
    log: _Writable | None = None,
    environ: dict[str, Any] | None = None,
    log_output: bool = True,
    url_length_limit: int = 8192,
    socket_timeout: float | None = None,
) -> None:
    """Accept connections on `sock` and answer them with the application `site`. Blocks until the socket is closed.

    Each request runs in a green thread of its own. `environ` goes into every request's environ. Each answer is a line
    in `log` (by default standard error), unless `log_output` is False. `socket_timeout` is how many seconds a client
    may be silent. Killed, it stops accepting, lets the requests in flight finish, and closes `sock`.
    """
    limits = Limits(request_line=url_length_limit)
    if socket_timeout is not None:
        limits = Limits(url_length_limit, head_seconds=socket_timeout, idle_seconds=socket_timeout)
    handler = _Site(site, environ or {})
    running = Server(handler, limits, _Log(sys.stderr if log is None else log) if log_output else None)
    try:
        while True:
            client, _ = sock.accept()
            running.adopt(client)
    except OSError as error:
        if error.errno not in _CLOSED:
            raise
    finally:
        sock.close()
        running.stop()


class _Site(WSGIHandler):
    """The application, with the environ keys that eventlet has."""

    def __init__(self, app: WSGIApp, extra: dict[str, Any]) -> None:
        super().__init__(app)
        self.extra = extra

    def __call__(self, request: Request) -> Response:
        environ = environ_of(request)
        environ["eventlet.input"] = environ["wsgi.input"]
        environ["eventlet.posthooks"] = []
        environ.update(self.extra)
        response = self.respond(environ)
        if environ["eventlet.posthooks"]:
            response.call_on_close(lambda: _run_posthooks(environ))
        return response


class _Log(AccessLog):
    """The log that eventlet has."""

    def __init__(self, log: _Writable) -> None:
        self.log = log

    def write(self, request: Request, response: Response | None, seconds: float, cpu: float) -> None:
        """Write a line as eventlet's server does."""
        client = request.remote_addr or "-"
        now = datetime.now().astimezone().strftime("%d/%b/%Y %H:%M:%S")
        status = "-" if response is None else response.status_code
        line = f"{request.method} {request.target} HTTP/{request.http_version}"
        self.log.write(f'{client} - - [{now}] "{line}" {status} {seconds:.6f}\n')


def _run_posthooks(environ: dict[str, Any]) -> None:
    """Call what the application has put into `eventlet.posthooks`, with the environ, now that its response is sent."""
    for hook, arguments, keywords in environ["eventlet.posthooks"]:
        hook(environ, *arguments, **keywords)
