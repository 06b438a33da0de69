"""The green thread of one connection for `eventlet.wsgi`: reads, calls the application, writes."""

import errno
import socket as sockets
import ssl
import time
import traceback
from contextlib import suppress
from typing import Any, Final, Protocol

from spruce.errors.http import HTTPException, RequestHeaderFieldsTooLarge, RequestURITooLarge
from spruce.eventlet.greenio import shutdown_safe
from spruce.eventlet.incoming import ChunkReadError, Input, Requests
from spruce.eventlet.outgoing import Answer
from spruce.green import Timeout, local
from spruce.http import Peer, Request, http_date
from spruce.server import Limits, WSGIApp, environ_of
from spruce.server.heads import refusal_message

__all__ = ["CLIENT_GONE", "STATE_CLOSE", "STATE_IDLE", "STATE_REQUEST", "WSGI_LOCAL", "HttpProtocol"]

STATE_IDLE: Final = "idle"
STATE_REQUEST: Final = "request"
STATE_CLOSE: Final = "close"
WSGI_LOCAL = local()
"""`WSGI_LOCAL.already_handled = True` says that the application has answered on the socket itself."""

CLIENT_GONE: Final = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN})
_ANY_SIZE: Final = 2**62
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Shared(Protocol):
    """What a connection needs of the server that it belongs to."""

    app: WSGIApp
    capitalize_response_headers: bool
    debug: bool
    keepalive: bool | float
    log: Any
    log_format: str
    log_output: bool
    log_x_forwarded_for: bool
    max_header_line: int
    max_http_version: str | None
    max_total_header_size: int
    minimum_chunk_size: int | None
    outstanding_requests: int
    pid: int
    socket_timeout: float | None
    url_length_limit: int

    def get_environ(self) -> dict[str, Any]:
        """What all requests have in their environ."""


