"""What is done on an open connection to SQLite."""

import sqlite3
from contextlib import closing

from spruce.db.sqlite_actions import count_rows, fetch_rows, outcome_of, row_number, within_range


def test_what_statements_give() -> None:
    """Rows, counts, numbers, or all of that."""
    with closing(sqlite3.connect(":memory:")) as raw:
        assert outcome_of(raw, "CREATE TABLE t (n)", ()) == ([], [], -1, 0)
        assert row_number(raw, "INSERT INTO t VALUES (?)", (5,)) == 1
        assert count_rows(raw, "UPDATE t SET n = n + 1", ()) == 1
        assert fetch_rows(raw, "SELECT n FROM t", ()) == [(6,)]
        assert outcome_of(raw, "SELECT n, n * 2 AS twice FROM t", ())[:2] == (["n", "twice"], [(6, 12)])


def test_large_numbers_fit() -> None:
    """As floats that are larger than all that is stored."""
    assert within_range([2**63, -(10**400), 2**63 - 1, "x"]) == [float(2**63), -1e300, 2**63 - 1, "x"]
