"""Files in memory."""

import pytest

from spruce.errors import FileMissing
from spruce.storage import ContentFile, InMemoryStorage


def test_it_does_what_a_folder_does() -> None:
    """And forgets with the object."""
    storage = InMemoryStorage()
    name = storage.save("a/cat.png", ContentFile(b"meow"))
    assert (storage.open(name).read(), storage.size(name), storage.url(name)) == (b"meow", 4, "/media/a/cat.png")
    assert storage.save("a/cat.png", ContentFile(b"x")) != name
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileMissing) as refused:
        storage.open(name)
    assert str(refused.value) == "there is no file 'a/cat.png' in this storage"


def test_files_can_be_written_to() -> None:
    """What was written is there once the file is closed."""
    storage = InMemoryStorage()
    with storage.open("log.txt", "wb") as file:
        file.write(b"one")
    with storage.open("log.txt", "ab") as file:
        file.write(b" two")
    assert storage.open("log.txt").read() == b"one two"
