"""SQLite's words for tables."""

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from spruce.db.sqlite_sql import Dialect
from spruce.errors import ModelError

REFUSED = (
    "the constraint 'once' has nulls_distinct=False, which sqlite cannot hold. It needs PostgreSQL 15. Elsewhere put a "
    "UniqueConstraint of the other fields beside it, with condition=Q(field__isnull=True)."
)


def table(*parts: sa.schema.SchemaItem) -> sa.Table:
    """A table of one column."""
    return sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), *parts)


def test_only_foreign_keys_wait() -> None:
    """What is unique holds at once."""
    made = table(
        sa.Column("b", sa.ForeignKey("t.a", deferrable=True, initially="DEFERRED")),
        sa.UniqueConstraint("a", name="once", deferrable=True, initially="DEFERRED"),
    )
    sql = " ".join(str(CreateTable(made).compile(dialect=Dialect())).split())
    assert sql == (
        "CREATE TABLE t ( a INTEGER, b INTEGER, CONSTRAINT once UNIQUE (a), "
        "FOREIGN KEY(b) REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED )"
    )


def test_nulls_are_never_equal() -> None:
    """What wants it is refused."""
    unique = table(sa.UniqueConstraint("a", name="once", postgresql_nulls_not_distinct=True))
    with pytest.raises(ModelError) as refused:
        CreateTable(unique).compile(dialect=Dialect())
    assert str(refused.value) == REFUSED
    index = sa.Index("once", table().c.a, unique=True, postgresql_nulls_not_distinct=True)
    with pytest.raises(ModelError) as refused:
        CreateIndex(index).compile(dialect=Dialect())
    assert str(refused.value) == REFUSED
