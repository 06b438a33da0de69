"""`limit_choices_to`: which rows a relation may point to, as forms, the admin and `full_clean()` see it."""

from typing import Any

__all__ = ["limited"]


def limited(query: Any, limit: Any) -> Any:
    """Return the query with `limit_choices_to`: a dict of conditions, a Q, or a function that gives one; None for all.

    A row is found once, even if conditions about many rows hold for several of them.
    """
    conditions = limit() if callable(limit) else limit
    if not conditions:
        return query
    if not isinstance(conditions, dict):
        return _once(query, query.filter(conditions))
    found = query.filter(**conditions)
    return _once(query, found) if any("__" in name for name in conditions) else found


def _once(query: Any, found: Any) -> Any:
    return query.filter(pk__in=found.order_by().values_list("pk", flat=True))
