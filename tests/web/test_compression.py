"""Compression: who gets it, for what, and that it can be read."""

import gzip
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from spruce.web import App, CompressionMiddleware, Response

TEXT = "All pandas are soft. " * 100
LONG = "All pandas are soft. " * 20_000


@pytest.fixture
def app() -> App:
    """An app that compresses."""
    app = App(__name__, MIDDLEWARE=[CompressionMiddleware])
    app.add_url_rule("/", "text", lambda: TEXT)
    app.add_url_rule("/long", "long", lambda: LONG)
    return app


def answer(app: App, path: str = "/", coding: str = "gzip", **options: Any) -> Response:
    return app.test_client().open(path, headers={"Accept-Encoding": coding}, **options)


@pytest.mark.parametrize("path", ["/", "/long"])
def test_a_text_is_compressed(app: App, path: str) -> None:
    """Caches are told on what that depends; a long one is compressed in a thread."""
    plain, packed = answer(app, path, "identity"), answer(app, path)
    assert gzip.decompress(packed.data).decode() == plain.text
    assert len(packed.data) < len(plain.data) / 5
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert ("Content-Encoding" in plain.headers, plain.headers["Vary"]) == (False, "Accept-Encoding")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("*", "zstd"),
        ("br", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
def test_the_client_chooses(app: App, accepted: str, coding: str | None) -> None:
    """The best of what it wants most."""
    assert answer(app, coding=accepted).headers.get("Content-Encoding") == coding


def test_zstd_is_used_where_it_is_installed(app: App) -> None:
    """Behind a frame that decoders pass over."""
    reader = zstandard.ZstdDecompressor().stream_reader(answer(app, coding="zstd").data, read_across_frames=True)
    assert reader.read().decode() == TEXT


def test_the_length_differs_from_answer_to_answer(app: App) -> None:
    """So that nobody learns a secret by it (BREACH): of forty answers at least two have different lengths."""
    for coding in ("gzip", "zstd"):
        assert len({len(answer(app, coding=coding).data) for _ in range(40)}) > 1


def test_a_stream_is_compressed_piece_by_piece() -> None:
    """Each piece can be read before the next one is made."""
    app = App(__name__, MIDDLEWARE=[CompressionMiddleware])
    seen: list[bytes] = []
    unpack = zlib.decompressobj(wbits=31)

    def pieces() -> Iterator[str]:
        yield "first "
        assert seen == [b"first "]
        yield "second"

    with app.test_request_context():
        middleware = CompressionMiddleware(lambda request: Response(pieces()))
    app.add_url_rule("/", "stream", lambda: Response(pieces()))
    with app.test_request_context(headers={"Accept-Encoding": "gzip"}) as entry:
        assert entry.request is not None
        response = middleware(entry.request)
    for piece in response.iter_encoded():
        seen.append(unpack.decompress(piece))
    response.close()
    assert b"".join(seen) == b"first second"
    assert unpack.eof


def with_headers(**headers: str) -> Response:
    return Response(TEXT, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    "response",
    [
        Response("short"),
        Response(TEXT, mimetype="image/png"),
        Response(TEXT, 206),
        with_headers(Content_Encoding="br"),
        with_headers(Cache_Control="no-transform"),
        Response(TEXT, 204),
    ],
)
def test_what_is_not_worth_it_is_left_alone(response: Response) -> None:
    """Or must not be changed."""
    app = App(__name__, MIDDLEWARE=[CompressionMiddleware])
    app.add_url_rule("/", "view", lambda: response)
    assert answer(app).headers.get("Content-Encoding") in (None, "br")


def test_a_tag_becomes_weak_and_ranges_go() -> None:
    """The bytes are others each time."""
    app = App(__name__, MIDDLEWARE=[CompressionMiddleware])

    @app.get("/")
    def view() -> Response:
        response = Response(TEXT, headers={"Accept-Ranges": "bytes"}, mimetype="application/json")
        response.set_etag("v1")
        return response

    made = answer(app)
    assert (made.headers["ETag"], "Accept-Ranges" in made.headers) == ('W/"v1"', False)
    assert answer(app, method="HEAD").headers.get("Content-Encoding") is None
