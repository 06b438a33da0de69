"""Choices as fields and widgets have them: pairs of value and label, or of a group and its pairs, made when asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Called", "flat", "normalized"]


class Called:
    """Choices that a function gives, each time they are looked at."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def __iter__(self) -> Iterator[Any]:
        yield from normalized(self.function())

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Iterable) else False

    def __hash__(self) -> int:
        return hash(self.function)


def normalized(given: Any) -> Any:
    """Return a list of pairs of what stands for choices: pairs, dicts, an enumeration of choices, or a function.

    What makes its pairs itself when it is iterated over, as the rows of a query, stays as it is.
    """
    if isinstance(given, type) and hasattr(given, "choices"):
        return [tuple(pair) for pair in given.choices]
    if isinstance(given, Mapping):
        return [(key, _inner(value)) for key, value in given.items()]
    if isinstance(given, list | tuple):
        return [_pair(each) for each in given]
    if callable(given):
        return Called(given)
    if isinstance(given, Iterator):
        return [_pair(each) for each in given]
    return given


def _pair(each: Any) -> Any:
    if isinstance(each, list | tuple) and len(each) == 2:
        return (each[0], _inner(each[1]))
    return each


def _inner(value: Any) -> Any:
    """The label, or the pairs of a group."""
    if isinstance(value, Mapping | list | tuple | set):
        return normalized(list(value.items()) if isinstance(value, Mapping) else list(value))
    if isinstance(value, Iterator):
        return normalized(list(value))
    return value


def flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of all groups."""
    for value, label in choices or ():
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label
