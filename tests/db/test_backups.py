"""Copies of a SQLite database that is in use."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from spruce import db
from spruce.errors import ConfigError, OperationalError


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as raw:
        return [row[0] for row in raw.execute("SELECT name FROM t_maker ORDER BY id")]


@pytest.mark.sqlite
def test_a_copy_is_whole(shop: SimpleNamespace, tmp_path: Path) -> None:
    """Without what is not committed; an older copy is replaced."""
    db.configure(DATABASES=f"sqlite:///{tmp_path}/a.db")
    db.create_all(models=[shop.Maker])
    shop.Maker.objects.create(name="a")
    with db.atomic():
        shop.Maker.objects.create(name="b")
        assert db.backup(tmp_path / "copy.db") == tmp_path / "copy.db"
    assert names(tmp_path / "copy.db") == ["a"]
    db.backup(str(tmp_path / "copy.db"))
    assert names(tmp_path / "copy.db") == ["a", "b"]
    assert {path.name for path in tmp_path.glob("copy*")} == {"copy.db"}


@pytest.mark.sqlite
def test_a_database_in_memory_can_be_copied(stocked: SimpleNamespace, tmp_path: Path) -> None:
    """To look at it, for example."""
    assert names(db.backup(tmp_path / "copy.db")) == ["Steiff", "Nobody"]


def test_what_cannot_be_copied(shop: SimpleNamespace, backend: str, tmp_path: Path) -> None:
    """Says what to do."""
    kind, message = (
        (OperationalError, f"the folder {tmp_path}/no does not exist. Make it, or name another file.")
        if backend == "sqlite"
        else (
            ConfigError,
            "the database 'default' is no SQLite database. PostgreSQL's is copied by the command pg_dump.",
        )
    )
    with pytest.raises(kind) as refused:
        db.backup(tmp_path / "no" / "copy.db")
    assert str(refused.value) == message
