"""Filters of lists."""

from typing import Any

import pytest

from spruce import admin
from spruce.admin.fieldfilters import make_filter
from spruce.errors import AdminError
from spruce.http import Request
from spruce.web.client import Client


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


def test_a_filter_without_its_words_says_so(site: admin.AdminSite) -> None:
    """Title, parameter and methods."""

    class Nameless(admin.SimpleListFilter):
        title = "x"

    class Bare(Nameless):
        parameter_name = "x"

    products, request = site.find("adminshop", "product"), Request("GET", "/?x=1")
    with pytest.raises(AdminError) as refused:
        make_filter(products, Nameless, request)
    assert str(refused.value) == "Nameless has no parameter_name. Write parameter_name = … in its class."
    bare = make_filter(products, Bare, request)
    with pytest.raises(NotImplementedError, match="Bare needs lookups"):
        bare.choices()
    with pytest.raises(NotImplementedError, match="Bare needs queryset"):
        bare.apply(None)


def test_numbers_of_own_filters(root: Client, site: admin.AdminSite) -> None:
    """By running it once for each choice."""
    site.find("adminshop", "product").list_filter = (Cheap,)
    page = root.get("/admin/adminshop/product/?_facets=&dear=no").text
    assert "cheap <small>(1)</small>" in page
    assert "dear <small>(1)</small>" in page
