"""Packing: the values of a session as JSON, in which more types come back as what they were than JSON has.

Tuples, bytes, dates, times, spans, decimals, UUIDs, sets and safe HTML are written as a dict with one key, ` t` for
tuples for instance; a dict of the user's own that looks like that is written within one more.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from spruce.errors import SessionError

__all__ = ["pack", "unpack"]

_PLAIN = frozenset({str, int, float, bool, type(None)})


def pack(values: dict[str, Any]) -> str:
    """Return `values` as text. Raises: SessionError that names the key whose value cannot be written."""
    return json.dumps(
        {_checked(key): value if value.__class__ in _PLAIN else _tagged(value, key) for key, value in values.items()},
        separators=(",", ":"),
        ensure_ascii=False,
    )


def unpack(text: str) -> dict[str, Any]:
    """Return what `pack` was given. Raises: ValueError when it wasn't made by it."""
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError(f"a session is a dict, not {type(values).__name__}")
    return {key: value if value.__class__ in _PLAIN else _untagged(value) for key, value in values.items()}


def _checked(key: object) -> str:
    if not isinstance(key, str):
        raise SessionError(
            f"the session has the key {key!r}, which is {type(key).__name__}", hint="Keys are texts: str(key)."
        )
    return key


def _tagged(value: Any, key: str) -> Any:
    """`value` as JSON can hold it; `key` is that of the session, for the error."""
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is list:
        return [_tagged(one, key) for one in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        inner = {name: _tagged(one, key) for name, one in value.items()}
        return {_DICT: inner} if len(inner) == 1 and next(iter(inner)).startswith(" ") else inner
    if hasattr(value, "__html__"):
        return {" m": str(value.__html__())}
    if isinstance(value, tuple | set):
        return {" t" if isinstance(value, tuple) else " s": [_tagged(one, key) for one in value]}
    for tag, (of, write, _) in _TAGS.items():
        if isinstance(value, of):
            return {tag: write(value)}
    if isinstance(value, str | int | float):
        return value  # enumerations and the like, as what they are made of
    raise SessionError(
        f"session[{key!r}] holds a {type(value).__name__}, which cannot be kept: {value!r:.80}",
        hint="Keep texts, numbers, dates, lists and dicts with text keys; of a row of the database its id.",
    )


def _untagged(value: Any) -> Any:
    if value.__class__ is list:
        return [_untagged(one) for one in value]
    if value.__class__ is not dict:
        return value
    if len(value) == 1:
        ((tag, inner),) = value.items()
        if tag == _DICT:
            return {name: _untagged(one) for name, one in inner.items()}
        if tag in _TAGS:
            return _TAGS[tag][2](_untagged(inner))
    return {name: _untagged(one) for name, one in value.items()}


def _markup(text: str) -> Any:
    from markupsafe import Markup  # comes with Jinja2, which only apps with templates load

    return Markup(text)  # noqa: S704 - it was marked as safe when it was put into the session


_DICT = " d"
_TAGS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    " t": (tuple, list, tuple),
    " s": (set, list, set),
    " b": (bytes, lambda value: b64encode(value).decode(), b64decode),
    " dt": (datetime, datetime.isoformat, datetime.fromisoformat),
    " da": (date, date.isoformat, date.fromisoformat),
    " td": (timedelta, timedelta.total_seconds, lambda seconds: timedelta(seconds=seconds)),
    " n": (Decimal, str, Decimal),
    " u": (UUID, str, UUID),
    " m": (type(NotImplemented), str, _markup),
}
