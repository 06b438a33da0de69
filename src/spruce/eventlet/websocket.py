"""`eventlet.websocket`: WebSockets for applications that `eventlet.wsgi` serves.

A handler gets the WebSocket when it is open, and closes it by returning.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from websockets.utils import accept_key

from spruce.errors import HostedAppError
from spruce.eventlet import wsgi
from spruce.eventlet.websocketmessages import (
    DEFAULT_MAX_FRAME_LENGTH,
    ConnectionClosedError,
    FailedConnectionError,
    ProtocolError,
    RFC6455WebSocket,
    WebSocket,
)

__all__ = [
    "DEFAULT_MAX_FRAME_LENGTH",
    "BadRequest",
    "ConnectionClosedError",
    "FailedConnectionError",
    "ProtocolError",
    "RFC6455WebSocket",
    "WebSocket",
    "WebSocketWSGI",
]

_VERSIONS: Final = ("8", "13")
_DEFLATE: Final = "permessage-deflate"
_SMALLEST_WINDOW: Final = {"server": 9, "client": 8}  # bits; zlib doesn't compress with 8
Handler = Callable[[WebSocket], object]


class BadRequest(Exception):
    """The request for a WebSocket is refused, with this answer."""

    def __init__(
        self,
        status: str = "400 Bad Request",
        body: bytes | None = None,
        headers: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


class WebSocketWSGI:
    """A WSGI application that calls `handler` with each WebSocket; a decorator.

    A frame of more than `max_frame_length` bytes closes the WebSocket. `supported_protocols` are the subprotocols that
    are spoken; `origin_checker(host, origin)` says whether pages of that origin may connect (all may, without).
    """

    def __init__(self, handler: Handler, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH) -> None:
        self.handler = handler
        self.max_frame_length = max_frame_length
        self.protocol_version: int | None = None
        self.support_legacy_versions = True
        self.supported_protocols: Sequence[str] = []
        self.origin_checker: Callable[[str | None, str], object] | None = None

    @classmethod
    def configured(
        cls,
        handler: Handler | None = None,
        supported_protocols: Sequence[str] | None = None,
        origin_checker: Callable[[str | None, str], object] | None = None,
        support_legacy_versions: bool = False,
    ) -> Any:
        """Make one with these attributes; without a handler, a decorator that does."""

        def decorator(handler: Handler) -> WebSocketWSGI:
            made = cls(handler)
            made.support_legacy_versions = support_legacy_versions
            made.origin_checker = origin_checker
            made.supported_protocols = supported_protocols or []
            return made

        return decorator if handler is None else decorator(handler)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Open the WebSocket and call the handler with it; 400 for a request that asks for none."""
        try:
            websocket = self._open(environ)
        except BadRequest as refusal:
            start_response(refusal.status, [("Connection", "close"), *(refusal.headers or [])])
            return [refusal.body] if refusal.body else []
        if "eventlet.set_idle" in environ:
            environ["eventlet.set_idle"]()
        try:
            self.handler(websocket)
        except OSError as error:
            if error.errno not in wsgi.CLIENT_GONE:
                raise
        websocket._send_closing_frame(True)
        wsgi.WSGI_LOCAL.already_handled = True
        return []

    def _open(self, environ: dict[str, Any]) -> WebSocket:
        options = [option.strip() for option in environ.get("HTTP_CONNECTION", "").lower().split(",")]
        if "upgrade" not in options or environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            raise BadRequest
        if "HTTP_SEC_WEBSOCKET_VERSION" in environ:
            return self._open_rfc6455(environ)
        if self.support_legacy_versions:
            return self._open_draft(environ)
        raise BadRequest

    # ---- RFC 6455 --------------------------------------------------------------------------------------------------

    def _open_rfc6455(self, environ: dict[str, Any]) -> WebSocket:
        version = environ["HTTP_SEC_WEBSOCKET_VERSION"]
        if version not in _VERSIONS:
            raise BadRequest("426 Upgrade Required", headers=[("Sec-WebSocket-Version", ", ".join(_VERSIONS))])
        if "HTTP_SEC_WEBSOCKET_KEY" not in environ:
            raise BadRequest
        sock = _socket_of(environ)
        self.protocol_version = int(version)
        old_origin = environ.get("HTTP_SEC_WEBSOCKET_ORIGIN", "") if version == "8" else ""
        origin = environ.get("HTTP_ORIGIN", old_origin)
        if self.origin_checker is not None and not self.origin_checker(environ.get("HTTP_HOST"), origin):
            raise BadRequest("403 Forbidden")
        offered = [name.strip() for name in environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(",")]
        protocol = next((name for name in offered if name in self.supported_protocols), None)
        deflate = _agreed(environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", ""))
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Accept: {accept_key(environ['HTTP_SEC_WEBSOCKET_KEY'])}")
        if protocol:
            lines.append(f"Sec-WebSocket-Protocol: {protocol}")
        if deflate is not None:
            lines.append(f"Sec-WebSocket-Extensions: {_shown(deflate)}")
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        extensions = {} if deflate is None else {_DEFLATE: deflate}
        return RFC6455WebSocket(
            sock, environ, int(version), protocol, extensions=extensions, max_frame_length=self.max_frame_length
        )

    # ---- drafts ----------------------------------------------------------------------------------------------------

    def _open_draft(self, environ: dict[str, Any]) -> WebSocket:
        """Shake hands as the drafts 75 and 76 have it."""
        sock = _socket_of(environ)
        origin, location = environ.get("HTTP_ORIGIN", ""), _location(environ)
        if "HTTP_SEC_WEBSOCKET_KEY1" not in environ:
            self.protocol_version = 75
            lines = ["HTTP/1.1 101 Web Socket Protocol Handshake", "Upgrade: WebSocket", "Connection: Upgrade"]
            lines += [f"WebSocket-Origin: {origin}", f"WebSocket-Location: {location}"]
            answer = b""
        else:
            self.protocol_version = 76
            answer = _answer_76(environ)
            lines = ["HTTP/1.1 101 WebSocket Protocol Handshake", "Upgrade: WebSocket", "Connection: Upgrade"]
            protocol = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "default")
            lines += [f"Sec-WebSocket-Origin: {origin}", f"Sec-WebSocket-Protocol: {protocol}"]
            lines.append(f"Sec-WebSocket-Location: {location}")
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + answer)
        return WebSocket(sock, environ, self.protocol_version)


