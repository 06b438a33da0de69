"""What every storage does with the methods of its own."""

from typing import Any

from spruce.errors import FileMissing
from spruce.storage import ContentFile, File, Storage


class Shelf(Storage):
    """The five methods that a class of a program's own writes."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, name: str, content: Any) -> bool:
        return self.kept.setdefault(name, content) is content

    def open(self, name: str, mode: str = "rb") -> File:
        return ContentFile(self.kept[name], name)

    def delete(self, name: str) -> None:
        del self.kept[name]

    def size(self, name: str) -> int:
        if name not in self.kept:
            raise FileMissing(name)
        return 1

    def url(self, name: str) -> str:
        return f"shelf:{name}"


def test_save_finds_a_name_that_is_free() -> None:
    """However many are taken."""
    shelf = Shelf()
    names = {shelf.save("a.txt", object()) for _ in range(5)}
    assert (len(names), "a.txt" in names) == (5, True)
    assert all(shelf.exists(name) for name in names)
    assert not shelf.exists("b.txt")
