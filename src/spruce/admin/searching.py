"""What is looked for in lists: words, in the fields of `search_fields`."""

import re
from functools import reduce
from operator import and_, or_
from typing import Any

from spruce import db
from spruce.errors import DatabaseError

__all__ = ["once", "search", "spreads"]

_WORDS = re.compile(r'"([^"]+)"|(\S+)')
_LOOKUPS = {"^": "istartswith", "=": "iexact"}
_NAMED = ("exact", "iexact", "startswith", "istartswith", "endswith", "iendswith", "contains", "icontains")


def search(query: Any, fields: Any, text: str) -> Any:
    """The rows in which each word is in one of the fields; words in quotes belong together.

    A field with `^` has to begin with the word, one with `=` has to be it; `name__exact` names the comparison itself.
    """
    if "\0" in text:
        return query.none()  # no text in a database has it
    conditions = []
    for quoted, word in _WORDS.findall(text)[:10]:
        alternatives = [db.Q(**{_condition(name): quoted or word}) for name in fields]
        conditions.append(reduce(or_, alternatives))
    try:
        return query.filter(reduce(and_, conditions)) if conditions else query
    except DatabaseError:
        return query.none()


def spreads(model: Any, path: str) -> bool:
    """Whether a path leads over several rows, so that a query along it may find a row more than once."""
    for part in path.lstrip("-^=@").split("__"):
        meta = model._meta if model is not None else None
        if meta is None:
            return False
        if part in meta.many or any(getattr(step, "many", False) for step in meta.over(part)):
            return True
        field = meta.paths.get(part)
        model = field.target if field is not None and field.is_relation else None
    return False


def once(query: Any, found: Any) -> Any:
    """The rows of a query that are among those found, each of them once; joins and order stay those of `query`."""
    return query.filter(pk__in=found.select_related(None).order_by().values("pk"))


def _condition(name: str) -> str:
    if name.rpartition("__")[2] in _NAMED and "__" in name:
        return name
    return f"{name.lstrip('^=@')}__{_LOOKUPS.get(name[0], 'icontains')}"
