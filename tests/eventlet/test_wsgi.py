"""`spruce.eventlet.wsgi.server` on a green socket."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from spruce import eventlet
from spruce.eventlet import wsgi

Start = Callable[..., Any]
Environ = dict[str, Any]
GET = b"GET /%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def ask(address: tuple[str, int], path: bytes = b"") -> bytes:
    """Return the body of the answer."""
    with eventlet.connect(address) as client:
        client.sendall(GET % path)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    return answer.partition(b"\r\n\r\n")[2]


def stop(server: eventlet.greenthread.GreenThread) -> None:
    """Kill a server, and wait until it has finished what was in flight."""
    server.kill()
    with pytest.raises(eventlet.GreenletExit):
        server.wait()


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


def test_each_answer_is_a_line_in_the_log() -> None:
    log = StringIO()
    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    server = eventlet.spawn(wsgi.server, sock, hello, log)
    ask(address, b"a?b")
    stop(server)
    assert re.fullmatch(
        r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\] "GET /a\?b HTTP/1\.1" 200 \d+\.\d{6}\n', log.getvalue()
    )


def test_limits_are_those_that_were_given() -> None:
    sock = eventlet.listen(("127.0.0.1", 0))
    address = sock.getsockname()
    server = eventlet.spawn(wsgi.server, sock, hello, url_length_limit=100, socket_timeout=5, log_output=False)
    assert ask(address, b"x" * 100) == b"The request line is longer than 100 bytes."
    stop(server)


def test_an_error_of_the_socket_is_raised() -> None:
    """Only that it was closed ends the server quietly."""

    class Broken:
        def accept(self) -> None:
            raise OSError(24, "Too many open files")

        def close(self) -> None:
            pass

    server = eventlet.spawn(wsgi.server, Broken(), hello, log_output=False)
    with pytest.raises(OSError, match="Too many open files"):
        server.wait()
