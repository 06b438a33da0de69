"""Connecting objects many-to-many: how many statements it takes, and what a row in the way does."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.signals import m2m_changed
from spruce.errors import IntegrityError


class Note(db.Model):
    labels = db.ManyToManyField("NoteLabel", related_name="notes")
    alike = db.ManyToManyField("self")

    class Meta:
        db_table = "t_c_note"


class NoteLabel(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "t_c_label"
        ordering = ("name",)


@pytest.fixture
def notes(shop: SimpleNamespace) -> SimpleNamespace:
    """Two notes and two labels."""
    one, other = Note.objects.create(), Note.objects.create()
    return SimpleNamespace(
        one=one, other=other, red=NoteLabel.objects.create(name="red"), blue=NoteLabel.objects.create(name="blue")
    )


def test_to_connect_takes_one_statement(notes: SimpleNamespace, queries: list[str]) -> None:
    """Whether they were connected before or not, from either side."""
    notes.one.labels.add(notes.red)
    notes.one.labels.add(notes.red, notes.blue)
    notes.blue.notes.add(notes.one, notes.other)
    assert [sql.split(" (")[0] for sql in queries] == ["INSERT INTO t_c_note_labels"] * 3
    assert list(notes.one.labels.all()) == [notes.blue, notes.red]
    assert list(notes.other.labels.all()) == [notes.blue]


def test_to_connect_both_ways_takes_one_statement(notes: SimpleNamespace, queries: list[str]) -> None:
    """A row for each direction, one for an object and itself."""
    notes.one.alike.add(notes.one, notes.other)
    notes.other.alike.add(notes.one)
    assert len(queries) == 2
    assert set(notes.one.alike.all()) == {notes.one, notes.other}
    assert list(notes.other.alike.all()) == [notes.one]


def test_to_connect_nothing_asks_nothing(notes: SimpleNamespace, queries: list[str]) -> None:
    notes.one.labels.add()
    assert queries == []


def test_what_does_not_exist_is_not_taken_for_connected(notes: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError):
        notes.one.labels.add(999)


def test_those_who_listen_are_told_only_of_what_is_new(notes: SimpleNamespace) -> None:
    """Also where one direction is there already."""
    told: list[tuple[str, set[int]]] = []

    def listen(action: str, pk_set: set[int], **_: object) -> None:
        told.append((action, pk_set))

    notes.one.labels.add(notes.red)
    m2m_changed.connect(listen)
    try:
        notes.one.labels.add(notes.red, notes.blue)
        notes.one.alike.add(notes.other, notes.one)
        notes.one.alike.add(notes.other)
    finally:
        m2m_changed.disconnect(listen)
    both = {notes.one.pk, notes.other.pk}
    assert told == [
        ("pre_add", {notes.blue.pk}),
        ("post_add", {notes.blue.pk}),
        ("pre_add", both),
        ("post_add", both),
        ("pre_add", set()),
        ("post_add", set()),
    ]
    assert set(notes.one.alike.all()) == {notes.one, notes.other}
    assert Note.alike.through._base.count() == 3
