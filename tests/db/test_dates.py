"""Dates and moments: aware, in UTC, and set by themselves where they are told to."""

import datetime as dt
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError, ModelError


class Event(db.Model):
    day = db.DateField(auto_now_add=True)
    begun = db.DateTimeField(auto_now_add=True)
    changed = db.DateTimeField(auto_now=True)
    title = db.CharField()

    class Meta:
        db_table = "t_event"


CHINA = timezone(timedelta(hours=8))
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("given", [NOON, NOON.astimezone(CHINA), "2024-05-01T12:00:00Z", "2024-05-01 20:00+08:00"])
def test_a_moment_is_kept_in_utc(given: Any) -> None:
    """Whatever zone it is given in, it is the same moment."""
    found = Event._meta.field("begun").clean(given)
    assert found == NOON
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "meant"), [(NOON.replace(tzinfo=None), NOON), (date(2024, 5, 1), NOON.replace(hour=0))]
)
def test_a_naive_moment_is_taken_to_be_in_utc_with_a_warning(given: Any, meant: datetime) -> None:
    """As Django does with USE_TZ and the time zone UTC."""
    with pytest.warns(
        RuntimeWarning, match="Event.begun was given .*, which has no time zone; it is taken to be in UTC"
    ):
        assert Event._meta.field("begun").clean(given) == meant


@pytest.mark.parametrize("given", [date(2024, 5, 1), "2024-05-01", datetime(2024, 5, 2, 1, tzinfo=CHINA)])
def test_a_date_is_taken_from_dates_text_and_moments(given: Any) -> None:
    """The date of a moment is its date in UTC."""
    assert Event._meta.field("day").clean(given) == date(2024, 5, 1)


def test_what_is_no_date_is_refused() -> None:
    """With the value and the reason."""
    with pytest.raises(DataError) as refused:
        Event._meta.field("day").clean("yesterday")
    assert str(refused.value) == "Event.day cannot hold 'yesterday': it is no date"
    with pytest.raises(DataError) as refused:
        Event._meta.field("begun").clean(5)
    assert str(refused.value) == "Event.begun cannot hold 5: it is no date and time"


def test_fields_set_themselves(shop: SimpleNamespace) -> None:
    """`auto_now_add` sets the time of the first save, `auto_now` that of each."""
    start = datetime.now(UTC)
    event = Event.objects.create(title="fair")
    begun, changed = event.begun, event.changed
    assert start <= begun <= changed <= datetime.now(UTC)
    assert event.day == begun.date()
    event.save()
    assert event.begun == begun
    assert event.changed > changed
    assert Event.objects.get().changed == event.changed


def test_a_field_sets_itself_in_one_way_only() -> None:
    """Two ways would contradict each other."""
    for options in ({"auto_now": True, "auto_now_add": True}, {"auto_now": True, "default": NOON}):
        with pytest.raises(ModelError) as refused:
            db.DateTimeField(**options)
        assert str(refused.value) == "auto_now, auto_now_add and default exclude each other: choose one"


class Shift(db.Model):
    begins = db.TimeField()
    seen = db.TimeField(auto_now=True)
    made = db.DateTimeField(null=True)

    class Meta:
        db_table = "t_shift"


def test_times_of_day() -> None:
    """They compare, have parts, and come back as they went; a moment has one too."""
    db.create_all()
    for text in ("08:30", "23:59:59.000001", "08:30:00.5"):
        Shift.objects.create(begins=text, made=f"2024-01-31T{text}+00:00")
    rows = Shift.objects.order_by("begins")
    times = [dt.time(8, 30), dt.time(8, 30, 0, 500_000), dt.time(23, 59, 59, 1)]
    assert list(rows.values_list("begins", flat=True)) == times
    assert rows.filter(begins__gt="08:30").count() == 2
    assert rows.filter(begins__hour=8, begins__minute=30).count() == 2
    assert list(rows.filter(made__time__lt=dt.time(9)).values_list("made__time", flat=True)) == times[:2]
    assert rows[0].seen.tzinfo is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("soon", "Shift.begins cannot hold 'soon': it is no time of day"),
        (dt.time(8, tzinfo=dt.UTC), "a time of day has no time zone here: use a DateTimeField for moments"),
    ],
)  # fmt: skip
def test_what_is_no_time_of_day(value: object, message: str) -> None:
    """Is refused with the reason."""
    with pytest.raises(DataError) as refused:
        Shift(begins=value).save()
    assert str(refused.value).endswith(message)


@pytest.mark.parametrize(
    ("part", "value"), [("week_day", 2), ("iso_week_day", 1), ("week", 1), ("iso_year", 2025), ("quarter", 4)]
)
@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_parts_of_dates(part: str, value: int) -> None:
    """Weeks are those of ISO 8601; the 30th of December 2024 is a Monday, of a week that belongs to 2025."""
    db.create_all(models=[Shift])
    Shift.objects.create(begins="10:00", made="2024-12-30T10:00:00+00:00")
    assert Shift.objects.filter(**{f"made__{part}": value}).count() == 1
    assert Shift.objects.values_list(f"made__{part}", flat=True).get() == value
