"""`eventlet.wsgi`: serve a WSGI application on a listening green socket, from a green thread.

Each connection has a green thread of the pool, which reads, calls the application and writes, one request after the
other. Requests are read by the parser of `spruce.server`, so what may be read in two ways is refused. Programs that set
`MAX_HEADER_LINE` and its like set them here.
"""

import _socket
import errno
import os
import socket as sockets
import ssl
import sys
import traceback
import warnings
from typing import Any, Final

from spruce.errors import GreenError
from spruce.eventlet.greenio import shutdown_safe
from spruce.eventlet.incoming import ChunkReadError, Input
from spruce.eventlet.outgoing import encode_header_line as _encode_header_line
from spruce.eventlet.wsgilog import LoggerFileWrapper, LoggerNull, get_logger
from spruce.eventlet.wsgiprotocol import CLIENT_GONE, STATE_CLOSE, STATE_IDLE, STATE_REQUEST, WSGI_LOCAL, HttpProtocol
from spruce.green import Event, GreenPool, GreenSocket, GreenThread, sleep
from spruce.http import http_date
from spruce.server import WSGIApp

__all__ = [
    "CLIENT_GONE",
    "STATE_CLOSE",
    "STATE_IDLE",
    "STATE_REQUEST",
    "WSGI_LOCAL",
    "ChunkReadError",
    "HttpProtocol",
    "Input",
    "LoggerFileWrapper",
    "LoggerNull",
    "Server",
    "_encode_header_line",
    "format_date_time",
    "get_logger",
    "server",
]

DEFAULT_MAX_SIMULTANEOUS_REQUESTS: int = 1024
DEFAULT_MAX_HTTP_VERSION: Final = "HTTP/1.1"
MAX_REQUEST_LINE: int = 8192
MAX_HEADER_LINE: int = 8192
MAX_TOTAL_HEADER_SIZE: int = 65536
MINIMUM_CHUNK_SIZE: int = 4096
DEFAULT_LOG_FORMAT: Final = (
    '%(client_ip)s - - [%(date_time)s] "%(request_line)s" %(status_code)s %(body_length)s %(wall_seconds).6f'
)
is_accepting: bool = True
"""Whether servers accept; set it to False, and each ends with its next connection."""

_SHORT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PATIENCE_SECONDS: Final = 0.1
_CLOSED: Final = frozenset({errno.EBADF, errno.ENOTSOCK, errno.ENOTCONN, errno.ESHUTDOWN, errno.EPIPE})


def format_date_time(timestamp: float) -> str:
    """Return seconds since the epoch as an HTTP date."""
    return http_date(timestamp)


