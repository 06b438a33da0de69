"""One known key of the settings: its type, its default and what it does."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass

from spruce.errors import ConfigError

__all__ = ["Setting"]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared key. `None` is a valid value where it is the default; `secret` values never appear in texts."""

    name: str
    kind: type | tuple[type, ...]
    default: object
    doc: str
    secret: bool = False

    @property
    def kinds(self) -> tuple[type, ...]:
        """The types that a value may have."""
        return self.kind if isinstance(self.kind, tuple) else (self.kind,)

    @property
    def expected(self) -> str:
        """The types in words, as "str or bytes"."""
        names = [one.__name__ for one in self.kinds]
        return " or ".join([*names, "None"] if self.default is None else names)

    def initial(self) -> object:
        """Return the default, a fresh one when it is a list or a dict."""
        return copy.copy(self.default)

    def show(self, value: object) -> str:
        """Return the value as it may appear in an error or a log."""
        return "(hidden)" if self.secret else repr(value)

    def check(self, value: object) -> None:
        """Raise ConfigError unless `value` has a type that the key takes; True and False do not count as numbers."""
        if value is None and self.default is None:
            return
        fits = isinstance(value, self.kinds) or (float in self.kinds and isinstance(value, int))
        if isinstance(value, bool) and bool not in self.kinds:
            fits = False
        if not fits:
            raise ConfigError(
                f"{self.name} must be {self.expected}, not {type(value).__name__} {self.show(value)}", hint=self.doc
            )

    def parse(self, text: str, source: str) -> object:
        """Return the value that `text` from the environment variable `source` stands for.

        bool takes 1/true/yes/on and 0/false/no/off; numbers are read as such; lists, dicts and None (`null`) are JSON.
        """
        for kind in self.kinds:
            if kind in _PARSERS:
                return self._parse(_PARSERS[kind], text, source)
        return text

    def _parse(self, parser: Callable[[str], object], text: str, source: str) -> object:
        if self.default is None and text == "null":
            return None
        try:
            return parser(text)
        except ValueError:
            raise ConfigError(f"{source} is {self.show(text)}, which cannot be read as {self.expected}") from None


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(text)
    return word in _TRUE


_PARSERS: dict[type, Callable[[str], object]] = {
    bool: _boolean,
    int: int,
    float: float,
    list: json.loads,
    dict: json.loads,
}
