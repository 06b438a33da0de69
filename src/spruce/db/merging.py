"""Two queries as one: `first | second`, `&` and `^` join what they filter by.

The rest, such as the order, is that of the first. A query that is more than its filters, as a slice is, takes part by
the keys of its rows.
"""

from typing import Any

from spruce.db.lookups import resolve
from spruce.db.shapes import Op, Shape
from spruce.db.tokens import Nested, Tree
from spruce.errors import FieldError

__all__ = ["merged"]

_FILTERS = frozenset({"filter", "get", "stick"})
_WITHOUT_VALUES = frozenset({"related", "distinct", "only", "defer", "mode", "reverse", "values", "list"})

Values = tuple[Any, ...]


def merged(first: Any, second: Any, connector: str) -> Any:
    """The query of both, by "AND", "OR" or "XOR". Raises FieldError for queries of two models."""
    if not hasattr(second, "as_subquery") or second.model._meta.concrete is not first.model._meta.concrete:
        raise FieldError(f"{first.model.__name__} queries combine with each other only, not with {second!r}")
    known = _without_a_look(first, second, connector)
    if known is not None:
        return known.all()
    if connector == "AND" and first._high is None and not first._low and _is_simple(second):
        return _one_after_the_other(first, second)
    sides = [_conditions(each) for each in (first, second)]
    tree = Tree(connector, False, (None, None), tuple(side[0] for side in sides))
    base = _base(first)
    query = first._same(base.grow(("filter", False, (None,), (tree,))), sides[0][1] + sides[1][1])
    query._low, query._high = 0, None
    return query


def _one_after_the_other(first: Any, second: Any) -> Any:
    """The first query with the filters of the second behind its own."""
    shape = first._shape
    for op in _filters(second):
        shape = shape.grow(op)
    return first._same(shape, first._args + second._args)


def _without_a_look(first: Any, second: Any, connector: str) -> Any:
    """The one of the queries that both are, where one of them has no rows or all."""
    if first._shape.empty or second._shape.empty:
        if connector == "AND":
            return first if first._shape.empty else second
        return second if first._shape.empty else first
    if connector != "XOR":
        everything = [each for each in (first, second) if _is_simple(each) and not _filters(each)]
        if everything:
            return everything[0] if connector == "OR" else second if everything[0] is first else first
    return None


def _filters(query: Any) -> list[Op]:
    return [op for op in query._shape.ops() if op[0] in _FILTERS]


def _is_simple(query: Any) -> bool:
    """Whether nothing but filters has values or leaves rows out."""
    if query._high is not None or query._low:
        return False
    return all(op[0] in _FILTERS or _has_no_values(op) for op in query._shape.ops())


def _has_no_values(op: Op) -> bool:
    """Whether a step has none, so that all that a query has are those of its filters."""
    return op[0] in _WITHOUT_VALUES or (op[0] == "order" and all(isinstance(name, str) for name in op[1]))  # type: ignore[attr-defined] # names


def _conditions(query: Any) -> tuple[Tree, Values]:
    if _is_simple(query) and not _is_about_several(query):
        trees = tuple(Tree("AND", bool(op[1]), op[2], op[3]) for op in _filters(query))  # type: ignore[arg-type] # the keys and tokens of a filter
        return Tree("AND", False, (None,) * len(trees), trees), query._args
    shape, values = query.order_by().values_list("pk", flat=True).as_subquery() if query._high is None else _keys(query)
    return Tree("AND", False, ("pk__in",), (Nested(shape, len(values)),)), values


def _is_about_several(query: Any) -> bool:
    """Whether its filters may each be about another related row."""
    filters = _filters(query)
    fields = query._shape.fields
    return len(filters) > 1 and any(
        key is None or resolve(query.model, key, computed=fields).many
        for op in filters
        for key in op[2]  # type: ignore[attr-defined] # its keys
    )


def _keys(query: Any) -> tuple[Shape, Values]:
    """A slice by the keys of its rows."""
    found: tuple[Shape, Values] = query.values_list("pk", flat=True).as_subquery()
    return found


def _base(query: Any) -> Shape:
    """The steps of a query without its filters."""
    shape: Shape = query._shape.root
    for op in query._shape.ops():
        if op[0] in _WITHOUT_VALUES or (op[0] == "order" and _is_simple(query)):
            shape = shape.grow(op)
        elif op[0] not in _FILTERS and op[0] != "order":
            raise FieldError(
                f"a query with {op[0]}() cannot be combined with another by &, | or ^",
                hint="Combine the conditions: filter(db.Q(…) | db.Q(…)).",
            )
    return shape
