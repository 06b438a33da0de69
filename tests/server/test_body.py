"""Bodies of requests as streams."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import green
from spruce.errors.http import BadRequest
from spruce.server.body import BodyStream

LINES = b"one\ntwo\n\nthree"


def body(*pieces: bytes, complete: bool = True) -> BodyStream:
    stream = BodyStream(None, lambda: None)
    for piece in pieces:
        stream.feed(piece)
    if complete:
        stream.finish()
    return stream


@pytest.mark.parametrize("cut", range(len(LINES)))
def test_it_is_read_as_a_file_is(cut: int) -> None:
    """Wherever its bytes were cut."""
    pieces = [LINES[:cut], LINES[cut:]]
    assert body(*pieces).read() == LINES
    assert body(*pieces).read(None) == LINES
    assert list(body(*pieces)) == [b"one\n", b"two\n", b"\n", b"three"]
    assert body(*pieces).readlines() == [b"one\n", b"two\n", b"\n", b"three"]
    assert body(*pieces).readlines(5) == [b"one\n", b"two\n"]
    stream = body(*pieces)
    assert [stream.read(5), stream.readline(2), stream.readline(), stream.read(100), stream.read(1)] == [
        b"one\nt",
        b"wo",
        b"\n",
        b"\nthree",
        b"",
    ]
    assert stream.buffered == 0


def test_read1_gives_what_is_there() -> None:
    stream = body(b"abc", b"def", complete=False)
    assert (stream.read1(4), stream.read1()) == (b"abcd", b"ef")


def test_a_reader_waits_for_what_it_asked_for(on_hub: Callable[[Callable[[], Any]], Any]) -> None:
    """And tells the connection so, each time that it begins to wait."""

    def main() -> None:
        asked = []
        stream = BodyStream(6, lambda: asked.append(len(asked)))
        reader = green.spawn(lambda: [stream.read(2), stream.read(), stream.read()])
        green.sleep()
        assert (stream.waiting, asked) == (True, [0])
        stream.feed(b"a")
        green.sleep()
        stream.feed(b"bc")
        green.sleep()
        assert asked == [0, 1, 2]
        stream.feed(b"def")
        stream.finish()
        assert reader.wait() == [b"ab", b"cdef", b""]
        assert repr(stream) == "<BodyStream complete, 6 bytes received, 0 unread>"

    on_hub(main)


def test_a_failure_is_raised_behind_the_bytes_that_came(on_hub: Callable[[Callable[[], Any]], Any]) -> None:
    def main() -> None:
        stream = body(b"abc", complete=False)
        reader = green.spawn(lambda: [stream.read(2), stream.read()])
        green.sleep()
        stream.fail(BadRequest("cut"))
        stream.fail(BadRequest("again"))
        with pytest.raises(BadRequest, match=r"cut$"):
            reader.wait()

    on_hub(main)
    assert body(b"abc").read() == b"abc"


def test_a_complete_body_does_not_fail() -> None:
    stream = body(b"abc")
    stream.fail(BadRequest("late"))
    assert stream.read() == b"abc"


def test_what_is_abandoned_is_dropped() -> None:
    stream = body(b"abc", complete=False)
    stream.abandon()
    stream.feed(b"def")
    assert (stream.buffered, stream.received) == (0, 6)
