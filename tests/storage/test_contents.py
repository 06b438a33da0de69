"""Contents of files."""

import io

from spruce.storage import ContentFile, File
from spruce.storage.contents import pieces


def test_a_file_has_a_name_a_size_and_chunks() -> None:
    """Wherever it was read up to."""
    with File(io.BytesIO(b"0123456789"), "digits") as file:
        assert file.read(4) == b"0123"
        assert (file.size, file.tell(), file.name, repr(file)) == (10, 4, "digits", "<File: digits>")
        assert list(file.chunks(4)) == [b"0123", b"4567", b"89"]
        file.seek(0)
        assert list(file) == [b"0123456789"]
    assert file.closed


def test_texts_are_written_as_utf_8() -> None:
    """Of a ContentFile, or of any open text file."""
    assert b"".join(pieces(ContentFile("熊猫", "name.txt"))) == "熊猫".encode()
    assert b"".join(pieces(ContentFile(b"\0\xff"))) == b"\0\xff"
    assert ContentFile("x", "name.txt").name == "name.txt"
