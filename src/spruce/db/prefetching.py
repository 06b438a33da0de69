"""prefetch_related: the related objects of many objects, by one query for each relation.

What was loaded is put where reading the relation looks first: in the slot of a ForeignKey or OneToOneField, and in
`_prefetched` for what leads to many. A relation that all objects have loaded already is not loaded again.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from spruce.db.lookups import listed
from spruce.db.references import NOT_LOADED, Related
from spruce.db.windows import RowNumber, Window
from spruce.errors import FieldError, nearest

__all__ = ["Prefetch", "prefetch", "prefetch_related_objects"]

M = TypeVar("M")

_AT_ONCE = 1000
_KEY = "_prefetch_key"


class Prefetch(Generic[M]):
    """A relation to load by `prefetch_related`, with the query for its objects and the attribute that gets them.

    With `to_attr` the objects are a list in that attribute, and the relation itself is left alone.
    """

    def __init__(self, lookup: str, queryset: Any = None, to_attr: str | None = None) -> None:
        self.lookup = lookup
        self.queryset = queryset
        self.to_attr = to_attr
        if queryset is not None and not queryset._makes_objects():
            raise ValueError("Prefetch querysets cannot use raw(), values(), and values_list().")

    def __repr__(self) -> str:
        return f"<Prefetch {self.lookup}{' as ' + self.to_attr if self.to_attr else ''}>"


def prefetch(objects: Sequence[Any], lookups: Iterable[Any]) -> None:
    """Load the relations `lookups`, names or `Prefetch`es, of all objects, which are of one model."""
    for lookup in lookups:
        wanted = lookup if isinstance(lookup, Prefetch) else Prefetch(lookup)
        level = list(objects)
        *before, last = wanted.lookup.split("__")
        for name in before:
            level = _follow_all(level, name, Prefetch(name), wanted.lookup)
        _follow_all(level, last, wanted, wanted.lookup)


def _follow_all(objects: list[Any], name: str, wanted: Prefetch[Any], text: str) -> list[Any]:
    """The same of objects that a GenericForeignKey led to, which may be of several models."""
    groups: dict[Any, list[Any]] = {}
    for each in objects:
        groups.setdefault(type(each), []).append(each)
    return [found for group in groups.values() for found in _follow(group, name, wanted, text)]


def _follow(objects: list[Any], name: str, wanted: Prefetch[Any], text: str) -> list[Any]:
    """Load the relation `name` of the objects unless it is loaded; return the objects it leads to."""
    if not objects:
        return []
    model: Any = type(objects[0])
    if name in vars(objects[0]) and name not in model._meta.paths:  # the to_attr of an earlier one
        return [each for one in objects for each in _several(getattr(one, name))]
    relation = _relation(model, name, text)
    if hasattr(relation, "load_all"):
        return relation.load_all(objects, wanted)  # type: ignore[no-any-return] # objects, see generic.py
    known = [_known(each, relation, name) for each in objects]
    if wanted.queryset is not None or wanted.to_attr or any(found is NOT_LOADED for found in known):
        by_owner = _load(objects, relation, wanted)
        known = [_put(each, relation, name, wanted.to_attr, by_owner) for each in objects]
    unique = {id(each): each for found in known for each in _several(found)}
    return list(unique.values())


def _several(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _relation(model: Any, name: str, text: str) -> Any:
    """What stands in the class for a relation."""
    found = next((vars(base)[name] for base in model.__mro__ if name in vars(base)), None)
    if not isinstance(found, Related) and not (hasattr(found, "many") and hasattr(found, "__get__")):
        known = [
            key
            for base in model.__mro__
            for key, value in vars(base).items()
            if isinstance(value, Related) or (hasattr(value, "many") and hasattr(value, "__get__"))
        ]
        where = "" if name == text else f" (in {text!r})"
        raise FieldError(
            f"prefetch_related: {model.__name__} has no relation {name!r}{where}{nearest(name, known)}",
            hint=f"Relations: {listed(known, name) or 'none'}.",
        )
    return found


def _known(instance: Any, relation: Any, name: str) -> Any:
    """What an object has loaded already, or NOT_LOADED."""
    if isinstance(relation, Related):
        found = getattr(instance, relation.field.slot)
        key = getattr(instance, relation.field.attname)
        return (
            None
            if key is None
            else found
            if found is not None and getattr(found, relation.field.remote) == key
            else NOT_LOADED
        )
    if relation.many:
        return getattr(instance, "_prefetched", {}).get(name, NOT_LOADED)
    return getattr(instance, relation.field.reverse_slot)


def _put(instance: Any, relation: Any, name: str, to_attr: str | None, by_owner: dict[Any, list[Any]]) -> Any:
    """Give an object what was loaded for it."""
    forward = isinstance(relation, Related)
    found = by_owner.get(getattr(instance, _owner_key(relation)), [])
    if to_attr is not None:
        single = forward or not relation.many
        setattr(instance, to_attr, (found[0] if found else None) if single else found)
    elif forward:
        setattr(instance, relation.field.slot, found[0] if found else None)
        if found and relation.field.single:
            setattr(found[0], relation.field.reverse_slot, instance)
    elif relation.many:
        instance.__dict__.setdefault("_prefetched", {})[name] = found
        if not hasattr(relation, "link"):
            for each in found:
                setattr(each, relation.field.slot, instance)
    else:
        relation.put(instance, found[0] if found else None)
    return found


def _owner_key(relation: Any) -> str:
    """The attribute with what related objects know their owner by."""
    if hasattr(relation, "link"):
        return "pk"
    name: str = relation.field.attname if isinstance(relation, Related) else relation.field.remote
    return name


def _load(objects: list[Any], relation: Any, wanted: Prefetch[Any]) -> dict[Any, list[Any]]:
    """The related objects, by what their owners know them by."""
    own = _owner_key(relation)
    found = {getattr(each, own) for each in objects}
    keys = [key for key in found if key is not None]
    query, path, attribute = _query(relation, wanted, objects[0])
    query, low, high = _unsliced(query)
    by_owner: dict[Any, list[Any]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        part = query.filter(**{f"{path}__in": keys[start : start + _AT_ONCE]})
        if low or high is not None:
            part = _first_of_each(part, path, low, high)
        for each in part.keyed(_KEY, path) if attribute == _KEY else part:
            by_owner.setdefault(getattr(each, attribute), []).append(each)
    return by_owner


def _unsliced(query: Any) -> tuple[Any, int, int | None]:
    """A query without its slice, and that."""
    low, high = query._low, query._high
    if low or high is not None:
        query._low, query._high = 0, None
    return query, low, high


def _first_of_each(query: Any, path: str, low: int, high: int | None) -> Any:
    """So many of each owner's objects, in the order of the query."""
    told = [op[1] for op in query._shape.ops() if op[0] == "order"]
    orders = [name for name in (told[-1] if told else query.model._meta.orders) if isinstance(name, str)] or ["pk"]
    if sum(op[0] == "reverse" for op in query._shape.ops()) % 2:
        orders = [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in orders]
    numbered = query.alias(prefetch_row=Window(RowNumber(), partition_by=path, order_by=orders))
    wanted = {} if high is None else {"prefetch_row__lte": high}
    return numbered.filter(prefetch_row__gt=low, **wanted)


def prefetch_related_objects(objects: Sequence[Any], *lookups: "str | Prefetch[Any]") -> None:
    """Load the relations `lookups` of objects that are there already, as `prefetch_related()` does with a query's."""
    prefetch(objects, lookups)


def _query(relation: Any, wanted: Prefetch[Any], instance: Any) -> tuple[Any, str, str]:
    """The query of related objects, the path back to the owners, the attribute with the owner's key."""
    link = getattr(relation, "link", None)
    field = relation.field
    if link is not None:
        model, path, attribute = (
            (link.model if relation.reverse else link.target),
            link.path(not relation.reverse),
            _KEY,
        )
    elif isinstance(relation, Related):
        model, path, attribute = field.target, field.remote, field.remote
    else:
        model, path, attribute = field.model, field.name, field.attname
    query = (
        (model._base if isinstance(relation, Related) else model._default).all()
        if wanted.queryset is None
        else wanted.queryset.all()
    )
    if query._alias is None:
        query = query.using(instance._db)
    return query, path, attribute
