"""Paths and lookups: what `category__name__icontains` means, as tables, and errors that name what exists.

A path goes over foreign keys to a field, may take a part of it (`created__year`), and ends in a lookup (`gte`), which
is `exact` unless given. `contains` and `startswith` tell upper from lower case on every database; the lookups with an
`i` don't, on SQLite for ASCII letters only.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import sqlalchemy as sa

from spruce.db.dates import DateField
from spruce.db.fields import Field, IntegerField
from spruce.db.tokens import Tree
from spruce.db.types import Day
from spruce.errors import FieldError, nearest

if TYPE_CHECKING:
    from spruce.db.models import Model
    from spruce.db.relations import ForeignKey

__all__ = ["LOOKUPS", "PARTS", "Lookup", "Path", "check_op", "listed", "lookups_of", "resolve"]

Column = sa.ColumnElement[Any]


class Lookup(NamedTuple):
    """How a lookup compares: `sql(column, parameter, dialect's name)`; `pattern` prepares text, by dialect's name."""

    sql: Callable[[Column, Column, str], Column]
    pattern: Callable[[str, str], str] | None = None


_LIKE = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
_GLOB = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})


def _pattern(like: str) -> Callable[[str, str], str]:
    """A pattern for LIKE with `{}` for the text, its own wildcards escaped."""
    return lambda text, dialect: like.format(text.translate(_LIKE))


def _cased_pattern(like: str) -> Callable[[str, str], str]:
    """A pattern that tells the cases apart: GLOB on SQLite, whose LIKE does not."""
    glob = like.replace("%", "*")

    def pattern(text: str, dialect: str) -> str:
        return glob.format(text.translate(_GLOB)) if dialect == "sqlite" else like.format(text.translate(_LIKE))

    return pattern


def _cased(column: Column, parameter: Column, dialect: str) -> Column:
    if dialect == "sqlite":
        return column.op("GLOB", is_comparison=True)(parameter)
    return column.like(parameter, escape="\\")


def _uncased(column: Column, parameter: Column, dialect: str) -> Column:
    if dialect == "sqlite":
        return column.like(parameter, escape="\\")
    return sa.func.upper(column).like(sa.func.upper(parameter), escape="\\")


def _contains(column: Column, parameter: Column, dialect: str) -> Column:
    if dialect == "sqlite":
        return sa.func.instr(column, parameter) > sa.literal_column("0")
    return column.like(parameter, escape="\\")


LOOKUPS: dict[str, Lookup] = {
    "exact": Lookup(lambda column, parameter, _: column == parameter),
    "gt": Lookup(lambda column, parameter, _: column > parameter),
    "gte": Lookup(lambda column, parameter, _: column >= parameter),
    "lt": Lookup(lambda column, parameter, _: column < parameter),
    "lte": Lookup(lambda column, parameter, _: column <= parameter),
    "in": Lookup(lambda column, parameter, _: column.in_(parameter)),
    "range": Lookup(lambda column, parameter, _: column.between(*parameter)),  # type: ignore[call-overload, unused-ignore] # the builder gives a pair
    "isnull": Lookup(lambda column, parameter, _: column.is_(None)),
    "iexact": Lookup(_uncased, _pattern("{}")),
    "contains": Lookup(_contains, lambda text, dialect: text if dialect == "sqlite" else _pattern("%{}%")(text, "")),
    "icontains": Lookup(_uncased, _pattern("%{}%")),
    "startswith": Lookup(_cased, _cased_pattern("{}%")),
    "istartswith": Lookup(_uncased, _pattern("{}%")),
    "endswith": Lookup(_cased, _cased_pattern("%{}")),
    "iendswith": Lookup(_uncased, _pattern("%{}")),
}

_COMPARISONS = ("exact", "gt", "gte", "lt", "lte", "in", "range", "isnull")
_OF_FAMILY: dict[str, tuple[str, ...]] = {"text": tuple(LOOKUPS)}


class Part(NamedTuple):
    """A part that can be taken of a date or datetime: of which families, the field that it is like, its SQL."""

    families: tuple[str, ...]
    field: type[Field[Any]]
    sql: Callable[[Column], Column]


def _extract(name: str) -> Callable[[Column], Column]:
    return lambda column: sa.extract(name, column)


PARTS: dict[str, Part] = {
    **{name: Part(("date", "datetime"), IntegerField, _extract(name)) for name in ("year", "month", "day")},
    **{name: Part(("datetime",), IntegerField, _extract(name)) for name in ("hour", "minute", "second")},
    "date": Part(("datetime",), DateField, lambda column: sa.func.date(column, type_=Day())),
}


def lookups_of(field: Field[Any]) -> tuple[str, ...]:
    """The names of the lookups that a field has."""
    return _OF_FAMILY.get(field.family, _COMPARISONS)


