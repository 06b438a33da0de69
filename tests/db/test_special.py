"""Fields of special values."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError


class Thing(db.Model):
    key = db.UUIDField(primary_key=True, default=uuid.uuid4)
    other = db.UUIDField(null=True)
    took = db.DurationField(null=True)
    data = db.BinaryField(null=True)

    class Meta:
        db_table = "t_thing"


@pytest.fixture(autouse=True)
def tables() -> None:
    db.create_all()


def test_values_come_back_as_they_went() -> None:
    """Of each type."""
    other = uuid.uuid4()
    values: dict[str, Any] = {
        "other": other, "took": timedelta(days=-400, microseconds=1), "data": b"\0\xff",
    }  # fmt: skip
    made = Thing.objects.create(**values)
    found = Thing.objects.get(pk=made.pk)
    assert {name: getattr(found, name) for name in values} == values
    assert type(found.key) is uuid.UUID
    assert Thing.objects.get(other=str(other), data=b"\0\xff") == made


def test_durations_compare_and_sum() -> None:
    """As numbers do."""
    for hours in (1, 2, 30):
        Thing.objects.create(took=timedelta(hours=hours))
    assert Thing.objects.filter(took__gt=timedelta(hours=1)).count() == 2
    assert Thing.objects.filter(took__lte="1 06:00:00").count() == 3
    assert Thing.objects.aggregate(s=db.Sum("took"), m=db.Max("took")) == {
        "s": timedelta(hours=33),
        "m": timedelta(hours=30),
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:02:03", timedelta(hours=1, minutes=2, seconds=3)),
        ("3 04:05:06.5", timedelta(days=3, hours=4, minutes=5, seconds=6.5)),
        ("2 days, 0:00:01", timedelta(days=2, seconds=1)),
        ("-0:30:00", timedelta(minutes=-30)),
    ],
)
def test_durations_are_read_from_text(text: str, value: timedelta) -> None:
    """In the forms of Python and of Django."""
    assert Thing._meta.field("took").clean(text) == value


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"other": "x"}, "Thing.other cannot hold 'x': it is no UUID"),
        ({"took": "soon"}, "Thing.took cannot hold 'soon': it is no duration such as '3 04:05:06'"),
        ({"took": 3}, "Thing.took cannot hold 3: it is no duration"),
        ({"data": "text"}, "Thing.data cannot hold 'text': it is no bytes"),
    ],
)
def test_what_does_not_fit(values: dict[str, Any], message: str) -> None:
    """Said with the value."""
    with pytest.raises(DataError) as refused:
        Thing.objects.create(**values)
    assert str(refused.value).startswith(message.partition("%s")[0])
    assert str(refused.value).endswith(message.rpartition("%s")[2])
