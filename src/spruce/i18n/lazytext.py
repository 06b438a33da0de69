"""A text that is translated when it is shown, for what is made when a module is imported: labels, choices, names."""

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["LazyText"]


class LazyText:
    """Stands for the text that `make()` returns at the moment when it is shown, compared or joined.

    It is no str; where one is needed, `str(lazy)` is the text. JSON, templates and `%` know what to do with it.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def __str__(self) -> str:
        return self._make()

    def __json__(self) -> str:
        return self._make()

    def __repr__(self) -> str:
        return f"<lazy {self._make()!r}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._make(), name)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (self._make(),)

    def __format__(self, spec: str) -> str:
        return format(self._make(), spec)

    def __eq__(self, other: object) -> bool:
        return self._make() == (str(other) if isinstance(other, LazyText) else other)

    def __lt__(self, other: object) -> bool:
        return self._make() < str(other)

    def __hash__(self) -> int:
        return hash(self._make())

    def __len__(self) -> int:
        return len(self._make())

    def __bool__(self) -> bool:
        return bool(self._make())

    def __iter__(self) -> Iterator[str]:
        return iter(self._make())

    def __contains__(self, text: str) -> bool:
        return str(text) in self._make()

    def __getitem__(self, index: Any) -> str:
        return self._make()[index]

    def __add__(self, other: object) -> str:
        return self._make() + str(other)

    def __radd__(self, other: object) -> str:
        return str(other) + self._make()

    def __mod__(self, values: Any) -> "LazyText":
        make = self._make
        return LazyText(lambda: make() % values)
