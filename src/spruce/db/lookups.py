"""Paths and lookups: what `category__name__icontains` means, as tables, and errors that name what exists.

A path goes over foreign keys to a field, may take a part of it (`created__year`), and ends in a lookup (`gte`), which
is `exact` unless given. `contains` and `startswith` tell upper from lower case on every database; the lookups with an
`i` don't, on SQLite for ASCII letters only.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import sqlalchemy as sa

from spruce.db.dateparts import CALENDAR, DatePart
from spruce.db.dates import DateField, TimeField
from spruce.db.elements import TimeOfDay
from spruce.db.fields import Field
from spruce.db.filteredrelations import FilteredField
from spruce.db.integers import IntegerField
from spruce.db.jsonlookups import split, whole
from spruce.db.ownlookups import both_sides, rule_of, transformed
from spruce.db.patterns import PATTERNS, Lookup
from spruce.db.records import Record
from spruce.db.searches import SEARCHES
from spruce.db.types import Day
from spruce.errors import FieldError, nearest

if TYPE_CHECKING:
    from spruce.db.relations import Step

__all__ = ["LOOKUPS", "PARTS", "Lookup", "Path", "key_of", "listed", "lookups_of", "resolve", "takes_whole"]

_NONE: Mapping[str, Field[Any]] = {}

Column = sa.ColumnElement[Any]


LOOKUPS: dict[str, Lookup] = {
    "exact": Lookup(lambda column, parameter, _: column == parameter),
    "gt": Lookup(lambda column, parameter, _: column > parameter),
    "gte": Lookup(lambda column, parameter, _: column >= parameter),
    "lt": Lookup(lambda column, parameter, _: column < parameter),
    "lte": Lookup(lambda column, parameter, _: column <= parameter),
    "in": Lookup(lambda column, parameter, _: column.in_(parameter)),
    "range": Lookup(lambda column, parameter, _: column.between(*parameter)),  # type: ignore[call-overload, unused-ignore] # the builder gives a pair
    "isnull": Lookup(lambda column, parameter, _: column.is_(None)),
    **PATTERNS,
    **SEARCHES,
}

_COMPARISONS = ("exact", "gt", "gte", "lt", "lte", "in", "range", "isnull")
_OF_FAMILY: dict[str, tuple[str, ...]] = {"text": tuple(LOOKUPS)}


class Part(NamedTuple):
    """A part that can be taken of a date or datetime: of which families, the field that it is like, its SQL."""

    families: tuple[str, ...]
    field: type[Field[Any]]
    sql: Callable[[Column], Column]


def _extract(name: str) -> Callable[[Column], Column]:
    return lambda column: DatePart(name, column)


PARTS: dict[str, Part] = {
    **{name: Part(("date", "datetime"), IntegerField, _extract(name)) for name in ("year", "month", "day", *CALENDAR)},
    **{name: Part(("datetime", "time"), IntegerField, _extract(name)) for name in ("hour", "minute", "second")},
    "time": Part(("datetime",), TimeField, TimeOfDay),
    "date": Part(("datetime",), DateField, lambda column: sa.func.date(column, type_=Day())),
}


def lookups_of(field: Field[Any]) -> tuple[str, ...]:
    """The names of the lookups that a field has."""
    own = [name for name in field.registered() if rule_of(field, name)]
    return (*own, *field.lookups, *_OF_FAMILY.get(field.family, _COMPARISONS))


@dataclass(frozen=True, slots=True)
class Path:
    """A resolved path: relations to follow, the field at their end, the part of it, the lookup.

    `end` is the model behind it, if it names a relation; `computed` tells that it is an annotation. `keys` lead into a
    JSONField; `inner` is what is taken of a field that has parts of its own, with its SQL; `both` is what is taken of
    what it is compared with too.
    """

    steps: "tuple[Step, ...]"
    field: Field[Any]
    part: str | None
    lookup: str
    end: type[Record] | None = None
    computed: bool = False
    keys: tuple[str | int, ...] = ()
    inner: tuple[Field[Any], Callable[[Any], Any]] | None = None
    both: Callable[[Any], Any] | None = None

    @property
    def rule(self) -> Lookup:
        """How it compares."""
        own: Lookup | None = rule_of(self.compared, self.lookup) or self.compared.lookups.get(self.lookup)
        rule = own or LOOKUPS[self.lookup]
        return rule if self.both is None else both_sides(rule, self.both)

    @property
    def builtin(self) -> bool:
        """Whether it is compared by one of the lookups that any field of its family has."""
        return rule_of(self.compared, self.lookup) is None and self.lookup not in self.compared.lookups

    @property
    def nullable(self) -> bool:
        """Whether its value can be NULL in a row."""
        return self.field.null or any(step.null for step in self.steps)

    @property
    def many(self) -> bool:
        """Whether it leads from one row to several."""
        return any(step.many for step in self.steps)

    @property
    def compared(self) -> Field[Any]:
        """The field whose values it is compared with: that of the part, if one is taken."""
        if self.inner is not None:
            return self.inner[0]
        if self.part is None:
            return self.field
        field = PARTS[self.part].field()
        field.bind_to(self.field.model, f"{self.field.name}__{self.part}")
        return field


def takes_whole(model: type[Record], text: str, computed: Mapping[str, Field[Any]]) -> bool:
    """Whether a list or dict that a path is compared with is one value, as it is inside of JSON and for arrays."""
    path = resolve(model, text, computed=computed)
    if path.compared.listed:
        return path.lookup != "in"
    return path.field.family == "json" and whole(path.lookup)


def key_of(field: Any) -> str:
    """The attribute that stands for an object that a field is compared with: the key, or what a `to_field` names."""
    return "pk" if not field.is_relation or field.plain_key else str(field.remote)


def listed(names: Iterable[str], near: str) -> str:
    """The names in one text, those most like `near` first."""
    return ", ".join(sorted(names, key=lambda name: (-SequenceMatcher(None, near.lower(), name).ratio(), name)))


def resolve(
    model: type[Record], text: str, *, lookups: bool = True, computed: Mapping[str, Field[Any]] = _NONE
) -> Path:
    """Find out what a path means; `computed` has the fields of annotations, which come first.

    Raises FieldError, with the names that exist, for one that means nothing.
    """
    if not isinstance(text, str):
        raise FieldError(f"{text!r} is no name of a field of {model.__name__}", hint="Names are texts.")
    parts = text.split("__")
    for end in range(len(parts), 0, -1) if computed else ():
        if "__".join(parts[:end]) in computed:
            found = computed["__".join(parts[:end])]
            if isinstance(found, FilteredField):
                return _through(found.steps, parts[end:], text, lookups)
            return _lookup((), found, parts[end:], text, lookups, None, True)
    steps, field, end_model, parts = _follow(model, parts, text, computed)
    while steps and not steps[-1].many and (holds := _key_in(steps[-1])) is not None and field is holds.key:
        if not field.primary_key and parts and parts[0] not in _COMPARISONS:
            break  # a foreign key has no other lookups
        field = holds  # the foreign key's own column holds it: no join
        steps.pop()
    return _lookup(tuple(steps), field, parts, text, lookups, end_model, False)


def _through(steps: Any, rest: list[str], text: str, lookups: bool) -> Path:
    """A path that begins with a FilteredRelation."""
    target = steps[-1].target
    if not rest or not target._meta.knows(rest[0]):
        return _lookup(steps, target._meta.pk, rest, text, lookups, target, False)
    path = resolve(target, "__".join(rest), lookups=lookups)
    return replace(path, steps=(*steps, *path.steps))


def _key_in(step: Any) -> Any:
    """The field that holds the key of the row that a step leads to."""
    return step if isinstance(step, Field) else getattr(step, "link", None)


def _follow(
    model: type[Record], parts: list[str], text: str, computed: Iterable[str]
) -> "tuple[list[Any], Field[Any], type[Record] | None, list[str]]":
    """Follow the names of a path as far as they are fields and relations; the rest is left."""
    steps: list[Any] = []
    here, rest = model, list(parts)
    while True:
        meta, name = here._meta, rest.pop(0)
        over = meta.over(name) if name not in meta.paths else ()
        field: Any = over[-1].target._meta.pk if over else _field(here, name, text, computed)
        behind = over[-1].target if over else field.target if field.is_relation else None
        steps += over or meta.up_to(field.model)
        if behind is None or not rest or not behind._meta.knows(rest[0]):
            return steps, field, behind, rest
        if not over:
            steps.append(field)
        here = behind


def _lookup(
    steps: "tuple[Step, ...]",
    field: Field[Any],
    parts: list[str],
    text: str,
    lookups: bool,
    end: type[Record] | None,
    computed: bool,
) -> Path:
    """The path with what stands behind its field."""
    if field.family == "json":
        keys, lookup = split(parts, lookups)
        return Path(steps, field, None, lookup, end, computed, keys)
    part = parts[0] if parts and parts[0] in PARTS and field.family in PARTS[parts[0]].families else None
    inner, both, rest = _inside(field, parts[1:] if part else parts)
    if rest and not lookups:
        _refuse_rest(field, rest[0], text, end)
    path = Path(steps, field, part, rest[0] if rest else "exact", end, computed, (), inner, both)
    _check_lookup(path, rest[1:], text)
    return path


def _inside(field: Field[Any], rest: list[str]) -> tuple[Any, Any, list[str]]:
    """What names take of a field that has parts of its own, what of its value too, and the names behind."""
    inner: Any = None
    both: Any = None
    while rest and (found := transformed(field, rest[0]) or field.part(rest[0])) is not None:
        made, sql = found[:2]
        made.bind_to(field.model, f"{field.name}__{rest[0]}")
        inner = (made, sql if inner is None else partial(_after, inner[1], sql))
        if found[2:] == (True,):
            both = sql if both is None else partial(_after, both, sql)
        field, rest = made, rest[1:]
    return inner, both, rest


def _after(first: Callable[[Any], Any], then: Callable[[Any], Any], column: Column) -> Any:
    return then(first(column))


def _field(model: type[Record], name: str, text: str, computed: Iterable[str] = ()) -> Field[Any]:
    found: Field[Any] | None = model._meta.paths.get(name)
    if found is None:
        known = {*model._meta.paths, *model._meta.reached, *computed} - {"pk"}
        where = "" if name == text else f" (in {text!r})"
        raise FieldError(
            f"{model.__name__} has no field {name!r}{where}{nearest(name, known)}",
            hint=f"Fields: {listed(known, name)}.",
        )
    return found


def _refuse_rest(field: Field[Any], rest: str, text: str, end: type[Record] | None) -> NoReturn:
    if end is not None and rest not in LOOKUPS:
        _field(end, rest, text)
    raise FieldError(f"{text!r}: here stands the name of a field, without {rest!r} behind it")


def _check_lookup(path: Path, rest: list[str], text: str) -> None:
    field = path.compared
    known = lookups_of(field)
    wrong = path.lookup
    if wrong in known:
        if rest:
            raise FieldError(f"{text!r}: nothing can stand behind the lookup {wrong!r}, and there is {rest[0]!r}")
        return
    if path.end is not None and wrong not in LOOKUPS:
        _field(path.end, wrong, text)
    parts = [name for name, part in PARTS.items() if field.family in part.families]
    names = [*known, *parts, *(name for name in field.registered() if name not in known)]
    raise FieldError(
        f"{type(path.field).__name__} {field.label} has no lookup {wrong!r} (in {text!r}){nearest(wrong, names)}",
        hint=f"Lookups: {listed(names, wrong)}.",
    )
