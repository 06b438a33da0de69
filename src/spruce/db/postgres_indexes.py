"""Indexes of PostgreSQL's kinds, and constraints that no two rows may be in each other's way."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles

from spruce.db.constraints import CheckConstraint, meets, unknown
from spruce.db.databases import choose
from spruce.db.deferring import Deferrable, deferral
from spruce.db.expressions import Q, Term
from spruce.db.formulas import Formula
from spruce.db.indexes import Index, fields_in, named
from spruce.db.records import Record
from spruce.errors import ModelError

__all__ = [
    "BrinIndex",
    "ExclusionConstraint",
    "GinIndex",
    "GistIndex",
    "HashIndex",
    "SpGistIndex",
]


class _Special(Index):
    """An index of another kind than a tree. Other databases go without: it only makes queries faster."""

    using: ClassVar[str] = ""

    def __init__(
        self,
        *expressions: Any,
        fields: Sequence[str] = (),
        name: str = "",
        condition: Q | None = None,
        include: Sequence[str] = (),
        opclasses: Sequence[str] = (),
        **storage: Any,
    ) -> None:
        super().__init__(
            *expressions, fields=fields, name=name, condition=condition, include=include, opclasses=opclasses
        )
        self.storage = storage

    def element(self, model: type[Record], table: sa.Table) -> sa.Index:
        """The index of a table."""
        made = super().element(model, table)
        options = made.dialect_options["postgresql"]
        options["using"] = self.using
        options["with"] = {key: _spelled(value) for key, value in self.storage.items()}
        made.info["only"] = "postgresql"
        return made


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class GinIndex(_Special):
    """For what holds many values: arrays, JSON, vectors of words; texts with `opclasses=["gin_trgm_ops"]`."""

    using = "gin"


class GistIndex(_Special):
    """For ranges and what has neighbours."""

    using = "gist"


class SpGistIndex(_Special):
    """For what can be parted again and again."""

    using = "spgist"


class BrinIndex(_Special):
    """A small one, for big tables whose rows lie in the order of the column."""

    using = "brin"


class HashIndex(_Special):
    """For equality only."""

    using = "hash"


class ExclusionConstraint(CheckConstraint):
    """No two rows compare true in all `expressions`, pairs of a field and an operator (see RangeOperators).

    `ExclusionConstraint(name="one_guest", expressions=[("room", "="), ("days", RangeOperators.OVERLAPS)])`. Operators
    as `=` on numbers need the extension btree_gist.
    """

    def __init__(
        self,
        *,
        name: str,
        expressions: Iterable[tuple[Any, str]],
        index_type: str = "GIST",
        condition: Q | None = None,
        violation_error_message: str | None = None,
        violation_error_code: str | None = None,
        deferrable: Deferrable | None = None,
    ) -> None:
        super().__init__(
            condition=condition or Q(),
            name=name,
            violation_error_message=violation_error_message,
            violation_error_code=violation_error_code,
        )
        self.expressions = list(expressions)
        self.index_type = index_type.lower()
        if not self.expressions:
            raise ModelError(f"the ExclusionConstraint {name!r} has no expressions")
        self.deferral = deferral(deferrable, f"the ExclusionConstraint {name!r}")

    def element(self, model: type[Record]) -> Any:
        """The constraint of a table."""
        parts: list[tuple[Any, str]] = []
        for part, operator in self.expressions:
            fields_in(model, part)
            if isinstance(part, Term):
                parts.append((Formula(model, part), operator))
            else:
                field = model._meta.field(part)
                parts.append((sa.column(field.db_column or field.attname), operator))
        where = Formula(model, self.condition) if self.condition else None
        return _Excluding(*parts, name=named(self.name, model), using=self.index_type, where=where, **self.deferral)

    def validate(self, instance: Record, exclude: Iterable[str]) -> None:
        """Raise ValidationError if another row is in the way; what others are about to write only the database sees."""
        model = type(instance)
        parts = [part for part, _ in self.expressions]
        needed = set().union(*(fields_in(model, part) for part in (*parts, self.condition)))
        database = choose(None, model, write=False, instance=instance)
        if unknown(instance, needed, exclude) or database.dialect.name != "postgresql":
            return
        sides = [(part, lambda new, old, sign=sign: new.bool_op(sign)(old)) for part, sign in self.expressions]
        if meets(instance, database, sides, self.condition or None):
            raise self.broken(model)


class _Excluding(postgresql.ExcludeConstraint):
    inherit_cache = True


@compiles(_Excluding)
def _nowhere_else(element: _Excluding, compiler: Any, **options: Any) -> str:
    raise ModelError(
        f"the constraint {element.name!r} needs PostgreSQL, and this database is {compiler.dialect.name}",
        hint="Elsewhere, lock a row that stands for the whole, and look before you write.",
    )


@compiles(_Excluding, "postgresql")
def _excluding(element: _Excluding, compiler: Any, **options: Any) -> str:
    text: str = compiler.visit_exclude_constraint(element, **options)
    return text
