"""Drilling down by dates."""

import datetime as dt
import re
from typing import Any

from spruce import App, admin
from spruce.admin import datedrill
from spruce.i18n import timezone
from spruce.web.client import Client

from .conftest import Product
from .test_changelist import LIST, names


def test_dates_lead_down_and_up(root: Client) -> None:
    """From years to days."""
    year = re.search(r'<a href="\?date=(\d{4})">\1</a>', root.get(LIST).text)
    assert year
    page = root.get(f"{LIST}?date={year[1]}").text
    month = re.search(rf'href="\?date=({year[1]}-\d\d)"', page)
    assert month
    assert "‹ Back" in page
    page = root.get(f"{LIST}?date={month[1]}").text
    day = re.search(rf'href="\?date=({month[1]}-\d\d)"', page)
    assert day
    assert len(names(root.get(f"{LIST}?date={day[1]}").text)) == 2


def test_dates_in_between() -> None:
    """Years, months and days, the last ones first."""
    first, last = dt.date(2024, 11, 30), dt.date(2026, 2, 1)
    assert [day.year for day in datedrill._starts(first, last, 0)] == [2026, 2025, 2024]
    months = datedrill._starts(first, last, 1)
    assert (len(months), months[0], months[-1]) == (16, dt.date(2026, 2, 1), dt.date(2024, 11, 1))
    days = datedrill._starts(dt.date(2026, 1, 30), last, 2)
    assert [day.day for day in days] == [1, 31, 30]
    assert datedrill._starts(None, None, 0) == []
    assert len(datedrill._starts(dt.date.min, last, 2)) == 60
    assert datedrill._starts(dt.date.min, dt.date(1, 1, 3), 2)[-1] == dt.date.min


def test_days_are_those_of_the_time_zone(root: Client, app: App) -> None:
    """What was made late in the evening in London was made the next day in Shanghai."""
    with app.app_context():
        Product.objects.update(created=dt.datetime(2026, 3, 31, 20, tzinfo=dt.UTC))
    with timezone.override("Asia/Shanghai"):
        assert "?date=2026-04-01" in root.get(f"{LIST}?date=2026-04").text
        assert names(root.get(f"{LIST}?date=2026-04-01").text) == ["Car", "Bear &lt;b&gt;"]
        assert names(root.get(f"{LIST}?date=2026-03").text) == []


def test_dates_of_related_objects(root: Client, site: admin.AdminSite) -> None:
    """Across a foreign key."""
    lines: Any = site.find("adminshop", "line")
    lines.date_hierarchy = "product__created"
    page = root.get("/admin/adminshop/line/").text
    year = re.search(r'\?date=(\d{4})"', page)
    assert year
    assert "soft" in root.get(f"/admin/adminshop/line/?date={year[1]}").text
    assert "soft" not in root.get("/admin/adminshop/line/?date=1999").text
