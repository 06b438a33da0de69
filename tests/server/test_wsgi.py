"""WSGI applications."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from spruce.errors import HostedAppError
from spruce.http import FilePart, Peer, Request, Response
from spruce.server import FileWrapper, WSGIHandler, environ_of, usual_threads, wsgi
from spruce.server.wsgi import ThreadedWSGIHandler

Start = Callable[..., Callable[[bytes], None]]
Environ = dict[str, Any]
TEXT = [("Content-Type", "text/plain")]


def hello(environ: Environ, start_response: Start) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def ask(app: Any, method: str = "GET", target: str = "/", body: bytes | None = None, **options: Any) -> Response:
    return wsgi(app)(Request(method, target, stream=None if body is None else BytesIO(body), **options))


def test_a_plain_answer_stays_plain() -> None:
    """So it is sent with a head that is ready."""
    response = ask(hello)
    assert (response.status_code, response.data, response.plain_type) == (200, b"hello", "text/plain")


def test_headers_are_the_applications_and_nothing_is_added() -> None:
    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("404 Gone fishing", [("X-A", "1"), ("X-A", "2")])
        return [b"a", b"b"]

    response = ask(app)
    assert (response.status, response.data, list(response.headers)) == (
        "404 Gone fishing",
        b"ab",
        [("X-A", "1"), ("X-A", "2")],
    )


def test_the_environ() -> None:
    headers = [
        (b"host", b"example.com"),
        (b"content-type", b"text/plain"),
        (b"content-length", b"2"),
        (b"x-forwarded-for", b"1"),
        (b"x-forwarded-for", b"2"),
        (b"x_forwarded_for", b"forged"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]
    request = Request(
        "POST", "/caf%C3%A9%2Fx?a=%20", headers, BytesIO(b"hi"), Peer("https", ("1.2.3.4", 5), ("9.8.7.6", 443))
    )
    request.root_path = "/shop"
    environ = environ_of(request)
    assert environ.pop("wsgi.input").read() == b"hi"
    assert environ.pop("spruce.request") is request
    assert environ == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/shop",
        "PATH_INFO": "/caf\xc3\xa9/x",
        "QUERY_STRING": "a=%20",
        "SERVER_NAME": "9.8.7.6",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "1.2.3.4",
        "REMOTE_PORT": "5",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "2",
        "HTTP_HOST": "example.com",
        "HTTP_X_FORWARDED_FOR": "1,2",
        "HTTP_COOKIE": "a=1; b=2",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }


@pytest.mark.parametrize(
    ("host", "name", "port"), [(b"example.com:8000", "example.com", "8000"), (b"example.com", "example.com", "80")]
)
def test_over_a_unix_socket_the_server_is_named_as_the_client_does(host: bytes, name: str, port: str) -> None:
    environ = environ_of(Request("GET", "/", [(b"host", host)], server="/run/app.sock"))
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (name, port)
    assert "REMOTE_ADDR" not in environ


def test_a_generator_is_streamed_and_closed() -> None:
    closed = []

    def app(environ: Environ, start_response: Start) -> Iterator[bytes]:
        try:
            start_response("200 OK", TEXT)
            yield b""
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    response = ask(app)
    assert (response.is_streamed, closed) == (True, [])
    assert response.data == b"ab"
    response.close()
    assert closed == [True]


def test_close_is_called_also_where_nothing_is_read() -> None:
    class Body(list[bytes]):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    bodies = [Body([b"a"]), Body([b"a"])]

    def good(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return bodies[0]

    def bad(environ: Environ, start_response: Start) -> Iterable[bytes]:
        return bodies[1]

    ask(good).close()
    with pytest.raises(HostedAppError):
        ask(bad)
    assert [body.closed for body in bodies] == [1, 1]


def test_what_is_written_comes_before_what_is_returned() -> None:
    def app(environ: Environ, start_response: Start) -> list[bytes]:
        write = start_response("200 OK", TEXT)
        write(b"a")
        write(b"b")
        return [b"c"]

    assert ask(app).data == b"abc"


def test_files_are_sent_in_blocks_and_closed() -> None:
    file = BytesIO(b"x" * 200)

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return environ["wsgi.file_wrapper"](file, 100)  # type: ignore[no-any-return] # from the environ

    response = ask(app)
    assert list(response.iter_encoded()) == [b"x" * 100, b"x" * 100]
    response.close()
    assert file.closed
    FileWrapper(iter([])).close()  # type: ignore[arg-type] # what has no close is left alone


def test_an_error_may_replace_a_response_that_has_not_begun() -> None:
    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", TEXT)
        try:
            raise ValueError("too late")
        except ValueError:
            start_response("500 Oops", TEXT, sys.exc_info())
        return [b"sorry"]

    assert ask(app).status == "500 Oops"


def test_an_error_behind_the_head_is_raised() -> None:
    def app(environ: Environ, start_response: Start) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b"begun"
        try:
            raise ValueError("too late")
        except ValueError:
            start_response("500 Oops", TEXT, sys.exc_info())

    with pytest.raises(ValueError, match=r"^too late$"):
        _ = ask(app).data


@pytest.mark.parametrize(
    ("result", "what", "hint"),
    [
        ({"a": 1}, "a dict", "Return a list of bytes: [text.encode()], or [json.dumps(data).encode()]."),
        ("text", "a str", "Return a list of bytes: [text.encode()], or [json.dumps(data).encode()]."),
        (b"bytes", "a bytes", "Return a list of bytes: [text.encode()], or [json.dumps(data).encode()]."),
        (None, "None", "Return a list of bytes: [text.encode()], or [json.dumps(data).encode()]."),
        (7, "a int", "Return a list of bytes: [text.encode()], or [json.dumps(data).encode()]."),
    ],
)
def test_a_wrong_result_is_an_error_that_says_so(result: Any, what: str, hint: str) -> None:
    def app(environ: Environ, start_response: Start) -> Any:
        start_response("200 OK", TEXT)
        return result

    name = app.__qualname__
    with pytest.raises(HostedAppError) as caught:
        ask(app)
    assert str(caught.value) == (f"the WSGI application {name} returned {what} instead of an iterable of bytes. {hint}")


@pytest.mark.parametrize("result", [["text"], iter(["text"]), [b"a", "text"]])
def test_a_wrong_piece_is_an_error_that_shows_it(result: Any) -> None:
    def app(environ: Environ, start_response: Start) -> Any:
        start_response("200 OK", TEXT)
        return result

    with pytest.raises(
        HostedAppError, match=r"yielded a str where bytes belong: 'text'\. Encode it: text\.encode\(\)\.$"
    ):
        _ = ask(app).data


def test_start_response_must_be_called() -> None:
    class App:
        def __call__(self, environ: Environ, start_response: Start) -> list[bytes]:
            return [b"hello"]

    with pytest.raises(HostedAppError) as caught:
        ask(App())
    assert str(caught.value) == (
        f"the WSGI application {App.__qualname__} returned without calling start_response. "
        'Call start_response("200 OK", [("Content-Type", "text/plain")]) before returning the body.'
    )


def test_start_response_must_be_called_once_and_rightly() -> None:
    def twice(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", TEXT)
        start_response("200 OK", TEXT)
        return []

    def wrongly(environ: Environ, start_response: Start) -> list[bytes]:
        start_response(200, {"Content-Type": "text/plain"})
        return []

    with pytest.raises(
        HostedAppError, match=r"called start_response a second time\. To replace a response, pass exc_info\.$"
    ):
        ask(twice)
    with pytest.raises(HostedAppError, match=r"called start_response with 200 and a dict\. Give a str and a list: "):
        ask(wrongly)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_validator_of_the_standard_library_finds_nothing(talk: Callable[..., bytes], method: str) -> None:
    """Wsgiref checks each side of the interface against PEP 3333."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        body = environ["wsgi.input"].read(100) + b"".join(environ["wsgi.input"]) + environ["wsgi.input"].readline(5)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    request = f"{method} /a?b HTTP/1.1\r\nHost: x:80\r\nContent-Length: 6\r\n\r\n".encode() + b"one\ntw"
    answer = talk(wsgi(validator(app)), request)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
    assert answer.endswith(b"\r\n\r\n" + (b"" if method == "HEAD" else b"one\ntw"))


