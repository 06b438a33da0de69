"""What a new migration has to do: Alembic's comparison of models and database, made better in three places.

* A column or table that goes while one like it comes may have got another name: the developer is asked.
* A column that comes to a table with rows needs a value for them: it is added empty, filled, and then made NOT NULL,
  which locks a big table for less long, too.
* Tables that no migration has made are others' business and stay.
"""

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Iterator
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type  # Alembic has no other way to write a type
from alembic.operations import ops

from spruce.db.arrays import ArrayType
from spruce.db.documents import Document
from spruce.db.fields import REQUIRED
from spruce.db.models import registry
from spruce.db.ranges import RangeType
from spruce.db.searches import VectorType
from spruce.db.sqlite_indexes import ChangeIndex
from spruce.db.types import MYSQL, Coded, ExactDecimal
from spruce.errors import MigrationError

__all__ = ["Answers", "FillColumn", "improve", "render_item", "spelled"]

TYPES = "from spruce.db import documents, types"


class Answers:
    """What only the developer knows. Here, as without a terminal: nothing was renamed, and there is no value."""

    def renamed(self, what: str, old: str, new: str) -> bool:
        """Whether `old` has become `new`; `what` is "column" or "table"."""
        return False

    def value(self, table: str, column: str) -> Any:
        """The value for rows that exist. Raises MigrationError if there is none."""
        raise MigrationError(
            f"{table}.{column} is new, must not be null and has no default, so rows that exist have no value",
            hint="Give the field a default, or null=True, or answer the question at a terminal.",
        )


class FillColumn(ops.MigrateOperation):
    """Gives a column a value in all rows, as the column's type writes it."""

    def __init__(self, table: str, column: str, type_: Any, value: Any) -> None:
        self.table = table
        self.column = column
        self.type = type_
        self.value = value


class RenameColumn(ops.AlterColumnOp):
    """Gives a column another name, and can be undone."""

    def reverse(self) -> "RenameColumn":
        """The way back."""
        return RenameColumn(
            self.table_name,
            self.modify_name or "",
            existing_type=self.existing_type,
            existing_nullable=self.existing_nullable,
            modify_name=self.column_name,
        )


class RenameTable(ops.RenameTableOp):
    """Gives a table another name, and can be undone."""

    def reverse(self) -> "RenameTable":
        """The way back."""
        return RenameTable(self.new_table_name, self.table_name)


class RenameConstraint(ops.MigrateOperation):
    """Gives a constraint of PostgreSQL's another name, which takes no time, and can be undone."""

    def __init__(self, table: str, old: str, new: str) -> None:
        self.table = table
        self.old = old
        self.new = new

    def reverse(self) -> "RenameConstraint":
        """The way back."""
        return RenameConstraint(self.table, self.new, self.old)


@renderers.dispatch_for(RenameConstraint)
def _render_constraint(context: AutogenContext, op: RenameConstraint) -> str:
    quote = context.migration_context.dialect.identifier_preparer.quote
    sql = f"ALTER TABLE {quote(op.table)} RENAME CONSTRAINT {quote(op.old)} TO {quote(op.new)}"
    return f"op.execute({sql!r})"


@renderers.dispatch_for(RenameTable)
def _render_rename(context: AutogenContext, op: RenameTable) -> str:
    return f"op.rename_table({op.table_name!r}, {op.new_table_name!r})"


@renderers.dispatch_for(FillColumn)
def _render_fill(context: AutogenContext, op: FillColumn) -> str:
    for kind, text in _IMPORTS.items():
        if isinstance(op.value, kind):
            context.imports.add(text)
    column = f"sa.column({op.column!r}, {_repr_type(op.type, context)})"
    return f"op.execute(sa.table({op.table!r}, {column}).update().values({{{op.column!r}: {op.value!r}}}))"


