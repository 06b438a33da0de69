"""The dialects that migrations of MariaDB and MySQL are written and run with; see also test_migrations.py."""

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from spruce.db.migrating import DRIVERNAMES
from spruce.db.mysql_sql import COLLATIONS


def test_sqlalchemy_finds_them() -> None:
    """By the names that migrations use; they make tables as create_all() does."""
    table = sa.Table("t", sa.MetaData(), sa.Column("at", sa.DateTime()), sa.Column("key", sa.Uuid()))
    for name, drivername in DRIVERNAMES.items():
        dialect = sa.URL.create(drivername).get_dialect()()
        text = " ".join(str(CreateTable(table).compile(dialect=dialect)).split())
        assert text == f"CREATE TABLE t ( at DATETIME(6), `key` CHAR(32) )CHARSET=utf8mb4 COLLATE={COLLATIONS[name]}"