class Server:
    """What the connections of one `server` share."""

    def __init__(
        self,
        socket: Any,
        address: Any,
        app: WSGIApp,
        log: Any = None,
        environ: dict[str, Any] | None = None,
        max_http_version: str | None = None,
        protocol: type[HttpProtocol] = HttpProtocol,
        minimum_chunk_size: int | None = None,
        log_x_forwarded_for: bool = True,
        keepalive: bool | float = True,
        log_output: bool = True,
        log_format: str = DEFAULT_LOG_FORMAT,
        url_length_limit: int = MAX_REQUEST_LINE,
        debug: bool = True,
        socket_timeout: float | None = None,
        capitalize_response_headers: bool = True,
    ) -> None:
        self.outstanding_requests = 0
        self.socket = socket
        self.address = address
        self.app = app
        self.log = get_logger(log, debug) if log_output else LoggerNull()
        self.environ = environ
        self.max_http_version = max_http_version
        self.protocol = protocol
        self.pid = os.getpid()
        self.max_header_line = MAX_HEADER_LINE
        self.max_total_header_size = MAX_TOTAL_HEADER_SIZE
        self.minimum_chunk_size = minimum_chunk_size
        self.log_x_forwarded_for = log_x_forwarded_for
        self.keepalive = keepalive
        self.log_output = log_output
        self.log_format = log_format
        self.url_length_limit = url_length_limit
        self.debug = debug
        self.socket_timeout = socket_timeout
        self.capitalize_response_headers = capitalize_response_headers
        if not capitalize_response_headers:
            warnings.warn(
                "capitalize_response_headers=False: header names go out as the application spells them. They mean the "
                "same in any spelling, so it is the client that should be mended.",
                DeprecationWarning,
                stacklevel=3,
            )

    def get_environ(self) -> dict[str, Any]:
        """What all requests have in their environ."""
        scheme: dict[str, Any] = {"wsgi.url_scheme": "http"}
        if hasattr(self.socket, "do_handshake"):
            scheme = {"wsgi.url_scheme": "https", "HTTPS": "on"}
        own = {"wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False}
        return {**own, **scheme, **(self.environ or {})}

    def process_request(self, conn_state: list[Any]) -> None:
        """Serve a connection, as `[address, socket, state]`, until it ends. Blocks."""
        try:
            self.protocol(conn_state, self)
        except TimeoutError:
            conn_state[1].close()
            self.log.debug(f"({self.pid}) timed out {conn_state[0]!r}")


def _url_of(sock: Any) -> str:
    scheme = "https" if hasattr(sock, "do_handshake") else "http"
    name = sock.getsockname()
    if not isinstance(name, tuple):
        return f"{scheme}:{name}"
    host = f"[{name[0]}]" if sock.family == sockets.AF_INET6 else name[0]
    return f"{scheme}://{host}:{name[1]}"


def server(
    sock: GreenSocket,
    site: WSGIApp,
    log: Any = None,
    environ: dict[str, Any] | None = None,
    max_size: int | None = None,
    max_http_version: str = DEFAULT_MAX_HTTP_VERSION,
    protocol: type[HttpProtocol] = HttpProtocol,
    server_event: Event | None = None,
    minimum_chunk_size: int | None = None,
    log_x_forwarded_for: bool = True,
    custom_pool: Any = None,
    keepalive: bool | float = True,
    log_output: bool = True,
    log_format: str = DEFAULT_LOG_FORMAT,
    url_length_limit: int = MAX_REQUEST_LINE,
    debug: bool = True,
    socket_timeout: float | None = None,
    capitalize_response_headers: bool = True,
) -> None:
    """Accept connections on `sock`, answer their requests with the application `site`. Blocks until it is told to end.

    It ends when the socket is closed or shut down, when it is killed, and with KeyboardInterrupt and SystemExit: then
    it accepts no more, closes connections that are idle, waits for the others, and closes `sock`.

    `log` is a Logger or a file (by default standard error); a line is as `log_format` says, with `client_ip`,
    `client_port`, `date_time`, `request_line`, `status_code`, `body_length` and `wall_seconds`. `environ` goes into
    every request's environ. `max_size` connections are served at a time (1024), or as many as `custom_pool` has room
    for. `max_http_version` "HTTP/1.0" keeps no connection. Pieces of a body are gathered until they are
    `minimum_chunk_size` bytes, which a request may change by `environ["eventlet.minimum_write_chunk_size"]`.
    `keepalive` is False for one request to a connection, or the seconds to wait for the next one. `debug` shows
    tracebacks to clients. `socket_timeout` is how many seconds a client may be silent, None for any number.
    """
    running = Server(
        sock,
        sock.getsockname(),
        site,
        log,
        environ=environ,
        max_http_version=max_http_version,
        protocol=protocol,
        minimum_chunk_size=minimum_chunk_size,
        log_x_forwarded_for=log_x_forwarded_for,
        keepalive=keepalive,
        log_output=log_output,
        log_format=log_format,
        url_length_limit=url_length_limit,
        debug=debug,
        socket_timeout=socket_timeout,
        capitalize_response_headers=capitalize_response_headers,
    )
    if server_event is not None:
        warnings.warn("server() is given a server_event, which is deprecated", DeprecationWarning, stacklevel=2)
        server_event.send(running)
    pool, connections = _pool(custom_pool, max_size), dict[int, list[Any]]()
    try:
        running.log.info(f"({running.pid}) wsgi starting up on {_url_of(sock)}")
        _accept(running, pool, connections)
    finally:
        _stop(running, pool, connections)


def _pool(custom: Any, size: int | None) -> Any:
    if custom is None:
        return GreenPool(DEFAULT_MAX_SIMULTANEOUS_REQUESTS if size is None else size)
    if not (hasattr(custom, "spawn") and hasattr(custom, "waitall")):
        raise GreenError(f"a {type(custom).__name__} can't be the pool of wsgi.server()", hint="Give a GreenPool")
    return custom


def _accept(running: Server, pool: Any, connections: dict[int, list[Any]]) -> None:
    """Take connections until the socket is closed."""
    listens = running.socket.getsockopt(sockets.SOL_SOCKET, sockets.SO_ACCEPTCONN)

    def clean(_: GreenThread, connection: list[Any]) -> None:
        connections.pop(id(connection), None)
        connection[2] = STATE_CLOSE
        shutdown_safe(connection[1])
        connection[1].close()

    while is_accepting:
        try:
            client, address = running.socket.accept()
        except OSError as error:
            if error.errno in _CLOSED or (error.errno == errno.EINVAL and listens):  # it was shut down
                return
            if error.errno in (errno.ECONNABORTED, errno.EINTR) or isinstance(error, ssl.SSLError):
                continue
            if error.errno in _SHORT:
                running.log.error(f"({running.pid}) can't accept: {error}; will try again")
                sleep(_PATIENCE_SECONDS)
                continue
            traceback.print_exc()  # as well, since who has spawned the server may never look
            raise
        except (KeyboardInterrupt, SystemExit):
            running.log.info("wsgi exiting")
            return
        client.settimeout(running.socket_timeout)
        running.log.debug(f"({running.pid}) accepted {address!r}")
        connection: list[Any] = [address, client, STATE_IDLE]
        connections[id(connection)] = connection
        pool.spawn(running.process_request, connection).link(clean, connection)


def _stop(running: Server, pool: Any, connections: dict[int, list[Any]]) -> None:
    """Close what is idle, wait for the rest."""
    for connection in list(connections.values()):
        before, connection[2] = connection[2], STATE_CLOSE
        if before == STATE_IDLE and not _has_arrived(connection[1]):
            shutdown_safe(connection[1])
            connection[1].close()  # wakes its green thread at once
    try:
        pool.waitall()
        running.log.info(f"({running.pid}) wsgi exited, is_accepting={is_accepting}")
    finally:
        running.socket.close()


def _has_arrived(sock: Any) -> bool:
    """Whether a request has come that nobody has read yet; it is answered, then."""
    try:
        return bool(_socket.socket.recv(sock, 1, _socket.MSG_PEEK))
    except (OSError, TypeError):
        return False
