"""Inlines."""

from typing import Any

import pytest

from spruce import App, admin
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Line, Product, Tag
from .test_options import Anybody

PATH = "/admin/adminshop/product/1/change/"


def test_inlines_say_what_they_are_of(site: admin.AdminSite) -> None:
    """And which foreign key, where there are several."""

    class Nothing(admin.StackedInline):
        pass

    class Lines(admin.StackedInline):
        model = Line
        verbose_name_plural = "parts"

    with pytest.raises(AdminError, match="Nothing has no model"):
        Nothing(Product, site)
    made = Lines(Product, site)
    assert (made.title, made.fk.name, made.get_fields(Anybody())) == ("Parts", "product", ["text"])
    with pytest.raises(ValueError, match="'Line' has no ForeignKey to 'Tag'"):
        Lines(Tag, site)


def test_stacked_rows(root: Client, site: admin.AdminSite, app: App) -> None:
    """Each in a block of its own."""

    class Lines(admin.StackedInline):
        model = Line

    site.find("adminshop", "product").inlines = (Lines,)
    page = root.get("/admin/adminshop/product/1/change/").text
    assert '<fieldset class="row"><legend>soft</legend>' in page


def test_rows_lead_to_their_own_pages(root: Client, site: admin.AdminSite) -> None:
    """If the inline says so, and their model is in the admin."""

    class Lines(admin.TabularInline):
        model = Line
        show_change_link = True

    class Blocks(admin.StackedInline):
        model = Line
        show_change_link = True

    shown: Any = site.find("adminshop", "product")
    link = '<a href="/admin/adminshop/line/1/change/">Open<span class="hidden"> soft</span></a>'
    assert link not in root.get(PATH).text
    for kind in (Lines, Blocks):
        shown.inlines = (kind,)
        assert root.get(PATH).text.count(link) == 1
    site.unregister(Line)
    assert link not in root.get(PATH).text


def test_how_many_rows_there_are(root: Client, site: admin.AdminSite) -> None:
    """As methods say, which know the object; collapsed ones are shown by their title."""

    class Lines(admin.StackedInline):
        model = Line
        classes = ("collapse",)

        def get_extra(self, request: Any, obj: Any = None) -> int:
            return 5 if obj is None else 2

        def get_max_num(self, request: Any, obj: Any = None) -> int:
            return 4

        def get_min_num(self, request: Any, obj: Any = None) -> int:
            return 1

    shown: Any = site.find("adminshop", "product")
    shown.inlines = (Lines,)
    page = root.get(PATH).text
    assert 'name="lines-TOTAL_FORMS" value="3"' in page
    assert 'name="lines-MIN_NUM_FORMS" value="1"' in page
    assert '<details class="collapsed"><summary>Lines (1)</summary>' in page
    assert 'name="lines-__prefix__-text"' in page
    assert 'name="lines-TOTAL_FORMS" value="4"' in root.get("/admin/adminshop/product/add/").text


def test_inlines_may_depend_on_who_asks(root: Client, site: admin.AdminSite, app: App) -> None:
    """And on the object."""

    class Lines(admin.TabularInline):
        model = Line

    class Own(admin.ModelAdmin):
        def get_inlines(self, request: Any, obj: Any = None) -> Any:
            return [Lines] if obj is not None else []

        def get_inline_instances(self, request: Any, obj: Any = None) -> Any:
            return [each for each in super().get_inline_instances(request, obj) if obj.pk == 1]

    site.unregister(Product)
    site.register(Product, Own)
    assert "lines-TOTAL_FORMS" in root.get(PATH).text
    assert "lines-TOTAL_FORMS" not in root.get("/admin/adminshop/product/2/change/").text
    assert "lines-TOTAL_FORMS" not in root.get("/admin/adminshop/product/add/").text