_IMPORTS: dict[type, str] = {
    decimal.Decimal: "from decimal import Decimal",
    uuid.UUID: "from uuid import UUID",
    dt.date: "import datetime",
    dt.time: "import datetime",
    dt.timedelta: "import datetime",
}


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """How a type of ours is written in a migration; False leaves it to Alembic."""
    if kind != "type" or not isinstance(item, Coded):
        return False
    if isinstance(item, ExactDecimal):
        context.imports.add(TYPES)
        return f"types.ExactDecimal({item.digits}, {item.places})"
    if isinstance(item, ArrayType):
        context.imports.add("from spruce.db import arrays")
        return f"arrays.ArrayType({_repr_type(item.item, context)})"
    if isinstance(item, RangeType):
        context.imports.add("from spruce.db import ranges")
        return f"ranges.RangeType({item.name!r})"
    if isinstance(item, VectorType):
        context.imports.add("from spruce.db import searches")
        return "searches.VectorType()"
    context.imports.add(TYPES)
    home = "documents" if isinstance(item, Document) else "types"
    return f"{home}.{type(item).__name__}()"


def improve(script: ops.MigrationScript, dialect: sa.Dialect, answers: Answers) -> None:
    """Change what Alembic has found so that nothing is lost. Raises MigrationError."""
    steps = script.upgrade_ops
    assert steps is not None  # noqa: S101 - it has compared
    assert script.downgrade_ops is not None  # noqa: S101 - the same
    steps.ops = list(_with_renamed_tables(steps.ops, dialect, answers))
    for each in steps.ops:
        if isinstance(each, ops.ModifyTableOps):
            each.ops = list(_with_renamed_columns(each, dialect, answers))
    steps.reverse_into(script.downgrade_ops)
    for each in script.downgrade_ops.ops:
        if isinstance(each, ops.ModifyTableOps):
            each.ops = list(map(_without_need, each.ops))
    steps.ops = [step for each in steps.ops for step in _with_values(each, answers)]
    if dialect.name in MYSQL:
        for found in (steps, script.downgrade_ops):
            found.ops = list(_keys_first(found.ops))


