"""Passing on what the application doesn't route to a front-end development server, so that both are one address.

The application is asked first. Where it says that there is no such path, the request goes on as it is, its body and the
answer streamed; what belongs to a connection alone (RFC 9110 section 7.6.1) stays behind. WebSockets go through, too.
This is for development: there is no pool, no cache and no HTTPS to the other side.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from spruce.errors import ConfigError, NotFound
from spruce.green import GreenSocket, connect
from spruce.http import EMPTY_STREAM, Handler, Headers, Request, Response
from spruce.server.proxysocket import pass_websocket
from spruce.server.websocket import Upgradable
from spruce.server.worker import Lifespan

__all__ = ["Proxy", "Upstream", "unrouted", "upstream"]

_CONNECT_SECONDS = 5.0
_PIECE = 64 * 1024
_OWN = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="1">
<title>The development server does not answer</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem }}</style>
<h1>The development server does not answer</h1>
<p>{text}</p>
<p>This page looks again every second.</p>
"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the paths below `prefix` go that the application doesn't route."""

    prefix: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def takes(self, path: str) -> bool:
        """Whether a path is below its prefix."""
        return path.startswith(self.prefix) and (
            self.prefix.endswith("/") or path[len(self.prefix) :][:1] in ("", "/", "?")
        )

    def connect(self) -> GreenSocket:
        """Return a connection to it; a name may stand for an IPv4 or an IPv6 address. Blocks. Raises OSError."""
        refusal: OSError | None = None
        for family in _families(self.host):
            try:
                sock = connect((self.host, self.port), family=family)
            except OSError as error:
                refusal = refusal or error
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise refusal or OSError("it has no address")


def _families(host: str) -> Sequence[int]:
    if ":" in host:
        return [socket.AF_INET6]
    return [socket.AF_INET] if host.replace(".", "").isdigit() else [socket.AF_INET, socket.AF_INET6]


def upstream(text: str) -> Upstream:
    """Read `/=http://127.0.0.1:5173`: a prefix and an address. Raises ConfigError."""
    prefix, equals, url = text.partition("=")
    parts = urlsplit(url)
    try:
        port = parts.port or 80
    except ValueError:
        port = 0
    plain = parts.scheme == "http" and parts.path in ("", "/") and not parts.query
    if not (equals and prefix.startswith("/") and plain and parts.hostname and port):
        raise ConfigError(
            f"{text!r} is nothing that can be passed on to",
            hint="Write a path and an address without one: /=http://127.0.0.1:5173.",
        )
    return Upstream(prefix, parts.hostname, port)


def unrouted(request: Request, response: Response) -> bool:
    """Whether an application has said that it doesn't know the path.

    Spruce's router tells so itself. Of others only the status is known, so what has a body stays with them: they may
    have read it.
    """
    if request.routing_exception is not None or request.url_rule is not None:
        return isinstance(request.routing_exception, NotFound)
    return response.status_code == 404 and (request.stream is EMPTY_STREAM or isinstance(request.stream, Upgradable))


class Proxy:
    """A handler around a handler: what that one doesn't route goes to the upstream with the longest prefix."""

    def __init__(
        self,
        handler: Handler,
        upstreams: Iterable[Upstream],
        is_unrouted: Callable[[Request, Response], bool] = unrouted,
    ) -> None:
        self.handler = handler
        self.upstreams = sorted(upstreams, key=lambda one: -len(one.prefix))
        self.is_unrouted = is_unrouted

    def startup(self) -> None:
        """Let the application get ready."""
        application: object = self.handler
        if isinstance(application, Lifespan):
            application.startup()

    def shutdown(self) -> None:
        """Let the application clean up."""
        application: object = self.handler
        if isinstance(application, Lifespan):
            application.shutdown()

    def __call__(self, request: Request) -> Response:
        """Answer one request; returns when the head of the answer is there."""
        response = self.handler(request)
        if not self.is_unrouted(request, response):
            return response
        found = next((one for one in self.upstreams if one.takes(request.target)), None)
        if found is None:
            return response
        response.close()
        try:
            if isinstance(request.stream, Upgradable):
                return pass_websocket(request, found.url.removeprefix("http://"), found.connect())
            return _passed(request, found)
        except (OSError, HTTPException) as error:
            return _silent(request, found, error)


def _passed(request: Request, found: Upstream) -> Response:
    """Pass a request on, and return the answer with a body that is read when it is sent."""
    connection = HTTPConnection(found.host, found.port)
    connection.sock = found.connect()
    try:
        _send(request, connection)
        answer = connection.getresponse()
    except BaseException:
        connection.close()
        raise
    response = Response(_pieces(answer), answer.status)
    response.plain_type = None
    response.headers = Headers(_kept((name, value) for name, value in answer.headers.items()))
    response.call_on_close(answer.close)
    response.call_on_close(connection.close)
    return response


def _send(request: Request, connection: HTTPConnection) -> None:
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers]
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in _kept(fields):
        connection.putheader(name, value.encode("latin-1"))
    connection.putheader("X-Forwarded-For", request.remote_addr or "unknown")
    connection.putheader("X-Forwarded-Proto", request.scheme)
    body = request.data if "data" in request.__dict__ else None  # something around the application may have read it
    if request.stream is EMPTY_STREAM:
        connection.endheaders()
    elif request.content_length is not None:
        connection.endheaders()
        for piece in [body] if body is not None else _read(request.stream):
            connection.send(piece)
    else:
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders([body] if body is not None else _read(request.stream), encode_chunked=True)


def _kept(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the fields that go on: not those of the connection, nor those that it names."""
    fields = list(fields)
    named = {
        part.strip().lower() for name, value in fields if name.lower() == "connection" for part in value.split(",")
    }
    return [(name, value) for name, value in fields if name.lower() not in _OWN | named]


def _read(stream: Any) -> Iterator[bytes]:
    read = stream.read1 if hasattr(stream, "read1") else stream.read
    while piece := read(_PIECE):
        yield piece


def _pieces(answer: HTTPResponse) -> Iterator[bytes]:
    with answer:
        while piece := answer.read1(_PIECE):
            yield piece


def _silent(request: Request, found: Upstream, error: Exception) -> Response:
    """Return what says that nobody is there to answer."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    if isinstance(error, OSError) and error.errno:
        text = f"{found.url} does not answer: {reason}. Start the development server, or leave --proxy out."
    else:
        text = f"{found.url} has no answer that can be passed on: {reason}."
    with suppress(AttributeError):
        if "text/html" in request.headers.get("Accept", ""):
            return Response(_PAGE.format(text=escape(text)), 502, {"Cache-Control": "no-store"})
    return Response(f"{text}\n", 502, content_type="text/plain; charset=utf-8")
