"""The access log."""

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from typing import Any

import pytest

from spruce import green
from spruce.errors import ConfigError
from spruce.http import FilePart, Peer, Request, Response
from spruce.server import LineLog
from spruce.server.accesslog import FORMATS, open_log

OnHub = Callable[[Callable[[], Any]], Any]
Serving = Callable[..., Any]

PEER = Peer("http", ("10.0.0.9", 4711))


def line(form: str, request: Request | None = None, response: Response | None = None, cpu: float = 0.25) -> str:
    """What is written for one answer that took a second."""
    before, sys.stdout = sys.stdout, StringIO()
    try:
        log = LineLog(form)
        log.write(request or Request("GET", "/a?b", peer=PEER), response, 1.0, cpu)
        log.flush()
        return sys.stdout.getvalue()
    finally:
        sys.stdout = before


def test_the_short_line_has_what_one_looks_for() -> None:
    assert re.fullmatch(
        r'10\.0\.0\.9 \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}\] "GET /a\?b" 404 1000\.0ms\n',
        line("short", response=Response("", 404)),
    )
    assert re.fullmatch(r'- \[.*\] "POST /" - 1000\.0ms\n', line("short", Request("POST", "/")))


def test_the_common_and_the_combined_format_are_those_of_other_servers() -> None:
    fields = [(b"referer", b"https://example.com/"), (b"user-agent", b'Mozilla "5"')]
    request = Request("GET", "/a", fields, peer=PEER)
    common = r'10\.0\.0\.9 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /a HTTP/1\.1" 200 5'
    assert re.fullmatch(common + "\n", line("common", request, Response("hello")))
    assert re.fullmatch(
        common + r' "https://example\.com/" "Mozilla \\x225\\x22"' + "\n", line("combined", request, Response("hello"))
    )
    assert line("combined", response=Response("")).endswith(' 200 0 "-" "-"\n')


def test_json_is_an_object_a_line() -> None:
    values = json.loads(line("json", Request("GET", "/\n", [(b"host", b"h")], peer=PEER), Response("hello")))
    assert values.pop("time") > "2020"
    assert re.fullmatch("[0-9a-f]{16}", values.pop("id"))
    assert values == {
        "client": "10.0.0.9",
        "method": "GET",
        "target": "/\n",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 5,
        "seconds": 1.0,
        "cpu": 0.25,
        "wait": 0.75,
        "host": "h",
        "referrer": None,
        "user_agent": "",
        "pid": os.getpid(),
    }


def test_a_format_of_ones_own() -> None:
    request = Request("GET", "/a", [(b"x-tenant", b"shop")], peer=Peer("https", ("::1", 1)))
    form = "%(scheme)s %(header.X-Tenant)s %(header.none)s %(status)3s %(seconds).1f=%(cpu).2f+%(wait).2f 100%%"
    assert line(form, request, Response("", 201)) == "https shop - 201 1.0=0.25+0.75 100%\n"
    assert LineLog(form).counts_cpu is True
    assert LineLog("combined").counts_cpu is False


@pytest.mark.parametrize("sent", ["\r\n10.0.0.1 [x] forged", "\x1b[2J", "\x85", "\u2028", 'a" 200 "', "\\x", "\ud800"])
def test_nobody_writes_lines_of_their_own(sent: str) -> None:
    """Neither in the target nor in a header; what is escaped can be told from what was sent so."""
    request = Request("GET", "/" + sent)
    request.raw_headers = [(b"user-agent", sent.encode("utf-8", "surrogatepass"))]
    for name, form in FORMATS.items():
        written = line(name, request, Response(""))
        assert written.count("\n") == 1
        assert written.isascii()
        assert written.strip().isprintable()
        assert form.count('"') == written.count('"') or name == "json"


@pytest.mark.parametrize(
    ("method", "response", "size"),
    [
        ("HEAD", Response("hello"), 0),
        ("GET", Response("dropped", 304), 0),
        ("GET", Response(FilePart(BytesIO(b""), 0, 70_000)), 70_000),
        ("GET", None, 0),
    ],
)
def test_the_size_is_what_was_sent(method: str, response: Response | None, size: int) -> None:
    assert line("%(bytes)d", Request(method, "/"), response) == f"{size}\n"


def test_a_stream_is_counted_and_the_waits_are_told_from_the_work(
    on_hub: OnHub, serving: Serving, capsys: pytest.CaptureFixture[str]
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * 1000
        green.sleep(0.05)
        sum(range(300_000))
        yield b"y" * 500

    def main() -> None:
        with serving(lambda request: Response(pieces()), access_log=LineLog("%(bytes)d %(cpu)s %(wait)s")) as (
            server,
            connect,
        ):
            connect().ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            server.sweep(server.now)

    on_hub(main)
    size, cpu, wait = capsys.readouterr().out.split()
    assert size == "1500"
    assert float(cpu) > 0.0005
    assert float(wait) > 0.045


def test_lines_are_written_together_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces that a pipe takes without mixing them with those of another worker."""
    writes: list[str] = []

    class Output(StringIO):
        def write(self, text: str, /) -> int:
            writes.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Output())
    log = LineLog("%(target)s")
    for number in range(1000):
        log.write(Request("GET", f"/{number:0100}"), None, 0.0, 0.0)
    log.flush()
    log.flush()
    assert "".join(writes).count("\n") == 1000
    assert max(map(len, writes)) <= 4000
    assert all(text.endswith("\n") for text in writes)
    assert len(writes) == 26


def test_on_a_terminal_each_line_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    LineLog("%(target)s").write(Request("GET", "/a"), None, 0.0, 0.0)
    assert terminal.getvalue() == "/a\n"


def test_output_that_is_closed_is_logged_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "stdout", output := StringIO())
    log = LineLog("%(target)s")
    log.write(Request("GET", "/a"), None, 0.0, 0.0)
    output.close()
    with caplog.at_level(logging.ERROR):
        log.flush()
    assert caplog.messages == ["The access log could not be written: 1 lines are lost"]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (
            "comon",
            "there is no format 'comon' of the access log; did you mean 'common'? "
            "Give one of short, common, combined, json, or a text with fields as %(client)s.",
        ),
        ("%(staus)s", "there is no field 'staus' for the access log; did you mean 'status'? "),
        ("%(client)s %s", "there is no field '' for the access log. "),
        (
            "%(client)d",
            "the format of the access log '%(client)d' cannot be used: %d format: a real number is required",
        ),
        ("%(client)s %", "the format of the access log '%(client)s %' cannot be used: incomplete format. "),
    ],
)
def test_a_format_that_cannot_be_used_is_refused(form: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        LineLog(form)
    assert str(caught.value).startswith(text)


def test_what_is_wanted_is_opened() -> None:
    assert open_log(False) is None
    assert open_log("") is None
    assert isinstance(open_log(True), LineLog)
    assert open_log("json").counts_cpu is True  # type: ignore[union-attr] # it is one
