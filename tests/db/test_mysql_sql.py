"""MariaDB's words for what others say differently."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from spruce.db.mysql_sql import MariaDB, MySQL

TABLE = sa.Table(
    "t", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("name", sa.Text), sa.Column("at", sa.DateTime)
)
ID, NAME = TABLE.c.id, TABLE.c.name


def sql(element: Any, dialect: sa.Dialect | None = None) -> str:
    return " ".join(str(element.compile(dialect=dialect or MariaDB())).split())


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (sa.func.sum(ID).filter(ID > 1), "sum(CASE WHEN (t.id > ?) THEN t.id END)"),
        (sa.func.count().filter(ID > 1), "count(CASE WHEN (t.id > ?) THEN 1 END)"),
        (sa.func.count(ID.distinct()).filter(ID > 1), "count(DISTINCT CASE WHEN (t.id > ?) THEN t.id END)"),
        (ID.desc().nulls_last(), "t.id IS NULL, t.id DESC"),
        (ID.asc().nulls_first(), "t.id IS NULL DESC, t.id ASC"),
        (sa.func.strpos(NAME, "a"), "LOCATE(?, t.name)"),
        (sa.func.length(NAME), "CHAR_LENGTH(t.name)"),
        (sa.cast(ID, sa.Double()), "CAST(t.id AS DOUBLE)"),
        (sa.cast(ID, sa.Numeric()), "CAST(t.id AS DECIMAL(65, 30))"),
        (sa.select(ID).where(ID.in_(sa.select(ID).limit(1))),
         "SELECT t.id FROM t WHERE t.id IN (SELECT found.id FROM (SELECT t.id AS id FROM t LIMIT ?) AS found)"),
        (sa.delete(TABLE).where(ID.in_(sa.select(ID))),
         "DELETE FROM t WHERE t.id IN (SELECT found.id FROM (SELECT t.id AS id FROM t) AS found)"),
    ],
)  # fmt: skip
def test_what_is_written(element: Any, text: str) -> None:
    """In the words of MariaDB."""
    assert sql(element) == text


def test_tables() -> None:
    """Texts of any length, microseconds, and a collation that tells letters apart; for each of the two its own."""
    text = "CREATE TABLE t ( id INTEGER, name LONGTEXT, at DATETIME(6) )CHARSET=utf8mb4 COLLATE="
    assert sql(CreateTable(TABLE)) == f"{text}utf8mb4_nopad_bin"
    assert sql(CreateTable(TABLE), MySQL()) == f"{text}utf8mb4_0900_bin"
    assert sql(CreateTable(TABLE), MySQL("utf8mb4_bin")) == f"{text}utf8mb4_bin"


def test_locks() -> None:
    """MySQL knows of whose rows they are."""
    select = sa.select(ID).with_for_update(of=TABLE, nowait=True)
    assert sql(select) == "SELECT t.id FROM t FOR UPDATE NOWAIT"
    assert sql(select, MySQL()) == "SELECT t.id FROM t FOR UPDATE OF t NOWAIT"
