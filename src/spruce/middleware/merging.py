"""Merging: what two requests at one time have changed in a session, put together key by key."""

from logging import getLogger
from typing import Any

__all__ = ["merge"]

_MISSING = object()
_log = getLogger("spruce.sessions")


def merge(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return `theirs` with what `ours` changed since `base`, which both began with.

    What only one of them changed is kept from both. Of a list that both changed, what each added is there. Any other
    key that both changed has our value, and the log says so.
    """
    merged = dict(theirs)
    for key in [*ours, *(key for key in base if key not in ours)]:
        before, mine, other = base.get(key, _MISSING), ours.get(key, _MISSING), theirs.get(key, _MISSING)
        if mine in (before, other):
            continue
        if other != before:
            mine = _both(key, before, mine, other)
        if mine is _MISSING:
            merged.pop(key, None)
        else:
            merged[key] = mine
    return merged


def _both(key: str, before: Any, mine: Any, other: Any) -> Any:
    """The value of a key that two requests have changed."""
    start = [] if before is _MISSING else before
    lists = [one for one in (start, mine, other) if isinstance(one, list)]
    if len(lists) == 3 and mine[: len(start)] == start:
        return [*other, *mine[len(start) :]]
    if isinstance(start, list) and start and mine is _MISSING and isinstance(other, list):
        return other[len(start) :] if other[: len(start)] == start else other
    _log.warning("two requests at one time changed %r of a session; the value of the later one is kept", key)
    return mine
