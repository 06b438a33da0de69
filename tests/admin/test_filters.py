"""Filters of lists."""

from typing import Any

import pytest

from spruce import App, admin
from spruce.admin.filters import Choice, make_filter
from spruce.errors import AdminError
from spruce.http import Request
from spruce.web.client import Client

from .conftest import Product


class Cheap(admin.SimpleListFilter):
    title = "how dear"
    parameter_name = "dear"

    def lookups(self, request: Any, model_admin: Any) -> Any:
        return [("no", "cheap"), ("yes", "dear")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        if self.value() == "no":
            return queryset.filter(price__lt=10)
        return queryset.filter(price__gte=10) if self.value() == "yes" else None


def test_filters_of_the_programs_own(root: Client, site: admin.AdminSite) -> None:
    """What they don't know is all."""
    site.find("adminshop", "product").list_filter = (Cheap,)
    page = root.get("/admin/adminshop/product/?dear=no").text
    assert "Car" in page
    assert "Bear" not in page
    assert '<a href="?dear=no" aria-current="true">cheap</a>' in page
    assert "Bear" in root.get("/admin/adminshop/product/?dear=x").text


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
