"""The primary's driver notes what is written; a copy's falls back on the primary."""

from collections.abc import Iterator
from typing import Any

import pytest

from spruce.db.outcomes import Outcome
from spruce.db.replicadrivers import Noting, Reading
from spruce.db.replicas import Replica
from spruce.errors import ConnectionLost, IntegrityError, OperationalError


class Inner:
    """A driver that answers with its name, or fails."""

    dialect: Any = None
    shown = "here"

    def __init__(self, name: str, failure: Exception | None = None) -> None:
        self.name = name
        self.failure = failure

    def _answer(self) -> str:
        if self.failure is not None:
            raise self.failure
        return self.name

    def rows(self, sql: str, parameters: Any, slow: bool = False) -> list[Any]:
        return [self._answer()]

    def outcome(self, sql: str, parameters: Any) -> Outcome:
        return Outcome([], [self._answer()], 1)

    def stream(self, sql: str, parameters: Any, size: int) -> Iterator[list[Any]]:
        if sql == "half":
            yield ["half"]
        yield [self._answer()]

    def change(self, sql: str, parameters: Any) -> int:
        return len(self._answer())

    def insert(self, sql: str, parameters: Any) -> str:
        return self._answer()

    def insert_many(self, sql: str, rows: Any, returns: bool) -> list[str]:
        return [self._answer()]

    def begin(self, isolation: str | None = None) -> "Inner":
        return self

    def stats(self) -> dict[str, int]:
        return {}

    def nothing(self, name: str = "") -> None:
        self._answer()

    commit = rollback = savepoint = release = rollback_to = close = nothing


@pytest.mark.parametrize(
    ("noted", "call"),
    [
        (0, lambda on: on.rows("SELECT 1", ())),
        (0, lambda on: on.outcome(" select 1", ())),
        (0, lambda on: list(on.stream("SELECT 1", (), 10))),
        (1, lambda on: on.rows("INSERT … RETURNING", ())),
        (1, lambda on: on.outcome("WITH …", ())),
        (1, lambda on: on.change("UPDATE …", ())),
        (1, lambda on: on.insert("INSERT …", ())),
        (1, lambda on: on.insert_many("INSERT …", [()], False)),
    ],
)
def test_what_may_write_is_noted(noted: int, call: Any) -> None:
    """By itself at once; in a transaction when it is committed, and only then."""
    times: list[int] = []
    driver = Noting(Inner("primary"), lambda: times.append(1))
    call(driver)
    assert len(times) == noted
    times.clear()
    transaction = driver.begin()
    call(transaction)
    transaction.savepoint("a")
    transaction.release("a")
    assert times == []
    transaction.commit()
    assert len(times) == noted
    transaction.rollback()
    assert len(times) == noted
    assert (driver.shown, transaction.shown) == ("here", "here")


def test_a_write_that_failed_may_have_been_done() -> None:
    """So it is noted too."""
    times: list[int] = []
    driver = Noting(Inner("primary", ConnectionLost("gone")), lambda: times.append(1))
    with pytest.raises(ConnectionLost):
        driver.change("UPDATE …", ())
    assert times == [1]


def reading(failure: Exception | None) -> tuple[Reading, Replica]:
    """The driver of a copy that fails."""
    copy = Replica("default.1", Inner("copy", failure), None)
    copy.answered_at = 5.0
    return Reading(copy, Inner("primary")), copy


def ask_all(driver: Reading) -> list[Any]:
    """What it answers in each way that reads."""
    streamed = [row for rows in driver.stream("SELECT", (), 10) for row in rows]
    return [*driver.rows("SELECT", ()), *driver.outcome("SELECT", ()).rows, *streamed]


def test_a_copy_that_is_well_answers_itself() -> None:
    """And is counted."""
    driver, copy = reading(None)
    assert ask_all(driver) == ["copy"] * 3
    assert (copy.reads, copy.fallbacks, copy.answered_at) == (3, 0, 5.0)


@pytest.mark.parametrize(("failure", "left"), [(ConnectionLost("gone"), True), (OperationalError("no table"), False)])
def test_what_a_copy_cannot_answer_is_asked_of_the_primary(failure: Exception, left: bool) -> None:
    """One that is lost is asked no more until it has said that it is well."""
    driver, copy = reading(failure)
    assert ask_all(driver) == ["primary"] * 3
    assert (copy.reads, copy.fallbacks, copy.answered_at < 0) == (3, 3, left)


def test_what_is_wrong_with_a_query_is_told_at_once() -> None:
    """Also that it was stopped because it took too long: the primary is not to do the same again."""
    stopped = OperationalError("it was stopped")
    stopped.__cause__ = Exception()
    stopped.__cause__.sqlstate = "57014"  # type: ignore[attr-defined] # as drivers do
    for failure in (stopped, IntegrityError("no")):
        driver, copy = reading(failure)
        for ask in (driver.rows, driver.outcome):
            with pytest.raises(type(failure)) as error:
                ask("SELECT", ())
            assert error.value is failure
        assert copy.fallbacks == 0


def test_a_stream_that_breaks_half_way_says_so() -> None:
    """Its reader has rows already, and would get them twice."""
    driver, _ = reading(ConnectionLost("gone"))
    found = driver.stream("half", (), 10)
    assert next(found) == ["half"]
    with pytest.raises(ConnectionLost):
        next(found)


def test_what_writes_is_the_primarys() -> None:
    """Whoever has the driver of a copy and writes by it."""
    driver, copy = reading(None)
    answers = [
        driver.insert("", ()),
        driver.insert_many("", [()], False),
        driver.change("", ()),
        driver.begin().name,
        driver.stats(),
        driver.close(),
    ]
    assert answers == ["primary", ["primary"], 7, "primary", {}, None]
    assert repr(driver) == repr(copy.driver)
    assert driver.dialect is None
