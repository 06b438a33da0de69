"""Forms in request bodies."""

from io import BytesIO
from pathlib import Path

import pytest

from spruce.errors.http import BadRequest, RequestEntityTooLarge
from spruce.http.forms import FileStorage, FormLimits, parse_multipart, parse_urlencoded

BOUNDARY = "frontier"


class Trickle(BytesIO):
    """A stream that gives one byte at a time, as a slow client does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(1)


def part(name: str, value: bytes, filename: str | None = None, content_type: str | None = None) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    lines = [f"--{BOUNDARY}", disposition, *([f"Content-Type: {content_type}"] if content_type else []), "", ""]
    return "\r\n".join(lines).encode() + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("holiday/beach/1.jpg", "1.jpg"),
        ("C:\\\\Users\\\\me\\\\1.jpg", "1.jpg"),
        ("/etc/", ""),
        ("..", ""),
        (".", ""),
        ("a\x00b\x1b[2J.txt", "ab[2J.txt"),
        ("熊猫.png", "熊猫.png"),
    ],
)
def test_a_file_has_the_last_part_of_the_name_that_was_sent(sent: str, kept: str) -> None:
    """So it leads to no other folder when somebody saves it by this name (RFC 7578, section 4.2)."""
    form = parse_multipart(BytesIO(multipart(part("f", b"x", sent))), BOUNDARY, FormLimits())
    file = form.files["f"]
    file.close()
    assert file.filename == kept
    assert bool(file) is bool(kept)


@pytest.mark.parametrize("stream", [BytesIO, Trickle])
def test_an_urlencoded_form(stream: type[BytesIO]) -> None:
    form = parse_urlencoded(stream("name=red+panda&名=%E7%86%8A".encode()), FormLimits())
    assert list(form.fields.items()) == [("name", "red panda"), ("名", "熊")]
    assert len(form.files) == 0


def test_an_urlencoded_form_above_a_limit_is_refused() -> None:
    with pytest.raises(RequestEntityTooLarge, match=r"The form is larger than 10 bytes\.$"):
        parse_urlencoded(BytesIO(b"name=" + b"x" * 20), FormLimits(memory=10))
    with pytest.raises(RequestEntityTooLarge, match=r"The form has more than 2 fields\.$"):
        parse_urlencoded(BytesIO(b"a&b&c"), FormLimits(fields=2))


@pytest.mark.parametrize("stream", [BytesIO, Trickle])
def test_a_multipart_form_with_fields_and_files(stream: type[BytesIO]) -> None:
    body = multipart(
        part("title", "熊猫".encode()),
        part("tag", b"a"),
        part("tag", b"b"),
        part("photo", b"\x89PNG\r\n--front", "panda.png", "image/png"),
    )
    form = parse_multipart(stream(body), BOUNDARY, FormLimits())
    assert list(form.fields.items(multi=True)) == [("title", "熊猫"), ("tag", "a"), ("tag", "b")]
    photo = form.files["photo"]
    assert (photo.filename, photo.name, photo.mimetype, photo.read()) == (
        "panda.png",
        "photo",
        "image/png",
        b"\x89PNG\r\n--front",
    )
    photo.close()


def test_a_large_file_goes_to_the_disk_and_comes_back(tmp_path: Path) -> None:
    """Memory stays flat: above 500 kB the content is in a temporary file."""
    content = bytes(range(256)) * 4096
    form = parse_multipart(BytesIO(multipart(part("file", content, "big.bin"))), BOUNDARY, FormLimits())
    upload = form.files["file"]
    assert upload.stream._rolled  # type: ignore[attr-defined] # tells that it is on disk
    upload.save(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == content
    assert upload.seek(0) == 0
    copy = BytesIO()
    upload.save(copy)
    assert copy.getvalue() == content
    upload.close()


@pytest.mark.parametrize(
    ("limits", "parts", "message"),
    [
        (FormLimits(parts=3), [part("a", b"")] * 4, "The form has more than 3 parts."),
        (FormLimits(fields=3), [part("a", b"")] * 4, "The form has more than 3 fields."),
        (FormLimits(files=1), [part("a", b"", "x")] * 2, "The form has more than 1 files."),
        (FormLimits(memory=10), [part("a", b"x" * 11)], "The fields of the form are larger than 10 bytes."),
        (FormLimits(memory=10), [part("a", b"x" * 6)] * 2, "The fields of the form are larger than 10 bytes."),
    ],
)
def test_a_multipart_form_above_a_limit_is_refused(limits: FormLimits, parts: list[bytes], message: str) -> None:
    with pytest.raises(RequestEntityTooLarge) as caught:
        parse_multipart(BytesIO(multipart(*parts)), BOUNDARY, limits)
    assert caught.value.description == message


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "it ends before its last boundary"),
        (part("a", b"1"), "it ends before its last boundary"),
        (part("a", b"1", "x")[:-20], "it ends before its last boundary"),
        (b"preamble " * 20_000, "no part begins within 65536 bytes"),
    ],
)
def test_a_malformed_multipart_form_is_refused(body: bytes, what: str) -> None:
    """The files that had come until then are closed."""
    with pytest.raises(BadRequest) as caught:
        parse_multipart(BytesIO(body), BOUNDARY, FormLimits())
    assert caught.value.description == f"The multipart form is malformed: {what}."


def test_an_upload_without_a_file_is_false() -> None:
    """Browsers send an empty part for a file input that nobody filled in."""
    assert not FileStorage(BytesIO(), "")
    upload = FileStorage(BytesIO(b"a\nb"), "x.txt", content_type="text/plain; charset=utf-8")
    assert upload
    assert upload.mimetype == "text/plain"
    assert list(upload) == [b"a\n", b"b"]
    upload.close()
    assert repr(upload) == "<FileStorage 'x.txt' ('text/plain; charset=utf-8')>"
