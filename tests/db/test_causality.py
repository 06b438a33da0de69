"""Tokens of what was written. With a standby they are tried in tests/real/test_replicas.py."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.replicas import EVERYTHING, seen_here, start_anew
from spruce.errors import DataError

BACKENDS = ["postgresql"]


def test_a_token_is_a_position_and_only_grows(shop: SimpleNamespace, database_url: str) -> None:
    """It is asked for once after a write, and taken over from others."""
    db.configure(DATABASE_REPLICAS=[database_url])
    start_anew()
    assert (shop.Maker.objects.count(), db.last_write()) == (0, "")
    shop.Maker.objects.create(name="a")
    first = db.last_write()
    assert first.startswith("default:")
    assert db.last_write() == first
    with db.atomic():
        shop.Maker.objects.create(name="b")
    second = db.last_write()
    assert second != first
    start_anew()
    db.read_after(second)
    db.read_after(first)
    assert db.last_write() == second
    db.configure(DATABASE_REPLICAS=[])


@pytest.mark.parametrize("token", ["default", "default:xyz", ":"])
def test_what_is_no_token_is_refused(shop: SimpleNamespace, token: str) -> None:
    """Nothing is taken from it."""
    start_anew()
    with pytest.raises(DataError) as error:
        db.read_after(token)
    assert str(error.value) == f"{token!r} is no token. It is what db.last_write() has returned."


def test_without_replicas_a_token_says_nothing(shop: SimpleNamespace) -> None:
    """One of other settings is passed on."""
    start_anew()
    db.read_after("")
    assert (db.last_write(), seen_here()) == ("", {})
    shop.Maker.objects.create(name="a")
    db.read_after(f"archive:{EVERYTHING:x}")
    assert db.last_write() == f"archive:{EVERYTHING:x}"


def test_who_reads_the_latest_waits_for_what_others_have_written(shop: SimpleNamespace, database_url: str) -> None:
    """A job does so: its enqueuer may have written in another process."""
    start_anew()
    db.read_latest()
    assert seen_here() == {}
    db.configure(DATABASE_REPLICAS=[database_url])
    start_anew()
    shop.Maker.objects.create(name="a")
    written = db.last_write()
    start_anew()
    assert db.last_write() == ""
    db.read_latest()
    assert db.last_write() >= written != ""
    db.configure(DATABASE_REPLICAS=[])
