"""The page of an object: fields, inlines, and what saving it does when others are at work."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from spruce import App, admin, db
from spruce.auth.models import Permission
from spruce.auth.user import User
from spruce.web.client import Client

from .conftest import Line, Product, edited

PATH = "/admin/adminshop/product/1/change/"


def test_fieldsets_lines_and_read_only_fields(root: Client) -> None:
    """As the admin's class has them."""
    page = root.get(PATH).text
    assert '<details class="card"><summary><h2>More</h2></summary>' in page
    assert '<span class="label">Created</span>' in page
    assert 'name="created"' not in page
    assert "For &lt;us&gt;" in page
    assert 'name="lines-0-text" value="soft" maxlength="40" aria-label="Text"' in page


def test_only_shown_fields_are_written(root: Client, app: App, site: admin.AdminSite) -> None:
    """Whatever is sent: read-only ones, others of the model, the key."""
    shown = site.find("adminshop", "product")
    shown.readonly_fields = ("created", "price")
    sent = edited(root, PATH, price="1", id="77", created="2000-01-01", name="Changed", **{"lines-0-product": "2"})
    answer = root.post(PATH, data=sent)
    assert answer.status_code == 422  # the line of another product
    del sent["lines-0-product"]
    assert root.post(PATH, data=sent).status_code == 303
    with app.app_context():
        bear = Product.objects.get(pk=1)
        assert (bear.name, str(bear.price), bear.created.year > 2000) == ("Changed", "19.90", True)


def test_a_change_of_somebody_else_is_not_overwritten(root: Client, app: App) -> None:
    """Nor that of a row it is tied to; both versions are shown."""
    sent = edited(root, PATH, name="Mine")
    with app.app_context():
        Product.objects.filter(pk=1).update(name="Theirs")
    answer = root.post(PATH, data=sent)
    assert answer.status_code == 409
    assert '<th scope="row">Name</th><td>Theirs</td><td>Mine</td>' in answer.text
    with app.app_context():
        assert Product.objects.get(pk=1).name == "Theirs"
        sent = edited(root, PATH, name="Mine")
        Product.objects.get(pk=1).tags.set([1])
    assert root.post(PATH, data=sent).status_code == 409
    sent = edited(root, PATH, name="Mine", tags=["1"])
    assert root.post(PATH, data=sent).status_code == 303
    assert root.post(PATH, data={**sent, "_version": ""}).status_code == 409


def test_rows_of_an_inline(root: Client, app: App) -> None:
    """Changed, added and deleted, and told in the history."""
    sent = edited(root, PATH, **{"lines-TOTAL_FORMS": "2", "lines-0-text": "softer", "lines-1-text": "new"})
    assert root.post(PATH, data=sent).status_code == 303
    with app.app_context():
        assert [line.text for line in Line.objects.order_by("id")] == ["softer", "new"]
    sent = edited(root, PATH, **{"lines-0-DELETE": "on", "lines-0-text": "softer"})
    root.post(PATH, data=sent)
    with app.app_context():
        assert [line.text for line in Line.objects.all()] == ["new"]
    page = root.get("/admin/adminshop/product/1/history/").text
    assert "changed: Text" in page
    assert "<ins>new</ins>" in page
    assert "<del>softer</del>" in page


def test_rows_need_rights_of_their_own(log_in: Callable[[str], Client], app: App) -> None:
    """Who may change products, but no lines, sees and writes none."""
    with app.app_context():
        rights = Permission.objects.filter(codename__in=["change_product", "view_product"], app_label="adminshop")
        User.objects.get(username="helper").user_permissions.set(list(rights))
    helper = log_in("helper")
    page = helper.get(PATH).text
    assert 'name="name"' in page
    assert "lines" not in page
    sent = edited(helper, PATH, **{"lines-0-text": "stolen"})
    assert helper.post(PATH, data=sent).status_code == 303
    with app.app_context():
        assert Line.objects.get().text == "soft"


