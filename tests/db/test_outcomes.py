"""What a statement gives."""

from types import SimpleNamespace

from spruce.db.databases import current


def test_an_outcome_has_all(stocked: SimpleNamespace, backend: str) -> None:
    """Names and rows of queries; how many rows were touched; outside of PostgreSQL the number of a new one."""
    driver = current()["default"].driver
    found = driver.outcome("SELECT id AS number, name FROM t_maker ORDER BY id", ())
    assert (found.names, [tuple(row) for row in found.rows]) == (["number", "name"], [(1, "Steiff"), (2, "Nobody")])
    assert driver.outcome("UPDATE t_maker SET country = 'XX'", ()).touched == 2
    made = driver.outcome("INSERT INTO t_maker (name) VALUES ('new')", ())
    assert (made.touched, made.key) == (1, None if backend in ("postgresql", "psycopg") else 3)