@dataclass(frozen=True, slots=True)
class Path:
    """A resolved path: foreign keys to follow, the field at their end, the part of it, the lookup."""

    steps: "tuple[ForeignKey[Any], ...]"
    field: Field[Any]
    part: str | None
    lookup: str

    @property
    def nullable(self) -> bool:
        """Whether its value can be NULL in a row."""
        return self.field.null or any(step.null for step in self.steps)

    @property
    def compared(self) -> Field[Any]:
        """The field whose values it is compared with: that of the part, if one is taken."""
        if self.part is None:
            return self.field
        field = PARTS[self.part].field()
        field.bind_to(self.field.model, f"{self.field.name}__{self.part}")
        return field


def listed(names: Iterable[str], near: str) -> str:
    """The names in one text, those most like `near` first."""
    return ", ".join(sorted(names, key=lambda name: (-SequenceMatcher(None, near.lower(), name).ratio(), name)))


def resolve(model: "type[Model]", text: str, *, lookups: bool = True) -> Path:
    """Find out what a path means. Raises FieldError, with the names that exist, for one that means nothing."""
    parts = text.split("__")
    steps: list[ForeignKey[Any]] = []
    here, field = model, _field(model, parts.pop(0), text)
    while parts and field.is_relation and parts[0] in field.target._meta.paths:  # type: ignore[attr-defined] # is_relation says that it is a ForeignKey
        steps.append(field)  # type: ignore[arg-type] # the same
        here = field.target  # type: ignore[attr-defined] # the same
        field = _field(here, parts.pop(0), text)
    if steps and field.primary_key:
        field = steps.pop()  # the foreign key's own column holds it: no join
    if parts and not lookups:
        _refuse_rest(field, parts[0], text)
    part = parts.pop(0) if parts and parts[0] in PARTS and field.family in PARTS[parts[0]].families else None
    path = Path(tuple(steps), field, part, parts.pop(0) if parts else "exact")
    _check_lookup(path, parts, text)
    return path


def _field(model: "type[Model]", name: str, text: str) -> Field[Any]:
    found: Field[Any] | None = model._meta.paths.get(name)
    if found is None:
        known = model._meta.paths.keys() - {"pk"}
        where = "" if name == text else f" (in {text!r})"
        raise FieldError(
            f"{model.__name__} has no field {name!r}{where}{nearest(name, known)}",
            hint=f"Fields: {listed(known, name)}.",
        )
    return found


def _refuse_rest(field: Field[Any], rest: str, text: str) -> NoReturn:
    if field.is_relation and rest not in LOOKUPS:
        _field(field.target, rest, text)  # type: ignore[attr-defined] # is_relation says that it is a ForeignKey
    raise FieldError(f"{text!r}: here stands the name of a field, without {rest!r} behind it")


def _check_lookup(path: Path, rest: list[str], text: str) -> None:
    field = path.compared
    known = lookups_of(field)
    wrong = path.lookup
    if wrong in known:
        if rest:
            raise FieldError(f"{text!r}: nothing can stand behind the lookup {wrong!r}, and there is {rest[0]!r}")
        return
    if path.field.is_relation and wrong not in LOOKUPS:
        _field(path.field.target, wrong, text)  # type: ignore[attr-defined] # is_relation says that it is a ForeignKey
    names = [*known, *(name for name, part in PARTS.items() if field.family in part.families)]
    raise FieldError(
        f"{type(path.field).__name__} {field.label} has no lookup {wrong!r} (in {text!r}){nearest(wrong, names)}",
        hint=f"Lookups: {listed(names, wrong)}.",
    )


def check_op(model: "type[Model]", op: tuple[Any, ...]) -> None:
    """Raise FieldError if a step of a query names what does not exist."""
    checker = _CHECKS.get(op[0])
    if checker is not None:
        checker(model, op)


def _check_conditions(model: "type[Model]", keys: Iterable[str | None], found: Iterable[Any]) -> None:
    for key, token in zip(keys, found, strict=True):
        if key is not None:
            resolve(model, key)
        elif isinstance(token, Tree):
            _check_conditions(model, token.keys, token.tokens)


def _check_names(model: "type[Model]", names: Iterable[str]) -> None:
    for name in names:
        resolve(model, name.lstrip("-"), lookups=False)


def _check_related(model: "type[Model]", names: Iterable[str]) -> None:
    for name in names:
        path = resolve(model, name, lookups=False)
        if not path.field.is_relation:
            known = [field.name for field in path.field.model._meta.fields if field.is_relation]
            raise FieldError(
                f"select_related({name!r}): {path.field.label} is no ForeignKey",
                hint=f"Foreign keys of {path.field.model.__name__}: {', '.join(known) or 'none'}.",
            )


_CHECKS: dict[str, Callable[[Any, Any], None]] = {
    "filter": lambda model, op: _check_conditions(model, op[2], op[3]),
    "get": lambda model, op: _check_conditions(model, op[2], op[3]),
    "update": lambda model, op: _check_names(model, op[1]),
    "order": lambda model, op: _check_names(model, [name for name in op[1] if name != "?"]),
    "values": lambda model, op: _check_names(model, op[1]),
    "list": lambda model, op: _check_names(model, op[1]),
    "related": lambda model, op: _check_related(model, op[1]),
    "aggregate": lambda model, op: _check_names(model, [key[1] for _, key in op[1] if key[1] != "*"]),
}
