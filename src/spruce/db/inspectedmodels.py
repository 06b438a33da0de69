"""The source of one model, from a table that was found in a database."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from spruce.db.autodetect import spelled
from spruce.db.inspectedconditions import LITERAL, as_q, python_text
from spruce.db.pythonnames import field_name
from spruce.db.types import MYSQL

__all__ = ["Found", "InspectedModel"]

_NEAR: tuple[tuple[type[Any], str], ...] = (
    (sa.Boolean, "BooleanField"),
    (sa.BigInteger, "BigIntegerField"),
    (sa.SmallInteger, "SmallIntegerField"),
    (sa.Integer, "IntegerField"),
    (sa.Float, "FloatField"),
    (sa.DateTime, "DateTimeField"),
    (sa.Date, "DateField"),
    (sa.Time, "TimeField"),
    (sa.Interval, "DurationField"),
    (sa.JSON, "JSONField"),
    (sa.Uuid, "UUIDField"),
    (sa.LargeBinary, "BinaryField"),
)
_ACTIONS = {"CASCADE": "CASCADE", "SET NULL": "SET_NULL", "RESTRICT": "RESTRICT", "SET DEFAULT": "SET_DEFAULT"}
_NOW = re.compile(r"now\(\)|current_timestamp(\(\d?\))?", re.IGNORECASE)
_POSITIVE = re.compile(r'\(*[`"\[]?(\w+)[`"\]]?\)* ?>= ?\(?0\)*')


@dataclass
class Found:
    """What was found in a database, and what was made of it so far."""

    dialect: sa.Dialect
    tables: sa.MetaData
    unread: dict[str, list[str]]  # the SQL of indexes that SQLAlchemy does not read, by table
    exact: dict[str, str]  # the fields whose type is just that of a column, by its SQL
    names: dict[str, str] = field(default_factory=dict)  # of models, by table
    done: set[str] = field(default_factory=set)  # the tables whose models are written
    fields: dict[str, dict[str, str]] = field(default_factory=dict)  # of models, by table and column


class InspectedModel:
    """One model, while it is written."""

    def __init__(self, found: Found, table: sa.Table) -> None:
        self.found = found
        self.table = table
        self.name = found.names[table.name]
        self.fields: dict[str, str] = {}  # by column
        found.fields[table.name] = self.fields
        self.comments: list[str] = []
        self.uniques = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
        self.checks = [one for one in table.constraints if isinstance(one, sa.CheckConstraint)]
        self.indexes = sorted(table.indexes, key=lambda index: str(index.name))
        if found.dialect.name in MYSQL:  # where what is unique is an index
            standard = [each for each in self.indexes if each.unique and self._is_standard(each)]
            self.uniques += [sa.UniqueConstraint(*each.columns, name=str(each.name)) for each in standard]
            self.indexes = [each for each in self.indexes if each not in standard]
        signed = (_POSITIVE.fullmatch(str(check.sqltext)) for check in self.checks)
        self.positive = {match[1] for match in signed if match is not None}

    def source(self) -> str:
        """The text of the class."""
        lines = [line for column in self.table.columns for line in self._field(column)]
        options = list(self._meta())
        self.comments += [f"An index of expressions: {sql}" for sql in self.found.unread.get(self.table.name, ())]
        body = [*lines, *([""] if lines else []), "class Meta:", *(f"    {line}" for line in options)]
        comments = [f"# {line}" for comment in self.comments for line in comment.splitlines()]
        text = [*comments, f"class {self.name}(db.Model):", *(f"    {line}" if line else "" for line in body)]
        return "\n".join(text)

    # ---- fields -----------------------------------------------------------------------------------------------------

    def _field(self, column: sa.Column[Any]) -> Iterator[str]:
        key = self._foreign_key(column)
        if key is not None:
            yield self._relation(column, key)
            return
        name = self.fields[column.name] = self._name(column.name)
        if column.primary_key and self._counts(column):
            if name != "id" or column.name != "id" or self._bits(column):
                yield f"{name} = db.AutoField({_arguments([*self._bits(column), *self._column_name(name, column)])})"
            return
        for pointing in column.foreign_keys:
            self.comments.append(f"{column.name} points to {pointing._get_colspec()}, which no ForeignKey can")
        if column.computed is not None:
            self.comments.append(f"{column.name} is computed by the database: {column.computed.sqltext}")
        kind, arguments, comment = self._kind(column)
        options = [*arguments, *self._options(column), *self._column_name(name, column)]
        yield f"{name} = db.{kind}({_arguments(options)}){comment}"

    def _name(self, column: str) -> str:
        return field_name(column, {*self.fields.values(), *(f"{name}_id" for name in self.fields.values())})

    def _counts(self, column: sa.Column[Any]) -> bool:
        """Whether the database counts up the numbers of a primary key."""
        if not isinstance(column.type, sa.Integer):
            return False
        default = str(getattr(column.server_default, "arg", ""))
        by_itself = self.found.dialect.name != "postgresql"
        return by_itself or column.identity is not None or default.startswith("nextval(")

    def _bits(self, column: sa.Column[Any]) -> list[str]:
        if self.found.dialect.name == "sqlite" or isinstance(column.type, sa.BigInteger):
            return []
        return [f"bits={16 if isinstance(column.type, sa.SmallInteger) else 32}"]

    def _column_name(self, name: str, column: sa.Column[Any]) -> list[str]:
        return [] if name == column.name else [f"db_column={python_text(column.name)}"]

    def _kind(self, column: sa.Column[Any]) -> tuple[str, list[str], str]:
        """The class of a field, what it is given for that, and what is to be said about it."""
        type_ = column.type
        text = spelled(type_, self.found.dialect)
        if isinstance(type_, sa.String) and text.startswith(("VARCHAR", "CHARACTER VARYING")):
            return "CharField", [f"max_length={type_.length}"], ""
        exact = self.found.exact.get(text)
        if exact is not None:
            positive = column.name in self.positive and exact.endswith("IntegerField")
            return f"Positive{exact}" if positive else exact, [], ""
        if isinstance(type_, sa.Numeric) and not isinstance(type_, sa.Float):
            given = type_.precision is not None
            digits, places = (type_.precision, type_.scale or 0) if given else (30, 10)
            if self.found.dialect.name == "sqlite":
                return "FloatField", [], f"{_is(text)}; a DecimalField keeps its values in another way"
            return "DecimalField", [f"max_digits={digits}", f"decimal_places={places}"], "" if given else _is(text)
        near = next((name for kind, name in _NEAR if isinstance(type_, kind)), "TextField")
        return near, [], _is(text)

    def _options(self, column: sa.Column[Any]) -> Iterator[str]:
        if column.primary_key:
            yield "primary_key=True"
        elif column.nullable:
            yield "null=True"
        if self._is_unique(column):
            yield "unique=True"
        if any(self._is_plain(index) and column.name == index.columns[0].name for index in self.indexes):
            yield "db_index=True"
        yield from self._default(column)
        if column.comment:
            yield f"db_comment={python_text(column.comment)}"

    def _default(self, column: sa.Column[Any]) -> Iterator[str]:
        if column.server_default is None or column.computed is not None:
            return
        text = str(getattr(column.server_default, "arg", ""))
        if _NOW.fullmatch(text) and isinstance(column.type, sa.DateTime):
            yield "db_default=db.Now()"
            return
        literal = LITERAL.fullmatch(text)
        if literal is None:
            self.comments.append(f"{column.name} has a default of the database: {text}")
            return
        value = literal[1]
        if value[0] == "'":
            plain = value[1:-1].replace("''", "'")
            if isinstance(column.type, sa.String):
                yield f"db_default={python_text(plain)}"
            return
        if self._kind(column)[0] == "BooleanField":
            yield f"db_default={value.lower() in ('true', '1')}"
        elif isinstance(column.type, sa.Numeric | sa.Integer):
            yield f"db_default={value}"

    # ---- relations --------------------------------------------------------------------------------------------------

    def _foreign_key(self, column: sa.Column[Any]) -> sa.ForeignKeyConstraint | None:
        """What makes a column a ForeignKey: it points to the key, or what is unique, of a table that has a model."""
        for constraint in sorted(self.table.foreign_key_constraints, key=lambda one: str(one.name)):
            if column.name in constraint.column_keys and self._leads_to_a_key(constraint):
                return constraint
        return None

    def _leads_to_a_key(self, constraint: sa.ForeignKeyConstraint) -> bool:
        if len(constraint.elements) > 1:
            return False
        target, column = self.found.tables.tables.get(_target(constraint)), _target_column(constraint)
        if target is None or target.name not in self.found.names:
            return False
        if [each.name for each in target.primary_key.columns] == [column]:
            return True
        return column in self.found.fields.get(target.name, ()) and _is_unique_in(target, column)

    def _relation(self, column: sa.Column[Any], constraint: sa.ForeignKeyConstraint) -> str:
        target = _target(constraint)
        name = self.fields[column.name] = self._name(column.name.removesuffix("_id") or column.name)
        model = self.found.names[target]
        shown = '"self"' if target == self.table.name else model if target in self.found.done else python_text(model)
        single = self._is_unique(column) or column.primary_key
        options = [shown, f"db.{_ACTIONS.get(str(constraint.ondelete).upper(), 'DO_NOTHING')}"]
        if _target_column(constraint) not in self.found.tables.tables[target].primary_key.columns:
            options.append(f"to_field={python_text(self.found.fields[target][_target_column(constraint)])}")
        if not self._is_first(target, column):
            options.append(f"related_name={python_text(f'{self.name.lower()}_{name}')}")
        if column.primary_key:
            options.append("primary_key=True")
        elif column.nullable:
            options.append("null=True")
        if not single and not any(self._is_plain(i) and i.columns[0].name == column.name for i in self.indexes):
            options.append("db_index=False")
        if column.name != f"{name}_id":
            options.append(f"db_column={python_text(column.name)}")
        if column.comment:
            options.append(f"db_comment={python_text(column.comment)}")
        return f"{name} = db.{'OneToOneField' if single else 'ForeignKey'}({', '.join(options)})"

    def _is_first(self, target: str, column: sa.Column[Any]) -> bool:
        """Whether it is the first that points to a table, so that the name of the other side is free."""
        for each in self.table.columns:
            if each.name == column.name:
                return True
            key = self._foreign_key(each)
            if key is not None and _target(key) == target:
                return False
        return True

    # ---- indexes and constraints ------------------------------------------------------------------------------------

    def _is_unique(self, column: sa.Column[Any]) -> bool:
        return any(self._is_standard(one) and one.columns[0].name == column.name for one in self.uniques)

    def _is_standard(self, unique: sa.UniqueConstraint | sa.Index) -> bool:
        """Whether a constraint is what `unique=True` makes."""
        columns = [column.name for column in unique.columns]
        return len(columns) == 1 and unique.name in (None, f"{self.table.name}_{columns[0]}_key")

    def _is_plain(self, index: sa.Index) -> bool:
        """Whether an index is what `db_index=True` makes."""
        columns = list(index.columns)
        standard = len(columns) == 1 and index.name == f"ix_{self.table.name}_{columns[0].name}"
        return standard and not index.unique and not self._peculiar(index) and not self._condition(index)

    def _condition(self, index: sa.Index) -> str:
        """What an index says of its rows, as a Q; empty when it says nothing, or what is not understood."""
        wheres = [
            str(value) for key, value in index.dialect_kwargs.items() if key.endswith("_where") and value is not None
        ]
        told = [as_q(where, self.table, self.fields) for where in wheres]
        return " & ".join(told) if all(told) else ""

    def _peculiar(self, index: sa.Index) -> str:
        """What an index has that models cannot say."""
        options = {key: value for key, value in index.dialect_kwargs.items() if value not in (None, [], {}, False)}
        where = next((str(value) for key, value in options.items() if key.endswith("_where")), "")
        method = str(options.get("postgresql_using") or "btree")
        if where and not self._condition(index):
            return f"is of some rows only: WHERE {where}"
        if method != "btree":
            return f"is made USING {method}"
        plain = all(isinstance(part, sa.Column) or _ordered(part) is not None for part in index.expressions)
        return "" if plain else f"is of expressions: {', '.join(map(str, index.expressions))}"

    def _meta(self) -> Iterator[str]:
        yield f"db_table = {python_text(self.table.name)}"
        if self.table.comment:
            yield f"db_table_comment = {python_text(self.table.comment)}"
        indexes = list(self._indexes())
        if indexes:
            yield from ("indexes = [", *(f"    {index}," for index in indexes), "]")
        constraints = list(self._constraints())
        if constraints:
            yield from ("constraints = [", *(f"    {constraint}," for constraint in constraints), "]")

    def _indexes(self) -> Iterator[str]:
        for index in self.indexes:
            peculiar = self._peculiar(index)
            if peculiar:
                self.comments.append(f"The {'unique ' if index.unique else ''}index {index.name} {peculiar}")
            elif not index.unique and not self._is_plain(index):
                parts = [_ordered(part) or ("", str(getattr(part, "name", part))) for part in index.expressions]
                named = ", ".join(f'"{sign}{self.fields[name]}"' for sign, name in parts)
                condition = self._condition(index)
                rest = f", condition={condition}" if condition else ""
                yield f"db.Index(fields=[{named}], name={python_text(str(index.name))}{rest})"

    def _constraints(self) -> Iterator[str]:
        for unique in sorted(self.uniques, key=lambda one: str(one.name)):
            if not self._is_standard(unique):
                columns = [column.name for column in unique.columns]
                name = unique.name or f"{self.table.name}_{'_'.join(columns)}_key"
                named = ", ".join(f'"{self.fields[column]}"' for column in columns)
                yield f"db.UniqueConstraint(fields=[{named}], name={python_text(str(name))})"
        for index in self.indexes:
            if index.unique and not self._peculiar(index):
                named = ", ".join(f'"{self.fields[str(column.name)]}"' for column in index.columns)
                condition = self._condition(index)
                given = f"fields=[{named}], condition={condition}" if condition else named
                yield f"db.UniqueConstraint({given}, name={python_text(str(index.name))})"
        for check in self.checks:
            if _POSITIVE.fullmatch(str(check.sqltext)) is None:
                self.comments.append(f"The database checks{f' {check.name}' if check.name else ''}: {check.sqltext}")


def _ordered(part: Any) -> tuple[str, str] | None:
    """The sign and the column of a part of an index that has a direction."""
    modifier = getattr(part, "modifier", None)
    element = getattr(part, "element", None)
    if modifier is sa.sql.operators.desc_op and isinstance(element, sa.Column):
        return "-", element.name
    return None


def _is_unique_in(table: sa.Table, column: str) -> bool:
    """Whether no two rows of a table have the same value in a column."""
    uniques = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    return any([one.name for one in each.columns] == [column] for each in uniques)


def _target_column(constraint: sa.ForeignKeyConstraint) -> str:
    column: str = constraint.elements[0]._get_colspec().rpartition(".")[2]
    return column


def _target(constraint: sa.ForeignKeyConstraint) -> str:
    table: str = constraint.elements[0]._get_colspec().rpartition(".")[0]
    return table


def _is(text: str) -> str:
    return f"  # it is {' '.join(text.split())} in the database"


def _arguments(options: Iterable[str]) -> str:
    return ", ".join(options)
