"""Constraints that a model's Meta asks for: the database holds them, and `full_clean()` tells them beforehand."""

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause

from spruce.db import transactions
from spruce.db.databases import Database, choose
from spruce.db.deferring import Deferrable, deferral
from spruce.db.expressions import Q, Term
from spruce.db.fields import UNSET
from spruce.db.formulas import Formula, written
from spruce.db.indexes import built_index, fields_in, give_options, named
from spruce.db.records import Record
from spruce.errors import ModelError, ValidationError
from spruce.i18n import gettext

__all__ = ["CheckConstraint", "UniqueConstraint", "meets", "unique_error", "unknown"]

Column = sa.ColumnElement[Any]
U = TypeVar("U", sa.UniqueConstraint, sa.Index)


class _Constraint:
    """What constraints share: a name, and what is said when one is broken."""

    message = "Constraint “%(name)s” is violated."

    def __init__(self, name: str, violation_error_message: str | None, violation_error_code: str | None) -> None:
        if not name:
            raise ModelError(f"a {type(self).__name__} needs a name")
        self.name = name
        self.violation_error_message = violation_error_message
        self.violation_error_code = violation_error_code or ""

    def broken(self, model: type[Record]) -> ValidationError:
        """The error for a row that it forbids."""
        given = self.violation_error_message or self.message
        text = given.replace("%(name)s", named(self.name, model))
        return ValidationError(text, code=self.violation_error_code)


class CheckConstraint(_Constraint):
    """Each row has to fit a condition, a Q of the model's own fields; where that is NULL, it fits."""

    def __init__(
        self,
        *,
        condition: Q,
        name: str,
        violation_error_message: str | None = None,
        violation_error_code: str | None = None,
    ) -> None:
        super().__init__(name, violation_error_message, violation_error_code)
        if not isinstance(condition, Q):
            raise ModelError(f"CheckConstraint(condition=…) takes a Q, not {condition!r}")
        self.condition = condition

    def element(self, model: type[Record]) -> sa.CheckConstraint:
        """The constraint of a table."""
        fields_in(model, self.condition)
        return sa.CheckConstraint(Formula(model, self.condition), name=named(self.name, model))

    def validate(self, instance: Record, exclude: Iterable[str]) -> None:
        """Raise ValidationError if the object does not fit; one whose fields are left out is not looked at."""
        model = type(instance)
        if unknown(instance, fields_in(model, self.condition), exclude):
            return
        database = choose(None, model, write=False, instance=instance)
        new = _values(instance)
        condition = written(model, self.condition, database.dialect, new)
        if not _any(sa.select(sa.literal_column("1")).select_from(new).where(_holds(condition)), database):
            raise self.broken(model)


class UniqueConstraint(_Constraint):
    """No two rows are equal in some fields or expressions; with `condition`, no two of the rows that it fits.

    Rows with a NULL there are equal to none, unless `nulls_distinct` is False (PostgreSQL 15). With `deferrable` it is
    looked at when PostgreSQL commits, and at once by databases that cannot wait. `include` and `opclasses` are those
    of an Index.
    """

    def __init__(
        self,
        *expressions: str | Term,
        fields: Sequence[str] = (),
        name: str,
        condition: Q | None = None,
        deferrable: Deferrable | None = None,
        include: Sequence[str] = (),
        opclasses: Sequence[str] = (),
        nulls_distinct: bool | None = None,
        violation_error_message: str | None = None,
        violation_error_code: str | None = None,
    ) -> None:
        super().__init__(name, violation_error_message, violation_error_code)
        if bool(expressions) is bool(fields):
            raise ModelError("a UniqueConstraint is of fields or of expressions: give one of both")
        self.fields = tuple(fields)
        self.parts: tuple[Any, ...] = (*expressions, *fields)
        self.condition = condition
        self.plain = bool(fields) and condition is None
        self.include = tuple(include)
        self.opclasses = tuple(opclasses)
        self.nulls_distinct = nulls_distinct
        self.indexed = not self.plain or bool(include or opclasses)  # whether it is an index to the database
        self.deferral = deferral(deferrable, f"the UniqueConstraint {name!r}")
        if opclasses and len(opclasses) != len(self.parts):
            raise ModelError(f"opclasses of the UniqueConstraint {name!r} are as many as its fields")
        if deferrable is not None and self.indexed:
            raise ModelError(
                f"the UniqueConstraint {name!r} cannot wait: with a condition, expressions, include or opclasses it is "
                "an index",
                hint="Only a constraint of plain fields can be deferrable.",
            )

    def element(self, model: type[Record], table: sa.Table) -> sa.UniqueConstraint | sa.Index:
        """The constraint of a table, or the unique index that it needs."""
        name = named(self.name, model)
        if not self.indexed:
            columns = [table.c[model._meta.field(each).attname] for each in self.fields]
            unique = sa.UniqueConstraint(*columns, name=name, **self.deferral)
            return self._with_nulls(unique)
        made = built_index(model, table, name, self.parts, self.condition, unique=True)
        give_options(made, model, self.include, self.opclasses)
        return self._with_nulls(made)

    def _with_nulls(self, made: U) -> U:
        if self.nulls_distinct is False:
            made.dialect_options["postgresql"]["nulls_not_distinct"] = True
        return made

    def validate(self, instance: Record, exclude: Iterable[str]) -> None:
        """Raise ValidationError if another row is equal; one whose fields are left out is not looked at."""
        model: Any = type(instance)
        needed = set().union(*(fields_in(model, part) for part in (*self.parts, *filter(None, [self.condition]))))
        if unknown(instance, needed, exclude):
            return
        database = choose(None, model, write=False, instance=instance)
        same = operator.eq if self.nulls_distinct is not False else sa.ColumnElement.is_not_distinct_from
        if meets(instance, database, [(part, same) for part in self.parts], self.condition):
            own = self.plain and not self.violation_error_message
            error = unique_error(model, self.fields) if own else self.broken(model)
            raise ValidationError({self.fields[0]: error}) if self.plain and len(self.fields) == 1 else error


