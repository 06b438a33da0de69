"""Charts: figures by days and weeks of the reader, bars that fit, and the same as a table."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.auth.people import counted, settings

from spruce import App, admin, db
from spruce.admin.charts import Chart, per_day, per_week
from spruce.i18n import timezone
from spruce.i18n.timezone import localdate


class Sale(db.Model):
    at = db.DateTimeField()
    price = db.DecimalField(max_digits=8, decimal_places=2, null=True)

    class Meta:
        db_table = "t_admin_sale"
        app_label = "adminshop"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app with sales, in a zone that is ahead of UTC by eight hours."""
    app = App("charts", static_folder=None, TIME_ZONE="Asia/Shanghai", **settings(tmp_path))
    admin.AdminSite().init_app(app)
    with app.test_request_context("/"):
        db.create_all(models=[Sale])
        yield app


def sell(day: dt.date, hour: int, price: str | None, zone: str = "Asia/Shanghai") -> None:
    Sale.objects.create(at=dt.datetime.combine(day, dt.time(hour), ZoneInfo(zone)), price=price and Decimal(price))


def test_days_are_those_of_the_reader(app: App) -> None:
    """Seven in the morning in Shanghai is the day before in UTC; one query, and days without sales are there too."""
    today = localdate()
    yesterday = today - dt.timedelta(days=1)
    sell(today, 0, "2")
    sell(yesterday, 0, "3")
    sell(yesterday, 7, "4.50")
    sell(yesterday, 23, None)
    sell(today - dt.timedelta(days=4), 12, "99")
    with counted() as queries:
        found = per_day(Sale.objects.all(), "at", db.Sum("price"), days=4)
    assert [number for _, number in found] == [0, 0, Decimal("7.50"), Decimal("2.00")]
    assert [day for day, _ in found] == [today - dt.timedelta(days=back) for back in (3, 2, 1, 0)]
    assert len(queries) == 1


def test_clocks_that_are_off_by_half_an_hour(app: App) -> None:
    """India's are: a quarter to six in the afternoon in UTC is before midnight there, and a quarter to seven is not."""
    with timezone.override("Asia/Kolkata"):
        today = localdate()
        midnight = dt.datetime.combine(today, dt.time(), ZoneInfo("Asia/Kolkata"))
        for minutes in (-15, 15):
            Sale.objects.create(at=midnight + dt.timedelta(minutes=minutes))
        assert [number for _, number in per_day(Sale.objects.all(), "at", db.Count("id"), days=2)] == [1, 1]


def test_weeks_begin_on_monday(app: App) -> None:
    """The present one is not over, and comes last."""
    monday = localdate() - dt.timedelta(days=localdate().weekday())
    sell(monday, 0, "1")
    sell(monday - dt.timedelta(days=1), 12, "2")
    sell(monday - dt.timedelta(days=7), 12, "3")
    found = per_week(Sale.objects.all(), "at", db.Sum("price"), weeks=3)
    assert found == [
        (monday - dt.timedelta(days=14), Decimal(0)), (monday - dt.timedelta(days=7), Decimal(5)), (monday, Decimal(1)),
    ]  # fmt: skip


def test_bars_end_below_a_number_that_is_easy_to_read() -> None:
    """Which the axis goes up to."""
    for most, top in ((0, 1), (0.4, 1), (1, 1), (7, 10), (12, 20), (21, 25), (99.5, 100), (4001, 5000)):
        assert Chart("Sales", [("a", most)]).top == pytest.approx(top)
    chart = Chart("Sales", [("a", 5), ("b", 0), ("c", 20)])
    assert [(bar["x"], bar["y"], bar["height"]) for bar in chart.bars()] == [
        ("33.3", "150.0", "50.0"), ("366.7", "200.0", "0.0"), ("700.0", "0.0", "200.0"),
    ]  # fmt: skip
    assert chart.marks == ["20", "10", "0"]
    assert chart.total == "25"


def test_nothing_to_show_is_a_chart_too() -> None:
    """Without bars, without an end."""
    chart = Chart("Sales", [])
    assert (chart.bars(), chart.ends(), chart.total) == ([], [], "")


def test_a_chart_is_a_table_too(app: App) -> None:
    """What is drawn is hidden from those to whom the table tells the same; texts are no markup."""
    chart = Chart(
        "A <b>",
        [(dt.date(2026, 3, 1), Decimal("1.5")), (dt.date(2026, 3, 2), Decimal(2))],
        form=lambda value: f"¥{value:.2f}",
        columns=("Day", "Sum"),
        links=[("?by=day", "By day"), ("?by=week", "By week")],
        here="?by=week",
    )
    html = chart.__html__()
    for text in (
        "<strong>A &lt;b&gt;</strong>", "Total: ¥3.50", '<div class="plot" aria-hidden="true">',
        "<title>Mar 1, 2026: ¥1.50</title>", '<th scope="row">Mar 2, 2026</th><td class="number">¥2.00</td>',
        '<th scope="col">Day</th><th scope="col" class="number">Sum</th>',
        'href="?by=week" aria-current="true">By week',
    ):  # fmt: skip
        assert text in html
    assert "style" not in html
