"""A dictionary whose keys may have several values: query strings, forms and uploaded files."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar, overload

from spruce.errors.http import BadRequestKeyError

__all__ = ["MultiDict", "MultiItems"]

V = TypeVar("V")
T = TypeVar("T")


class MultiDict(Generic[V]):
    """Several values for a key; `d["x"]`, `items()` and `dict(d)` show the first one, `getlist("x")` all of them.

    A missing key raises BadRequestKeyError: a KeyError which, when nobody catches it, answers the request with 400.
    """

    __slots__ = ("_lists",)

    def __init__(self, items: "MultiItems[V]" = ()) -> None:
        self._lists: dict[str, list[V]] = {}
        if items:
            self.update(items)

    def __getitem__(self, key: str) -> V:
        values = self._lists.get(key)
        if not values:
            raise BadRequestKeyError(key, self._lists)
        return values[0]

    @overload
    def get(self, key: str) -> V | None: ...
    @overload
    def get(self, key: str, default: T) -> V | T: ...
    @overload
    def get(self, key: str, default: None = None, *, type: Callable[[V], T]) -> T | None: ...
    @overload
    def get(self, key: str, default: T, type: Callable[[V], T]) -> T: ...
    def get(
        self,
        key: str,
        default: Any = None,
        type: Callable[[V], Any] | None = None,  # noqa: A002 - Flask's name
    ) -> Any:
        """Return the first value of `key`, made into `type`; `default` if there is none or `type` raises ValueError."""
        values = self._lists.get(key)
        if not values:
            return default
        if type is None:
            return values[0]
        try:
            return type(values[0])
        except (ValueError, TypeError):
            return default

    @overload
    def getlist(self, key: str) -> list[V]: ...
    @overload
    def getlist(self, key: str, type: Callable[[V], T]) -> list[T]: ...
    def getlist(self, key: str, type: Callable[[V], Any] | None = None) -> list[Any]:  # noqa: A002 - Flask's name
        """Return all values of `key`, made into `type`; those that `type` raises ValueError for are left out."""
        values = self._lists.get(key, [])
        if type is None:
            return values.copy()
        made = []
        for value in values:
            try:
                made.append(type(value))
            except (ValueError, TypeError):
                continue
        return made

    def add(self, key: str, value: V) -> None:
        """Add a value and keep those that are there."""
        self._lists.setdefault(key, []).append(value)

    def setlist(self, key: str, values: Iterable[V]) -> None:
        """Replace all values of `key`."""
        self._lists[key] = [*values]

    def setdefault(self, key: str, default: V) -> V:
        """Return the first value of `key`, which is set to `default` when there is none."""
        values = self._lists.setdefault(key, [])
        if not values:
            values.append(default)
        return values[0]

    def pop(self, key: str, default: T | None = None) -> V | T | None:
        """Take all values of `key` away and return the first one, or `default`."""
        values = self._lists.pop(key, None)
        return values[0] if values else default

    def poplist(self, key: str) -> list[V]:
        """Take all values of `key` away and return them."""
        return self._lists.pop(key, [])

    def update(self, items: "MultiItems[V]" = (), /, **more: V) -> None:
        """Add every item and keep those that are there."""
        for key, value in _pairs(items):
            self.add(key, value)
        for key, value in more.items():
            self.add(key, value)

    extend = update

    def clear(self) -> None:
        """Take everything away."""
        self._lists.clear()

    def copy(self) -> "MultiDict[V]":
        """Return an independent copy; the values themselves are shared."""
        duplicate: MultiDict[V] = MultiDict()
        duplicate._lists = {key: values.copy() for key, values in self._lists.items()}
        return duplicate

    def keys(self) -> Iterator[str]:
        """Iterate over the keys, each once."""
        return iter(self._lists)

    def values(self) -> Iterator[V]:
        """Iterate over the first value of each key."""
        return (values[0] for values in self._lists.values() if values)

    @overload
    def items(self) -> Iterator[tuple[str, V]]: ...
    @overload
    def items(self, multi: bool) -> Iterator[tuple[str, V]]: ...
    def items(self, multi: bool = False) -> Iterator[tuple[str, V]]:
        """Iterate over (key, first value), or if `multi` over (key, value) for every value."""
        for key, values in self._lists.items():
            for value in values if multi else values[:1]:
                yield key, value

    def lists(self) -> Iterator[tuple[str, list[V]]]:
        """Iterate over (key, all its values)."""
        return ((key, values.copy()) for key, values in self._lists.items())

    def listvalues(self) -> Iterator[list[V]]:
        """Iterate over the list of values of each key."""
        return (values.copy() for values in self._lists.values())

    @overload
    def to_dict(self) -> dict[str, V]: ...
    @overload
    def to_dict(self, flat: bool) -> dict[str, Any]: ...
    def to_dict(self, flat: bool = True) -> dict[str, Any]:
        """Return a plain dict of first values, or of lists of all values when `flat` is False."""
        return dict(self.items()) if flat else dict(self.lists())

    def __setitem__(self, key: str, value: V) -> None:
        self._lists[key] = [value]

    def __delitem__(self, key: str) -> None:
        del self._lists[key]

    def __contains__(self, key: object) -> bool:
        return key in self._lists

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MultiDict):
            return NotImplemented
        return self._lists == other._lists

    __hash__ = None  # type: ignore[assignment] # compared by value and changeable, as a dict is

    def __repr__(self) -> str:
        return f"MultiDict({list(self.items(multi=True))!r})"


MultiItems: TypeAlias = MultiDict[V] | Mapping[str, V | list[V]] | Iterable[tuple[str, V]]
"""What a MultiDict can be made from; a mapping's value may be a list of values."""


def _pairs(items: MultiItems[V]) -> Iterator[tuple[str, V]]:
    if isinstance(items, MultiDict):
        yield from items.items(multi=True)
    elif isinstance(items, Mapping):
        for key, value in items.items():
            if isinstance(value, list):
                for each in value:
                    yield key, each
            else:
                yield key, value
    else:
        yield from items
