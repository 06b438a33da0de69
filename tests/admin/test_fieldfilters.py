"""Filters by fields."""

import datetime as dt
from typing import Any

import pytest

from spruce import App, admin, db
from spruce.admin.fieldfilters import make_filter
from spruce.admin.filters import Choice
from spruce.errors import AdminError
from spruce.http import Request
from spruce.i18n import timezone
from spruce.web.client import Client

from .conftest import Maker, Product, Tag


def test_choices_of_fields(app: App, site: admin.AdminSite) -> None:
    """Of truth values, choices, related objects, times, and all others."""
    products, request = site.find("adminshop", "product"), Request("GET", "/")
    with app.app_context():
        found = {name: make_filter(products, name, request).choices() for name in ("active", "kind", "maker", "stock")}
        assert found == {
            "active": [Choice("1", "Yes"), Choice("0", "No")],
            "kind": [Choice("t", "Toy"), Choice("b", "Book")],
            "maker": [Choice("1", "Steiff"), Choice("2", "熊猫")],
            "stock": [Choice("0", "0"), Choice("3", "3")],
        }
        assert [choice.value for choice in make_filter(products, "created", request).choices()] == [
            "today", "week", "month", "year",
        ]  # fmt: skip
        over = make_filter(products, "maker__name", Request("GET", "/?maker__name=Steiff"))
        assert over.apply(Product.objects.all()).count() == 2


def test_what_leads_nowhere_says_so(site: admin.AdminSite) -> None:
    """With the entry."""
    with pytest.raises(AdminError, match=r"ProductAdmin\.list_filter has 'x', and Product has no 'x'"):
        make_filter(site.find("adminshop", "product"), "x", Request("GET", "/"))


def found(site: admin.AdminSite, entry: Any, address: str) -> list[str]:
    """The products that a filter leaves for a query string."""
    made = make_filter(site.find("adminshop", "product"), entry, Request("GET", f"/?{address}"))
    return [str(each.slug) for each in made.apply(Product.objects.order_by("slug"))]


def test_spans_of_days_and_of_numbers(app: App, site: admin.AdminSite) -> None:
    """Both ends belong to the span; what cannot be read finds nothing."""
    with app.app_context(), timezone.override("Asia/Shanghai"):
        Product.objects.filter(slug="bear").update(created=dt.datetime(2026, 3, 31, 20, tzinfo=dt.UTC))
        assert found(site, "created", "created__from=2026-04-01&created__to=2026-04-01") == ["bear"]
        assert found(site, "created", "created__to=2026-03-31") == []
        assert found(site, "created", "created__from=2026-04-02&created=today") == ["car"]
        assert found(site, "created", "created__from=x") == []
        assert found(site, "created", "created__to=9999-12-31") == []
        prices = ("price", admin.NumberRangeFilter)
        assert found(site, prices, "price__from=5&price__to=19.89") == ["car"]
        assert found(site, prices, "price__from=5.01") == ["bear"]
        assert found(site, prices, "price__to=x") == []
        assert found(site, prices, "price__from=&price__to=") == ["bear", "car"]


def test_relations_to_several_rows(app: App, site: admin.AdminSite) -> None:
    """Tags, and rows that point here; also the rows that have none."""
    with app.app_context():
        Product.objects.get(slug="bear").tags.set([1])
        Tag.objects.create(name="blue")
        tags = make_filter(site.find("adminshop", "product"), "tags", Request("GET", "/"))
        assert (tags.title, tags.listed()) == ("Tags", [Choice("1", "red"), Choice("2", "blue"), Choice("", "Empty")])
        assert tags.counts(Product.objects.all()) == {"1": 1, "": 1}
        assert found(site, "tags", "tags=1") == ["bear"]
        assert found(site, "tags", "tags=") == ["car"]
        assert found(site, "tags__name", "tags__name=red") == ["bear"]
        assert found(site, "lines", "lines=1") == ["bear"]
        lines = make_filter(site.find("adminshop", "product"), "lines", Request("GET", "/"))
        assert (lines.title, lines.has_output()) == ("Lines", True)


