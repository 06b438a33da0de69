"""Indexes that a model's Meta asks for: of fields or expressions, of all rows or of some."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from spruce.db.expressions import Ordered, Q, Term
from spruce.db.formulas import Formula
from spruce.db.records import Record
from spruce.db.tokens import Expression, Tree, operand, token
from spruce.errors import FieldError, ModelError

__all__ = ["Index", "built_index", "fields_in", "give_options", "named", "refuse_equal_nulls"]


class Index:
    """An index: `Index(fields=["-created", "name"])`, or of expressions, which need a name for it.

    With `condition`, a Q, only the rows that it fits are in the index. PostgreSQL also has `include`, fields that are
    kept beside it, and `opclasses`, one for each field; elsewhere the index goes without.
    """

    def __init__(
        self,
        *expressions: str | Term | Ordered,
        fields: Sequence[str] = (),
        name: str = "",
        condition: Q | None = None,
        include: Sequence[str] = (),
        opclasses: Sequence[str] = (),
    ) -> None:
        if bool(expressions) is bool(fields):
            raise ModelError("an Index is of fields or of expressions: give one of both")
        if (expressions or condition is not None) and not name:
            raise ModelError("an Index of expressions or with a condition needs a name")
        self.parts = (*expressions, *fields)
        self.name = name
        self.condition = condition
        self.include = tuple(include)
        self.opclasses = _fitting(opclasses, self.parts, name)

    def element(self, model: type[Record], table: sa.Table) -> sa.Index:
        """The index of a table."""
        plain = "_".join(str(part).removeprefix("-") for part in self.parts)
        name = named(self.name, model) or f"{table.name}_{plain}_idx"
        made = built_index(model, table, name, self.parts, self.condition, unique=False)
        give_options(made, model, self.include, self.opclasses)
        return made


def _fitting(opclasses: Sequence[str], parts: Sequence[Any], name: str) -> tuple[str, ...]:
    if opclasses and len(opclasses) != len(parts):
        raise ModelError(f"opclasses of the index {name!r} are as many as its fields or expressions")
    return tuple(opclasses)


def give_options(index: sa.Index, model: type[Record], include: Sequence[str], opclasses: Sequence[str]) -> None:
    """Tell PostgreSQL what else is kept in an index, and how it compares."""
    options = index.dialect_options["postgresql"]
    if include:
        options["include"] = [model._meta.field(name).attname for name in include]
    names = [getattr(getattr(each, "element", each), "key", None) for each in index.expressions]
    if opclasses and None in names:
        raise ModelError(
            f"the index {index.name!r} has opclasses for expressions", hint="They can be told for fields only."
        )
    if opclasses:
        options["ops"] = dict(zip(names, opclasses, strict=True))


def refuse_equal_nulls(element: sa.UniqueConstraint | sa.Index, dialect: str) -> None:
    """Raise ModelError for what is unique with NULLs that are equal, on a database that cannot hold it."""
    if element.dialect_options["postgresql"].get("nulls_not_distinct"):
        raise ModelError(
            f"the constraint {element.name!r} has nulls_distinct=False, which {dialect} cannot hold",
            hint="It needs PostgreSQL 15. Elsewhere put a UniqueConstraint of the other fields beside it, with "
            "condition=Q(field__isnull=True).",
        )


def named(name: str, model: type[Record]) -> str:
    """A name in which `%(class)s` stands for the model's, as abstract models need it."""
    return name % {"class": model.__name__.lower()} if "%(" in name else name


def built_index(
    model: type[Record], table: sa.Table, name: str, parts: Sequence[Any], condition: Q | None, *, unique: bool
) -> sa.Index:
    """An index of names, with "-" for the other direction, and expressions."""
    options: dict[str, Any] = {}
    if condition is not None:
        fields_in(model, condition)
        options = dict.fromkeys(("sqlite_where", "postgresql_where"), Formula(model, condition, table=table))
    return sa.Index(name, *(_part(model, table, part) for part in parts), unique=unique, _table=table, **options)


def _part(model: type[Record], table: sa.Table, part: Any) -> Any:
    if isinstance(part, str):
        column = table.c[model._meta.field(part.removeprefix("-")).attname]
        return column.desc() if part.startswith("-") else column
    term = part.term if isinstance(part, Ordered) else part
    fields_in(model, term)
    made = Formula(model, term, table=table)
    return made.desc() if isinstance(part, Ordered) and part.down else made


def fields_in(model: type[Record], formula: Any) -> set[str]:
    """The fields that a condition or expression speaks of, by their attributes. Raises FieldError for wrong names."""
    key = token(formula)[0] if isinstance(formula, Q) else operand(formula)[0]
    found = set()
    for name in _names(key):
        field = model._meta.field(name.partition("__")[0])
        found.add(field.attname)
    return found


def _names(key: Any) -> Iterator[str]:
    if isinstance(key, Tree):
        yield from (name for name in key.keys if name is not None)
        for part in key.tokens:
            yield from _names(part)
    elif isinstance(key, Expression):
        yield from _names(key.key)
    elif isinstance(key, tuple):
        if key[:1] == ("F",):
            yield key[1]
        elif key[:1] in (("subquery",), ("exists",), ("outer",), ("window",), ("aggregate",)):
            raise FieldError(f"{key[0]} cannot stand in the definition of a table")
        else:
            for part in key:
                yield from _names(part)
