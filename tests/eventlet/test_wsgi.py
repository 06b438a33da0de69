"""`spruce.eventlet.wsgi.server` on a green socket."""

import errno
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from socket import AF_INET, AF_UNIX
from typing import Any

import pytest

from spruce import eventlet
from spruce.errors import GreenError
from spruce.eventlet import wsgi

Start = Callable[..., Any]
Environ = dict[str, Any]
GET = b"GET /%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def ask(address: tuple[str, int], path: bytes = b"") -> bytes:
    """Return the body of the answer."""
    return whole(address, GET % path).partition(b"\r\n\r\n")[2]


def whole(address: tuple[str, int], request: bytes) -> bytes:
    """Return all that is answered to some bytes."""
    with eventlet.connect(address) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def stop(server: eventlet.greenthread.GreenThread) -> None:
    """Kill a server, and wait until it has finished what was in flight."""
    server.kill()
    with pytest.raises(eventlet.GreenletExit):
        server.wait()


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[tuple[str, int]]:
    """Serve an application; the address."""
    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    options.setdefault("log_output", False)
    server = eventlet.spawn(wsgi.server, sock, app, **options)
    yield address
    stop(server)


def hello(environ: Environ, start_response: Start) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello ", environ["PATH_INFO"].encode()]


def test_it_serves_in_a_pool_whose_main_program_waits() -> None:
    """A program without a loop of its own, as eventlet's are; one request that sleeps doesn't stop the others."""
    gate = eventlet.Event()

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        if environ["PATH_INFO"] == "/wait":
            gate.wait()
        return hello(environ, start_response)

    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    pool = eventlet.greenpool.GreenPool(10)
    pool.spawn(wsgi.server, sock, app, log=StringIO())
    waiting = eventlet.spawn(ask, address, b"wait")
    assert ask(address, b"now") == b"hello /now"
    assert not waiting.dead
    gate.send()
    assert waiting.wait() == b"hello /wait"
    sock.close()
    pool.waitall()


def test_two_servers_share_a_port() -> None:
    first = eventlet.listen(("127.0.0.1", 0), reuse_port=True)
    second = eventlet.listen(first.getsockname(), reuse_port=True)
    servers = [eventlet.spawn(wsgi.server, sock, hello, log_output=False) for sock in (first, second)]
    for _ in range(8):
        assert ask(first.getsockname(), b"x") == b"hello /x"
    for server in servers:
        stop(server)


def test_the_environ_has_eventlets_keys_and_those_that_were_given() -> None:
    """A posthook is called with the environ when the response has been sent."""
    seen: list[tuple[Any, ...]] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        assert environ["eventlet.input"] is environ["wsgi.input"]
        assert environ["shop.name"] == "spruce"
        environ["eventlet.posthooks"].append((lambda *args, **more: seen.append((args, more)), (1,), {"a": 2}))
        return hello(environ, start_response)

    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    server = eventlet.spawn(wsgi.server, sock, app, environ={"shop.name": "spruce"}, log_output=False)
    ask(address)
    stop(server)
    ((args, more),) = seen
    assert (args[0]["shop.name"], args[1:], more) == ("spruce", (1,), {"a": 2})


def test_the_log() -> None:
    """A line when it begins, one for each connection with `debug`, one for each answer, one at the end."""
    log = StringIO()
    with serving(hello, log=log, log_output=True) as address:
        ask(address, b"a?b")
    pid = os.getpid()
    began, accepted, answer, exited = log.getvalue().splitlines()
    assert began == f"({pid}) wsgi starting up on http://127.0.0.1:{address[1]}"
    assert re.fullmatch(rf"\({pid}\) accepted \('127\.0\.0\.1', \d+\)", accepted)
    line = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\] "GET /a\?b HTTP/1\.1" 200 \d+ \d+\.\d{6}'
    assert re.fullmatch(line, answer)
    assert exited == f"({pid}) wsgi exited, is_accepting=True"


def test_a_logger_and_a_format(caplog: pytest.LogCaptureFixture) -> None:
    """Proxies that a request went through are named first, unless that isn't wanted."""
    request = GET.replace(b"Host", b"X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nHost") % b""
    options = {"log": logging.getLogger("site"), "log_output": True, "log_format": "%(client_ip)s %(status_code)s"}
    with caplog.at_level(logging.INFO, "site"):
        with serving(hello, **options) as address:
            whole(address, request)
        with serving(hello, log_x_forwarded_for=False, **options) as address:
            whole(address, request)
    messages = [record.getMessage() for record in caplog.records if "wsgi" not in record.getMessage()]
    assert messages == ["1.2.3.4,5.6.7.8,127.0.0.1 200", "127.0.0.1 200"]


def test_limits_are_those_that_were_given() -> None:
    with serving(hello, url_length_limit=100) as address:
        answer = whole(address, GET % (b"x" * 100))
    assert answer.startswith(b"HTTP/1.0 414 Request URI Too Long\r\n")


