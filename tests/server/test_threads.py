"""WSGI applications in OS threads: nothing that they do stops the green threads."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from spruce import green
from spruce.errors import ConfigError, HostedAppError
from spruce.http import Request, Response
from spruce.server import Lifespan, Limits, wsgi
from spruce.server.threads import ThreadPool

OnHub = Callable[[Callable[[], Any]], Any]
Serving = Callable[..., Any]
Talk = Callable[..., bytes]
Turns = Callable[..., None]
Environ = dict[str, Any]
Start = Callable[..., Callable[[bytes], None]]

GET = b"GET /%b HTTP/1.1\r\nHost: example.com\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n"
TEXT = [("Content-Type", "text/plain")]


def hello(environ: Environ, start_response: Start) -> list[bytes]:
    start_response("200 OK", TEXT)
    return [threading.current_thread().name.encode()]


def echo(environ: Environ, start_response: Start) -> Iterator[bytes]:
    """Answer with each line as it comes."""
    start_response("200 OK", TEXT)
    return iter(environ["wsgi.input"])


def test_it_runs_in_a_thread_of_its_own_pool(talk: Talk) -> None:
    answer = talk(wsgi(hello, threads=2), GET % b"a")
    assert answer.endswith(b"Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nspruce-wsgi-1")


def test_others_are_served_while_it_blocks(on_hub: OnHub, serving: Serving) -> None:
    """Two block in two threads, a third waits for one of them, and the loop goes on."""
    gate = threading.Event()
    order: list[str] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        if environ["PATH_INFO"].startswith("/block"):
            gate.wait(20)
        order.append(environ["PATH_INFO"])
        start_response("200 OK", TEXT)
        return [b"done"]

    def main() -> None:
        handler = wsgi(app, threads=2)
        beside = lambda request: Response("here") if request.path == "/green" else handler(request)  # noqa: E731 - short
        with serving(beside) as (_, connect):
            clients = [connect() for _ in range(4)]
            for client, path in zip(clients, (b"block1", b"block2", b"third", b"fourth"), strict=True):
                client.send(GET % path)
            assert connect().ask(GET % b"green").endswith(b"here")
            assert order == []
            gate.set()
            for client in clients:
                assert client.read(b"done").endswith(b"done")
            assert set(order[:2]) & {"/block1", "/block2"}
            assert set(order) == {"/block1", "/block2", "/third", "/fourth"}

    on_hub(main)


def test_what_the_application_does_now_can_be_seen(on_hub: OnHub) -> None:
    """Its calls, while it runs; and it keeps no request alive."""

    def blocks(gate: threading.Event) -> None:
        begun.set()
        gate.wait(20)

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        blocks(gate)
        start_response("200 OK", TEXT)
        return [b"done"]

    def main() -> None:
        request = Request("GET", "/", [(b"host", b"x")])
        answering = green.spawn(wsgi(app, threads=1), request)
        while not begun.is_set():
            green.sleep(0.001)
        exchange = request.__dict__["exchange"]
        names = [frame.f_code.co_name for frame in exchange.frames()]
        assert names.index("app") < names.index("blocks") < names.index("wait")
        gate.set()
        assert answering.wait().data == b"done"
        while exchange.os_thread is not None:
            green.sleep(0.001)
        assert exchange.frames() == []
        assert exchange._make is None

    gate, begun = threading.Event(), threading.Event()
    on_hub(main)


def test_the_environ_says_that_there_are_several_threads() -> None:
    seen: list[bool] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        seen.append(environ["wsgi.multithread"])
        return hello(environ, start_response)

    green.run(lambda: wsgi(app, threads=1)(Request("GET", "/")))
    green.run(lambda: wsgi(app)(Request("GET", "/")))
    assert seen == [True, False]


@pytest.mark.parametrize("size", [10, 64 * 1024, 300_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_go_both_ways(on_hub: OnHub, serving: Serving, size: int, chunked: bool) -> None:
    """Small ones, and large ones block by block."""
    body = b"".join(b"%d\n" % number for number in range(size))[:size]
    head = POST % size
    data = head + body
    if chunked:
        head = head.replace(b"Content-Length: %d" % size, b"Transfer-Encoding: chunked")
        data = head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in blocks(body)) + b"0\r\n\r\n"

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [*TEXT, ("Content-Length", str(size))])
        return blocks(b"".join(environ["wsgi.input"]))

    def main() -> bytes:
        with serving(wsgi(app, threads=1)) as (_, connect):
            client = connect()
            green.spawn(client.sock.sendall, data)
            return bytes(client.read(body[-20:]))

    assert on_hub(main).endswith(b"\r\n\r\n" + body)


def blocks(body: bytes) -> Iterator[bytes]:
    return (body[start : start + 7000] for start in range(0, len(body), 7000))


def test_a_line_can_be_read_before_the_body_is_complete(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        with serving(wsgi(echo, threads=1)) as (_, connect):
            client = connect()
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\na\n\r\n")
            assert client.read(b"2\r\na\n\r\n").endswith(b"\r\n\r\n2\r\na\n\r\n")
            client.send(b"1\r\nb\r\n0\r\n\r\n")
            assert client.read(b"0\r\n\r\n") == b"1\r\nb\r\n0\r\n\r\n"

    on_hub(main)


def test_it_waits_for_a_slow_client_and_is_closed_when_that_leaves(
    on_hub: OnHub, serving: Serving, turns: Turns
) -> None:
    """Called, iterated and closed in one thread; it makes a few pieces ahead, no more."""
    made: list[str] = []
    closed: list[str] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                made.append(threading.current_thread().name)
                yield b"x" * 50_000

        def close(self) -> None:
            closed.append(threading.current_thread().name)

    def app(environ: Environ, start_response: Start) -> Body:
        start_response("200 OK", TEXT)
        return Body()

    def main() -> None:
        with serving(wsgi(app, threads=1), Limits()) as (_, connect):
            client = connect()
            client.send(GET % b"a")
            while client.connection.sender is None or not client.connection.sender.waiting:
                turns()
            assert len(made) < 100
            client.sock.close()
            while not closed:
                turns()

    on_hub(main)
    assert set(made) == set(closed) == {"spruce-wsgi-1"}


def test_one_whose_client_has_left_before_its_turn_is_not_run(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    gate = threading.Event()
    ran: list[str] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        ran.append(environ["PATH_INFO"])
        gate.wait(20)
        return hello(environ, start_response)

    def main() -> None:
        with serving(wsgi(app, threads=1), Limits()) as (_, connect):
            first, second, third = connect(), connect(), connect()
            first.send(GET % b"1")
            second.send(GET % b"2")
            second.sock.close()
            turns()
            third.send(GET % b"3")
            gate.set()
            assert third.read(b"spruce-wsgi-1")

    on_hub(main)
    assert ran == ["/1", "/3"]


def test_what_it_raises_is_a_failure_of_the_request(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: Start) -> list[bytes]:
        raise LookupError("nothing there")

    assert talk(wsgi(app, threads=1), GET % b"a").startswith(b"HTTP/1.1 500 ")
    assert repr(caplog.records[0].exc_info[1]) == "LookupError('nothing there')"  # type: ignore[index] # logged with it


def test_what_it_raises_when_its_client_has_left_ends_no_thread(on_hub: OnHub) -> None:
    """There would be none left in the end, and nobody would be answered."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        if environ["PATH_INFO"] == "/fails":
            begun.set()
            gate.wait(20)
            raise KeyError("late")
        return hello(environ, start_response)

    def main() -> None:
        handler = wsgi(app, threads=1)
        leaving = green.spawn(handler, Request("GET", "/fails", [(b"host", b"x")]))
        while not begun.is_set():
            green.sleep(0.001)
        leaving.kill()
        gate.set()
        with green.Timeout(30):
            assert handler(Request("GET", "/", [(b"host", b"x")])).data == b"spruce-wsgi-1"

    begun, gate = threading.Event(), threading.Event()
    on_hub(main)