def unique_error(model: type[Record], names: Iterable[str]) -> ValidationError:
    """The error when another row has the same values."""
    names = list(names)
    params = {
        "model_name": _capital(str(model._meta.verbose_name)),
        "field_labels": gettext(" and ").join(_capital(str(model._meta.field(name).verbose_name)) for name in names),
    }
    code = "unique" if len(names) == 1 else "unique_together"
    return ValidationError(_unique_message(model, names), code, {**params, "field_label": params["field_labels"]})


def _unique_message(model: type[Record], names: Iterable[str]) -> str:
    labels = [_capital(str(model._meta.field(name).verbose_name)) for name in names]
    return gettext(
        "%(model)s with this %(fields)s already exists.",
        model=_capital(str(model._meta.verbose_name)),
        fields=gettext(" and ").join(labels),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def meets(
    instance: Record,
    database: Database,
    sides: Iterable[tuple[Any, Callable[[Column, Column], Column]]],
    condition: Q | None,
) -> bool:
    """Whether there is another row that compares true with the object in all parts; of those that fit a condition."""
    model: Any = type(instance)
    new, old = _values(instance), model.__table__.alias("old")
    dialect = database.dialect
    conditions = [
        compare(written(model, part, dialect, new), written(model, part, dialect, old)) for part, compare in sides
    ]
    if condition is not None:
        conditions += [_holds(written(model, condition, dialect, table)) for table in (new, old)]
    if instance.pk is not None:
        key = model._meta.pk
        conditions.append(old.c[key.attname] != sa.bindparam(None, instance.pk, key.column_type()))
    return _any(sa.select(sa.literal_column("1")).select_from(new, old).where(*conditions), database)


def unknown(instance: Record, attnames: set[str], exclude: Iterable[str]) -> bool:
    """Whether a value is not known here, or is not to be looked at."""
    left_out = {instance._meta.field(name).attname for name in exclude if name in instance._meta.paths}
    return bool(attnames & left_out) or not attnames <= _known(instance).keys()


def _known(instance: Record) -> dict[str, Any]:
    values = {field.attname: vars(instance).get(field.attname, UNSET) for field in instance._meta.fields}
    return {name: value for name, value in values.items() if value is not UNSET}


def _values(instance: Record) -> FromClause:
    """The values of an object, as a table of one row."""
    paths = instance._meta.paths
    columns = [
        sa.bindparam(None, paths[name].comparable(value), paths[name].column_type()).label(name)
        for name, value in _known(instance).items()
    ]
    return sa.select(*columns).subquery("new")


def _holds(condition: Column) -> Column:
    return sa.func.coalesce(condition, sa.true())


def _any(statement: "sa.Select[Any]", database: Database) -> bool:
    """Whether a statement has rows."""
    compiled: Any = statement.compile(dialect=database.dialect)
    values, processors = compiled.params, compiled._bind_processors
    bound = [processors[name](values[name]) if name in processors else values[name] for name in compiled.positiontup]
    return bool(transactions.connection(database).rows(compiled.string, bound))
