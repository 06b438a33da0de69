"""What is made of Alembic's comparison; whole migrations are in test_migrations.py."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.operations import ops
from sqlalchemy.dialects import sqlite

from spruce.db.autodetect import Answers, FillColumn, RenameColumn, RenameTable, improve, render_item
from spruce.db.types import Moment


def improved(*steps: ops.MigrateOperation, answers: Answers | None = None) -> ops.MigrationScript:
    script = ops.MigrationScript("1", ops.UpgradeOps(list(steps)), ops.DowngradeOps([]))
    improve(script, sqlite.dialect(), answers or Yes())
    return script


class Yes(Answers):
    def renamed(self, what: str, old: str, new: str) -> bool:
        return True

    def value(self, table: str, column: str) -> Any:
        return 5


def dropped(name: str, type_: Any, **options: Any) -> ops.DropColumnOp:
    return ops.DropColumnOp.from_column_and_tablename(None, "product", sa.Column(name, type_, **options))


def added(name: str, type_: Any, **options: Any) -> ops.AddColumnOp:
    return ops.AddColumnOp("product", sa.Column(name, type_, **options))


def inner(script: ops.MigrationScript) -> list[list[str]]:
    assert script.upgrade_ops is not None
    return [
        [type(each).__name__ for each in step.ops] if isinstance(step, ops.ModifyTableOps) else [type(step).__name__]
        for step in script.upgrade_ops.ops
    ]


def test_only_columns_of_one_type_are_taken_for_renamed() -> None:
    steps = [dropped("a", sa.Text()), added("b", sa.Integer()), added("c", sa.Text())]
    script = improved(ops.ModifyTableOps("product", steps))
    assert inner(script) == [["RenameColumn", "AddColumnOp"]]
    assert script.downgrade_ops is not None
    (back,) = script.downgrade_ops.ops
    assert isinstance(back, ops.ModifyTableOps)
    renamed = back.ops[-1]
    assert isinstance(renamed, RenameColumn)
    assert (renamed.column_name, renamed.modify_name) == ("c", "a")


def test_a_column_that_must_not_be_null_comes_in_three_steps() -> None:
    steps = [added("n", sa.Integer(), nullable=False), ops.CreateIndexOp("ix", "product", ["n"])]
    assert inner(improved(ops.ModifyTableOps("product", steps))) == [
        ["AddColumnOp"],
        ["FillColumn"],
        ["AlterColumnOp", "CreateIndexOp"],
    ]


def test_a_column_with_a_default_of_the_database_comes_in_one() -> None:
    steps = [added("n", sa.Integer(), nullable=False, server_default="5"), added("m", sa.Integer())]
    assert inner(improved(ops.ModifyTableOps("product", steps))) == [["AddColumnOp", "AddColumnOp"]]


def test_a_dropped_column_comes_back_without_what_was_in_it() -> None:
    script = improved(ops.ModifyTableOps("product", [dropped("n", sa.Integer(), nullable=False)]))
    assert script.downgrade_ops is not None
    (back,) = script.downgrade_ops.ops
    assert isinstance(back, ops.ModifyTableOps)
    (column,) = back.ops
    assert isinstance(column, ops.AddColumnOp)
    assert column.column.nullable is True


def test_a_renamed_table_can_be_renamed_back() -> None:
    table = sa.Table("old", sa.MetaData(), sa.Column("id", sa.Integer(), primary_key=True))
    new = sa.Table("new", sa.MetaData(), sa.Column("id", sa.Integer(), primary_key=True))
    script = improved(ops.CreateTableOp.from_table(new), ops.DropTableOp.from_table(table))
    assert inner(script) == [["RenameTable"]]
    assert script.downgrade_ops is not None
    (back,) = script.downgrade_ops.ops
    assert isinstance(back, RenameTable)
    assert (back.table_name, back.new_table_name) == ("new", "old")


@pytest.mark.parametrize("value", [Decimal("1.50"), uuid.UUID(int=1), dt.date(2026, 1, 1), "it's"])
def test_values_are_written_as_python_has_them(value: Any) -> None:
    code = render_python_code(ops.UpgradeOps([FillColumn("product", "n", sa.Integer(), value)]))
    assert f"op.execute(sa.table('product', sa.column('n', sa.Integer())).update().values({{'n': {value!r}}}))" in code


def test_types_of_ours_are_written_by_their_names() -> None:
    class Context:
        imports: set[str] = set()  # noqa: RUF012 - of this test

    assert render_item("type", Moment(), Context()) == "types.Moment()"  # type: ignore[arg-type]  # as much as is used
    assert Context.imports == {"from spruce.db import documents, types"}
    assert render_item("type", sa.Text(), Context()) is False  # type: ignore[arg-type]  # as above
    assert render_item("column", None, Context()) is False  # type: ignore[arg-type]  # as above
