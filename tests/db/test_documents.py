"""Fields of JSON: what they take, and that it comes back."""

import datetime as dt
import json
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb"], indirect=True)


class Days(json.JSONEncoder):
    def default(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, dt.date) else super().default(value)


class Texts(json.JSONDecoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=str, **options)


class Note(db.Model):
    data = db.JSONField(default=dict)
    more = db.JSONField(null=True)
    days = db.JSONField(null=True, encoder=Days, decoder=Texts)

    class Meta:
        db_table = "t_note"


@pytest.fixture(autouse=True)
def tables() -> None:
    db.create_all(models=[Note])


@pytest.mark.parametrize(
    "value",
    [{}, {"a": [1, 2.5, None, True, {"b": "ü\n\"'%"}], "": 1}, [], "text", "", 0, -1.5, 10**30, True, False, "null"],
)
def test_values_come_back_as_they_went(value: Any) -> None:
    """Whatever JSON can say, at the top too."""
    made = Note.objects.create(data=value)
    found = Note.objects.get(pk=made.pk).data
    assert (found, type(found)) == (value, type(value))
    assert Note.objects.get(data=value) == made


def test_each_object_has_a_default_of_its_own() -> None:
    """As the default is called."""
    first, second = Note(), Note()
    first.data["a"] = 1
    assert second.data == {}


def test_changes_inside_are_written_by_save() -> None:
    """Nothing has to be assigned for that."""
    made = Note.objects.create(data={"tags": ["a"]})
    made.data["tags"].append("b")
    made.save()
    assert Note.objects.get().data == {"tags": ["a", "b"]}


def test_nothing_and_null_are_two_things() -> None:
    """None is SQL's NULL, JSONNull() is JSON's; both are read as None."""
    Note.objects.create(id=1, more=None)
    Note.objects.create(id=2, more=db.JSONNull())
    assert [note.more for note in Note.objects.order_by("id")] == [None, None]
    ids = lambda **keywords: list(Note.objects.filter(**keywords).values_list("id", flat=True))  # noqa: E731 - short
    assert (ids(more__isnull=True), ids(more=None), ids(more=db.JSONNull())) == ([1], [2], [2])
    assert repr(db.JSONNull()) == "JSONNull()"
    assert db.JSONNull() == db.JSONNull()
    assert len({db.JSONNull(), db.JSONNull()}) == 1


def test_classes_of_the_program_write_and_read() -> None:
    """What JSON does not have, as the module json takes them."""
    Note.objects.create(days={"on": dt.date(2024, 1, 31), "of": 1.10})
    assert Note.objects.get(days__on=dt.date(2024, 1, 31).isoformat()).days == {"on": "2024-01-31", "of": "1.1"}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({1, 2}, "Object of type set is not JSON serializable"),
        (float("nan"), "Out of range float values are not JSON compliant"),
        ({"a": dt.date(2024, 1, 31)}, "Object of type date is not JSON serializable"),
    ],
)
def test_what_json_cannot_say(value: Any, why: str) -> None:
    """Is refused with the reason, before any SQL."""
    with pytest.raises(DataError) as refused:
        Note(data=value).save()
    assert str(refused.value).startswith("Note.data cannot hold ")
    assert f": JSON cannot say it ({why}" in str(refused.value)


def test_values_are_written_by_update_and_in_bulk() -> None:
    """Lists and dicts are values there, not lists of values."""
    made = Note.objects.create(data=1)
    assert Note.objects.update(data=[1, [2]], more={"a": None}) == 1
    found = Note.objects.get()
    assert (found.data, found.more) == ([1, [2]], {"a": None})
    made.data, made.more = {"x": [3]}, None
    assert Note.objects.bulk_update([made], ["data", "more"]) == 1
    found = Note.objects.get()
    assert (found.data, found.more) == ({"x": [3]}, None)
