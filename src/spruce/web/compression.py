"""Compression of responses, by gzip and, where the package zstandard is installed, by zstd (RFC 1952, RFC 8878).

A page that holds a secret and repeats what the request said tells the secret by its length (BREACH): an attacker who
can make a browser ask many times guesses it letter by letter. So each compressed response has up to a hundred bytes of
random length in it, in a place that decoders pass over: the file name of gzip, a skippable frame of zstd. That makes
the attack long, not impossible; secrets such as CSRF tokens have to differ from page to page as well.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from os import urandom
from typing import Any, Protocol

from spruce.http import Handler, Request, Response
from spruce.web.awaiting import in_thread

__all__ = ["CompressionMiddleware"]

SMALLEST = 500
"""Bytes below which a body is sent as it is: compression would gain nothing."""

IN_THREAD = 256 * 1024
"""Bytes from which on a body is compressed in a thread of the operating system, so that others are served meanwhile."""

_PADDING = 100
_TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/wasm",
        "application/xml",
        "image/svg+xml",
    }
)


class _Coder(Protocol):
    """Compresses pieces of a body; `flush` says that what came up to now is to be readable."""

    def compress(self, piece: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


def _random_size() -> int:
    """From one to a hundred bytes, unforeseeable."""
    return int.from_bytes(urandom(4), "big") % _PADDING + 1


class _Gzip:
    """One member of a gzip file, whose name is padding."""

    def __init__(self) -> None:
        name = urandom(_PADDING).hex().encode()[: _random_size()]
        self._head = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + name + b"\0"
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._check, self._size = 0, 0

    def compress(self, piece: bytes) -> bytes:
        self._check, self._size = zlib.crc32(piece, self._check), self._size + len(piece)
        head, self._head = self._head, b""
        return head + self._deflate.compress(piece)

    def flush(self) -> bytes:
        return self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        trailer = self._check.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")
        head, self._head = self._head, b""
        return head + self._deflate.flush() + trailer


class _Zstd:
    """One frame of zstd, behind one that is padding."""

    def __init__(self) -> None:
        import zstandard  # only there when it is installed

        size = _random_size()
        self._head = b"\x50\x2a\x4d\x18" + size.to_bytes(4, "little") + bytes(size)
        self._made: Any = zstandard.ZstdCompressor(level=3).compressobj()
        self._block: int = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def compress(self, piece: bytes) -> bytes:
        head, self._head = self._head, b""
        data: bytes = self._made.compress(piece)
        return head + data

    def flush(self) -> bytes:
        data: bytes = self._made.flush(self._block)
        return data

    def finish(self) -> bytes:
        head, self._head = self._head, b""
        data: bytes = self._made.flush()
        return head + data


def _coders() -> dict[str, Callable[[], _Coder]]:
    """The codings that can be made here, the best first."""
    zstd: dict[str, Callable[[], _Coder]] = {"zstd": _Zstd} if find_spec("zstandard") is not None else {}
    return {**zstd, "gzip": _Gzip}


class CompressionMiddleware:
    """Compress texts that are worth it, for clients that can read them: `MIDDLEWARE=[CompressionMiddleware, …]`.

    What it leaves alone: bodies below 500 bytes, other types than text, JSON, XML and the like, parts of a file, what
    has a Content-Encoding already, and responses with `Cache-Control: no-transform`. Streams are compressed piece by
    piece, each readable at once. A strong ETag becomes a weak one.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.coders = _coders()

    def __call__(self, request: Request) -> Response:
        """Handle `request`, and compress the response if the client wants that."""
        response = self.get_response(request)
        if not _is_worth_it(response):
            return response
        response.vary.add("Accept-Encoding")
        coding = request.accept_encodings.best_match(self.coders)
        if coding is not None and request.method != "HEAD":
            _compress(response, coding, self.coders[coding]())
        return response


def _is_worth_it(response: Response) -> bool:
    if response.status_code < 200 or response.status_code in (204, 206, 304):
        return False
    body = response.response
    if isinstance(body, bytes) and len(body) < SMALLEST:
        return False
    kind = response.mimetype or ""
    if not (kind.startswith("text/") or kind in _TYPES or kind.endswith(("+json", "+xml"))):
        return False
    return "Content-Encoding" not in response.headers and not response.cache_control.no_transform


def _compress(response: Response, coding: str, coder: _Coder) -> None:
    body = response.response
    response.headers.set("Content-Encoding", coding)
    response.headers.remove("Content-Length")
    response.headers.remove("Accept-Ranges")
    etag, weak = response.get_etag()
    if etag is not None and not weak:
        response.set_etag(etag, weak=True)
    if not isinstance(body, bytes):
        response.response = _Stream(body, coder)
    elif len(body) >= IN_THREAD:
        response.response = in_thread(_whole, coder, body)
    else:
        response.response = _whole(coder, body)


def _whole(coder: _Coder, body: bytes) -> bytes:
    return coder.compress(body) + coder.finish()


class _Stream:
    """A streamed body, compressed on its way."""

    def __init__(self, body: Iterable[str | bytes], coder: _Coder) -> None:
        self._body = body
        self._coder = coder

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            yield self._coder.compress(piece.encode() if isinstance(piece, str) else piece) + self._coder.flush()
        yield self._coder.finish()

    def close(self) -> None:
        """Close the body that is compressed."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
