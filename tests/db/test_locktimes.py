"""Steps that lock big tables, and what is said of them."""

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql, sqlite

from spruce.db.locktimes import warnings


def steps(*inner: ops.MigrateOperation) -> ops.UpgradeOps:
    return ops.UpgradeOps([ops.CreateTableOp("new", []), ops.ModifyTableOps("product", list(inner))])


DEAR = (
    ops.CreateIndexOp("ix_name", "product", ["name"]),
    ops.AlterColumnOp("product", "price", modify_type=sa.Text()),
    ops.AlterColumnOp("product", "stock", modify_nullable=False),
    ops.CreateForeignKeyOp("product_maker_fkey", "product", "maker", ["maker_id"], ["id"]),
    ops.DropColumnOp("product", "old"),
)


def test_each_dear_step_is_told_with_what_to_do_instead() -> None:
    told = list(warnings(steps(*DEAR), postgresql.dialect()))
    assert [text.partition(". ")[0] for text in told] == [
        "product: making the index ix_name keeps everybody from writing",
        "product: another type for price writes the whole table anew, and nobody can read it meanwhile",
        "product: NOT NULL for stock reads the whole table while nobody can use it",
        "product: product_maker_fkey is checked for all rows while nobody can write",
        "product: programs that still run with the old code read old, and fail once it has gone",
    ]


def test_cheap_steps_and_sqlite_are_not() -> None:
    cheap = ops.AddColumnOp("product", sa.Column("note", sa.Text()))
    assert list(warnings(steps(cheap), postgresql.dialect())) == []
    assert list(warnings(steps(*DEAR), sqlite.dialect())) == []
