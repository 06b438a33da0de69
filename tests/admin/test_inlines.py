"""Inlines."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import App, admin
from spruce.auth import get_user_model
from spruce.auth.models import Permission
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Line, LineInline, Product, ProductAdmin, Tag, edited
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


def test_what_is_only_shown_of_rows(root: Client, site: admin.AdminSite, app: App) -> None:
    """Fields, and methods of the inline; what is sent for them is not looked at."""

    class Shown(LineInline):
        fields = ("loud", "text")
        readonly_fields = ("text", "loud")

        @admin.display(description="Loud")
        def loud(self, line: Line) -> str:
            return line.text.upper()

    site.unregister(Product)
    site.register(Product, ProductAdmin, inlines=[Shown])
    path = "/admin/adminshop/product/1/change/"
    page = root.get(path).text
    assert '<th scope="col">Loud</th><th scope="col">Text</th><th scope="col">Delete' in page
    for text in ("SOFT</td>", "<td>soft</td>"):
        assert text in page
    assert 'name="lines-0-text"' not in page
    assert root.post(path, data=edited(root, path, **{"lines-0-text": "hard"})).status_code == 303
    with app.app_context():
        assert Line.objects.get().text == "soft"


def test_who_may_only_view_sees_the_rows(log_in: Callable[[str], Client]) -> None:
    """As texts, without boxes to delete them."""
    page = log_in("seer").get("/admin/adminshop/product/1/change/").text
    assert "soft</td>" in page
    assert "lines-0" not in page
    assert "Delete" not in page


def test_who_may_only_add_rows_changes_none(log_in: Callable[[str], Client], app: App) -> None:
    """Those that are there are texts, and stay as they are whatever is sent."""
    with app.app_context():
        helper = get_user_model().objects.get(username="helper")
        names = ["view_product", "change_product", "view_line", "add_line"]
        helper.user_permissions.set(list(Permission.objects.filter(app_label="adminshop", codename__in=names)))
    client = log_in("helper")
    path = "/admin/adminshop/product/1/change/"
    page = client.get(path).text
    assert "soft</td>" in page
    assert 'name="lines-0-text"' not in page
    assert 'name="lines-1-text"' in page
    rows = {"lines-TOTAL_FORMS": "2", "lines-0-text": "hard", "lines-1-id": "", "lines-1-text": "new"}
    assert client.post(path, data=edited(client, path, **rows)).status_code == 303
    with app.app_context():
        assert sorted(line.text for line in Line.objects.all()) == ["new", "soft"]
