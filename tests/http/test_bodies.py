"""Bodies that are more than bytes or an iterable."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from spruce.http import AsyncBody, FilePart, Response


def test_a_part_of_a_file_is_read_from_its_start_to_its_end_and_no_further() -> None:
    file = BytesIO(bytes(range(256)) * 1000)
    part = FilePart(file, 10, 150_000)
    pieces = list(part)
    assert [len(piece) for piece in pieces] == [65536, 65536, 18928]
    assert b"".join(pieces) == file.getvalue()[10:150_010]
    assert b"".join(part) == b"".join(pieces)
    part.close()
    assert file.closed


def test_a_part_of_a_file_that_is_too_short_ends_with_it() -> None:
    assert b"".join(FilePart(BytesIO(b"abc"), 1, 100)) == b"bc"
    assert repr(FilePart(BytesIO(), 1, 2)).endswith(", 2 bytes from 1>")


async def pieces() -> AsyncIterator[bytes]:
    yield b"a"


def test_an_async_generator_is_kept_for_who_can_wait() -> None:
    source = pieces()
    response = Response(source)
    body = response.response
    assert isinstance(body, AsyncBody)
    assert (body.source, response.is_streamed) == (source, True)
    with pytest.raises(TypeError) as caught:
        _ = response.data
    assert str(caught.value) == (
        "the body of this response is an async generator, which nobody has made ready to be read piece by piece;"
        " use Response(green.iterate(generator))"
    )
