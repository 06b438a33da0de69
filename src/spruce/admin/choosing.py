"""Which rows are offered for a relation, in a window or while one types: those of its `limit_choices_to`.

The URL names the relation. That only narrows what who asks may see anyway; the form checks what comes back.
"""

from collections.abc import Iterator
from typing import Any

from spruce import db
from spruce.db.limits import limited

__all__ = ["RELATION", "nameable", "named", "offered"]

RELATION = "_for"
"""The parameter that names the relation, as `shop.models.Product.maker`."""


def named(field: Any) -> dict[str, str]:
    """Return the parameter for a relation; nothing for one that may point to any row."""
    return {RELATION: _name(field)} if field.limit_choices_to else {}


def offered(request: Any, query: Any, model: Any) -> Any:
    """Return the rows of a query that the relation may point to which the request names; all, if it names none."""
    name = request.args.get(RELATION)
    for field in _relations() if name else ():
        if _name(field) == name and issubclass(model, field.target):
            return limited(query, field.limit_choices_to)
    return query


def nameable(widget: Any) -> Any:
    """Return the query of the rows whose names a widget may show: those that its field offers, whatever was sent."""
    query = getattr(widget.choices, "queryset", None)
    return widget.field.target._base.all() if query is None else query


def _relations() -> Iterator[Any]:
    for model in db.registry.models.values():
        yield from (field for field in model._meta.fields if field.is_relation)
        yield from model._meta.many.values()


def _name(field: Any) -> str:
    return f"{field.model._meta.label}.{field.name}"
