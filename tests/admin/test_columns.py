"""Columns and values."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from markupsafe import Markup

from spruce import App, admin
from spruce.admin.columns import column, label_of_field, shown, snapshot
from spruce.errors import AdminError
from spruce.i18n import timezone

from .conftest import Product


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("", "–"),
        (True, "Yes"),
        (False, "No"),
        (1234567, "1,234,567"),
        (Decimal("19.90"), "19.90"),
        (Decimal(5), "5"),
        (1.5, "1.5"),
        (dt.date(2026, 1, 31), "Jan 31, 2026"),
        (dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.UTC), "Jan 31, 2026, 12:30:00\u202fPM"),
        (dt.time(12, 30), "12:30\u202fPM"),
        ("<a>", "<a>"),
        (Markup("<a>"), Markup("<a>")),
    ],
)
def test_values_as_people_read_them(value: Any, text: str) -> None:
    """In their language; only what is markup stays so."""
    with timezone.override("UTC"):
        assert shown(value) == text
    assert hasattr(shown(value), "__html__") is isinstance(value, Markup)


def test_what_can_be_a_column(app: App, site: admin.AdminSite) -> None:
    """Fields, fields of related objects, methods and functions."""
    products = site.find("adminshop", "product")
    with app.app_context():
        bear = Product.objects.select_related("maker").get(pk=1)
        for entry, label, order, value in (
            ("name", "Name", "name", "Bear <b>"),
            ("kind", "Kind", "kind", "Toy"),
            ("maker__name", "Name", "maker__name", "Steiff"),
            ("maker", "Maker", "maker", "Steiff"),
            ("__str__", "Product", "", "Bear <b>"),
            ("loud", "Loud", "name", "BEAR <B>"),
            ("get_kind_display", "Get kind display", "", "Toy"),
            ("pk", "Id", "id", "1"),
        ):
            made = column(products, entry)
            assert (made.label, made.order, str(made.cell(bear))) == (label, order, value)
        assert column(products, lambda obj: obj.stock > 1).cell(bear) == "Yes"
        assert column(products, "note").cell(bear) == "–"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "nam",
            "ProductAdmin lists 'nam', which is neither a field nor a method of Product or of it; did you mean 'name'?",
        ),
        ("name__x", "'name__x' leads nowhere: Product.name is no foreign key"),
        ("maker__nam", "'maker__nam' leads nowhere; did you mean 'name'?"),
    ],
)
def test_what_leads_nowhere_says_so(site: admin.AdminSite, entry: str, message: str) -> None:
    """With the nearest name."""
    with pytest.raises(AdminError) as refused:
        column(site.find("adminshop", "product"), entry)
    assert str(refused.value) == message


def test_what_people_see_of_an_object(app: App) -> None:
    """To be compared later."""
    with app.app_context():
        seen = snapshot(Product.objects.get(pk=1), ["name", "kind", "maker", "tags", "price", "gone"])
    assert seen == {"name": "Bear <b>", "kind": "Toy", "maker": "Steiff", "tags": "", "price": "19.90"}
    assert label_of_field(Product, "tags") == "Tags"