def test_errors_can_be_printed_by_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", errors := StringIO())

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        print("careful", file=environ["wsgi.errors"])
        return hello(environ, start_response)

    ask(app)
    assert errors.getvalue() == "careful\n"


def test_what_is_left_of_a_file_on_a_disk_is_sent_without_reading_it(tmp_path: Path) -> None:
    """No more of it than the application says."""
    path = tmp_path / "file.bin"
    path.write_bytes(bytes(range(200)))
    file = path.open("rb")

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        fields = [("Content-Length", "20")] if environ["PATH_INFO"] == "/some" else []
        start_response("200 OK", [*TEXT, *fields])
        opened = path.open("rb") if fields else file
        opened.seek(50)
        return environ["wsgi.file_wrapper"](opened)  # type: ignore[no-any-return] # from the environ

    response = ask(app)
    body = response.response
    assert isinstance(body, FilePart)
    assert (body.file, body.start, body.length) == (file, 50, 150)
    assert response.data == bytes(range(50, 200))
    assert file.closed
    limited = wsgi(app)(Request("GET", "/some"))
    assert limited.data == bytes(range(50, 70))


def test_django_gets_threads_where_nobody_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "django.core.handlers.wsgi", raising=False)
    assert (usual_threads(), type(wsgi(hello))) == (0, WSGIHandler)
    monkeypatch.setitem(sys.modules, "django.core.handlers.wsgi", sys)
    handler = wsgi(hello)
    assert (usual_threads(), type(handler), type(wsgi(hello, 0))) == (8, ThreadedWSGIHandler, WSGIHandler)


def test_django_gets_green_threads_in_a_patched_program() -> None:
    """Where each has connections of its own, and sees no running loop."""
    program = """
import sys
from spruce.patching import monkey_patch
monkey_patch()
import django.core.handlers.wsgi
from spruce.server import usual_threads
print(usual_threads())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "0\n"), ended.stderr
