"""One connection: what an application is told, and what becomes of what it does."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from spruce import eventlet, green
from spruce.eventlet import wsgi
from spruce.eventlet.wsgiprotocol import STATE_IDLE, HttpProtocol

Start = Callable[..., Any]
Environ = dict[str, Any]


def talk(app: Any, request: bytes, log: StringIO | None = None, *, rest: bytes = b"", **options: Any) -> bytes:
    """All that a connection answers to some bytes, and the `rest` a moment later; the client says no more."""

    def main() -> bytes:
        listener = eventlet.listen(("127.0.0.1", 0))
        shared = wsgi.Server(listener, listener.getsockname(), app, log or StringIO(), **options)
        with listener, eventlet.connect(listener.getsockname()) as client:
            connection, address = listener.accept()
            served = green.spawn(shared.process_request, [address, connection, STATE_IDLE])
            client.sendall(request)
            if rest:
                green.sleep(0.001)
                client.sendall(rest)
            client.shutdown(1)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
            served.wait()
            assert shared.outstanding_requests == 0
        return answer

    return green.run(main)


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_the_environ() -> None:
    """As PEP 3333 has it, and eventlet; names with an underscore are left out."""
    seen: Environ = {}

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    head = b"POST /a%40b?c=d HTTP/1.1\r\nHost: x\r\nX-Y: 1\r\nX_Y: 2\r\nContent-Length: 4\r\n\r\n"
    answer = talk(app, head + b"body", environ={"site.name": "shop"})
    assert body_of(answer) == b"body"
    wanted = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a@b",
        "RAW_PATH_INFO": "/a%40b",
        "QUERY_STRING": "c=d",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "4",
        "SERVER_NAME": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "HTTP_X_Y": "1",
        "headers_raw": (("Host", "x"), ("X-Y", "1"), ("X_Y", "2"), ("Content-Length", "4")),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "site.name": "shop",
    }
    assert {key: seen.get(key) for key in wanted} == wanted
    assert seen["wsgi.input"] is seen["eventlet.input"]


def test_requests_of_one_connection() -> None:
    """Old clients without a Host too; the last one says so."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    answer = talk(app, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\nGET /c HTTP/1.1\r\n\r\n")
    assert (answer.count(b"HTTP/1.1 200 OK"), answer.count(b"Connection: close")) == (2, 1)
    assert answer.endswith(b"\r\n\r\n/b")
    assert talk(app, b"GET /a HTTP/1.1\r\n\r\n" * 2, keepalive=False).count(b"200 OK") == 1


def test_an_application_that_fails() -> None:
    """The traceback is in the log, and with `debug` the client's to see; the connection ends."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        raise RuntimeError("intended")

    log = StringIO()
    answer = talk(app, b"GET / HTTP/1.1\r\n\r\n" * 2, log)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert body_of(answer).startswith(b"Traceback")
    assert answer.count(b"HTTP/1.1") == 1
    assert "RuntimeError: intended\n" in log.getvalue()
    assert body_of(talk(app, b"GET / HTTP/1.1\r\n\r\n", debug=False)) == b""


def test_one_that_fails_in_the_midst_of_its_body() -> None:
    """The client can tell: the last chunk is missing."""

    def app(environ: Environ, start_response: Start) -> Any:
        start_response("200 OK", [])
        yield b"some"
        raise eventlet.Timeout

    answer = talk(app, b"GET / HTTP/1.1\r\n\r\n", minimum_chunk_size=1)
    assert body_of(answer) == b"4\r\nsome\r\n"


def test_pieces_are_gathered() -> None:
    """To as many bytes as the server, or the request, wants; what has a close is closed."""
    closed: list[str] = []

    class Body:
        def __iter__(self) -> Any:
            return iter([b"a", b"b"])

        def close(self) -> None:
            closed.append("body")

    def app(environ: Environ, start_response: Start) -> Any:
        if environ["PATH_INFO"] == "/now":
            environ["eventlet.minimum_write_chunk_size"] = 0
        start_response("200 OK", [])
        return Body()

    assert body_of(talk(app, b"GET / HTTP/1.1\r\n\r\n")) == b"2\r\nab\r\n0\r\n\r\n"
    assert body_of(talk(app, b"GET /now HTTP/1.1\r\n\r\n")) == b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
    assert closed == ["body"] * 2


def test_a_body_that_nobody_reads() -> None:
    """It isn't taken for the next request; who waits to send it is told that the connection ends."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    head = b"POST /1 HTTP/1.1\r\nContent-Length: 27\r\n%b\r\n"
    inner, after = b"GET /inner HTTP/1.1\r\nA: b\r\n\r\n"[:27], b"GET /2 HTTP/1.1\r\n\r\n"
    answer = talk(app, head % b"" + inner + after)
    assert (answer.count(b"200 OK"), answer[-2:]) == (2, b"/2")
    answer = talk(app, head % b"Expect: 100-continue\r\n" + inner + after)
    assert (answer.count(b"200 OK"), answer.count(b"Connection: close"), answer[-2:]) == (1, 1, b"/1")


def test_a_body_that_is_malformed_and_not_read() -> None:
    """The log says so, and hooks run all the same."""
    ran: list[str] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        environ["eventlet.posthooks"] = [(lambda environ, word: ran.append(word), ("hook",), {})]
        start_response("200 OK", [])
        return [b"ok"]

    log = StringIO()
    talk(app, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", log, rest=b"cats\r\n")
    assert ran == ["hook"]
    assert 'chunked encoding error while discarding request body. client=127.0.0.1 request="POST / HTTP/1.1"' in (
        log.getvalue()
    )
    talk(app, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n", log)
    assert "I/O error while discarding request body" in log.getvalue()


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET / HTTP/2.0\r\n\r\n", b"HTTP/1.1 505 "),
        (b"", b""),
    ],
)
def test_what_is_refused(request_: bytes, answer: bytes) -> None:
    """The application never sees it."""
    got = talk(None, request_)
    assert got.startswith(answer)
    assert bool(got) == bool(answer)


def test_an_application_that_answers_on_the_socket_itself() -> None:
    def app(environ: Environ, start_response: Start) -> list[bytes]:
        environ["eventlet.input"].get_socket().sendall(b"my own answer")
        wsgi.WSGI_LOCAL.already_handled = True
        return []

    assert talk(app, b"GET / HTTP/1.1\r\n\r\n") == b"my own answer"


def test_a_protocol_of_ones_own() -> None:
    """It changes the environ, say."""

    class Mine(HttpProtocol):
        def get_environ(self) -> Environ:
            return {**super().get_environ(), "mine": f"{self.command} {self.path} {self.client_address[0]}"}

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["mine"].encode()]

    assert body_of(talk(app, b"GET /a HTTP/1.1\r\n\r\n", protocol=Mine)) == b"GET /a 127.0.0.1"


def test_lines_of_the_log_are_the_servers_own() -> None:
    """Whatever a client sends."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", [])
        return []

    log = StringIO()
    talk(app, b"GET / HTTP/1.1\r\nX-Forwarded-For: \xc2\x85x\r\n\r\n", log)
    assert log.getvalue().startswith(r"\xc2\x85x,127.0.0.1 - - ")
