"""A PostgreSQL server and a standby that follows it: paused, far behind, killed, frozen, promoted."""

import random
import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from tests.real.standbys import Standby, primary_server

from spruce import App, config, db, green
from spruce.config import Settings
from spruce.db.replicas import start_anew


class Note(db.Model):
    text = db.CharField(max_length=20)
    number = db.IntegerField(default=0)

    class Meta:
        db_table = "t_real_note"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A primary and its standby."""
    with primary_server(tmp_path_factory.mktemp("runtime")) as server:
        standby = Standby(server)
        yield SimpleNamespace(primary=server.get_uri(), standby=standby)
        standby.remove()


@pytest.fixture
def notes(pair: SimpleNamespace) -> Iterator[Any]:
    """The query of all notes; the standby is known and has them."""
    before = config.current()
    config.install(
        Settings(
            DATABASES={"default": f"{pair.primary}&pool_size=20"},
            DATABASE_REPLICAS=[pair.standby.url],
            DATABASE_REPLICA_LAG=2,
        )
    )
    start_anew()
    db.drop_all()
    db.create_all(models=[Note])
    Note.objects.create(text="first")
    db.last_write()
    green.run(wait_until_it_has_that)
    yield Note.objects
    db.configure(DATABASES={}, DATABASE_REPLICAS=[])
    config.install(before)


def wait_until_it_has_that() -> None:
    """Read until the standby answers, which it only does when it has what was written here."""
    while not answers(Note.objects):
        green.sleep(0.02)


def counted(name: str) -> int:
    """What is counted of the standby."""
    return db.stats()["default.1"][name]


def wait_for(usable: int) -> None:
    """Read until the standby is asked, or is asked no more; every read must work."""
    while counted("usable") != usable:
        assert Note.objects.filter(text="first").exists()
        green.sleep(0.02)


def answers(query: Any) -> bool:
    """Whether the standby answers a read."""
    before = counted("reads")
    assert query.filter(text="first").exists()
    return counted("reads") > before


def test_nobody_misses_what_they_wrote(pair: SimpleNamespace, notes: Any) -> None:
    """1,000 writes of 50 who read at once and later, while the standby is paused and crashes: all see their own."""
    chance = random.Random(1)
    stale, from_standby = [], counted("reads")

    def write_and_read(number: int) -> None:
        start_anew()
        note = notes.create(text=f"of {number}")
        for i in range(20):
            notes.filter(pk=note.pk).update(number=i)
            token = db.last_write()
            if notes.get(pk=note.pk).number != i:
                stale.append(i)
            green.sleep(chance.random() * 0.3)
            start_anew()
            db.read_after(token)
            if notes.get(pk=note.pk).number != i:
                stale.append(i)

    def pause() -> None:
        green.sleep(0.8)
        pair.standby.ask("SELECT pg_wal_replay_pause()")
        green.sleep(0.8)
        pair.standby.ask("SELECT pg_wal_replay_resume()")
        green.sleep(0.6)
        green.tpool.execute(pair.standby.crash)

    def main() -> None:
        writers = [green.spawn(write_and_read, i) for i in range(50)]
        green.spawn(pause).wait()
        for writer in writers:
            writer.wait()

    green.run(main)
    assert stale == []
    assert counted("reads") > from_standby + 200


def test_reads_go_to_the_standby_and_writes_to_the_primary(notes: Any) -> None:
    """But those of a transaction, those with an alias, and those right after a write do not."""

    def main() -> None:
        start_anew()
        assert answers(notes)
        assert not answers(notes.using("default"))
        with db.atomic():
            assert not answers(notes)
        first = notes.get(text="first")
        assert answers(notes)
        first.save()
        assert not answers(notes)
        assert not answers(notes)

    green.run(main)


def test_the_next_request_sees_what_was_written(pair: SimpleNamespace, notes: Any) -> None:
    """It comes with a cookie; who has none may be shown what was there before."""
    app = App(
        __name__,
        SECRET_KEY="secret",
        DATABASES=dict(config.current()["DATABASES"]),
        DATABASE_REPLICAS=[pair.standby.url],
    )

    @app.post("/notes")
    def create() -> dict[str, int]:
        return {"pk": notes.create(text="new").pk}

    @app.get("/notes")
    def count() -> dict[str, int]:
        return {"count": notes.count()}

    def main() -> None:
        pair.standby.ask("SELECT pg_wal_replay_pause()")
        writer, reader = app.test_client(), app.test_client()
        while "default.1" not in db.stats() or not counted("usable"):
            assert reader.get("/notes").json == {"count": 1}
            green.sleep(0.02)
        assert "Set-Cookie" not in reader.get("/notes").headers
        assert writer.post("/notes", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
        for _ in range(5):
            green.sleep(0.1)
            assert writer.get("/notes").json == {"count": 2}
            assert reader.get("/notes").json == {"count": 1}
        pair.standby.ask("SELECT pg_wal_replay_resume()")
        while reader.get("/notes").json == {"count": 1}:
            green.sleep(0.02)
        with app.app_context():
            db.configure(DATABASES={}, DATABASE_REPLICAS=[])

    try:
        green.run(main)
    finally:
        pair.standby.ask("SELECT pg_wal_replay_resume()")


def test_one_that_is_too_far_behind_is_left(pair: SimpleNamespace, notes: Any) -> None:
    """However nothing else is wrong with it."""

    def main() -> None:
        pair.standby.ask("SELECT pg_wal_replay_pause()")
        notes.create(text="unseen")
        start_anew()
        wait_for(0)
        assert counted("behind_ms") > 2000
        assert notes.count() == 2
        pair.standby.ask("SELECT pg_wal_replay_resume()")
        wait_for(1)
        assert counted("fallbacks") == 0

    green.run(main)


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_one_that_is_lost_costs_nobody_an_answer(pair: SimpleNamespace, notes: Any, fault: str) -> None:
    """It is left, the primary answers what it was asked, and it comes back when it is well."""
    standby, stop, reads = pair.standby, green.Event(), [0]

    def read() -> None:
        start_anew()
        while not stop.ready():
            assert notes.filter(text="first").exists()
            reads[0] += 1
            green.sleep(0)

    def main() -> None:
        readers = [green.spawn(read) for _ in range(8)]
        before = counted("reads")
        while counted("reads") < before + 50:
            green.sleep(0.01)
        green.tpool.execute(standby.kill if fault == "killed" else lambda: standby.signal(signal.SIGSTOP))
        wait_for(0)
        before, asked = counted("reads"), reads[0]
        while reads[0] < asked + 50:
            green.sleep(0.01)
        assert counted("reads") == before
        green.tpool.execute(standby.start if fault == "killed" else lambda: standby.signal(signal.SIGCONT))
        wait_for(1)
        while counted("reads") < before + 50:
            green.sleep(0.01)
        stop.send()
        for reader in readers:
            reader.wait()

    green.run(main)


def test_one_that_is_promoted_is_left(pair: SimpleNamespace, notes: Any) -> None:
    """What it shows is a history of its own by then. It is the last test, as it stays so."""

    def main() -> None:
        green.tpool.execute(pair.standby.ask, "SELECT pg_promote()")
        notes.create(text="unseen")
        start_anew()
        wait_for(0)
        assert notes.count() == 2

    green.run(main)