class HttpProtocol:
    """What talks on one connection; a subclass may be given to `server`. `conn_state` is `[address, socket, state]`.

    To make one is to serve the connection until it ends.
    """

    protocol_version = "HTTP/1.1"
    minimum_chunk_size = 4096
    capitalize_response_headers = True

    def __init__(self, conn_state: list[Any], server: "Shared") -> None:
        self.conn_state = conn_state
        self.client_address = conn_state[0]
        self.connection = self.request = conn_state[1]
        self.server = server
        self.close_connection = False
        self.command = self.path = self.requestline = ""
        self.request_version = "HTTP/1.1"
        if server.minimum_chunk_size is not None:
            self.minimum_chunk_size = server.minimum_chunk_size
        if server.max_http_version:
            self.protocol_version = server.max_http_version
        self.capitalize_response_headers = server.capitalize_response_headers
        if self.connection.fileno() < 0:  # closed by a server that stops, before this has begun
            return
        self.setup()
        try:
            self.handle()
        finally:
            self.finish()

    def setup(self) -> None:
        """Prepare the connection."""
        with suppress(OSError):
            self.connection.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, True)
        address = self.connection.getsockname()
        client = self.client_address
        peer = Peer(
            "https" if hasattr(self.connection, "do_handshake") else "http",
            (client[0], client[1]) if isinstance(client, tuple) else None,
            (address[0], address[1]) if isinstance(address, tuple) else address or None,
        )
        limits = Limits(
            request_line=self.server.url_length_limit, head=self.server.max_total_header_size, body=_ANY_SIZE
        )
        self.requests = Requests(self.connection, limits, peer, self._line_begun)

    def _line_begun(self) -> None:
        self.conn_state[2] = STATE_REQUEST if self.conn_state[2] == STATE_IDLE else self.conn_state[2]
        self.connection.settimeout(self.server.socket_timeout)

    def handle(self) -> None:
        """Answer requests until the connection ends."""
        while not self.close_connection:
            self.handle_one_request()
            if self.conn_state[2] == STATE_CLOSE:
                self.close_connection = True
            else:
                self.conn_state[2] = STATE_IDLE

    def handle_one_request(self) -> None:
        """Wait for a request, and answer it."""
        try:
            request = self._next_request()
        except HTTPException as refusal:
            self._refuse(refusal)
            return
        if request is None:
            self.close_connection = True
            return
        self.command, self.path = request.method, request.target
        self.request_version = f"HTTP/{request.http_version}"
        self.requestline = f"{self.command} {self.path} {self.request_version}"
        self.headers = request.headers
        self._request = request
        self.close_connection = self.requests.last or self.protocol_version == "HTTP/1.0" or not self.server.keepalive
        self.environ = self.get_environ()
        self.server.outstanding_requests += 1
        try:
            self.handle_one_response()
        except OSError as error:
            self.close_connection = True
            if error.errno not in CLIENT_GONE and not isinstance(error, ssl.SSLError):
                raise
        finally:
            self.server.outstanding_requests -= 1

    def _next_request(self) -> Request | None:
        keepalive = self.server.keepalive
        if keepalive and not isinstance(keepalive, bool):
            self.connection.settimeout(keepalive)
        try:
            request = self.requests.next()
        except TimeoutError:
            raise
        except OSError as error:
            if error.errno in CLIENT_GONE or isinstance(error, ssl.SSLError):
                self.server.log.debug(f"({self.server.pid}) connection reset by peer {self.client_address!r}")
            elif error.errno != errno.EBADF:
                raise
            return None
        if any(
            len(name) + len(value) + len(": \r\n") >= self.server.max_header_line
            for name, value in self.requests.fields
        ):
            raise RequestHeaderFieldsTooLarge("Header Line Too Long")
        return request

    def _refuse(self, refusal: HTTPException) -> None:
        """Tell why a request isn't taken; the connection ends."""
        self.close_connection = True
        reason = "414 Request URI Too Long" if isinstance(refusal, RequestURITooLarge) else ""
        if isinstance(refusal, RequestHeaderFieldsTooLarge):
            known = refusal.description == "Header Line Too Long"
            reason = f"400 {refusal.description if known else 'Headers Too Large'}"
        if reason:
            answer = f"HTTP/1.0 {reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
        else:
            answer = refusal_message(refusal, http_date())
        with suppress(OSError):
            self.send(answer)

    def handle_one_response(self) -> None:
        """Call the application with the environ, and send what it returns."""
        start = time.time()
        body: Input = self.environ["eventlet.input"]  # now, since the application may replace it
        answer = Answer(self)
        body.headers_sent = answer.sent
        result: Any = None
        try:
            WSGI_LOCAL.already_handled = False
            try:
                result = self.server.app(self.environ, answer.start_response)
                self._send_result(answer, body, result)
            except (Exception, Timeout):
                self._failed(answer)
        finally:
            if hasattr(result, "close"):
                result.close()
            self._drop_rest(body)
            finish = time.time()
            for hook, args, kwargs in self.environ["eventlet.posthooks"]:
                hook(self.environ, *args, **kwargs)
            self._log(answer, finish - start)

    def _send_result(self, answer: Answer, body: Input, result: Any) -> None:
        if answer.started and not answer.sent:
            answer.note_length(result)
            if hasattr(result, "__len__") and body.should_send_hundred_continue:
                self.close_connection = True  # it won't be read, and the client may or may not send it
        answer.send(result, int(self.environ.get("eventlet.minimum_write_chunk_size", self.minimum_chunk_size)))
        if WSGI_LOCAL.already_handled:
            self.close_connection = True
            return
        answer.finish()

    def _failed(self, answer: Answer) -> None:
        """Answer what the application has raised as well as still possible."""
        self.close_connection = True
        text = traceback.format_exc()
        self.server.log.info(text)
        if not answer.sent:
            shown = text.encode() if self.server.debug else b""
            head = [("Content-type", "text/plain"), ("Content-length", len(shown))]
            answer.start_response("500 Internal Server Error", head)
            answer.write(shown)

    def _drop_rest(self, body: Input) -> None:
        """Read what the application has left of the body, if the connection is to be used again."""
        if body.should_send_hundred_continue:
            self.close_connection = True
        if self.close_connection:
            return
        try:
            self.close_connection = not body.discard()
        except (ChunkReadError, OSError) as error:
            self.close_connection = True
            client = self.get_client_address()[0]
            kind = "I/O error" if isinstance(error, OSError) else "chunked encoding error"
            self.server.log.error(
                f'{kind} while discarding request body. client={client} request="{self.requestline}" error="{error}"'
            )

    def _log(self, answer: Answer, seconds: float) -> None:
        if not self.server.log_output:
            return
        host, port = self.get_client_address()
        self.server.log.info(
            self.server.log_format
            % {
                "client_ip": host,
                "client_port": port,
                "date_time": self.log_date_time_string(),
                "request_line": _printable(self.requestline),
                "status_code": answer.status,
                "body_length": answer.length,
                "wall_seconds": seconds,
            }
        )

    def log_date_time_string(self) -> str:
        """The time, as the log has it."""
        now = time.localtime()  # %b would be in the language of the process
        return time.strftime(f"%d/{_MONTHS[now.tm_mon - 1]}/%Y %H:%M:%S", now)

    def get_client_address(self) -> tuple[str, Any]:
        """Who asks, as the log has it: with what proxies say before, if that was wanted."""
        host, port = _host_and_port(self.client_address)
        forwarded = self.headers.get("X-Forwarded-For", "").replace(" ", "")
        if self.server.log_x_forwarded_for and forwarded:
            host = f"{_printable(forwarded)},{host}"
        return host, port

    def get_environ(self) -> dict[str, Any]:
        """The environ of the request."""
        environ = environ_of(self._request)
        environ.update(self.server.get_environ())
        environ["RAW_PATH_INFO"] = self.path.partition("?")[0]
        environ.setdefault("CONTENT_TYPE", "text/plain")
        environ["SERVER_NAME"], port = _host_and_port(self.connection.getsockname())
        environ["SERVER_PORT"] = str(port)
        environ["REMOTE_ADDR"], port = _host_and_port(self.client_address)
        environ["REMOTE_PORT"] = str(port)
        environ["GATEWAY_INTERFACE"] = "CGI/1.1"
        environ["headers_raw"] = self.requests.fields
        expects = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
        body = Input(self.requests, self._request, expects, self.send)
        environ["wsgi.input"] = environ["eventlet.input"] = body
        environ["eventlet.posthooks"] = []
        environ["eventlet.set_idle"] = self._set_idle
        return environ

    def _set_idle(self) -> None:
        """`eventlet.set_idle`: let a server that stops not wait for this request."""
        self.conn_state[2] = STATE_IDLE

    def send(self, data: bytes) -> None:
        """Send it all; waits while the client doesn't take it."""
        self.connection.sendall(data)

    def keep_alive_lines(self) -> list[str]:
        """The header lines that say whether the connection stays open."""
        if self.close_connection:
            return ["Connection: close"]
        if "keep-alive" not in self.headers.get("Connection", "").lower():
            return []
        seconds = 0 if isinstance(self.server.keepalive, bool) else int(self.server.keepalive)
        return ["Connection: keep-alive", *([f"Keep-Alive: timeout={seconds}"] if seconds else [])]

    def finish(self) -> None:
        """End the connection."""
        shutdown_safe(self.connection)
        self.connection.close()


def _host_and_port(address: Any) -> tuple[str, Any]:
    return (address[0], address[1]) if isinstance(address, tuple) else ("unix", "")


def _printable(text: str) -> str:
    """What a client has sent, so that it can't write lines of the log."""
    return text if text.isprintable() else ascii(text)[1:-1]
