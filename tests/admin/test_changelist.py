"""Lists: columns, order, search, filters, dates, pages."""

import re
from typing import Any

import pytest

from spruce import App, admin
from spruce.admin import changelist
from spruce.web.client import Client

from .conftest import Maker, Product, edited

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
    assert (len(names(page)), "24 found, 25 in all" in page) == (20, True)
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


def test_links_where_a_list_wants_them(root: Client, site: admin.AdminSite) -> None:
    """Another column, or none."""
    shown = site.find("adminshop", "product")
    shown.list_display_links = ("price",)
    assert '/change/" hx-boost="false">19.90</a>' in root.get(LIST).text
    shown.list_display_links = None
    assert "/change/" not in root.get(LIST).text


def test_pages_that_can_be_one(root: Client, app: App, site: admin.AdminSite) -> None:
    """As long as there are not too many rows; how many pages there are is told."""
    add(app, 23)
    page = root.get(LIST).text
    assert "Page 1 of 2" in page
    assert '<a class="button small" href="?all=">Show all 25</a>' in page
    page = root.get(f"{LIST}?all=&kind=t").text
    assert (len(names(page)), "Page by page" in page) == (24, True)
    site.find("adminshop", "product").list_max_show_all = 24  # type: ignore[misc] # as a subclass would
    page = root.get(f"{LIST}?all=").text
    assert (len(names(page)), "Show all" in page) == (20, False)


def test_columns_that_people_may_sort_by(root: Client, site: admin.AdminSite) -> None:
    """Those that are named, all or none."""
    shown: Any = site.find("adminshop", "product")
    shown.sortable_by = ("price",)
    page = root.get(f"{LIST}?o=1").text
    assert ('href="?o=2"' in page or 'href="?o=1&amp;o=2"' in page, "aria-sort" in page) == (True, False)
    assert '<th scope="col">Name</th>' in page
    shown.sortable_by = ()
    assert "?o=" not in root.get(LIST).text


def test_what_is_shown_for_nothing(root: Client, site: admin.AdminSite) -> None:
    """Of a column, of a model, of a site."""
    shown: Any = site.find("adminshop", "product")
    nothing = admin.display(description="Hm", empty_value="(none)")(lambda obj: None)
    shown.list_display = ("name", lambda obj: None, nothing)
    assert root.get(LIST).text.count("<td>–</td>") == 2
    site.empty_value_display = "?"
    page = root.get(LIST).text
    assert (page.count("<td>?</td>"), page.count("<td>(none)</td>")) == (2, 2)
    shown.empty_value_display = "nil"
    assert root.get(LIST).text.count("<td>nil</td>") == 2


def test_actions_above_and_below(root: Client, site: admin.AdminSite) -> None:
    """The button says which of the two lists counts."""
    shown: Any = site.find("adminshop", "product")
    shown.actions_on_bottom = True
    page = root.get(LIST).text
    assert ('id="action0"' in page, 'id="action1"' in page) == (True, True)
    data = {"action": ["", "delete_selected"], "_selected_action": ["2"]}
    assert "No action selected." in root.post(LIST, data={**data, "index": "0"}, follow_redirects=True).text
    assert "Delete the selected products?" in root.post(LIST, data={**data, "index": "1"}).text
    shown.actions_on_top = False
    assert 'id="action0"' not in root.get(LIST).text


def test_an_action_for_all_that_is_found(root: Client, app: App) -> None:
    """Not only for what the page shows."""
    add(app, 30)
    assert "All 31 that are found" in root.get(f"{LIST}?kind=t").text
    data = {"action": "hide", "select_across": "1", "confirmed": "yes"}
    assert root.post(f"{LIST}?kind=t", data=data).status_code == 303
    with app.app_context():
        assert Product.objects.filter(active=True).count() == 0
        assert Product.objects.filter(kind="t", active=False).count() == 31


def test_a_list_is_found_again_as_it_was_left(root: Client, site: admin.AdminSite) -> None:
    """After an object was saved or deleted; what stands in the address leads nowhere else."""
    page = root.get(f"{LIST}?kind=t&q=bear").text
    path = f"{LIST}1/change/?_changelist_filters=kind%3Dt%26q%3Dbear"
    assert f'href="{path}"' in page
    page = root.get(path).text
    assert f'href="{LIST}?kind=t&amp;q=bear"' in page
    assert f'href="{LIST}1/delete/?_changelist_filters=kind%3Dt%26q%3Dbear"' in page
    answer = root.post(path, data=edited(root, f"{LIST}1/change/"))
    assert answer.headers["Location"] == f"{LIST}?kind=t&q=bear"
    answer = root.post(path, data={**edited(root, f"{LIST}1/change/"), "_continue": ""})
    assert answer.headers["Location"] == path
    evil = f"{LIST}1/delete/?_changelist_filters=//evil.example/%0d%0aX:y"
    assert root.post(evil).headers["Location"] == f"{LIST}?%2F%2Fevil.example%2F%0D%0AX%3Ay="
    shown: Any = site.find("adminshop", "product")
    shown.preserve_filters = False
    assert f'href="{LIST}2/change/"' in root.get(f"{LIST}?kind=b").text


def test_numbers_of_what_filters_leave(root: Client, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """If they are asked for, each filter with what the others leave; of large tables nothing is counted."""
    assert "<small>(" not in root.get(LIST).text
    page = root.get(f"{LIST}?_facets=&kind=b").text
    for text in ("Yes <small>(0)</small>", "No <small>(1)</small>", "Toy <small>(1)</small>", "Book <small>(1)</small>",
                 "Steiff <small>(1)</small>", "熊猫 <small>(0)</small>", "Today <small>(1)</small>"):  # fmt: skip
        assert text in page
    monkeypatch.setattr(changelist, "COUNTED", 1)
    page = root.get(f"{LIST}?_facets=").text
    assert ("There are too many rows for numbers." in page, "<small>(" in page) == (True, False)


def test_numbers_always_or_never(root: Client, site: admin.AdminSite) -> None:
    """As the class says."""
    shown: Any = site.find("adminshop", "product")
    shown.show_facets = admin.ShowFacets.ALWAYS
    page = root.get(LIST).text
    assert ("<small>(" in page, "Show numbers" in page) == (True, False)
    shown.show_facets = admin.ShowFacets.NEVER
    page = root.get(f"{LIST}?_facets=").text
    assert ("<small>(" in page, "numbers" in page) == (False, False)


def test_lists_may_be_of_a_class_of_the_programs_own(root: Client, site: admin.AdminSite) -> None:
    """And every part of them may depend on who asks."""

    class Own(admin.ModelAdmin):
        list_filter = ("kind",)
        search_help_text = "By <name>"

        def get_list_display(self, request: Any) -> Any:
            return ("slug", "name")

        def get_list_display_links(self, request: Any, list_display: Any) -> Any:
            return (list_display[1],)

        def get_list_filter(self, request: Any) -> Any:
            return (*self.list_filter, "active")

        def get_search_fields(self, request: Any) -> Any:
            return ("slug__exact",)

        def get_sortable_by(self, request: Any) -> Any:
            return {"slug"}

        def get_list_select_related(self, request: Any) -> Any:
            return True

        def get_ordering(self, request: Any) -> Any:
            return ("slug",)

    site.unregister(Product)
    site.register(Product, Own)
    page = root.get(f"{LIST}?q=car").text
    assert re.findall(r"<th scope=row>([^<]*)</th>", page) == ["car"]
    for text in ("By Kind", "By Active", "By &lt;name&gt;", "2/change/?_changelist_filters=q%3Dcar"):
        assert text in page
    assert "?o=2" not in page
