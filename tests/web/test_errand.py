"""What passes between a WSGI server's OS thread and the view."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from tests.web.guest import call, environ, guest

from spruce.web import App, Request


@pytest.fixture
def app() -> App:
    return guest()


def test_a_wsgi_server_reads_and_sends_piece_by_piece(app: App) -> None:
    """The next piece is made when the last was taken, and none after `close`."""
    made: list[int] = []

    @app.post("/pieces")
    def pieces(request: Request) -> Iterator[bytes]:
        try:
            for number in range(1000):
                made.append(number)
                yield request.stream.read(2)
        finally:
            made.append(-1)

    heads: list[str] = []
    given = environ("POST", "/pieces", **{"wsgi.input": BytesIO(b"abcdef"), "CONTENT_LENGTH": "6"})
    body = iter(app(given, lambda status, headers: heads.append(status)))
    assert [next(body), next(body)] == [b"ab", b"cd"]
    assert heads == ["200 OK"]
    assert made == [0, 1]
    body.close()
    assert made == [0, 1, -1]


def test_what_fails_in_a_wsgi_stream_is_raised_in_the_server(app: App) -> None:
    """It can then cut the connection, so that the client can tell; reading that fails is raised in the view."""

    class Broken:
        def read(self, size: int = -1) -> bytes:
            raise OSError("the client has gone")

    @app.get("/fails")
    def fails() -> Iterator[bytes]:
        yield b"begin"
        raise ZeroDivisionError("in a stream")

    @app.post("/reads")
    def reads(request: Request) -> str:
        with pytest.raises(OSError, match=r"^the client has gone$"):
            request.stream.read()
        return "seen"

    body = iter(app(environ("GET", "/fails"), lambda status, headers: None))
    assert next(body) == b"begin"
    with pytest.raises(ZeroDivisionError, match=r"^in a stream$"):
        next(body)
    given = environ("POST", "/reads", **{"wsgi.input": Broken(), "CONTENT_LENGTH": "6"})
    assert call(app, given)[2] == b"seen"


def test_a_head_that_the_wsgi_server_refuses_ends_the_view(app: App) -> None:
    """Nothing is left waiting."""
    closed: list[bool] = []

    @app.get("/pieces")
    def pieces() -> Iterator[bytes]:
        try:
            yield b"begin"
        finally:
            closed.append(True)

    def refuse(status: str, headers: list[tuple[str, str]]) -> None:
        raise ValueError("no such header")

    with pytest.raises(ValueError, match=r"^no such header$"):
        app(environ("GET", "/pieces"), refuse)
    assert closed == [True]
