"""The SQLite driver: its settings, its threads and its children."""

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


def test_the_log_is_as_long_as_the_url_says(tmp_path: Path) -> None:
    """On every connection; 0 is for who copies it back by another process."""
    for pages in (0, 250):
        db.configure(DATABASES=f"sqlite:///{tmp_path}/a.db?wal_autocheckpoint={pages}")
        assert db.execute("PRAGMA wal_autocheckpoint").scalar() == pages
        with db.atomic():
            assert db.execute("PRAGMA wal_autocheckpoint").scalar() == pages


def test_the_log_is_emptied_when_the_last_connection_closes(path: Path, shop: SimpleNamespace) -> None:
    """Until then what was written stands in it; the file alone is the whole database again."""
    shop.Maker.objects.create(name="a")
    log = Path(f"{path}-wal")
    assert log.stat().st_size > 0
    db.configure(DATABASES={})
    assert not log.exists()
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT name FROM t_maker").fetchall() == [("a",)]
    raw.close()


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