def test_header_lines_may_be_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What programs set in the module holds for servers that begin later."""
    request = GET.replace(b"Host", b"X-Long: %b\r\nHost" % (b"x" * 9000)) % b""
    with serving(hello) as address:
        assert whole(address, request).startswith(b"HTTP/1.0 400 Header Line Too Long\r\n")
    monkeypatch.setattr(wsgi, "MAX_HEADER_LINE", 16384)
    with serving(hello) as address:
        assert whole(address, request).startswith(b"HTTP/1.1 200 OK\r\n")
    monkeypatch.setattr(wsgi, "MAX_TOTAL_HEADER_SIZE", 5000)
    with serving(hello) as address:
        assert whole(address, request).startswith(b"HTTP/1.0 400 Headers Too Large\r\n")


def test_who_is_silent_for_too_long() -> None:
    """Its connection ends: in the midst of a request, and between two."""
    with serving(hello, socket_timeout=0.01) as address:
        assert whole(address, b"GET / HTTP/1.1\r\n") == b""
    with serving(hello, keepalive=0.01) as address:
        answer = whole(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: keep-alive\r\n" in answer


def test_a_server_that_is_killed_answers_what_has_come() -> None:
    """Connections that are idle are closed; a request that is under way, or has only arrived, is answered."""
    gate = eventlet.Event()

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        gate.wait()
        return hello(environ, start_response)

    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    server = eventlet.spawn(wsgi.server, sock, app, log_output=False)
    idle, busy, late = (eventlet.connect(address) for _ in range(3))
    busy.sendall(GET % b"busy")
    eventlet.sleep(0.01)
    late.sendall(GET % b"late")
    eventlet.spawn(gate.send)
    stop(server)
    assert idle.recv(10) == b""
    for client, path in ((busy, b"busy"), (late, b"late")):
        assert b"".join(iter(lambda: client.recv(65536), b"")).endswith(b"hello /" + path)  # noqa: B023 - read at once
    for client in (idle, busy, late):
        client.close()


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_a_server_that_is_interrupted_ends_quietly(end: type[BaseException]) -> None:
    log = StringIO()
    sock = eventlet.listen(("127.0.0.1", 0))
    server = eventlet.spawn(wsgi.server, sock, hello, log)
    eventlet.sleep(0)
    server.kill(end)
    server.wait()
    assert "\nwsgi exiting\n" in log.getvalue()
    assert sock.fileno() == -1


def test_a_listener_that_is_shut_down_ends_the_server() -> None:
    sock = eventlet.listen(("127.0.0.1", 0))
    server = eventlet.spawn(wsgi.server, sock, hello, log_output=False)
    eventlet.sleep(0)
    sock.shutdown(2)
    server.wait()


def test_a_server_stops_accepting_when_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By `is_accepting`, at its next connection."""
    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    server = eventlet.spawn(wsgi.server, sock, hello, log_output=False)
    eventlet.sleep(0)
    monkeypatch.setattr(wsgi, "is_accepting", False)
    with eventlet.connect(address) as client:
        assert client.recv(1) == b""
    server.wait()


def test_a_pool_of_ones_own() -> None:
    pool = eventlet.GreenPool(1)
    with serving(hello, custom_pool=pool) as address:
        assert ask(address, b"1") == b"hello /1"
        with eventlet.connect(address) as client:
            client.sendall(GET.replace(b"close", b"keep-alive") % b"2")
            client.recv(1000)
            assert pool.running() == 1
    with (
        eventlet.listen(("127.0.0.1", 0)) as sock,
        pytest.raises(GreenError, match=r"^a list can't be the pool of wsgi\.server\(\)\. Give a GreenPool$"),
    ):
        wsgi.server(sock, hello, custom_pool=[], log_output=False)


def test_the_server_is_handed_out() -> None:
    """By an event, which eventlet has deprecated."""
    event = eventlet.Event()
    with pytest.warns(DeprecationWarning, match="server_event"), serving(hello, server_event=event) as address:
        assert event.wait().address == address


def test_spelling_as_it_is_given() -> None:
    """Which is deprecated as well."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 oK", [("x-WEird", "1")])
        return [b""]

    with serving(app) as address:
        assert b"\r\nX-Weird: 1\r\n" in whole(address, GET % b"")
    with (
        pytest.warns(DeprecationWarning, match="capitalize_response_headers"),
        serving(app, capitalize_response_headers=False) as address,
    ):
        assert b"\r\nx-WEird: 1\r\n" in whole(address, GET % b"")


def test_the_oldest_version() -> None:
    """With max_http_version each connection has one request."""
    with serving(hello, max_http_version="HTTP/1.0") as address:
        answer = whole(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer


def test_a_unix_socket(tmp_path: Path) -> None:
    """Who asks, and where, is called unix."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", [])
        return [" ".join(environ[key] for key in ("SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT")).encode()]

    path, log = str(tmp_path / "socket"), StringIO()
    server = eventlet.spawn(wsgi.server, eventlet.listen(path, AF_UNIX), app, log)
    with eventlet.connect(path, AF_UNIX) as client:
        client.sendall(GET % b"")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    stop(server)
    assert answer.endswith(b"\r\n\r\nunix  unix ")
    assert f"wsgi starting up on http:{path}\n" in log.getvalue()


def test_dates() -> None:
    assert wsgi.format_date_time(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


class Faulty:
    """A socket on which accept fails, with each of some errors in turn."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)

    def accept(self) -> None:
        number = self.numbers.pop(0)
        raise OSError(number, os.strerror(number))

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 1)

    def getsockopt(self, *_: int) -> int:
        return 1

    family = AF_INET

    def close(self) -> None:
        pass


def test_an_error_of_the_socket_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    """And told at once; one that was closed ends the server quietly, and what may pass is waited for."""
    log = StringIO()
    server = eventlet.spawn(wsgi.server, Faulty(errno.ECONNABORTED, errno.EMFILE, errno.EPERM), hello, log)
    with pytest.raises(OSError, match="Operation not permitted"):
        server.wait()
    assert "Operation not permitted" in capsys.readouterr().err
    assert f"({os.getpid()}) can't accept: [Errno 24] Too many open files; will try again\n" in log.getvalue()
    eventlet.spawn(wsgi.server, Faulty(errno.EBADF), hello, log).wait()
