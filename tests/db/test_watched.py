"""Connections that tell what is done on them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spruce import config, db
from spruce.config import Settings
from spruce.db.footprints import Change
from spruce.db.watched import Watched, is_watched
from spruce.events import Event, Hook, db_changed, db_query, db_reading


class Watchable(db.Model):
    name = db.CharField(max_length=20)


@pytest.fixture(autouse=True)
def _database(tmp_path: Path) -> Iterator[None]:
    before = config.current()
    config.install(Settings(DATABASES={"default": f"sqlite:///{tmp_path / 'app.db'}"}))
    db.create_all(models=[Watchable])
    yield
    db.configure(DATABASES={})
    config.install(before)


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What the hooks about reads and changes tell, each event with its name."""
    kept: list[dict[str, Any]] = []

    def keep(event: Event) -> None:
        kept.append({"hook": event.name, **event.attributes})

    hooks: list[Hook] = [db_reading, db_changed]
    leave = [hook.subscribe(keep) for hook in hooks]
    yield kept
    for end in leave:
        end()


def changes(told: list[dict[str, Any]]) -> list[list[Change]]:
    return [event["changes"] for event in told if event["hook"] == "db.changed"]


def test_nothing_is_wrapped_while_nobody_wants_to_know() -> None:
    from spruce.db.databases import current
    from spruce.db.transactions import connection

    before = [(hook, hook.subscribers) for hook in (db_query, db_reading, db_changed)]
    for hook, _ in before:
        hook.subscribers = ()
    try:
        assert not is_watched()
        assert not isinstance(connection(current()["default"]), Watched)
    finally:
        for hook, subscribers in before:
            hook.subscribers = subscribers


def test_a_change_is_told_when_it_is_there(told: list[dict[str, Any]]) -> None:
    one = Watchable.objects.create(name="x")
    one.name = "y"
    one.save()
    Watchable.objects.filter(name="y").update(name="z")
    assert changes(told) == [
        [Change("watchable", ())],
        [Change("watchable", (str(one.pk),))],
        [Change("watchable", None)],
    ]


def test_the_changes_of_a_transaction_are_told_behind_its_commit_each_once(told: list[dict[str, Any]]) -> None:
    with db.atomic():
        for _ in range(3):
            Watchable.objects.create(name="x")
        assert changes(told) == []
    assert changes(told) == [[Change("watchable", ())]]


def test_a_transaction_that_is_undone_has_changed_nothing(told: list[dict[str, Any]]) -> None:
    with db.atomic():
        Watchable.objects.create(name="x")
        db.set_rollback(True)
    assert changes(told) == []


def test_a_read_is_told_beforehand_and_whether_others_see_the_same(told: list[dict[str, Any]]) -> None:
    one = Watchable.objects.create(name="x")
    key = str(one.pk)
    told.clear()
    list(Watchable.objects.filter(pk=one.pk))
    with db.atomic():
        list(Watchable.objects.all())
        one.delete()
        list(Watchable.objects.all())
    reads = [(e["tables"], e["keys"], e["settled"]) for e in told if e["hook"] == "db.reading"]
    table = frozenset({"watchable"})
    assert reads[:2] == [(table, (key,), True), (table, None, True)]
    assert reads[-1] == (table, None, False)


def test_rows_that_are_missing_make_it_a_read_of_the_table(told: list[dict[str, Any]]) -> None:
    assert not Watchable.objects.filter(pk__in=[8, 9]).exists()
    assert [(e["keys"]) for e in told] == [("8", "9"), None]


def test_a_stream_is_told_too(told: list[dict[str, Any]]) -> None:
    Watchable.objects.bulk_create([Watchable(name=str(number)) for number in range(5)])
    told.clear()
    assert len(list(Watchable.objects.iterator(chunk_size=2))) == 5
    assert {event["tables"] for event in told} == {frozenset({"watchable"})}
