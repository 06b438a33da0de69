"""Functions that SQLite lacks, as our driver gives them to each connection."""

import datetime as dt
import hashlib
import json
import math
import re
import sqlite3
import statistics
from collections.abc import Callable
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from spruce.db.types import EXACT

__all__ = ["SPREADS", "functions", "json_contains", "regexp", "scale"]


def scale(units: int | None, operator: str, factor: str | None) -> int | None:
    """Multiply or divide a whole number of units, rounding halves away from zero. See arithmetic.py."""
    if units is None or factor is None:
        return None
    other = Decimal(factor)
    if operator == "/" and not other:
        return None  # as SQLite divides by zero
    exact = EXACT.multiply(Decimal(units), other) if operator == "*" else EXACT.divide(Decimal(units), other)
    return int(exact.to_integral_value(ROUND_HALF_UP))


def regexp(pattern: str | None, text: object) -> bool | None:
    """Whether a regular expression is found in a text: what `text REGEXP pattern` calls."""
    return None if pattern is None or text is None else re.search(pattern, str(text)) is not None


def json_contains(document: str | None, keys: str, other: str | None, swapped: int) -> bool | None:
    """Whether the JSON behind `keys` contains `other`, or with `swapped` is contained in it, as PostgreSQL has it."""
    if document is None or other is None:
        return None
    found = json.loads(document)
    for key in json.loads(keys):
        try:
            found = found[key]
        except (LookupError, TypeError):
            return None
    known = json.loads(other)
    return _contains(known, found) if swapped else _contains(found, known)


def _contains(large: object, small: object) -> bool:
    if isinstance(small, dict):
        return isinstance(large, dict) and all(key in large and _inside(large[key], small[key]) for key in small)
    if isinstance(large, list):
        wanted = small if isinstance(small, list) else [small]
        return all(any(_inside(one, each) for one in large) for each in wanted)
    return _inside(large, small)


def _inside(large: object, small: object) -> bool:
    """Of two values inside of others: a list does not contain a value that is no list there."""
    if isinstance(large, list | dict) or isinstance(small, list | dict):
        return type(large) is type(small) and _contains(large, small)
    return isinstance(large, bool) is isinstance(small, bool) and large == small


def _pad(text: object, length: int | None, fill: object, before: int) -> str | None:
    if text is None or length is None or fill is None:
        return None
    whole, filling = str(text), str(fill)
    missing = max(0, length - len(whole))
    more = (filling * (missing // len(filling) + 1))[:missing] if filling else ""
    return (more + whole if before else whole + more)[:length]


def _shift(moment: str | None, microseconds: int | None) -> str | None:
    if moment is None or microseconds is None:
        return None
    try:
        later = dt.datetime.fromisoformat(moment) + dt.timedelta(microseconds=microseconds)
    except OverflowError:
        return None
    return later.isoformat(" ", "microseconds")


def _between(later: str | None, earlier: str | None) -> int | None:
    if later is None or earlier is None:
        return None
    return (dt.datetime.fromisoformat(later) - dt.datetime.fromisoformat(earlier)) // dt.timedelta(microseconds=1)


def _sha(text: object, bits: int) -> str | None:
    return None if text is None else hashlib.new(f"sha{bits}", str(text).encode(), usedforsecurity=False).hexdigest()


def _md5(text: object) -> str | None:
    return None if text is None else hashlib.md5(str(text).encode(), usedforsecurity=False).hexdigest()


def _numeric(function: Callable[..., float]) -> Callable[..., float | None]:
    """A function of numbers that gives None for NULL and for what it is not defined for."""

    def made(*numbers: Any) -> float | None:
        try:
            return None if None in numbers else function(*map(float, numbers))
        except (ValueError, OverflowError, ZeroDivisionError):
            return None

    return made


_MATHS: dict[str, tuple[int, Callable[..., float]]] = {
    **{name: (1, getattr(math, name)) for name in ("acos", "asin", "atan", "cos", "exp", "sin", "sqrt", "tan")},
    **{name: (1, getattr(math, name)) for name in ("degrees", "radians", "ceil", "floor")},
    "atan2": (2, math.atan2),
    "ln": (1, math.log),
    "mod": (2, math.fmod),
    "pi": (0, lambda: math.pi),
    "power": (2, math.pow),
    "sign": (1, lambda number: (number > 0) - (number < 0)),
}

_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "spruce_scale": (3, scale),
    "regexp": (2, regexp),
    "spruce_json_contains": (4, json_contains),
    "spruce_pad": (4, _pad),
    "spruce_shift": (2, _shift),
    "spruce_between": (2, _between),
    "spruce_sha": (2, _sha),
    "md5": (1, _md5),
    "repeat": (2, lambda text, times: None if text is None or times is None else str(text) * times),
    "reverse": (1, lambda text: None if text is None else str(text)[::-1]),
    "cot": (1, _numeric(lambda angle: 1 / math.tan(angle))),
}


@cache
def functions() -> dict[str, tuple[int, Callable[..., Any]]]:
    """Functions by their names in SQL, with the number of arguments: those that this SQLite has not."""
    with closing(sqlite3.connect(":memory:")) as raw:
        built = {row[0] for row in raw.execute("PRAGMA compile_options")}
    own = {} if "ENABLE_MATH_FUNCTIONS" in built else _MATHS
    return _FUNCTIONS | {name: (number, _numeric(function)) for name, (number, function) in own.items()}


class _Spread:
    """An aggregate that looks at all values: variance and standard deviation; None when there are too few."""

    least = 1

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        """Take in the value of a row."""
        if value is not None:
            self.values.append(value)

    def finalize(self) -> float | None:
        """The result."""
        return self.result() if len(self.values) >= self.least else None

    def result(self) -> float:
        """The variance of all values."""
        return float(statistics.pvariance(self.values))


class _Sample(_Spread):
    least = 2

    def result(self) -> float:
        return float(statistics.variance(self.values))


class _Deviation(_Spread):
    def result(self) -> float:
        return math.sqrt(super().result())


class _SampleDeviation(_Sample):
    def result(self) -> float:
        return math.sqrt(super().result())


SPREADS: dict[str, type[_Spread]] = {
    "var_pop": _Spread,
    "var_samp": _Sample,
    "stddev_pop": _Deviation,
    "stddev_samp": _SampleDeviation,
}
"""Aggregates by their names in SQL."""
