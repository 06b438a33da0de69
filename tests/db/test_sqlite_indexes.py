"""Indexes of expressions on SQLite: kept when a table is copied, see also test_migrations.py."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from spruce.db.sqlite_indexes import ChangeIndex, keep_indexes
from spruce.errors import MigrationError


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    """A table with an index of an expression and another."""
    engine = sa.create_engine("sqlite://")
    keep_indexes(engine)
    with engine.connect() as connection:
        for sql in (
            "CREATE TABLE t (name TEXT)",
            "CREATE INDEX low ON t (lower(name))",
            "CREATE INDEX plain ON t (name)",
        ):
            connection.exec_driver_sql(sql)
        yield connection


def copy(connection: sa.Connection, column: str) -> list[str]:
    """Replace the table by a copy, as Alembic does; the names of the indexes."""
    for sql in (
        f"CREATE TABLE _alembic_tmp_t ({column} TEXT)",
        f"INSERT INTO _alembic_tmp_t ({column}) SELECT name FROM t",
        "DROP TABLE t",
        "ALTER TABLE _alembic_tmp_t RENAME TO t",
    ):
        connection.exec_driver_sql(sql)
    return [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")]


def test_the_copy_of_a_table_has_the_indexes_that_alembic_does_not_see(connection: sa.Connection) -> None:
    assert copy(connection, "name") == ["low"]  # the others are Alembic's to make


def test_an_index_that_no_longer_fits_is_an_error(connection: sa.Connection) -> None:
    with pytest.raises(MigrationError) as caught:
        copy(connection, "title")
    assert str(caught.value) == (
        "the index low does not fit the table as it is now: no such column: name. Nothing was changed. "
        "Let the migration begin with op.execute('DROP INDEX low')."
    )


def test_a_table_that_goes_takes_its_indexes_along(connection: sa.Connection) -> None:
    for sql in ("DROP TABLE t", "CREATE TABLE t (name TEXT)"):
        connection.exec_driver_sql(sql)
    assert copy(connection, "name") == []


def test_a_change_can_be_told_and_undone() -> None:
    made = ChangeIndex("low", "CREATE INDEX low ON t (lower(name))", making=True)
    assert made.to_diff_tuple() == ("add_index", "low")
    assert made.reverse().to_diff_tuple() == ("remove_index", "low")
    assert made.reverse().reverse().sql == made.sql
