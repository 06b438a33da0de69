"""The access log."""

import re

import pytest

from spruce.http import Peer, Request, Response
from spruce.server.accesslog import write_line


def test_a_line_has_what_one_looks_for(capsys: pytest.CaptureFixture[str]) -> None:
    write_line(Request("GET", "/a?b", peer=Peer("http", ("10.0.0.9", 4711))), Response("", 404), 0.01234)
    write_line(Request("POST", "/"), None, 1)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r'10\.0\.0\.9 \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}\] "GET /a\?b" 404 12\.3ms', first)
    assert re.fullmatch(r'- \[.*\] "POST /" - 1000\.0ms', second)
