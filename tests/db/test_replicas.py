"""Which copy of a database answers a read."""

from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import config, db
from spruce.db.databases import current
from spruce.db.opened import Open, innermost
from spruce.db.replicas import EVERYTHING, Replica, Replicas, Seen, primary, seen_here, start_anew
from spruce.errors import ConfigError, ConnectionLost


class Server:
    """A driver that answers with a position, or is gone."""

    def __init__(self, position: int | None = 0) -> None:
        self.position = position
        self.asked = self.aborted = 0

    def rows(self, sql: str, parameters: Any) -> list[tuple[int]]:
        self.asked += 1
        if self.position is None:
            raise ConnectionLost("it is gone")
        return [(self.position,)]

    def stats(self) -> dict[str, int]:
        return {"connections": 1}

    def abort(self) -> None:
        self.aborted += 1

    close = abort


class Watch:
    """Counts how often it was begun and ended."""

    begun = ended = 0

    def begin(self, replicas: Replicas) -> None:
        self.begun += 1

    def end(self) -> None:
        self.ended += 1


@pytest.fixture
def replicas() -> Replicas:
    """Two copies that are well and have replayed 100."""
    copies = [Replica(f"default.{i}", Server(), Server()) for i in (1, 2)]
    for copy in copies:
        copy.database = copy.name
        copy.note(100, 0.0, 10.0, monotonic())
    start_anew()
    return Replicas(SimpleNamespace(alias="default", driver=Server(100)), copies, 10.0, Watch())


def test_reads_of_one_who_wrote_nothing_stay_with_one_copy(replicas: Replicas) -> None:
    """Others are given the next; they are watched since somebody reads."""
    first = replicas.choose()
    assert [replicas.choose() for _ in range(3)] == [first] * 3
    start_anew()
    assert {first, replicas.choose()} == {"default.1", "default.2"}
    assert replicas._watch.begun == 1  # type: ignore[attr-defined] # the one above


def test_right_after_a_write_the_primary_answers_and_is_not_asked_where_it_is(replicas: Replicas) -> None:
    """A second later it is asked once, and copies answer that have come as far."""
    replicas.note_write()
    driver = replicas.primary.driver
    assert (replicas.choose(), driver.asked) == (replicas.primary, 0)
    seen_here()["default"].written_at -= 1.0
    driver.position = 101
    assert (replicas.choose(), replicas.choose(), driver.asked) == (replicas.primary, replicas.primary, 1)
    replicas.copies[1].note(101, 0.0, 10.0, monotonic())
    assert (replicas.choose(), driver.asked) == ("default.2", 1)


def test_a_primary_that_does_not_tell_where_it_is_has_to_answer_itself(replicas: Replicas) -> None:
    """Nobody knows which copy would do."""
    replicas.primary.driver.position = None
    seen = Seen()
    seen.written_at = 1.0
    replicas.settle(seen)
    assert (seen.position, seen.written_at) == (EVERYTHING, 0.0)


def test_what_is_written_while_the_primary_is_asked_still_counts(replicas: Replicas) -> None:
    """It may have come after the position that was told."""
    seen = Seen()
    seen.written_at = 1.0

    def rows(sql: str, parameters: Any) -> list[tuple[int]]:
        seen.written_at = 2.0
        return [(7,)]

    replicas.primary.driver = SimpleNamespace(rows=rows)
    replicas.settle(seen)
    assert (seen.position, seen.written_at) == (7, 2.0)


def test_the_primary_answers_inside_of_its_transactions(replicas: Replicas) -> None:
    """They are not to be seen anywhere else."""
    token = innermost.set(Open(replicas.primary, None, None))
    assert replicas.choose() is replicas.primary
    innermost.reset(token)
    assert replicas.choose() != replicas.primary


def test_the_primary_answers_where_that_is_asked_for(replicas: Replicas) -> None:
    with primary():
        assert replicas.choose() is replicas.primary
    assert replicas.choose() is not replicas.primary


@pytest.mark.parametrize("what", ["silent", "behind", "lost"])
def test_copies_that_are_not_well_are_not_asked(replicas: Replicas, what: str) -> None:
    """Neither those that said nothing for a second, nor those too far behind, nor those that were lost."""
    for copy in replicas.copies:
        if what == "silent":
            copy.answered_at -= 1.0
        elif what == "behind":
            copy.note(100, 10.5, 10.0, monotonic())
        else:
            copy.leave("it was killed")
            assert copy.driver.aborted == 1
    assert replicas.choose() is replicas.primary
    assert replicas.stats()["default.1"]["usable"] == 0
    replicas.copies[0].note(100, 0.0, 10.0, monotonic())
    assert replicas.choose() == "default.1"


def test_stats_and_the_end(replicas: Replicas) -> None:
    """What the driver counts, and what is known of the copy."""
    replicas.copies[0].reads = 3
    replicas.copies[0].behind = 0.25
    expected = {"connections": 1, "usable": 1, "behind_ms": 250, "reads": 3, "fallbacks": 0}
    assert replicas.stats()["default.1"] == expected
    replicas.close()
    assert replicas._watch.ended == 1  # type: ignore[attr-defined] # the one above
    assert replicas.copies[0].driver.aborted == 1
    assert replicas.choose() == "default.2"
    assert replicas._watch.begun == 0  # type: ignore[attr-defined] # the one above


@pytest.mark.sqlite
def test_settings_that_cannot_work_are_refused() -> None:
    """Copies of no database, and copies of SQLite's."""
    db.configure(DATABASES={"default": "sqlite://"}, DATABASE_REPLICAS={"defualt": ["postgresql:///x"]})
    with pytest.raises(ConfigError) as error:
        current()
    assert str(error.value) == "there is no database 'defualt' in DATABASES; did you mean 'default'? Aliases: default."
    db.configure(DATABASE_REPLICAS=["postgresql:///x"])
    with pytest.raises(ConfigError) as error:
        db.execute("SELECT 1")
    assert str(error.value) == (
        "DATABASE_REPLICAS has copies of 'default', which is no PostgreSQL database. Others can be databases of their "
        "own, between which DATABASE_ROUTERS choose."
    )
    config.current()["DATABASE_REPLICAS"] = []


def test_what_becomes_of_a_copy_is_logged(replicas: Replicas, caplog: pytest.LogCaptureFixture) -> None:
    """Quietly when it comes for the first time, as a warning from then on."""
    copy = Replica("default.3", Server(), Server())
    caplog.set_level("INFO", "spruce.db")
    copy.note(1, 0.0, 10.0, 1.0)
    copy.note(1, 11.0, 10.0, 2.0)
    copy.note(1, 0.0, 10.0, 3.0)
    copy.leave("it was killed")
    copy.leave("it was killed")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "the replica default.3 answers reads"),
        ("WARNING", "the replica default.3 is left: it is 11.0 s behind"),
        ("WARNING", "the replica default.3 answers reads"),
        ("WARNING", "the replica default.3 is left: it was killed"),
    ]