def _keys_first(steps: list[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """MariaDB keeps an index as long as a foreign key needs it: keys go first, and tables with all that they have."""
    gone = {each.table_name for each in steps if isinstance(each, ops.DropTableOp)}
    for each in steps:
        if isinstance(each, ops.ModifyTableOps):
            if each.table_name in gone:
                continue
            each.ops = sorted(each.ops, key=lambda step: not isinstance(step, ops.DropConstraintOp))
        yield each


_COLLATED = re.compile(r"( CHARACTER SET \w+)?( COLLATE \w+)?$")
_WIDTH = re.compile(r"^(\w*INT(?:EGER)?)\(\d+\)")
_ALIKE = {
    "FLOAT": "DOUBLE PRECISION",
    "SERIAL": "INTEGER",
    "BIGSERIAL": "BIGINT",
    "BOOL": "TINYINT(1)",
    "JSON": "LONGTEXT",
}
"""What is told of columns that were made by another name, or as another type of the same values."""


def spelled(type_: Any, dialect: sa.Dialect) -> str:
    """A type in SQL, the same for a column of a model and for what the database tells of it."""
    text = str(type_.compile(dialect=dialect)).upper()
    if dialect.name in MYSQL:
        text = _COLLATED.sub("", text)
        text = text if text == "TINYINT(1)" else _WIDTH.sub(r"\1", text)
    return _ALIKE.get(text, text)


def _signature(columns: Iterator[sa.Column[Any]], dialect: sa.Dialect) -> list[tuple[str, str]]:
    return sorted((column.name, spelled(column.type, dialect)) for column in columns)


def _with_renamed_tables(
    steps: list[ops.MigrateOperation], dialect: sa.Dialect, answers: Answers
) -> Iterator[ops.MigrateOperation]:
    """Each table that goes is put beside each that comes with the same columns."""
    made = [each for each in steps if isinstance(each, ops.CreateTableOp)]
    renamed: dict[str, str] = {}
    first: list[ops.MigrateOperation] = []
    constraints: list[ops.MigrateOperation] = []
    last: list[ops.MigrateOperation] = []
    for gone in [each for each in steps if isinstance(each, ops.DropTableOp)]:
        old = gone.to_table()
        for new in made:
            same = _signature(iter(old.columns), dialect) == _signature(iter(new.to_table().columns), dialect)
            if not same or new.table_name in renamed.values():
                continue
            if answers.renamed("table", gone.table_name, new.table_name):
                renamed[gone.table_name] = new.table_name
                constraints += _with_renamed_constraints(old, new.to_table(), dialect)
                if dialect.name in MYSQL:
                    first += _without_keys(old)
                    last += _with_keys(new.to_table())
                break
    yield from first
    before: list[ops.MigrateOperation] = [each for each in steps if isinstance(each, ChangeIndex) and not each.making]
    before += [each for each in steps if isinstance(each, ops.ModifyTableOps) and each.table_name in renamed]
    yield from before  # indexes go under the old name
    for name, new_name in renamed.items():
        yield RenameTable(name, new_name)
    yield from constraints
    for each in steps:
        name = getattr(each, "table_name", "")
        if each in before or (isinstance(each, ops.DropTableOp) and name in renamed):
            continue
        if isinstance(each, ops.CreateTableOp) and name in renamed.values():
            continue
        yield each
    yield from last


def _without_keys(old: sa.Table) -> Iterator[ops.MigrateOperation]:
    """On MariaDB and MySQL a foreign key holds its index: it goes before the indexes do."""
    keys = [
        _dropped(_added(one, old.name)) for kind, one in _constraints(old).items() if kind[0] is not sa.UniqueConstraint
    ]
    if keys:
        yield ops.ModifyTableOps(old.name, keys)


def _with_keys(new: sa.Table) -> Iterator[ops.MigrateOperation]:
    """And comes back after them, with what is unique, which went as an index."""
    made = [_added(one, new.name) for one in _constraints(new).values()]
    if made:
        yield ops.ModifyTableOps(new.name, made)


def _with_renamed_constraints(old: sa.Table, new: sa.Table, dialect: sa.Dialect) -> Iterator[ops.MigrateOperation]:
    """The constraints of a table are called after it, and keep their names when it gets another one.

    On MariaDB and MySQL, where they are indexes or hold them, they are made anew.
    """
    before, after = _constraints(old), _constraints(new)
    if dialect.name not in MYSQL and before.keys() != after.keys():
        gone = [_dropped(_added(one, new.name)) for key, one in before.items() if key not in after]
        made = [_added(one, new.name) for key, one in after.items() if key not in before]
        yield ops.ModifyTableOps(new.name, [*gone, *made])
    pairs = [(before[key], after[key]) for key in before if key in after and before[key].name != after[key].name]
    if dialect.name == "postgresql":
        for one, other in pairs:
            yield RenameConstraint(new.name, str(one.name), str(other.name))
    elif pairs and dialect.name not in MYSQL:
        drops = [_dropped(_added(one, new.name)) for one, _ in pairs]
        yield ops.ModifyTableOps(new.name, [*drops, *(_added(other, new.name) for _, other in pairs)])


Named = sa.UniqueConstraint | sa.ForeignKeyConstraint


def _constraints(table: sa.Table) -> dict[tuple[type[Named], tuple[str, ...]], Named]:
    """What has a name of the table's: keys to others and what is unique, by its columns."""
    found = [one for one in table.constraints if isinstance(one, Named) and one.name]
    return {(type(one), tuple(column.name for column in one.columns)): one for one in found}


def _added(one: Named, table: str) -> ops.AddConstraintOp:
    """What makes a constraint."""
    columns = [column.name for column in one.columns]
    waits: Any = {"deferrable": one.deferrable, "initially": one.initially} if one.deferrable else {}
    if isinstance(one, sa.UniqueConstraint):
        return ops.CreateUniqueConstraintOp(str(one.name), table, columns, **waits, **one.dialect_kwargs)
    target, _, column = one.elements[0]._get_colspec().rpartition(".")
    return ops.CreateForeignKeyOp(str(one.name), table, target, columns, [column], ondelete=one.ondelete, **waits)


def _dropped(added: Any) -> ops.DropConstraintOp:
    kind = "unique" if isinstance(added, ops.CreateUniqueConstraintOp) else "foreignkey"
    table = added.source_table if kind == "foreignkey" else added.table_name
    return ops.DropConstraintOp(added.constraint_name, table, type_=kind, _reverse=added)


def _with_renamed_columns(
    steps: ops.ModifyTableOps, dialect: sa.Dialect, answers: Answers
) -> Iterator[ops.MigrateOperation]:
    """Each column that goes is put beside each that comes with the same type."""
    gone = [each for each in steps.ops if isinstance(each, ops.DropColumnOp)]
    taken: set[ops.MigrateOperation] = set()
    for new in [each for each in steps.ops if isinstance(each, ops.AddColumnOp)]:
        for old in gone:
            column = old.to_column()
            if old in taken or not _alike(column, new.column, dialect):
                continue
            if answers.renamed("column", f"{steps.table_name}.{old.column_name}", new.column.name):
                taken |= {old, new}
                yield RenameColumn(
                    steps.table_name,
                    old.column_name,
                    existing_type=new.column.type,
                    existing_nullable=new.column.nullable,
                    modify_name=new.column.name,
                )
                break
    yield from (each for each in steps.ops if each not in taken)


def _alike(old: sa.Column[Any], new: sa.Column[Any], dialect: sa.Dialect) -> bool:
    types = (spelled(column.type, dialect) for column in (old, new))
    return old.nullable == new.nullable and len(set(types)) == 1


def _with_values(step: ops.MigrateOperation, answers: Answers) -> Iterator[ops.MigrateOperation]:
    """New columns that must not be null get there in three steps: empty, filled, NOT NULL."""
    if not isinstance(step, ops.ModifyTableOps):
        yield step
        return
    first: list[ops.MigrateOperation] = []
    fills: list[ops.MigrateOperation] = []
    late: list[ops.MigrateOperation] = []
    for each in step.ops:
        if isinstance(each, ops.AddColumnOp) and _needs_value(each.column):
            column, name = each.column, each.column.name
            empty = sa.Column(name, column.type, nullable=True, comment=column.comment)
            change: dict[str, Any] = {"existing_type": column.type, "existing_nullable": True, "modify_nullable": False}
            first.append(ops.AddColumnOp(step.table_name, empty))
            fills.append(FillColumn(step.table_name, name, column.type, _value(step.table_name, column, answers)))
            late.append(ops.AlterColumnOp(step.table_name, name, **change))
        else:
            (late if _is_constraint(each) else first).append(each)
    yield ops.ModifyTableOps(step.table_name, first if fills else step.ops, schema=step.schema)
    yield from fills
    if fills:
        yield ops.ModifyTableOps(step.table_name, late, schema=step.schema)


def _is_constraint(step: ops.MigrateOperation) -> bool:
    return isinstance(step, ops.AddConstraintOp | ops.CreateIndexOp)


def _needs_value(column: sa.Column[Any]) -> bool:
    return not column.nullable and column.server_default is None and column.computed is None and not column.primary_key


def _without_need(step: ops.MigrateOperation) -> ops.MigrateOperation:
    """On the way back a column that was dropped comes again, but not what was in it."""
    if isinstance(step, ops.AddColumnOp) and _needs_value(step.column):
        return ops.AddColumnOp(step.table_name, sa.Column(step.column.name, step.column.type, nullable=True))
    return step


def _fields(table: str) -> tuple[Any, ...]:
    model = registry.models.get(table)
    return () if model is None else model._meta.local


def _value(table: str, column: sa.Column[Any], answers: Answers) -> Any:
    for field in _fields(table):
        if column.name in (field.attname, field.db_column):
            given = field.default is not REQUIRED and not callable(field.default)
            return field.clean(field.default if given else answers.value(table, column.name))
    return answers.value(table, column.name)  # of a table between two models
