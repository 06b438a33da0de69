"""Plans of queries that were kept."""

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from spruce import db, green
from spruce.apm.plans import Plan, Query, explain, values_of
from spruce.db.databases import current

MAKE = "CREATE TABLE planned_book (id INTEGER PRIMARY KEY, pages INTEGER)"


def run(function: Callable[[], Any]) -> Any:
    """What a function gives in a green thread, when its connections are closed."""

    def main() -> Any:
        try:
            return function()
        finally:
            current().close()

    return green.run(main)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Make a table of books in a database of each kind; return the condition of a query that asks for their pages."""
    fixture = {"postgresql": "postgres", "mariadb": "mariadb"}.get(request.param)
    url = f"sqlite:///{tmp_path / 'books.db'}" if fixture is None else request.getfixturevalue(fixture)
    db.configure(DATABASES={"default": url})

    def make() -> None:
        driver = current()["default"].driver
        for statement in ("DROP TABLE IF EXISTS planned_book", MAKE):
            driver.change(statement, ())
        for number in range(20):
            driver.change(f"INSERT INTO planned_book VALUES ({number}, {number})", ())

    run(make)
    yield "pages > $1" if request.param == "postgresql" else "pages > ?"
    run(lambda: current()["default"].driver.change("DROP TABLE planned_book", ()))
    db.configure(DATABASES={})


def ask(sql: str, *parameters: str, measured: bool = False, **more: Any) -> Plan:
    query = Query(sql, parameters, more.get("cut", False), more.get("database", "default"))
    found: Plan = run(lambda: explain(query, measured=measured))
    return found


def count() -> int:
    return int(run(lambda: current()["default"].driver.rows("SELECT count(*) FROM planned_book", ()))[0][0])


def test_a_query_that_reads_all_of_a_table_is_found(books: str) -> None:
    plan = ask(f"SELECT id FROM planned_book WHERE {books}", "10")
    assert plan.problem == ""
    assert list(plan.whole) == ["planned_book"]
    assert "planned_book" in plan.text


def test_what_changes_rows_is_explained_and_not_done(books: str) -> None:
    plan = ask(f"DELETE FROM planned_book WHERE {books}", "10", measured=True)
    assert (plan.problem, plan.measurable) == ("", False)
    assert count() == 20


def test_a_select_is_measured_when_that_is_wanted(books: str) -> None:
    sql = f"SELECT id FROM planned_book WHERE {books}"
    plan, measured = ask(sql, "10"), ask(sql, "10", measured=True)
    if current()["default"].dialect.name == "sqlite":
        assert (plan.measurable, measured.text) == (False, plan.text)
        return
    assert plan.measurable
    assert measured.text != plan.text
    assert any(word in measured.text for word in ("actual time", "r_rows"))


def test_what_the_database_refuses_is_told(books: str) -> None:
    plan = ask("SELECT nothing FROM planned_book")
    assert "nothing" in plan.problem
    assert plan.text == ""


def test_what_is_no_query_has_no_plan(books: str) -> None:
    assert ask("CREATE TABLE x (y INT)").problem == "There is no plan for this kind of statement."
    assert ask("SELECT 1", database="other").problem.startswith("there is no database 'other'")


@pytest.mark.parametrize(
    "value",
    [
        1, -1.5, None, True, "it's", b"\0x", [1, 2], ["a"], Decimal("1.20"), UUID(int=7), float("inf"),
        datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        datetime.time(3, 4), datetime.timedelta(days=1, seconds=2),
    ],
)  # fmt: skip
def test_parameters_are_read_back(value: Any) -> None:
    assert values_of(Query("SELECT ?", [repr(value)], False, "default")) == [value]


@pytest.mark.parametrize(
    "text", ["__import__('os').system('x')", "open('x')", "datetime.datetime.now()", "<object at 0x1>", "Decimal(", "x"]
)
def test_nothing_but_plain_values_is_made_of_them(text: str) -> None:
    with pytest.raises(ValueError, match=r"^A parameter can't be read back from what was kept of it\.$"):
        values_of(Query("SELECT ?", [text], False, "default"))


def test_what_was_hidden_or_cut_is_said() -> None:
    with pytest.raises(ValueError, match=r"^Its parameters are hidden, as it speaks of something secret"):
        values_of(Query("SELECT ?", ["[hidden]"], False, "default"))
    with pytest.raises(ValueError, match=r"^Not all of its parameters were kept, as they are too many or too long\.$"):
        values_of(Query("SELECT ?", ["1"], True, "default"))
