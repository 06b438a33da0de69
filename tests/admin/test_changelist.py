"""Lists: columns, order, search, filters, dates, pages."""

import datetime as dt
import re

import pytest

from spruce import App, admin
from spruce.admin import changelist
from spruce.web.client import Client

from .conftest import Maker, Product

LIST = "/admin/adminshop/product/"


def names(page: str) -> list[str]:
    """The links to objects, in their order."""
    return re.findall(r'<th scope=row><a href="[^"]+"[^>]*>([^<]*)</a>', page)


def add(app: App, number: int) -> None:
    with app.app_context():
        maker = Maker.objects.get(pk=1)
        Product.objects.bulk_create([Product(name=f"P{n}", slug=f"p{n}", maker=maker) for n in range(number)])


def test_columns_show_what_people_read(root: Client) -> None:
    """Yes and No, labels of choices, decimals with all places, methods."""
    page = root.get(LIST).text
    for text in (
        "<td>Yes</td>", "<td>No</td>", "<td>Toy</td>", "<td>Steiff</td>", '<td class="number">19.90</td>',
        "<td>BEAR &lt;B&gt;</td>", ">Loud</a>",
    ):  # fmt: skip
        assert text in page
    assert names(page) == ["Car", "Bear &lt;b&gt;"]


def test_the_order_is_that_of_a_column(root: Client) -> None:
    """Up, then down; a column that is none is no matter."""
    page = root.get(f"{LIST}?o=1").text
    assert names(page) == ["Bear &lt;b&gt;", "Car"]
    assert '<th scope="col" aria-sort="ascending"><a href="?o=-1">Name' in page
    assert names(root.get(f"{LIST}?o=-2").text) == ["Bear &lt;b&gt;", "Car"]
    for bad in ("99", "x", "-", "1.x.2.3.4.5.6.7", "0"):
        assert root.get(f"{LIST}?o={bad}").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=bear", ["Bear &lt;b&gt;"]),
        ("q=steiff car", ["Car"]),
        ('q="Bear <b>"', ["Bear &lt;b&gt;"]),
        ("q=nothing", []),
        ("active=1", ["Bear &lt;b&gt;"]),
        ("kind=b", ["Car"]),
        ("maker=2", []),
        ("maker=x", []),
        ("active=9", []),
        ("created=today", ["Car", "Bear &lt;b&gt;"]),
        ("created=week&kind=t", ["Bear &lt;b&gt;"]),
        ("created=x", []),
        ("date=1999", []),
        ("date=1999-12-24", []),
        ("date=x", ["Car", "Bear &lt;b&gt;"]),
        ("date=9999-99-99-99", ["Car", "Bear &lt;b&gt;"]),
        ("date=9999", ["Car", "Bear &lt;b&gt;"]),
        ("name=Car", ["Car", "Bear &lt;b&gt;"]),
        ("maker__products__lines__text=x", ["Car", "Bear &lt;b&gt;"]),
        ("p=0", ["Car", "Bear &lt;b&gt;"]),
        ("p=99999999999999999999", []),
    ],
)
def test_what_is_looked_for(root: Client, query: str, found: list[str]) -> None:
    """By search, filters and dates; what no filter offers reaches no query."""
    answer = root.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert names(answer.text) == found


def test_pages(root: Client, app: App) -> None:
    """With the rest of the address kept."""
    add(app, 23)
    page = root.get(f"{LIST}?kind=t").text
    assert (len(names(page)), "24 in all" in page) == (20, True)
    assert 'rel="next" href="?p=2&amp;kind=t"' in page or 'rel="next" href="?kind=t&amp;p=2"' in page
    assert len(names(root.get(f"{LIST}?kind=t&p=2").text)) == 4


def test_large_tables_are_not_counted(root: Client, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so far."""
    add(app, 23)
    monkeypatch.setattr(changelist, "COUNTED", 22)
    assert "more than 22 in all" in root.get(LIST).text


def test_a_list_asks_few_questions(root: Client, app: App, queries: list[str]) -> None:
    """However many rows there are: session, user, dates, rows, their number, makers of the filter."""
    add(app, 50)
    root.get(LIST)
    queries.clear()
    root.get(LIST)
    assert len(queries) <= 6


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


def test_words_are_looked_for_in_several_ways(app: App) -> None:
    """At the beginning, as the whole, anywhere."""
    with app.app_context():
        query = Product.objects.all()
        assert changelist.search(query, ["^name"], "ear").count() == 0
        assert changelist.search(query, ["^name"], "be").count() == 1
        assert changelist.search(query, ["=slug"], "ca").count() == 0
        assert changelist.search(query, ["slug"], "ca").count() == 1
        assert changelist.search(query, ["slug"], "  ").count() == 2


def test_links_where_a_list_wants_them(root: Client, site: admin.AdminSite) -> None:
    """Another column, or none."""
    shown = site.find("adminshop", "product")
    shown.list_display_links = ("price",)
    assert '/change/" hx-boost="false">19.90</a>' in root.get(LIST).text
    shown.list_display_links = None
    assert "/change/" not in root.get(LIST).text


def test_dates_in_between() -> None:
    """Years, months and days, the last ones first."""
    first, last = dt.date(2024, 11, 30), dt.date(2026, 2, 1)
    assert [day.year for day in changelist._starts(first, last, 0)] == [2026, 2025, 2024]
    months = changelist._starts(first, last, 1)
    assert (len(months), months[0], months[-1]) == (16, dt.date(2026, 2, 1), dt.date(2024, 11, 1))
    days = changelist._starts(dt.date(2026, 1, 30), last, 2)
    assert [day.day for day in days] == [1, 31, 30]
    assert changelist._starts(None, None, 0) == []
    assert len(changelist._starts(dt.date.min, last, 2)) == 60
    assert changelist._starts(dt.date.min, dt.date(1, 1, 3), 2)[-1] == dt.date.min
