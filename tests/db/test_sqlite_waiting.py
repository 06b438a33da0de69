"""Waiting for the locks of SQLite."""

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from spruce import db, green
from spruce.errors import OperationalError

pytestmark = pytest.mark.sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database file, with tables."""
    path = tmp_path / "a.db"
    db.configure(DATABASES=f"sqlite:///{path}?timeout=0.2")
    db.create_all()
    return path


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
