"""Connections: requests in, answers out, over a socket pair on each loop."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from spruce import green
from spruce.http import Request, Response
from spruce.server import Limits

OnHub = Callable[[Callable[[], Any]], Any]
Talk = Callable[..., bytes]
Serving = Callable[..., Any]
Turns = Callable[..., None]

GET = b"GET /%b HTTP/1.1\r\nHost: example.com\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n"


def path(request: Request) -> Response:
    """Answer with the path."""
    return Response(request.path, mimetype="text/plain")


def echo(request: Request) -> Response:
    """Answer with the body."""
    return Response(request.data, content_type="text/plain")


def plain(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: text/plain", b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join([*lines, b"", body])


def utf8(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    return plain(body, *fields, status=status).replace(b"text/plain", b"text/plain; charset=utf-8")


def test_a_request_is_answered_in_the_callback_that_reads_it(on_hub: OnHub, serving: Serving) -> None:
    """No turn of the loop lies between, no task and no timer is made."""

    def main() -> tuple[int, bytes]:
        hub = green.get_hub()
        with serving(path) as (_, connect):
            client = connect()
            written: list[bytes] = []
            done = green.Waiter()

            def feed() -> None:
                client.connection.write = written.append
                client.connection.data_received(GET % b"a")
                done.wake(len(written))

            hub.loop.call_soon(feed)
            count = done.wait()
            return count, written[0]

    count, written = on_hub(main)
    assert count == 1
    assert written.endswith(b"\r\n\r\n/a")


def ask_slowly(on_hub: OnHub, serving: Serving, turns: Turns, data: bytes) -> bytes:
    """Send all of it and end, while the first request waits; then let that go on, and return what comes."""

    def main() -> bytes:
        gate = green.Event()

        def slow_first(request: Request) -> Response:
            if request.path == "/a":
                gate.wait()
            return path(request)

        with serving(slow_first) as (_, connect):
            client = connect()
            client.send(data)
            client.end()
            while not client.connection.parser.last:
                turns()
            gate.send()
            return bytes(client.read_to_end())

    return bytes(on_hub(main))


def test_requests_of_one_connection_are_answered_in_order(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    """Pipelined in one piece, also where the first one waits longest."""
    answer = ask_slowly(on_hub, serving, turns, GET % b"a" + GET % b"b" + GET % b"c")
    assert answer == utf8(b"/a") + utf8(b"/b") + utf8(b"/c", b"Connection: close")


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_it_does_not_matter_how_the_bytes_were_cut(talk: Talk, size: int) -> None:
    data = POST % 5 + b"hello" + CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" + GET % b"end"
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert talk(echo, *pieces) == plain(b"hello") + plain(b"abcde") + plain(b"")


def test_one_that_waits_does_not_stop_the_others(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        gate = green.Event()

        def handler(request: Request) -> Response:
            if request.path == "/wait":
                gate.wait()
            return path(request)

        with serving(handler) as (server, connect):
            waiting, other = connect(), connect()
            waiting.send(GET % b"wait")
            assert other.ask(GET % b"now") == utf8(b"/now")
            assert server.stats() == {"connections": 2, "in_flight": 1} or server.stats()["in_flight"] == 1
            gate.send()
            assert waiting.read(b"/wait") == utf8(b"/wait")

    on_hub(main)


def test_the_connection_stays_or_ends_as_the_client_wishes(talk: Talk) -> None:
    close = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    old = b"GET /%b HTTP/1.0\r\n\r\n"
    kept = b"GET /%b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert talk(path, close % b"a" + GET % b"b") == utf8(b"/a", b"Connection: close")
    assert talk(path, old % b"a" + old % b"b") == utf8(b"/a", b"Connection: close")
    assert talk(path, kept % b"a" + old % b"b") == utf8(b"/a", b"Connection: keep-alive") + utf8(
        b"/b", b"Connection: close"
    )


def test_the_application_may_end_the_connection(talk: Talk) -> None:
    handler = lambda request: Response("bye", headers={"Connection": "close"}, content_type="text/plain")  # noqa: E731 - short
    assert talk(handler, GET % b"a" + GET % b"b") == plain(b"bye", b"Connection: close")


@pytest.mark.parametrize("status", [204, 304])
def test_responses_without_a_body(talk: Talk, status: int) -> None:
    answer = talk(lambda request: Response("dropped", status), GET % b"a" + GET % b"b")
    assert answer.count(b"HTTP/1.1 %d" % status) == 2
    assert b"dropped" not in answer
    assert b"Content-Length: 0" not in answer


def test_head_is_answered_as_get_without_the_body(talk: Talk) -> None:
    head = GET.replace(b"GET", b"HEAD") % b"abc"
    expected = utf8(b"/abc").removesuffix(b"/abc")
    assert talk(path, head + GET % b"x") == expected + utf8(b"/x")

    def streamed(request: Request) -> Response:
        return Response(iter(["never"]), content_type="text/plain")

    assert talk(streamed, head) == b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def test_a_malformed_request_is_refused_with_a_sentence_and_the_connection_ends(talk: Talk) -> None:
    """What came before is answered first; what comes behind never is."""
    answer = talk(path, GET % b"a" + b"GET / HTTP/1.1\r\n\r\n" + GET % b"b")
    sentence = b"The request has no Host header."
    assert answer == utf8(b"/a") + utf8(sentence, b"Connection: close", status=b"400 Bad Request")


def test_a_refusal_waits_for_the_answers_before_it(talk: Talk) -> None:
    def slow(request: Request) -> Response:
        green.sleep(0.01)
        return path(request)

    answer = talk(slow, GET % b"a" + b"NONSENSE\r\n\r\n")
    assert answer.startswith(utf8(b"/a") + b"HTTP/1.1 400 Bad Request\r\n")


def test_a_client_that_waits_for_100_continue_is_told_when_the_body_is_wanted(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        with serving(echo) as (_, connect):
            client = connect()
            client.send(POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n") % 5)
            assert client.read(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert client.ask(b"hello") == plain(b"hello")

    on_hub(main)


def test_a_body_that_was_not_asked_for_is_not_waited_for(talk: Talk) -> None:
    """The client may send it or not, so nothing behind it can be told from it: the connection ends."""
    expect = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n") % 5
    assert talk(path, expect) == utf8(b"/", b"Connection: close")


def test_a_body_that_the_application_leaves_is_dropped(talk: Talk) -> None:
    assert talk(path, POST % 5 + b"hello" + GET % b"a") == utf8(b"/") + utf8(b"/a")
    assert talk(path, POST % 5, b"hel", b"lo" + GET % b"a") == utf8(b"/") + utf8(b"/a")


def test_a_large_body_that_the_application_leaves_ends_the_connection(talk: Talk) -> None:
    """Reading it all only to drop it would cost more than a new connection."""
    assert talk(path, POST % 1_000_000, b"x") == utf8(b"/", b"Connection: close")


def test_an_endless_body_that_the_application_leaves_ends_the_connection(on_hub: OnHub, serving: Serving) -> None:
    def main() -> None:
        with serving(path, replace(Limits(), unread=10_000)) as (_, connect):
            client = connect()
            client.send(CHUNKED)
            assert client.read(b"\r\n\r\n/") == utf8(b"/")
            client.send(*[b"3e8\r\n" + b"x" * 1000 + b"\r\n"] * 11)
            assert client.read_to_end() == b""

    on_hub(main)


def test_a_body_cut_short_raises_in_its_reader(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    answer = talk(echo, POST % 5 + b"hel")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"<p>The connection was closed before the body was complete.</p>" in answer
    assert caplog.records == []


def test_a_malformed_chunk_raises_in_its_reader_and_is_answered_once(talk: Talk) -> None:
    answer = talk(echo, CHUNKED, b"nonsense\r\n" + GET % b"a")
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_body_above_the_limit_is_refused_when_it_says_so_and_when_it_grows_so(talk: Talk) -> None:
    limits = replace(Limits(), body=5)
    sentence = b"The body is larger than 5 bytes."
    stated = talk(echo, POST % 6, limits=limits)
    assert stated == utf8(sentence, b"Connection: close", status=b"413 Request Entity Too Large")
    grown = talk(echo, CHUNKED, b"6\r\nabcdef\r\n", limits=limits)
    assert grown.startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")
    assert grown.count(b"HTTP/1.1") == 1


def test_reading_stops_while_nobody_reads_the_body(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    """Memory stays flat; the body goes on when the application does."""

    def main() -> None:
        gate = green.Event()

        def handler(request: Request) -> Response:
            gate.wait()
            return Response(str(len(request.data)), content_type="text/plain")

        with serving(handler, replace(Limits(), buffered=1000)) as (_, connect):
            client = connect()
            sender = green.spawn(client.sock.sendall, POST % 3_000_000 + b"x" * 3_000_000)
            turns(30)
            body = client.connection.parser.body
            assert body is not None
            assert body.buffered < 400_000
            assert not client.connection.transport.is_reading()
            gate.send()
            assert client.read(b"3000000") == plain(b"3000000")
            sender.wait()

    on_hub(main)


def test_reading_stops_while_too_many_requests_wait(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    def main() -> None:
        gate = green.Event()

        def handler(request: Request) -> Response:
            gate.wait()
            return path(request)

        with serving(handler, replace(Limits(), pipelined=3)) as (_, connect):
            client = connect()
            client.send(GET % b"a" * 5)
            assert not client.connection.transport.is_reading()
            gate.send()
            client.read(b"/a")
            turns()
            assert client.connection.transport.is_reading()
            client.end()
            client.read_to_end()

    on_hub(main)


def test_reading_stops_while_nobody_takes_the_answers(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    """Nothing waits for the view, and yet requests pile up behind answers that the client doesn't read."""

    def main() -> None:
        body = b"x" * 1_000_000

        with serving(lambda request: Response(body), replace(Limits(), pipelined=3)) as (_, connect):
            client = connect()
            client.send(*[GET % b"a" * 5] * 3)
            turns()
            assert not client.connection.transport.is_reading()
            assert len(client.connection.parser.requests) < 15
            client.end()
            assert client.read_to_end().count(body) == 15

    on_hub(main)


