"""What a job is called with, as JSON: checked when it is enqueued, where the mistake is, and not when it runs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from spruce.errors import InvalidTask

__all__ = ["dumped", "given", "packed", "unpacked"]

_PLAIN = frozenset({str, int, bool, type(None)})
_SAME = _PLAIN | {float}
_encode = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps would make it anew for each job


def packed(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The arguments of a call of the task `name`. Raises InvalidTask for what JSON does not carry."""
    for position, value in enumerate(args):
        if type(value) not in _PLAIN:
            _check(value, f"argument {position + 1}", name)
    for key, value in kwargs.items():
        if type(value) not in _PLAIN:
            _check(value, f"{key}=", name)
    return _encode([args, kwargs, headers])


def unpacked(text: str) -> tuple[list[Any], dict[str, Any], dict[str, str]]:
    """Arguments, keyword arguments and headers."""
    args, kwargs, headers = json.loads(text)
    return args, kwargs, headers


def given(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]] | None:
    """The arguments as JSON gives them back, where that is as they are; None where it has to be asked."""
    if _SAME.issuperset(map(type, args)) and _SAME.issuperset(map(type, kwargs.values())):
        return list(args), dict(kwargs)
    return None


def dumped(value: Any, name: str) -> str:
    """What the task `name` returned, as JSON. Raises InvalidTask."""
    if value is None:
        return "null"
    if type(value) not in _PLAIN:
        _check(value, "its value", name)
    return _encode(value)


def _check(value: Any, place: str, name: str) -> None:
    """Raise InvalidTask unless JSON gives back what it is given; a tuple becomes a list."""
    if isinstance(value, str | int | None):
        return
    if isinstance(value, float):
        if value - value != 0.0:
            raise InvalidTask(f"{name}: {place} is {value!r}, which JSON has not", hint="Pass None, or a text.")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]", name)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidTask(
                    f"{name}: {place} has the key {key!r}, and keys in JSON are texts", hint=f"Write {str(key)!r}."
                )
            _check(item, f"{place}[{key!r}]", name)
    else:
        raise InvalidTask(f"{name}: {place} is {_shown(value)}, which JSON does not carry", hint=_instead(value))


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else f'{text[:57]}...'}"


def _instead(value: Any) -> str:
    if hasattr(value, "pk"):
        return "Pass its pk, and load it in the task: it may have changed by then."
    if isinstance(value, bytes | bytearray):
        return "Keep it in a storage and pass its name."
    return "Pass plain values: texts, numbers, lists and dicts of them; str(value) where that says it all."