def test_nothing_changed_leaves_no_trace(root: Client, app: App) -> None:
    """In the history."""
    sent = edited(root, PATH, name="Bear <b>")
    assert root.post(PATH, data=sent).status_code == 303
    assert "Nothing was changed in the admin yet." in root.get("/admin/adminshop/product/1/history/").text


def test_hooks_are_called(root: Client, site: admin.AdminSite, app: App) -> None:
    """With the request, as in Django."""
    shown: Any = site.find("adminshop", "product")
    kind = type(shown)
    seen = []

    class Hooked(kind):  # type: ignore[misc, valid-type] # a class that is known at run time only
        def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
            seen.append((request.user.username, form.changed_data, change))
            obj.note = "hooked"
            super().save_model(request, obj, form, change)

    site.unregister(Product)
    site.register(Product, Hooked)
    root.post(PATH, data=edited(root, PATH))
    assert seen == [("root", ["name"], True)]
    with app.app_context():
        assert Product.objects.get(pk=1).note == "hooked"


@pytest.mark.parametrize("step", ["defer", "only"])
def test_queries_that_load_a_part(root: Client, site: admin.AdminSite, app: App, step: str) -> None:
    """Load the rest when it is needed."""

    class Part(admin.ModelAdmin):
        def get_queryset(self, request: Any) -> Any:
            return getattr(super().get_queryset(request), step)("name", "note")

    site.unregister(Product)
    site.register(Product, Part)
    assert root.post(PATH, data=edited(root, PATH, name="Other")).status_code == 303
    with app.app_context():
        assert Product.objects.get(pk=1).name == "Other"


@pytest.mark.parametrize("key", ["add", "a/b", "a?b#c", "x/change", "ü\"<> '", "add/delete", "%2F", "."])
def test_keys_that_look_like_addresses(root: Client, site: admin.AdminSite, app: App, key: str) -> None:
    """Lead to their objects."""

    class Place(db.Model):
        code = db.CharField(max_length=50, primary_key=True)

        class Meta:
            db_table = "t_admin_place"
            app_label = "adminshop"

        def __str__(self) -> str:
            return self.code

    site.register(Place)
    with app.app_context():
        db.create_all()
        Place.objects.create(code=key)
    found = re.search(r'<th scope=row><a href="([^"]+)"', root.get("/admin/adminshop/place/").text)
    assert found
    page = root.get(html.unescape(found[1]))
    assert (page.status_code, html.escape(key) in html.escape(html.unescape(page.text))) == (200, True)


def test_nobody_overwrites_what_another_has_changed_in_a_row(root: Client, app: App) -> None:
    """The page knows the rows of its inlines as it knows the object; both versions are shown."""
    path = "/admin/adminshop/product/1/change/"
    mine = edited(root, path, name="Bear <b>", note="mine")
    theirs = edited(root, path, name="Bear <b>", **{"lines-0-text": "hard"})
    assert root.post(path, data=theirs).status_code == 303
    answer = root.post(path, data=mine)
    assert answer.status_code == 409
    assert '<th scope="row">Lines</th><td>hard</td><td>soft</td>' in answer.text
    with app.app_context():
        assert (Line.objects.get().text, Product.objects.get(pk=1).note) == ("hard", "")


def test_a_row_of_another_object_stays_there(root: Client, app: App) -> None:
    """Naming its key in the page of this one does nothing to it."""
    with app.app_context():
        other = Line.objects.create(product=Product.objects.get(pk=2), text="of the car")
    path = "/admin/adminshop/product/1/change/"
    for more in ({"lines-0-text": "taken"}, {"lines-0-DELETE": "on"}):
        root.post(path, data=edited(root, path, **{"lines-0-id": str(other.pk), **more}))
        with app.app_context():
            assert [(line.product_id, line.text) for line in Line.objects.filter(pk=other.pk)] == [(2, "of the car")]
