"""Requests out of bytes, whole and cut at every place."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from spruce.errors.http import HTTPException
from spruce.http import EMPTY_STREAM, Peer, Request
from spruce.server.body import BodyStream
from spruce.server.limits import Limits
from spruce.server.parser import RequestParser

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "data" / "http_requests.json").read_text())
STATUSES = {400, 413, 414, 417, 431, 501, 505}
Seen = tuple[list[list[str]], int | None]


def content(request: Request) -> str:
    """Return the body as far as it has come; reading to its end would wait."""
    if not isinstance(request.stream, BodyStream):
        return ""
    return b"".join(request.stream._chunks).decode("latin-1")


def parse(*pieces: bytes, limits: Limits = Limits()) -> Seen:  # noqa: B008 - a frozen value
    """Feed the pieces; return what each request is, and the status that the connection was refused with."""
    parser = RequestParser(limits, Peer(), lambda: None)
    status = None
    try:
        for piece in pieces:
            parser.feed(piece)
    except HTTPException as refusal:
        status = refusal.code
        assert parser.last
    requests = [[request.method, request.target, request.http_version, content(request)] for request in parser.requests]
    if status is None and parser.last and any(failed(request) for request in parser.requests):
        status = 400
    return requests, status


def failed(request: Request) -> bool:
    return isinstance(request.stream, BodyStream) and request.stream._error is not None


def parser_for(data: bytes = b"", limits: Limits = Limits()) -> RequestParser:  # noqa: B008 - a frozen value
    parser = RequestParser(limits, Peer(), lambda: None)
    if data:
        parser.feed(data)
    return parser


def refusal_of(data: bytes, limits: Limits = Limits()) -> str:  # noqa: B008 - a frozen value
    with pytest.raises(HTTPException) as caught:
        parser_for(data, limits)
    return f"{caught.value.code} {caught.value.description}"


def get(*fields: bytes, line: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: example.com") -> bytes:
    return b"\r\n".join([line, *([host] if host else []), *fields, b"", b""])


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_requests_of_other_servers_suites_asvs_4_2_1(case: dict[str, Any]) -> None:
    """Whole, byte by byte, and cut in two at every place: always refused, or always the same requests."""
    data = case["input"].encode("latin-1")
    ways = [[data], [data[index : index + 1] for index in range(len(data))]]
    ways += [[data[:cut], data[cut:]] for cut in range(1, len(data))]
    for pieces in ways:
        requests, status = parse(*pieces)
        if case["refused"]:
            assert status in STATUSES
        else:
            assert (requests, status) == (case["requests"], None)


def test_there_are_enough_cases() -> None:
    assert sum(case["refused"] for case in CASES) > 90
    assert sum(not case["refused"] for case in CASES) > 50


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (get(host=b""), "400 The request has no Host header."),
        (get(b"Host: example.com"), "400 The request has more than one Host header."),
        (get(host=b"Host: a b"), "400 The Host header is malformed."),
        (get(host=b"Host: user@example.com"), "400 The Host header is malformed."),
        (get(host=b"Host: example.com:80a"), "400 The Host header is malformed."),
        (get(host=b"Host: example.com/path"), "400 The Host header is malformed."),
        (get(host=b"Host: a,b.example.com\x80"), "400 The Host header is malformed."),
        (get(b"Transfer-Encoding: gzip"), "501 The server understands no Transfer-Encoding but chunked."),
        (get(b"Transfer-Encoding: gzip, chunked"), "501 The server understands no Transfer-Encoding but chunked."),
        (get(b"Transfer-Encoding: xchunked"), "501 The server understands no Transfer-Encoding but chunked."),
        (
            get(b"Transfer-Encoding: chunked", line=b"POST / HTTP/1.0"),
            "400 HTTP/1.0 has no Transfer-Encoding.",
        ),
        (get(b"Content-Length: 104857601"), "413 The body is larger than 104857600 bytes."),
        (get(b"Expect: 200-ok"), "417 The server cannot do what the Expect header asks for."),
        (
            get(b"Content-Type: a/b", b"Content-Type: c/d"),
            "400 The request has more than one Content-Type header.",
        ),
        (get(line=b"GET  / HTTP/1.1"), "400 The request line is malformed."),
        (get(line=b"GET / RTSP/1.0"), "400 The request line is malformed."),
        (get(line=b"GET / HTTP/2.0"), "505 This server speaks HTTP/1.0 and HTTP/1.1."),
        (get(line=b"GET / HTTP/9.9"), "505 This server speaks HTTP/1.0 and HTTP/1.1."),
        (get(line=b"BREW / HTTP/1.1"), "501 The server does not know the method of the request."),
        (
            get(line=b"CONNECT example.com:80 HTTP/1.1"),
            "501 The server is no proxy: it does not know the method CONNECT.",
        ),
        (get(line=b"GET * HTTP/1.1"), "400 The target in the request line is malformed."),
        (get(line=b"GET /a#b HTTP/1.1"), "400 The target in the request line is malformed."),
        (get(line=b"GET ftp://example.com/ HTTP/1.1"), "400 The target in the request line is malformed."),
        (get(line=b"GET http:///path HTTP/1.1"), "400 The target in the request line is malformed."),
    ],
)
def test_what_llhttp_lets_through_is_refused_with_a_sentence(data: bytes, refusal: str) -> None:
    assert refusal_of(data) == refusal


@pytest.mark.parametrize("host", [b"example.com", b"EXAMPLE.com:8000", b"[::1]:80", b"10.0.0.1", b"", b"a_b.c", b"x:"])
def test_hosts_that_are_in_order(host: bytes) -> None:
    (request,) = parser_for(get(host=b"Host: " + host)).requests
    assert request.header(b"host") == host.decode()


@pytest.mark.parametrize(
    ("line", "target", "host"),
    [
        (b"GET http://other.org/a?b HTTP/1.1", "/a?b", "other.org"),
        (b"GET HTTPS://other.org:8000 HTTP/1.1", "/", "other.org:8000"),
        (b"GET http://other.org?q=1 HTTP/1.1", "/?q=1", "other.org"),
        (b"OPTIONS http://other.org HTTP/1.1", "*", "other.org"),
        (b"OPTIONS * HTTP/1.1", "*", "example.com"),
    ],
)
def test_unusual_targets(line: bytes, target: str, host: str) -> None:
    """The authority of an absolute target goes before the Host header (RFC 9112 section 3.2.2)."""
    (request,) = parser_for(get(line=line)).requests
    assert (request.target, request.host) == (target, host)


def test_a_request_without_a_body_has_the_shared_empty_stream() -> None:
    for data in (get(), get(b"Content-Length: 0", line=b"POST / HTTP/1.1")):
        (request,) = parser_for(data).requests
        assert request.stream is EMPTY_STREAM


def test_names_come_in_lower_case_and_fields_in_their_order() -> None:
    (request,) = parser_for(get(b"X-A: 1", b"x-a:2 ", b"Empty:")).requests
    assert request.raw_headers == [(b"host", b"example.com"), (b"x-a", b"1"), (b"x-a", b"2"), (b"empty", b"")]


@pytest.mark.parametrize(
    ("line", "fields", "last"),
    [
        (b"GET / HTTP/1.1", [], False),
        (b"GET / HTTP/1.1", [b"Connection: keep-alive"], False),
        (b"GET / HTTP/1.1", [b"Connection: Upgrade, Close"], True),
        (b"GET / HTTP/1.1", [b"Connection: keep-alive, close"], True),
        (b"GET / HTTP/1.0", [], True),
        (b"GET / HTTP/1.0", [b"Connection: Keep-Alive"], False),
    ],
)
def test_which_request_is_the_last_one(line: bytes, fields: list[bytes], last: bool) -> None:
    parser = parser_for(get(*fields, line=line))
    assert parser.last is last
    parser.feed(get())
    assert len(parser.requests) == (1 if last else 2)


def test_pipelined_requests_keep_their_versions_and_order() -> None:
    """The second line differs in its version only: it must not be taken for the first one."""
    requests, status = parse(
        get() + get(b"Connection: keep-alive", line=b"GET / HTTP/1.0") + get(line=b"GET /b HTTP/1.1")
    )
    assert (requests, status) == ([["GET", "/", "1.1", ""], ["GET", "/", "1.0", ""], ["GET", "/b", "1.1", ""]], None)


def test_bodies_come_as_they_arrive() -> None:
    parser = parser_for(get(b"Content-Length: 6", line=b"POST / HTTP/1.1") + b"abc")
    (request,) = parser.requests
    body = parser.body
    assert body is request.stream
    assert isinstance(body, BodyStream)
    assert (body.expected, body.received, body.complete) == (6, 3, False)
    parser.feed(b"def" + get())
    assert (body.complete, parser.body, content(request), len(parser.requests)) == (True, None, "abcdef", 2)


def test_trailers_are_dropped_and_never_become_headers() -> None:
    chunked = get(b"Transfer-Encoding: chunked", line=b"POST / HTTP/1.1")
    parser = parser_for(chunked + b"3\r\nabc\r\n0\r\nX-Checksum: 1\r\n\r\n" + get())
    assert [name for request in parser.requests for name, _ in request.raw_headers] == [
        b"host",
        b"transfer-encoding",
        b"host",
    ]


def test_a_trailer_that_only_a_head_may_have_fails_the_body() -> None:
    parser = parser_for(get(b"Transfer-Encoding: chunked") + b"0\r\nHost: evil.example\r\n\r\n")
    (request,) = parser.requests
    assert failed(request)
    assert parser.last


def test_a_malformed_chunk_fails_the_body_and_ends_the_connection() -> None:
    """The request is being answered already, so its reader gets the error, and nothing is raised here."""
    parser = parser_for(get(b"Transfer-Encoding: chunked"))
    parser.feed(b"xyz\r\n")
    (request,) = parser.requests
    assert (failed(request), parser.last, parser.body) == (True, True, None)


def test_a_chunked_body_above_the_limit_fails() -> None:
    parser = parser_for(get(b"Transfer-Encoding: chunked"), replace(Limits(), body=5))
    parser.feed(b"5\r\nabcde\r\n")
    assert not failed(parser.requests[0])
    parser.feed(b"1\r\nf\r\n")
    error = parser.requests[0].stream._error  # type: ignore[attr-defined] # a body stream's
    assert str(error) == "413 Request Entity Too Large: The body is larger than 5 bytes."


@pytest.mark.parametrize("junk", [b"1;" + b"x" * 70_000, b"0\r\nX: " + b"y" * 70_000])
def test_endless_chunk_extensions_and_trailers_fail_the_body(junk: bytes) -> None:
    parser = parser_for(get(b"Transfer-Encoding: chunked"), replace(Limits(), head=10_000))
    for start in range(0, len(junk), 1000):
        parser.feed(junk[start : start + 1000])
    assert failed(parser.requests[0])


def test_a_request_line_above_the_limit_is_refused() -> None:
    fitting = b"GET /" + b"a" * (8190 - len("GET / HTTP/1.1")) + b" HTTP/1.1"
    assert len(parser_for(get(line=fitting)).requests) == 1
    sentence = "414 The request line is longer than 8190 bytes."
    assert refusal_of(get(line=fitting.replace(b"/a", b"/aa"))) == sentence
    assert refusal_of(b"GET /" + b"a" * 10_000) == sentence


def test_too_many_fields_are_refused() -> None:
    assert len(parser_for(get(*[b"A: 1"] * 99)).requests) == 1
    assert refusal_of(get(*[b"A: 1"] * 100)) == "431 The request has more than 100 header fields."


def test_a_head_above_the_limit_is_refused_even_before_it_ends() -> None:
    limits = replace(Limits(), head=10_000)
    sentence = "431 The head of the request is larger than 10000 bytes."
    assert refusal_of(get(*[b"A: " + b"x" * 4000] * 3), limits) == sentence
    parser = parser_for(limits=limits)
    parser.feed(get(b"A: " + b"x" * 9000)[:-4])
    with pytest.raises(HTTPException) as caught:
        parser.feed(b"y" * 1000)
    assert f"{caught.value.code} {caught.value.description}" == sentence


def test_requests_before_a_head_do_not_count_for_its_size() -> None:
    parser = parser_for(limits=replace(Limits(), head=200))
    many = get() * 20
    parser.feed(many + get()[:10])
    for byte in get()[10:]:
        parser.feed(bytes([byte]))
    assert len(parser.requests) == 21


def test_a_head_that_is_not_complete_is_partial() -> None:
    parser = parser_for(b"\r\nG")
    assert parser.partial
    parser.feed(b"ET / HTTP/1.1\r\nHost: x\r\n")
    assert (parser.partial, len(parser.requests)) == (True, 0)
    parser.feed(b"\r\n")
    assert (parser.partial, len(parser.requests)) == (False, 1)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_upgrade_is_passed_over_and_its_body_read(size: int) -> None:
    """Were the body taken for the next request, anybody could smuggle one."""
    upgrade = (b"Connection: Upgrade", b"Upgrade: h2c")
    data = (
        get(*upgrade)
        + get(*upgrade, b"Content-Length: 40", line=b"POST /a HTTP/1.1")
        + get(line=b"GET /smuggled HTTP/1.1")[:40]
        + get(*upgrade, b"Transfer-Encoding: chunked", line=b"POST /b HTTP/1.1")
        + b"3\r\nabc\r\n0\r\n\r\n"
        + get(line=b"GET /c HTTP/1.1")
    )
    requests, status = parse(*[data[start : start + size] for start in range(0, len(data), size)])
    assert [request[1:2] + request[3:] for request in requests] == [
        ["/", ""],
        ["/a", get(line=b"GET /smuggled HTTP/1.1")[:40].decode()],
        ["/b", "abc"],
        ["/c", ""],
    ]
    assert status is None


def test_only_a_request_with_a_body_expects_to_be_told_to_continue() -> None:
    assert parser_for(get(b"Expect: 100-Continue", b"Content-Length: 3")).expects_continue
    assert not parser_for(get(b"Expect: 100-continue")).expects_continue
    old = get(b"Expect: 100-continue", b"Content-Length: 3", line=b"POST / HTTP/1.0")
    assert not parser_for(old).expects_continue


def test_the_end_of_the_connection_fails_a_body_that_is_not_complete() -> None:
    parser = parser_for(get(b"Content-Length: 3") + b"ab")
    parser.end()
    assert failed(parser.requests[0])


def test_an_ending_connection_takes_the_head_that_has_begun_and_no_other() -> None:
    parser = parser_for(get()[:10])
    parser.ending = True
    parser.feed(get()[10:] + get())
    assert (len(parser.requests), parser.last) == (1, True)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_comes_again_and_again_is_read_in_the_same_way_each_time(case: dict[str, Any]) -> None:
    """Behind a plain request, before one, and with the bytes cut, which are never taken for those before."""
    data, plain = case["input"].encode("latin-1"), get(b"X-Number: 1", line=b"GET /plain HTTP/1.1")
    for sequence in ([data] * 4, [plain] * 3 + [data, plain, plain, data], [data, plain] * 3):
        cut = [piece for message in sequence for piece in (message[:7], message[7:]) if piece]
        whole, pieces = parse(*sequence), parse(*cut)
        assert whole[0] == pieces[0]
        assert (whole[1] is None) is (pieces[1] is None)


def test_a_request_that_comes_again_is_a_new_one() -> None:
    """What an app does to one is not seen in the next."""
    data = get(b"X-A: 1")
    parser = parser_for(data)
    for _ in range(4):
        parser.feed(data)
    first, *others = parser.requests
    assert len({id(request) for request in parser.requests}) == 5
    for request in parser.requests:
        request.raw_headers.append((b"x-app", b"was here"))  # type: ignore[attr-defined] # as ASGI apps do with theirs
    parser.feed(data)
    assert parser.requests[-1].raw_headers == [(b"host", b"example.com"), (b"x-a", b"1")]
    assert {(one.method, one.target, one.http_version, one.stream) for one in others} == {
        ("GET", first.target, "1.1", EMPTY_STREAM)
    }


def test_the_rest_of_a_request_is_not_taken_for_a_whole_one() -> None:
    data = get(b"X-A: 1")
    head, rest = data[:20], data[20:]
    parser = parser_for(data + data)
    for _ in range(3):
        parser.feed(head)
        parser.feed(rest)
    with pytest.raises(HTTPException):
        parser.feed(rest)


def test_nothing_is_answered_again_once_the_connection_ends() -> None:
    data = get()
    parser = parser_for(data)
    parser.feed(data)
    parser.feed(data)
    parser.ending = True
    parser.feed(data)
    assert (len(parser.requests), parser.last) == (4, True)
    parser.feed(data)
    assert len(parser.requests) == 4


def lax_parser(*pieces: bytes) -> RequestParser:
    parser = RequestParser(Limits(), Peer(), lambda: None, BytesIO, lax=True)
    for piece in pieces:
        parser.feed(piece)
    return parser


def test_old_clients_are_taken_where_that_is_wanted() -> None:
    """Without a Host, and with chunks in HTTP/1.0, after which nothing is read any more."""
    parser = lax_parser(b"GET /a HTTP/1.1\r\n\r\n", b"POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n")
    parser.feed(b"Connection: keep-alive\r\n\r\n2\r\nab\r\n0\r\n\r\nGET /c HTTP/1.1\r\n\r\n")
    assert [request.target for request in parser.requests] == ["/a", "/b"]
    assert content(parser.requests[1]) == "ab"
    assert parser.last


@pytest.mark.parametrize("size", [1, 1000])
def test_what_comes_behind_a_request_for_a_websocket_is_kept(size: int) -> None:
    """By a parser that is lax: it is not HTTP. One that asks for something else is passed over, as ever."""
    h2c = b"GET /a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    data = h2c + b"GET /b HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    parser = lax_parser(*(data[place : place + size] for place in range(0, len(data), size)))
    assert [request.target for request in parser.requests] == ["/a", "/b"]
    assert (parser.last, parser.behind) == (True, b"")
    parser = lax_parser(data + b"\x00\xff")
    assert (parser.last, parser.behind) == (True, b"\x00\xff")