def test_a_client_that_closes_its_side_still_gets_its_answer(on_hub: OnHub, serving: Serving, turns: Turns) -> None:
    """Where `stop_abandoned` is off, as it is here."""
    answer = ask_slowly(on_hub, serving, turns, GET % b"a" + GET % b"b" + b"GET /half")
    assert answer == utf8(b"/a") + utf8(b"/b", b"Connection: close")


def test_the_peer_is_known(on_hub: OnHub, serving: Serving) -> None:
    """A Unix socket's client has no address."""

    def main() -> None:
        with serving(lambda request: Response(f"{request.remote_addr} {request.scheme} {request.host}")) as (
            _,
            connect,
        ):
            assert connect().ask(GET % b"a").endswith(b"\r\n\r\nNone http example.com")

    on_hub(main)


def test_clients_that_leave_at_any_byte_leave_nothing_behind(on_hub: OnHub, serving: Serving) -> None:
    """Neither a connection nor a green thread; `serving` looks for the first, the suite for the second."""
    data = POST % 5 + b"hello" + CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + GET % b"end"

    def main() -> None:
        with serving(echo) as (_, connect):
            for offset in range(len(data)):
                client = connect()
                client.send(data[:offset])
                client.sock.close()

    on_hub(main)


def test_much_that_comes_with_the_head_does_not_stop_a_reader_that_waits_for_the_rest(
    on_hub: Callable[[Callable[[], Any]], Any], serving: Callable[..., Any], turns: Callable[..., None]
) -> None:
    """Over TLS more than one read's worth comes at once, and the view has asked for the rest before it is counted."""

    def main() -> None:
        with serving(lambda request: Response(str(len(request.data)))) as (_, connect):
            client = connect()
            data = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n" + bytes(100_000)
            green.get_hub().loop.call_soon(client.connection.data_received, data)
            turns()
            assert client.connection.transport.is_reading()
            client.send(bytes(50_000))
            assert client.ask().endswith(b"\r\n\r\n150000")

    on_hub(main)
