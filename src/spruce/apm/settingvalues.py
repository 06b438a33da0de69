"""How the values of settings are read: texts from the environment, or what a program gives.

Each reader returns the value, or raises ValueError with what it must be, in words.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from spruce.apm.wildcards import Patterns

__all__ = [
    "boolean",
    "capture_body",
    "cloud",
    "count",
    "duration",
    "labels",
    "listed",
    "one_of",
    "patterns",
    "processors",
    "rate",
    "service_name",
    "size",
    "url",
    "whole",
]

_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)\s*(us|ms|s|m)?")
_A_SECOND = {"us": 1_000_000, "ms": 1000, "s": 1, "m": 1 / 60}
_SIZE = re.compile(r"(\d+)\s*(b|kb|mb|gb)?", re.IGNORECASE)
_BYTES = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def boolean(value: Any) -> bool:
    """True for true, 1, yes and on; False for false, 0, no, off and nothing."""
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return word in _TRUE


def listed(value: Any) -> tuple[str, ...]:
    """Items between commas, without those that are empty; of a list, its items."""
    items = value.split(",") if isinstance(value, str) else value
    return tuple(str(item).strip() for item in items if str(item).strip())


def patterns(value: Any) -> Patterns:
    """Texts with `*`, between commas."""
    return Patterns(listed(value))


def labels(value: Any) -> dict[str, Any]:
    """Names and values: `name=value,name=value`, or a mapping."""
    if isinstance(value, Mapping):
        return dict(value)
    pairs = [item.partition("=") for item in listed(value)]
    if any(not middle for _, middle, _ in pairs):
        raise ValueError("name=value,name=value")
    return {name.strip(): text.strip() for name, _, text in pairs}


def duration(unit: str) -> Callable[[Any], float]:
    """What reads a time as `10s`, `5ms` or `2m`, in seconds; a number alone is in `unit`."""

    def read(value: Any) -> float:
        found = _DURATION.fullmatch(str(value).strip().lower())
        if found is None:
            raise ValueError("a time as 10s, 5ms or 2m")
        return float(found[1]) / _A_SECOND[found[2] or unit]

    return read


def size(value: Any) -> int:
    """Bytes, of a size as `768kb`; a number alone is in bytes."""
    found = _SIZE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError("a size as 768kb")
    return int(found[1]) * _BYTES[(found[2] or "b").lower()]


def rate(value: Any) -> float:
    """A share, from 0 to 1."""
    share = _number(float, value, "a number from 0 to 1")
    if not 0 <= share <= 1:
        raise ValueError("a number from 0 to 1")
    return 0.0001 if 0 < share < 0.0001 else round(share, 4)  # as Elastic's agents agreed, so that all say the same


def count(value: Any) -> int:
    """A whole number that isn't negative."""
    number = whole(value)
    if number < 0:
        raise ValueError("a whole number, not negative")
    return number


def whole(value: Any) -> int:
    """A whole number."""
    return int(_number(int, value, "a whole number"))


def _number(kind: Callable[[Any], float], value: Any, expected: str) -> float:
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise ValueError(expected) from None


def one_of(*words: str) -> Callable[[Any], str]:
    """What reads one of a few words."""

    def read(value: Any) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise ValueError(" or ".join(words))
        return word

    return read


def service_name(value: Any) -> str:
    """A name as Elastic takes it."""
    name = str(value)
    if not re.fullmatch(r"[a-zA-Z0-9 _-]+", name):
        raise ValueError("letters, digits, spaces, _ and -")
    return name


def url(value: Any) -> str:
    """An address of HTTP, without a slash at its end; it may be empty."""
    address = str(value).strip().rstrip("/")
    if address and not re.match(r"https?://[^/]", address):
        raise ValueError("http://host:port or https://host:port")
    return address


def capture_body(value: Any) -> str:
    """Of what bodies are kept; True is `all`, False `off`, as older agents had it."""
    return one_of("off", "errors", "transactions", "all")({True: "all", False: "off"}.get(value, value))


def cloud(value: Any) -> str:
    """The provider that is asked; true is `auto`, false `none`."""
    read = one_of("auto", "aws", "gcp", "azure", "none")
    word = str(value).strip().lower()
    return read({"true": "auto", "false": "none"}.get(word, word))


def processors(value: Any) -> tuple[Any, ...]:
    """Callables, or dotted names between commas."""
    return listed(value) if isinstance(value, str) else tuple(value)
