"""The objects before and after one, by time."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from spruce import db
from spruce.errors import DataError


class Entry(db.Model):
    title = db.CharField(max_length=10)
    day = db.DateField()
    moment = db.DateTimeField(default=datetime(2026, 1, 1, tzinfo=UTC))
    closed = db.DateField(null=True)

    class Meta:
        db_table = "t_neighbour_entry"

    def __str__(self) -> str:
        return self.title

    def get_previous_by_moment(self) -> str:
        """The model's own."""
        return "own"


PRIVATE = (Entry,)


def test_neighbours_are_in_the_order_of_time(shop: SimpleNamespace) -> None:
    """Of equal days, in that of keys; keywords leave out some; the ends have none."""
    days = {"c": date(2026, 3, 3), "a": date(2026, 3, 1), "b": date(2026, 3, 2), "b2": date(2026, 3, 2)}
    made = {title: Entry.objects.create(title=title, day=day) for title, day in days.items()}
    a, b, b2, c = (made[title] for title in ("a", "b", "b2", "c"))
    assert [each.get_next_by_day() for each in (a, b, b2)] == [b, b2, c]  # type: ignore[attr-defined] # made by the model
    assert [each.get_previous_by_day() for each in (c, b2, b)] == [b2, b, a]  # type: ignore[attr-defined] # the same
    assert a.get_next_by_day(title__in=["b2", "c"]) == b2  # type: ignore[attr-defined] # the same
    assert c.get_next_by_moment() == a  # type: ignore[attr-defined] # the same
    with pytest.raises(Entry.DoesNotExist) as nobody:
        c.get_next_by_day()  # type: ignore[attr-defined] # the same
    assert str(nobody.value) == "no Entry that fits has a day after that of <Entry: c>"
    with pytest.raises(Entry.DoesNotExist) as nobody:
        a.get_previous_by_day()  # type: ignore[attr-defined] # the same
    assert str(nobody.value) == "no Entry that fits has a day before that of <Entry: a>"


@pytest.mark.sqlite
def test_who_has_none(shop: SimpleNamespace) -> None:
    """Objects that are not saved, fields that may be null; and a model's own method stays."""
    entry = Entry(title="new", day=date(2026, 3, 1))
    with pytest.raises(DataError) as refused:
        entry.get_next_by_day()  # type: ignore[attr-defined] # made by the model
    assert str(refused.value) == (
        "get_next_by_day(): <Entry: new> is not saved, so it has no neighbours. Call its save() first."
    )
    assert not hasattr(entry, "get_next_by_closed")
    assert not hasattr(entry, "get_next_by_title")
    assert entry.get_previous_by_moment() == "own"
    assert Entry.get_next_by_day.__doc__.startswith("The object with the next day")  # type: ignore[attr-defined] # the same
