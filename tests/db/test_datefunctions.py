"""Parts and beginnings of dates and times, the same on each database."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import FieldError


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (db.ExtractQuarter("moment"), 1),
        (db.ExtractWeek("moment"), 5),
        (db.ExtractIsoYear("moment"), 2024),
        (db.ExtractWeekDay("moment"), 4),
        (db.ExtractIsoWeekDay("day"), 3),
        (db.Extract("day", "week"), 5),
        (db.TruncWeek("moment"), datetime(2024, 1, 29, tzinfo=UTC)),
        (db.TruncWeek("day"), date(2024, 1, 29)),
        (db.TruncQuarter("moment"), datetime(2024, 1, 1, tzinfo=UTC)),
        (db.TruncQuarter("day"), date(2024, 1, 1)),
        (db.TruncTime("moment"), time(23, 30)),
        (db.TruncHour(db.TruncTime("moment")), time(23)),
        (db.Trunc(db.TruncTime("moment"), "minute"), time(23, 30)),
        (db.TruncMonth("moment", output_field=db.DateField()), date(2024, 1, 1)),
        (db.TruncYear("day", output_field=db.DateTimeField()), datetime(2024, 1, 1, tzinfo=UTC)),
        (db.ExtractHour(db.TruncTime("moment")), 23),
    ],
)
def test_each_function(stocked: SimpleNamespace, term: Any, value: Any) -> None:
    """Of the last evening of January 2024, a Wednesday."""
    query = stocked.Product.objects.filter(name="bear").annotate(found=term)
    assert query.values_list("found", flat=True).get() == value
    assert query.filter(found=value).exists()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("term", "message"),
    [
        (db.Extract("day", "hour"), "Extract(…, 'hour'): a DateField has no hour"),
        (db.TruncSecond("day"), "Trunc(…, 'second'): a DateField has no second"),
        (db.ExtractYear(db.Value(time(1))), "Extract(…, 'year'): a TimeField has no year"),
        (db.ExtractDay(db.Value(timedelta(1))), "Extract(…, 'day'): a DurationField has no day"),
    ],
)
def test_what_has_no_such_part(shop: SimpleNamespace, term: Any, message: str) -> None:
    """Databases give nothing, zero, or an error; here it is one on each."""
    with pytest.raises(FieldError) as refused:
        list(shop.Product.objects.annotate(found=term))
    assert str(refused.value) == message


def test_beginnings_of_quarters_and_weeks(stocked: SimpleNamespace) -> None:
    """Of all days that there are, of a week that begins in another year too."""
    stocked.Product.objects.create(name="x", price=1, day=date(2023, 1, 1))
    stocked.Product.objects.create(name="y", price=1, day=date(2023, 8, 31))
    found = stocked.Product.objects.dates("day", "quarter")
    assert list(found) == [date(2023, 1, 1), date(2023, 7, 1), date(2024, 1, 1)]
    weeks = [date(2022, 12, 26), date(2023, 1, 30), date(2023, 8, 28), date(2024, 1, 29)]
    assert list(stocked.Product.objects.dates("day", "week")) == weeks
