"""Files in a folder."""

import os
from pathlib import Path

import pytest

from spruce.config import Settings
from spruce.errors import FileMissing, UnsafeName
from spruce.storage import ContentFile, FileSystemStorage


class Broken:
    def read(self, size: int) -> bytes:
        raise ConnectionError("the client went away")


def test_a_file_is_written_read_and_deleted(tmp_path: Path) -> None:
    """In folders that are made for it."""
    storage = FileSystemStorage()
    name = storage.save("photos/2024/cat.png", ContentFile(b"meow"))
    assert name == "photos/2024/cat.png"
    assert (tmp_path / "media" / name).read_bytes() == b"meow"
    with storage.open(name) as file:
        assert (file.read(), file.name) == (b"meow", name)
    assert (storage.exists(name), storage.size(name), storage.url(name)) == (True, 4, "/media/photos/2024/cat.png")
    assert storage.listdir("photos") == (["2024"], [])
    assert storage.listdir("photos/2024") == ([], ["cat.png"])
    storage.delete(name)
    storage.delete(name)
    assert not storage.exists(name)


def test_a_name_that_is_taken_becomes_another(tmp_path: Path) -> None:
    """And what is there stays."""
    storage = FileSystemStorage()
    first, second = (storage.save("cat.png", ContentFile(text)) for text in ("one", "two"))
    assert (first, len(second), second.startswith("cat_")) == ("cat.png", len("cat_0000000.png"), True)
    assert [(tmp_path / "media" / name).read_text() for name in (first, second)] == ["one", "two"]
    third = storage.save("cat.png", ContentFile("three"), max_length=13)
    assert (len(third), third.endswith(".png")) == (13, True)


def test_half_a_file_is_not_left_behind(tmp_path: Path) -> None:
    """When the content ends in an error."""
    with pytest.raises(ConnectionError):
        FileSystemStorage().save("a.bin", Broken())
    assert os.listdir(tmp_path / "media") == []


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x"])
def test_names_cannot_lead_out(name: str) -> None:
    """For whatever is done with them."""
    storage = FileSystemStorage()
    for act in (storage.open, storage.delete, storage.size, storage.exists, storage.url, storage.path):
        with pytest.raises(UnsafeName):
            act(name)
    with pytest.raises(UnsafeName):
        storage.save(name, ContentFile("x"))


def test_symbolic_links_cannot_lead_out(tmp_path: Path) -> None:
    """Neither of files nor of folders."""
    storage = FileSystemStorage()
    storage.save("a.txt", ContentFile("x"))
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "media" / "out").symlink_to(tmp_path)
    with pytest.raises(UnsafeName) as refused:
        storage.open("out/secret")
    assert str(refused.value) == f"'out/secret' leads out of {storage.location}. Remove the symbolic link."


def test_a_file_that_is_not_there(settings: Settings) -> None:
    """Is named with the folder."""
    storage = FileSystemStorage()
    for act in (storage.open, storage.size, storage.listdir):
        with pytest.raises(FileMissing) as refused:
            act("gone.txt")
        assert str(refused.value) == f"there is no file 'gone.txt' in {storage.location}"


def test_places_of_its_own(tmp_path: Path, settings: Settings) -> None:
    """Given to it, or by the settings; else in the instance folder."""
    own = FileSystemStorage(tmp_path / "own", "https://cdn.example/files")
    assert own.url(own.save("a b.txt", ContentFile("x"))) == "https://cdn.example/files/a%20b.txt"
    assert own.path("a b.txt") == str(tmp_path / "own" / "a b.txt")
    settings["MEDIA_ROOT"] = None
    settings["INSTANCE_PATH"] = str(tmp_path)
    assert FileSystemStorage().location == str(tmp_path / "media")
