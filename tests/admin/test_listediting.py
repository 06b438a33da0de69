"""Columns that are changed in the list."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from spruce import App, admin
from spruce.admin.models import LogEntry
from spruce.auth.models import Permission
from spruce.auth.user import User
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Maker, Product

LIST = "/admin/adminshop/product/"


@pytest.fixture(autouse=True)
def editable(site: admin.AdminSite) -> Any:
    """A list with four columns that can be changed."""
    shown: Any = site.find("adminshop", "product")
    shown.list_display = ("name", "price", "active", "maker", "created")
    shown.list_editable = ("price", "active", "maker")
    return shown


def inputs(page: str) -> dict[str, Any]:
    """What a browser sends for the list of a page without any change."""
    sent: dict[str, Any] = {"_save": "1", "_row": re.findall(r'name="_row" value="(\d+)"', page)}
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    for tag in re.findall(r"<input[^>]*>", table):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1].startswith(("row-", "initial-row-")) and ("checkbox" not in tag or " checked" in tag):
            sent[name[1]] = html.unescape(value[1]) if value else "on"
    for name, options in re.findall(r'<select name="(row-[^"]+)"[^>]*>(.*?)</select>', table, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def test_what_was_changed_is_saved(root: Client, app: App) -> None:
    """With a line in the history, and nothing else."""
    sent = inputs(root.get(LIST).text)
    assert sent["_row"] == ["2", "1"]
    del sent["row-1-active"]
    answer = root.post(f"{LIST}?o=1", data={**sent, "row-2-price": "6.50", "row-2-maker": "2"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LIST}?o=1")
    assert "2 objects were saved." in root.get(LIST).text
    with app.app_context():
        bear, car = Product.objects.order_by("pk")
        assert (bear.active, str(bear.price), str(car.price), car.maker_id) == (False, "19.90", "6.50", 2)
        entry = LogEntry.objects.get(object_key="2")
        assert entry.changes == [
            {"name": "price", "field": "Price", "before": "5.00", "after": "6.50"},
            {"name": "maker", "field": "Maker", "before": "Steiff", "after": "熊猫"},
        ]
    assert "Nothing was changed." in root.post(LIST, data=inputs(root.get(LIST).text), follow_redirects=True).text


def test_nobody_is_overwritten(root: Client, app: App) -> None:
    """What both have changed is told, with what it is now; what only the other has changed stays."""
    sent = inputs(root.get(LIST).text)
    with app.app_context():
        Product.objects.filter(pk=1).update(price="7", active=False)
    answer = root.post(LIST, data={**sent, "row-1-price": "8", "row-2-price": "9"})
    assert answer.status_code == 409
    assert "Somebody else has changed this to “7.00” meanwhile." in answer.text
    with app.app_context():
        assert [str(each.price) for each in Product.objects.order_by("pk")] == ["7.00", "5.00"]
    again = inputs(answer.text)
    assert (again["row-1-price"], again["initial-row-1-price"]) == ("8", "7.00")
    assert root.post(LIST, data=again).status_code == 303
    with app.app_context():
        bear, car = Product.objects.order_by("pk")
        assert (str(bear.price), bear.active, str(car.price)) == ("8.00", False, "9.00")


def test_what_others_have_changed_in_the_same_way_is_no_matter(root: Client, app: App) -> None:
    """Nor what they have changed in another row."""
    sent = inputs(root.get(LIST).text)
    with app.app_context():
        Product.objects.filter(pk=1).update(price="8", note="other")
        Product.objects.filter(pk=2).update(price="3")
    assert root.post(LIST, data={**sent, "row-1-price": "8.00"}).status_code == 303
    with app.app_context():
        assert [str(each.price) for each in Product.objects.order_by("pk")] == ["8.00", "3.00"]


def test_mistakes_are_told_by_row(root: Client, app: App) -> None:
    """And nothing is saved, of other rows neither."""
    sent = inputs(root.get(LIST).text)
    answer = root.post(LIST, data={**sent, "row-1-price": "x", "row-2-price": "6", "row-2-maker": "99"})
    assert answer.status_code == 422
    for text in (
        "Nothing was saved. Please correct the rows below.", "Enter a number.", "Select a valid choice.", 'value="x"'
    ):  # fmt: skip
        assert text in answer.text
    with app.app_context():
        assert [str(each.price) for each in Product.objects.order_by("pk")] == ["19.90", "5.00"]


def test_a_row_that_is_gone(root: Client, app: App) -> None:
    """Is told of."""
    sent = inputs(root.get(LIST).text)
    with app.app_context():
        Product.objects.get(pk=1).delete()
    answer = root.post(LIST, data={**sent, "row-1-price": "8"})
    assert answer.status_code == 422
    assert "A row is gone: somebody has deleted it meanwhile." in answer.text
    assert root.post(LIST, data={"_save": "1", "_row": ["x", "2"]}).status_code == 422


def test_who_may_not_change_has_no_inputs(log_in: Callable[[str], Client], app: App, editable: Any) -> None:
    """Of the list, of a row, of a column; and nothing of theirs is written."""
    seer = log_in("seer")
    assert "row-1" not in seer.get(LIST).text
    assert seer.post(LIST, data={"_save": "1", "_row": "1", "row-1-price": "1"}).status_code == 403
    with app.app_context():
        User.objects.get(username="helper").user_permissions.set(
            list(Permission.objects.filter(codename="change_product", app_label="adminshop"))
        )
    type(editable).has_change_permission, before = (
        lambda self, request, obj=None: obj is None or obj.pk == 2,
        type(editable).has_change_permission,
    )
    try:
        helper = log_in("helper")
        page = helper.get(LIST).text
        assert ("row-2-price" in page, "row-1-price" in page) == (True, False)
        sent = {"row-1-price": "1", "initial-row-1-price": "19.90"}
        assert helper.post(LIST, data={"_save": "1", "_row": "1", **sent}).status_code == 403
    finally:
        type(editable).has_change_permission = before
    editable.readonly_fields = ("price",)
    assert "row-1-price" not in log_in("root").get(LIST).text


def test_a_list_with_inputs_asks_few_questions(root: Client, app: App, queries: list[str], editable: Any) -> None:
    """The choices of a foreign key are asked for once, not for each row."""
    with app.app_context():
        maker = Maker.objects.get(pk=1)
        Product.objects.bulk_create([Product(name=f"P{n}", slug=f"p{n}", maker=maker) for n in range(15)])
    root.get(LIST)
    queries.clear()
    root.get(LIST)
    assert len(queries) <= 7
    editable.autocomplete_fields = ("maker",)
    queries.clear()
    page = root.get(LIST).text
    assert len(queries) <= 6
    assert page.count('value="Steiff"') == 17


@pytest.mark.parametrize(
    ("links", "editable_names", "text"),
    [
        ((), ("stock",), "ProductAdmin.list_editable has 'stock', which is not in list_display"),
        (
            ("price",),
            ("price",),
            "ProductAdmin.list_editable has 'price', which is in list_display_links too. "
            "A column is an input or a link.",
        ),
        (
            (),
            ("created",),
            "ProductAdmin.list_editable has 'created', which is no field that forms can change in a line",
        ),
    ],
)
def test_columns_that_cannot_be_changed(
    root: Client, app: App, editable: Any, links: Any, editable_names: Any, text: str
) -> None:
    """They say why."""
    editable.list_display_links, editable.list_editable = links, editable_names
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(AdminError) as refused:
        root.get(LIST)
    assert str(refused.value) == text


def test_a_field_may_be_locked_in_some_rows(site: admin.AdminSite, root: Client, app: App) -> None:
    """As `has_field_permission` says of the object; sending it all the same is refused."""

    class Locked(admin.ModelAdmin):
        list_display = ("name", "price")
        list_editable = ("price",)

        def has_field_permission(self, request: Any, name: str, obj: Any = None, action: str = "change") -> bool:
            return not (action == "change" and name == "price" and obj is not None and obj.slug == "car")

    site.unregister(Product)
    site.register(Product, Locked)
    page = root.get(LIST).text
    assert ('name="row-1-price"' in page, 'name="row-2-price"' in page) == (True, False)
    data = {"_save": "1", "_row": ["2"], "row-2-price": "1", "initial-row-2-price": "5.00"}
    assert root.post(LIST, data=data).status_code == 403
    with app.app_context():
        assert Product.objects.get(pk=2).price == 5
