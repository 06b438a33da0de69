"""Constraints with options, in migrations: written once, found again, renamed with their table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.db.evolving import KINDS, declare, evolving, url_of_empty

from spruce import db
from spruce.config import Settings
from spruce.db.autodetect import Answers
from spruce.db.databases import current
from spruce.db.migrations import Migrations


class Renamed(Answers):
    """Every table has got the other name."""

    def renamed(self, what: str, old: str, new: str) -> bool:
        return True


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return url_of_empty(request, tmp_path)


@pytest.fixture(autouse=True)
def settings(database_url: str) -> Iterator[Settings]:
    with evolving(database_url) as made:
        yield made


def declare_piece(table: str, *constraints: Any) -> None:
    """A model whose rows have a number and a row of the same table."""
    meta = type("Meta", (), {"db_table": table, "constraints": constraints})
    whole = db.ForeignKey("self", db.CASCADE, null=True, deferrable=db.Deferrable.DEFERRED)
    declare(Piece={"Meta": meta, "number": db.IntegerField(), "whole": whole})


def numbered() -> db.UniqueConstraint:
    """A constraint that waits where it can."""
    return db.UniqueConstraint(fields=["number"], name="piece_number", deferrable=db.Deferrable.DEFERRED)


def covering() -> db.UniqueConstraint:
    """A constraint with something beside it."""
    return db.UniqueConstraint(fields=["number"], name="piece_covered", include=["whole"])


def test_they_come_and_go(tmp_path: Path) -> None:
    """And nothing is found to do in between."""
    migrations = Migrations(tmp_path / "migrations")
    texts = []
    for constraints in ((), (numbered(), covering()), ()):
        declare_piece("t_piece", *constraints)
        made = migrations.make("step")
        assert made is not None
        texts.append(made.path.read_text())
        migrations.upgrade()
        assert migrations.check() == []
    assert all(word in texts[0] for word in ("deferrable=True", "initially='DEFERRED'"))
    assert "postgresql_include=['whole_id']" in texts[1]


def test_a_table_that_is_renamed_keeps_them(tmp_path: Path) -> None:
    """As they were."""
    migrations = Migrations(tmp_path / "migrations")
    for table in ("t_piece", "t_bit"):
        declare_piece(table, numbered())
        assert migrations.make("step", answers=Renamed()) is not None
        migrations.upgrade()
        assert migrations.check() == []
    if current()["default"].dialect.name == "postgresql":
        own = "conrelid = 't_bit'::regclass AND contype IN ('f', 'u')"
        sql = f"SELECT conname, condeferred FROM pg_constraint WHERE {own}"
        waits = db.execute(sql)
        assert dict(map(tuple, waits)) == {"piece_number": True, "t_bit_whole_id_fkey": True}
