"""Multipart bodies in their parts."""

import pytest

from spruce.http.headers import Headers
from spruce.http.multipart import MultipartDecoder, MultipartError, PartBegins, PartData, PartEnds

BODY = (
    b"preamble\r\n--b\r\n"
    b'Content-Disposition: form-data; name="title"\r\n\r\n'
    b"\r\n--not the end\r\n--\r\n\r\n--b  \r\n"
    b'content-disposition: form-data; name="\xe7\x86\x8a"; filename="C:\\new \\"x\\".png"\r\n'
    b"Content-Type: image/png\r\n\r\n"
    b"\r\n--b--\r\nepilogue"
)


def decoded(body: bytes, size: int) -> list[tuple[str, str | None, Headers, bytes]]:
    """Feed `size` bytes at a time, and put the parts together."""
    decoder = MultipartDecoder("b")
    parts = []
    for start in range(0, len(body), size):
        for event in decoder.feed(body[start : start + size]):
            if isinstance(event, PartBegins):
                begin, content = event, b""
            elif isinstance(event, PartData):
                content += event.data
            else:
                assert event == PartEnds()
                parts.append((begin.name, begin.filename, begin.headers, content))
    assert decoder.complete
    return parts


@pytest.mark.parametrize("size", range(1, len(BODY) + 1))
def test_it_does_not_matter_how_the_bytes_were_cut(size: int) -> None:
    disposition = b'form-data; name="\xe7\x86\x8a"; filename="C:\\new \\"x\\".png"'.decode("latin-1")
    assert decoded(BODY, size) == [
        ("title", None, Headers({"Content-Disposition": 'form-data; name="title"'}), b"\r\n--not the end\r\n--\r\n"),
        (
            "熊",
            'C:\\new "x".png',
            Headers({"Content-Disposition": disposition, "Content-Type": "image/png"}),
            b"",
        ),
    ]


def test_content_is_handed_on_as_it_comes() -> None:
    """All but what could be the beginning of a boundary."""
    decoder = MultipartDecoder("b")
    list(decoder.feed(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'))
    assert list(decoder.feed(b"x" * 1000 + b"\r\n--")) == [PartData(b"x" * 1000)]
    assert list(decoder.feed(b"b--")) == [PartEnds()]
    assert list(decoder.feed(b"anything")) == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"--b\r\n\r\n\r\n--b--", "a header of a part is malformed"),
        (b"--b\r\nnothing\r\n\r\n", "a header of a part is malformed"),
        (b"--b\r\nA b: c\r\n\r\n", "a header of a part is malformed"),
        (b"--b\r\nA: b\nc: d\r\n\r\n", "a header of a part is malformed"),
        (b"--b\r\nContent-Type: text/plain\r\n\r\n", "a part has no Content-Disposition that names its field"),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\n", "a part has no Content-Disposition that names its field"),
        (
            b'--b\r\nContent-Disposition: attachment; name="a"\r\n\r\n',
            "a part has no Content-Disposition that names its field",
        ),
        (b"--bx\r\n", "there is something behind a boundary"),
        (b"--b" + b" " * 100, "there is something behind a boundary"),
        (b"x" * 70_000, "no part begins within 65536 bytes"),
        (b"--b\r\nA: " + b"x" * 20_000, "the headers of a part are longer than 16384 bytes"),
    ],
)
def test_malformed_bodies_are_refused(body: bytes, what: str) -> None:
    for size in (1, len(body)):
        with pytest.raises(MultipartError) as caught:
            decoded(body, size)
        assert str(caught.value) == what


def test_the_end_of_the_body_comes_behind_its_last_boundary() -> None:
    decoder = MultipartDecoder("b")
    list(decoder.feed(b"--b\r\n"))
    with pytest.raises(MultipartError, match=r"^it ends before its last boundary$"):
        list(decoder.feed(b""))


@pytest.mark.parametrize("boundary", ["", "a\r\nb", "ends with a blank ", "x" * 71, "ü"])
def test_a_boundary_that_cannot_be_one_is_refused(boundary: str) -> None:
    with pytest.raises(MultipartError, match=r"cannot be a boundary$"):
        MultipartDecoder(boundary)
