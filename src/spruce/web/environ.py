"""What an environ of WSGI (PEP 3333) says, as a request."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

from spruce.http import EMPTY_STREAM, Peer, Readable, Request

__all__ = ["request_of"]

_PATH_SAFE = "/!$&'()*+,;=:@~"


def request_of(environ: dict[str, Any], stream: Readable | None) -> Request:
    """Return the request that an environ describes, with `stream` for its `wsgi.input`."""
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
