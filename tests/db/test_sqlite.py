"""The SQLite driver: its settings, its locks, its threads and its children."""

import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db, green
from spruce.db.databases import current
from spruce.errors import OperationalError

pytestmark = pytest.mark.sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database file, with tables."""
    path = tmp_path / "a.db"
    db.configure(DATABASES=f"sqlite:///{path}?timeout=0.2")
    db.create_all()
    return path


def test_a_file_is_in_wal_mode_with_foreign_keys(path: Path) -> None:
    """And waits for the disk at checkpoints only."""
    names = ("journal_mode", "foreign_keys", "synchronous", "wal_autocheckpoint")
    found = {name: db.execute(f"PRAGMA {name}").scalar() for name in names}
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "wal_autocheckpoint": 8000}


def test_what_another_process_holds_is_waited_for(path: Path, shop: SimpleNamespace) -> None:
    """Other green threads run meanwhile, and the statement succeeds when the lock is gone."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    order: list[str] = []

    def release() -> None:
        order.append(f"others run, {shop.Maker.objects.count()} rows")
        other.execute("COMMIT")
        other.close()

    def main() -> None:
        green.spawn_after(0.01, release)
        shop.Maker.objects.create(name="a")
        order.append("written")

    green.run(main)
    assert order == ["others run, 0 rows", "written"]


def test_a_lock_that_stays_is_an_error(path: Path, shop: SimpleNamespace) -> None:
    """After the limit in the URL; for a single statement, a transaction, in plain code and in a green thread."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def write() -> None:
        with pytest.raises(OperationalError) as refused:
            shop.Maker.objects.create(name="a")
        assert str(refused.value) == (
            f"the SQLite database 'default' ({path}) stayed locked for 0.2 s. Another process is writing: keep "
            "transactions short, or raise the limit with ?timeout=… in the URL."
        )
        with pytest.raises(OperationalError, match=r"stayed locked for 0\.2 s"), db.atomic():
            pass

    write()
    green.run(write)
    other.execute("ROLLBACK")
    other.close()
    shop.Maker.objects.create(name="a")


def test_os_threads_have_connections_of_their_own(path: Path, shop: SimpleNamespace) -> None:
    """Their transactions take turns like those of processes."""
    shop.Maker.objects.create(name="0")
    db.configure(DATABASES=f"sqlite:///{path}?timeout=30")

    def count_up() -> None:
        for _ in range(10):
            with db.atomic():
                maker = shop.Maker.objects.get()
                maker.name = str(int(maker.name) + 1)
                maker.save()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.Maker.objects.get().name == "40"
    assert db.stats()["default"]["connections"] == 1  # those of the threads went with them


def test_a_database_in_memory_is_shared_by_threads(shop: SimpleNamespace) -> None:
    """And by all green threads, but by nobody else."""
    thread = threading.Thread(target=lambda: shop.Maker.objects.create(name="a"))
    thread.start()
    thread.join()
    assert shop.Maker.objects.count() == 1
    db.configure(DATABASES="sqlite://")
    db.create_all()
    assert shop.Maker.objects.count() == 0


def test_a_slow_query_runs_in_a_thread(path: Path, shop: SimpleNamespace) -> None:
    """One that took long before, when a green thread asks; others run in place."""
    query = shop.Maker.objects.filter(name="slow")
    places: list[int] = []
    events = []

    def main() -> None:
        list(query)
        events.append(db.stats()["default"]["connections"])
        query.as_subquery()[0].plans["sqlite"].seconds = 60.0
        other = green.spawn(lambda: places.append(1))
        assert list(query.all()) == []
        events.append(db.stats()["default"]["connections"])
        assert places == [1]
        other.wait()

    green.run(main)
    assert events[1] == events[0] + 1
    green.tpool.killall()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "missing" / "a.db",
         "the SQLite database 'default' ({path}) cannot be opened. The folder {path.parent} does not exist: make it, "
         "or correct DATABASES['default']."),
        (lambda folder: folder,
         "the SQLite database 'default' ({path}) cannot be opened. That is a folder: name a file in it, such as "
         "{path}/app.db."),
        (lambda folder: folder / "text.db",
         "the SQLite database 'default' ({path}) is damaged or no SQLite database. Restore it from a backup, or name "
         "another file."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used(tmp_path: Path, shop: SimpleNamespace, make: Any, message: str) -> None:
    """The error says which file, and what to do."""
    (tmp_path / "text.db").write_text("This is no database, but a text that is long enough to be taken for one." * 20)
    path = make(tmp_path)
    db.configure(DATABASES=f"sqlite:///{path}")
    with pytest.raises(OperationalError) as refused:
        shop.Maker.objects.count()
    assert str(refused.value) == message.format(path=path)


def test_a_relative_path_is_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And stays there when that changes."""
    monkeypatch.chdir(tmp_path)
    db.configure(DATABASES="sqlite:///a.db")
    driver: Any = current()["default"].driver
    assert driver.path == str(tmp_path / "a.db")
    assert repr(driver) == f"<SQLite {tmp_path}/a.db>"