def test_what_its_body_raises_ends_the_connection(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: Start) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b"begun"
        raise LookupError("nothing more")

    answer = talk(wsgi(app, threads=1), GET % b"a" + GET % b"b")
    assert answer.endswith(b"5\r\nbegun\r\n")
    assert repr(caplog.records[0].exc_info[1]) == "LookupError('nothing more')"  # type: ignore[index] # logged with it


def test_what_closing_raises_is_logged(on_hub: OnHub, caplog: pytest.LogCaptureFixture) -> None:
    class Body(list[bytes]):
        def close(self) -> None:
            raise LookupError("cannot close")

    def app(environ: Environ, start_response: Start) -> Body:
        start_response("200 OK", TEXT)
        return Body([b"a", b"b"])

    def main() -> bytes:
        return wsgi(app, threads=1)(Request("GET", "/")).data

    with caplog.at_level(logging.ERROR):
        assert on_hub(main) == b"ab"
        while not caplog.messages:
            time.sleep(0.001)
    assert caplog.messages == ["closing the response of a WSGI application failed"]


def test_a_file_is_handed_over_as_one(on_hub: OnHub, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"x" * 100_000)

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return environ["wsgi.file_wrapper"](path.open("rb"))  # type: ignore[no-any-return] # from the environ

    def main() -> None:
        response = wsgi(app, threads=1)(Request("GET", "/"))
        assert response.response.__class__.__name__ == "FilePart"
        assert response.data == path.read_bytes()

    on_hub(main)


