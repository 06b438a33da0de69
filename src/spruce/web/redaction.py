"""Showing values to a developer without showing secrets: by the names that they go by, and inside of URLs."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

__all__ = ["HIDDEN", "is_secret", "show"]

HIDDEN = "(hidden)"

_SECRET = re.compile(
    "pass|pwd|secret|token|api_?key|private|credential|auth|cookie|session|signature|csrf|dsn|database|(^|_)(key|pin)$",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(?<=://)([^\s/:@]*):([^\s@]+)(?=@)")
_LONGEST = 600
_MOST_ITEMS = 30
_DEEPEST = 4
_BRACKETS: dict[type, str] = {list: "[%s]", tuple: "(%s)", set: "{%s}"}


def is_secret(name: object) -> bool:
    """Whether a name, in text or bytes, sounds like that of a secret."""
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    return isinstance(text, str) and _SECRET.search(text.replace("-", "_")) is not None


def show(name: object, value: Any) -> str:
    """Return `value`, which goes by `name`, as text of at most some hundred characters, without what is secret."""
    if is_secret(name):
        return HIDDEN
    text = _IN_URL.sub(rf"\1:{HIDDEN}", _shown(value, 0))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text)} characters)"


def _shown(value: Any, depth: int) -> str:
    try:
        if depth < _DEEPEST:
            pairs = _pairs(value)
            if pairs is not None:
                inner = ", ".join(
                    f"{key!r}: {HIDDEN if is_secret(key) else _shown(one, depth + 1)}" for key, one in pairs
                )
                return f"{{{inner}}}" if type(value) is dict else f"{type(value).__name__}({{{inner}}})"
            if type(value) in (list, tuple, set, frozenset):
                return _BRACKETS.get(type(value), "frozenset({%s})") % ", ".join(_items(value, depth))
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"


def _pairs(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """The items of what is like a dict, such as headers and forms."""
    items = getattr(type(value), "items", None)
    return islice(items(value), _MOST_ITEMS) if callable(items) and hasattr(value, "keys") else None


def _items(values: Iterable[Any], depth: int) -> list[str]:
    """The items of a list; a pair in it may be a name and a value, as of raw headers."""
    shown = []
    for item in islice(values, _MOST_ITEMS):
        if isinstance(item, tuple) and len(item) == 2 and is_secret(item[0]):
            shown.append(f"({item[0]!r}, {HIDDEN})")
        else:
            shown.append(_shown(item, depth + 1))
    return shown
