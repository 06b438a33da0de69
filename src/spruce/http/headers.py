"""Header fields: names without regard to case, any number of values for a name, in the order in which they were added.

Values are text of the latin-1 range, as on the wire. A value with a line break or a null byte would let whoever chose
it write headers, or a whole answer, of their own (CWE-113), so it is refused where it is set.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar, overload

__all__ = ["HeaderItems", "HeaderSet", "Headers", "StandingHeaders"]

T = TypeVar("T")

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_FORBIDDEN = re.compile("[\r\n\0]").search


class Headers:
    """A list of (name, value) pairs that is also looked up by name; `headers["x"]` is the first value of x."""

    __slots__ = ("_items",)

    def __init__(self, items: "HeaderItems" = ()) -> None:
        self._items: list[tuple[str, str]] = []
        if items:
            self.extend(items)

    @classmethod
    def from_raw(cls, raw: Iterable[tuple[bytes, bytes]]) -> "Headers":
        """Make them from a request's raw fields; names are spelled `Like-This`, bytes are read as latin-1."""
        headers = cls()
        headers._items = [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in raw]
        return headers

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: T) -> str | T: ...
    def get(self, name: str, default: T | None = None) -> str | T | None:
        """Return the first value of `name`, or `default`."""
        name = name.lower()
        for key, value in self._items:
            if key.lower() == name:
                return value
        return default

    def getlist(self, name: str) -> list[str]:
        """Return all values of `name`, in order; an empty list when there is none."""
        name = name.lower()
        return [value for key, value in self._items if key.lower() == name]

    get_all = getlist

    def add(self, name: str, value: object, **parameters: object) -> None:
        """Add a value and keep those that are there; `parameters` become `; key="value"`, underscores becoming dashes.

        Raises ValueError for a name or value that cannot stand in a header.
        """
        text = _with_parameters(str(value), parameters) if parameters else str(value)
        self._items.append((_checked_name(name), _checked_value(name, text)))

    def set(self, name: str, value: object, **parameters: object) -> None:
        """Replace all values of `name` by one."""
        text = _checked_value(name, _with_parameters(str(value), parameters) if parameters else str(value))
        wanted = _checked_name(name).lower()
        for index, (key, _) in enumerate(self._items):
            if key.lower() == wanted:
                rest = [item for item in self._items[index + 1 :] if item[0].lower() != wanted]
                self._items[index:] = [(name, text), *rest]
                return
        self._items.append((name, text))

    def setlist(self, name: str, values: Iterable[object]) -> None:
        """Replace all values of `name` by `values`."""
        self.remove(name)
        for value in values:
            self.add(name, value)

    def setdefault(self, name: str, value: object) -> str:
        """Return the first value of `name`, which is set to `value` when there is none."""
        found = self.get(name)
        if found is None:
            self.add(name, value)
            return str(value)
        return found

    def complete(self, fields: "StandingHeaders") -> None:
        """Add those of `fields` whose names are not there."""
        present = {name.lower() for name, _ in self._items}
        self._items += [item for name, item in fields.by_name if name not in present]

    def remove(self, name: str) -> None:
        """Take all values of `name` away; nothing happens when there is none."""
        name = name.lower()
        self._items = [item for item in self._items if item[0].lower() != name]

    def pop(self, name: str, default: T | None = None) -> str | T | None:
        """Take all values of `name` away and return the first one, or `default`."""
        found = self.get(name)
        self.remove(name)
        return default if found is None else found

    def extend(self, items: "HeaderItems" = (), /, **more: object) -> None:
        """Add every item and keep those that are there."""
        for name, value in _pairs(items):
            self.add(name, value)
        for name, value in more.items():
            self.add(name.replace("_", "-"), value)

    def update(self, items: "HeaderItems" = (), /, **more: object) -> None:
        """Replace the values of every name in `items`."""
        fresh = Headers(items)
        fresh.extend(**more)
        for name in dict.fromkeys(key.lower() for key, _ in fresh._items):
            self.remove(name)
        self._items += fresh._items

    def clear(self) -> None:
        """Take everything away."""
        self._items.clear()

    def copy(self) -> "Headers":
        """Return an independent copy."""
        duplicate = Headers()
        duplicate._items = self._items.copy()
        return duplicate

    def items(self, lower: bool = False) -> Iterator[tuple[str, str]]:
        """Iterate over (name, value) pairs, with names in lower case if `lower`."""
        return ((key.lower(), value) for key, value in self._items) if lower else iter(self._items)

    def keys(self, lower: bool = False) -> Iterator[str]:
        """Iterate over the names, each as often as it has values."""
        return (key for key, _ in self.items(lower))

    def values(self) -> Iterator[str]:
        """Iterate over the values."""
        return (value for _, value in self._items)

    def to_wsgi_list(self) -> list[tuple[str, str]]:
        """Return them as a list of pairs, which is what WSGI's start_response takes."""
        return self._items.copy()

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    __setitem__ = set  # noqa: A003 - the method above by another name

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.remove(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return list(self.items(lower=True)) == list(other.items(lower=True))

    __hash__ = None  # type: ignore[assignment] # compared by value and changeable, as a list is

    def __repr__(self) -> str:
        return f"Headers({self._items!r})"

    def __str__(self) -> str:
        return "".join(f"{name}: {value}\r\n" for name, value in self._items) + "\r\n"


class StandingHeaders:
    """Fields that an app sends with nearly every response, checked once.

    Made once and given to many responses: a server keeps the heads of plain responses ready by this very object.
    """

    __slots__ = ("_joined", "by_name", "items")

    def __init__(self, items: "HeaderItems") -> None:
        self.items: tuple[tuple[str, str], ...] = tuple(Headers(items))
        self.by_name = tuple((name.lower(), (name, value)) for name, value in self.items)
        self._joined: dict[StandingHeaders, StandingHeaders] = {}

    def joined(self, others: "StandingHeaders") -> "StandingHeaders":
        """Return these fields and those of `others` that are not among them; always the same object."""
        found = self._joined.get(others)
        if found is None:
            names = {name.lower() for name, _ in self.items}
            more = [(name, value) for name, value in others.items if name.lower() not in names]
            found = self._joined[others] = StandingHeaders([*self.items, *more]) if more else self
        return found

    def __repr__(self) -> str:
        return f"StandingHeaders({[*self.items]!r})"


class HeaderSet:
    """A header that is a list of words, such as Vary or Allow, seen as a set without regard to case."""

    __slots__ = ("_headers", "_name")

    def __init__(self, headers: Headers, name: str) -> None:
        self._headers = headers
        self._name = name

    def add(self, word: str) -> None:
        """Add a word at the end, unless it is there."""
        if word not in self:
            self._headers.set(self._name, ", ".join([*self, word]))

    def update(self, words: Iterable[str]) -> None:
        """Add every word that is not there."""
        for word in words:
            self.add(word)

    def discard(self, word: str) -> None:
        """Take a word away; the header goes with its last word."""
        rest = [each for each in self if each.lower() != word.lower()]
        if rest:
            self._headers.set(self._name, ", ".join(rest))
        else:
            self._headers.remove(self._name)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and word.lower() in [each.lower() for each in self]

    def __iter__(self) -> Iterator[str]:
        words = ",".join(self._headers.getlist(self._name)).split(",")
        return (word.strip() for word in words if word.strip())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"HeaderSet({[*self]!r})"


HeaderItems: TypeAlias = Headers | Mapping[str, Any] | Iterable[tuple[str, Any]]
"""What header fields can be made from; a mapping's value may be a list of values."""


def _pairs(items: HeaderItems) -> Iterator[tuple[str, object]]:
    if isinstance(items, Mapping):
        for name, value in items.items():
            for each in value if isinstance(value, list | tuple | set) else (value,):
                yield name, each
    else:
        yield from items


@lru_cache(1024)
def _checked_name(name: str) -> str:
    if not _NAME(name):
        raise ValueError(f"{name!r} cannot name a header: letters, digits and !#$%&'*+-.^_`|~ can stand there.")
    return name


def _checked_value(name: str, value: str) -> str:
    if _FORBIDDEN(value):
        raise ValueError(f"The value of the header {name} has a line break or a null byte in it: {value!r}.")
    if not value.isascii():
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(
                f"The value of the header {name} has characters that HTTP cannot carry: {value!r}. "
                "Percent-encode it, with urllib.parse.quote for instance."
            ) from None
    return value


def _with_parameters(value: str, parameters: dict[str, object]) -> str:
    for key, parameter in parameters.items():
        text = str(parameter).replace("\\", "\\\\").replace('"', '\\"')
        value += f'; {key.replace("_", "-")}="{text}"'
    return value