def test_the_validator_of_the_standard_library_has_no_objection(on_hub: OnHub, serving: Serving) -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(100_000) + environ["wsgi.input"].readline(10)
        start_response("200 OK", [*TEXT, ("Content-Length", str(len(body)))])
        return [body]

    def main() -> None:
        with serving(wsgi(validator(app), threads=2)) as (_, connect):
            client = connect()
            client.send(POST % 5 + b"hello")
            assert client.read(b"hello").endswith(b"\r\n\r\nhello")
            client.send(GET % b"" + GET % b"")
            assert client.read(b"\r\n\r\n")

    on_hub(main)


def test_a_stream_of_somebody_elses_is_read_too() -> None:
    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", TEXT)
        return [environ["wsgi.input"].read()]

    class Simple:
        def __init__(self) -> None:
            self.read = BytesIO(b"hello").read

    assert green.run(lambda: wsgi(app, threads=1)(Request("POST", "/", stream=Simple())).data) == b"hello"


def test_breaking_the_rules_of_wsgi_is_an_error_as_without_threads() -> None:
    with pytest.raises(HostedAppError, match=r"returned without calling start_response"):
        green.run(lambda: wsgi(lambda environ, start_response: [], threads=1)(Request("GET", "/")))


def test_threads_end_with_the_server() -> None:
    handler = wsgi(hello, threads=3)
    assert isinstance(handler, Lifespan)
    handler.startup()
    before = set(threading.enumerate())
    green.run(lambda: handler(Request("GET", "/")))
    (thread,) = set(threading.enumerate()) - before
    handler.shutdown()
    thread.join(5)
    assert not thread.is_alive()


def test_as_many_threads_start_as_are_needed() -> None:
    pool = ThreadPool(2)
    gate = threading.Event()
    ended = threading.Semaphore(0)
    for _ in range(3):
        pool.submit(lambda: (gate.wait(20), ended.release()))
    assert len(pool._threads) == 2
    gate.set()
    for _ in range(3):
        assert ended.acquire(timeout=20)
    pool.close()


def test_a_negative_number_of_threads_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        wsgi(hello, threads=-1)
    assert str(caught.value) == "threads=-1 would serve nothing. Give 1 or more; 0 is for green threads."