def _socket_of(environ: dict[str, Any]) -> Any:
    """The socket of the request. Raises HostedAppError on a server that doesn't give it."""
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()
    if "gunicorn.socket" in environ:
        return environ["gunicorn.socket"]
    raise HostedAppError(
        "WebSocketWSGI needs the socket of its request, and this server doesn't give it",
        hint="Serve it by spruce.eventlet.wsgi.server(), or write a view with @app.websocket.",
    )


def _answer_76(environ: dict[str, Any]) -> bytes:
    if "HTTP_SEC_WEBSOCKET_KEY2" not in environ:
        raise BadRequest
    keys = b"".join(_number(environ[f"HTTP_SEC_WEBSOCKET_KEY{index}"]) for index in (1, 2))
    environ["wsgi.input"].content_length = 8  # there is no such header, and eight bytes follow
    return hashlib.md5(keys + environ["wsgi.input"].read(8), usedforsecurity=False).digest()


def _number(key: str) -> bytes:
    """The digits of a key as a number, divided by its spaces."""
    digits, spaces = "".join(filter(str.isdigit, key)), key.count(" ")
    if not digits or not spaces:
        raise BadRequest
    return (int(digits) // spaces & 0xFFFFFFFF).to_bytes(4, "big")


def _location(environ: dict[str, Any]) -> str:
    scheme = "wss" if environ.get("wsgi.url_scheme") == "https" else "ws"
    target = environ["spruce.request"].target if "spruce.request" in environ else environ.get("PATH_INFO", "")
    return f"{scheme}://{environ.get('HTTP_HOST')}{environ.get('SCRIPT_NAME', '')}{target}"


# ---- permessage-deflate (RFC 7692 section 7.1) ----------------------------------------------------------------------


def _agreed(offers: str) -> dict[str, Any] | None:
    """The parameters of the first offer of permessage-deflate that can be had; None without one."""
    for offer in offers.split(","):
        name, *given = [part.strip() for part in offer.split(";")]
        if name.lower() == _DEFLATE:
            parameters = dict(_parameter(text) for text in given if text)
            if (chosen := _chosen(parameters)) is not None:
                return chosen
    return None


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _chosen(parameters: dict[str, str]) -> dict[str, Any] | None:
    chosen: dict[str, Any] = {}
    for side in ("server", "client"):
        chosen[f"{side}_no_context_takeover"] = f"{side}_no_context_takeover" in parameters
        bits = parameters.get(f"{side}_max_window_bits")
        if bits is None:
            continue
        number = zlib.MAX_WBITS if not bits else int(bits) if bits.isdecimal() and bits.isascii() else 0
        if not _SMALLEST_WINDOW[side] <= number <= zlib.MAX_WBITS:
            return None
        chosen[f"{side}_max_window_bits"] = number
    return chosen


def _shown(parameters: dict[str, Any]) -> str:
    shown = [name if value is True else f"{name}={value}" for name, value in parameters.items() if value is not False]
    return "; ".join([_DEFLATE, *shown])