def test_only_rows_that_are_used(app: App, site: admin.AdminSite) -> None:
    """A filter with one choice isn't there."""
    with app.app_context():
        products = site.find("adminshop", "product")
        only = make_filter(products, ("maker", admin.RelatedOnlyFieldListFilter), Request("GET", "/"))
        assert (only.listed(), only.has_output()) == ([Choice("1", "Steiff")], False)
        makers: Any = site.find("adminshop", "maker")
        makers.ordering = ("-pk",)
        assert [each.label for each in make_filter(products, "maker", Request("GET", "/")).listed()] == [
            "熊猫",
            "Steiff",
        ]
        assert Maker.objects.count() == 2


def test_empty_and_not(app: App, site: admin.AdminSite) -> None:
    """Of texts and of what may be null."""
    with app.app_context():
        Product.objects.filter(slug="car").update(note="old")
        notes = ("note", admin.EmptyFieldListFilter)
        assert found(site, notes, "note=1") == ["bear"]
        assert found(site, notes, "note=0") == ["car"]
        assert found(site, notes, "note=x") == []
        made = make_filter(site.find("adminshop", "product"), notes, Request("GET", "/"))
        assert made.counts(Product.objects.all()) == {"1": 1, "0": 1}


def test_truth_values_and_choices_that_may_be_null(app: App) -> None:
    """Have a choice for nothing, unless it is one of the choices."""

    class Odd(db.Model):
        sure = db.BooleanField(null=True)
        size = db.CharField(max_length=1, choices=[("s", "small")], null=True, blank=True)
        taste = db.IntegerField(choices=[(None, "none"), (1, "sweet")], null=True)

        class Meta:
            db_table = "t_admin_odd"
            app_label = "adminshop"

    site = admin.AdminSite()
    site.register(Odd)
    odd = site.find("adminshop", "odd")
    with app.app_context():
        db.create_all()
        Odd.objects.create(sure=None, size=None, taste=None)
        Odd.objects.create(sure=True, size="s", taste=1)
        expected = {
            "sure": ["1", "0", ""],
            "size": ["s", ""],
            "taste": ["", "1"],
        }
        for name, values in expected.items():
            made = make_filter(odd, name, Request("GET", f"/?{name}="))
            assert [choice.value for choice in made.listed()] == values
            assert made.apply(Odd.objects.all()).count() == 1
            assert made.counts(Odd.objects.all())[""] == 1


def test_a_class_that_is_no_filter(site: admin.AdminSite) -> None:
    """It says what to write."""
    with pytest.raises(AdminError) as refused:
        make_filter(site.find("adminshop", "product"), admin.EmptyFieldListFilter, Request("GET", "/"))
    assert str(refused.value) == (
        "ProductAdmin.list_filter has EmptyFieldListFilter, which is no SimpleListFilter. "
        'A filter by a field stands in a pair with its name: ("name", EmptyFieldListFilter).'
    )


@pytest.mark.parametrize(
    "query",
    ["created__from=0001-01-01", "created__to=9999-12-31", "price__from=1e999999", "price__to=-1e999999", "date=1",
     "date=0001-01-01", "date=9999-12-31", "price__from=NaN", "stock__from=99999999999999999999999999"],
)  # fmt: skip
def test_the_ends_of_time_and_of_numbers_are_no_fault(root: Client, site: admin.AdminSite, query: str) -> None:
    """Where a zone's clock is ahead of UTC the first of all days has no beginning that could be compared."""
    site.unregister(Product)
    names = ["created", ("price", admin.NumberRangeFilter), ("stock", admin.NumberRangeFilter)]
    site.register(Product, list_filter=names, date_hierarchy="created")
    for zone in ("Asia/Shanghai", "America/Los_Angeles"):
        with timezone.override(zone):
            assert root.get(f"/admin/adminshop/product/?{query}").status_code == 200
