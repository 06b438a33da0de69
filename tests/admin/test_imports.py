"""Imports of CSV."""

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO
from typing import Any

import pytest

from spruce import App
from spruce.admin import imports
from spruce.admin.models import LogEntry
from spruce.auth.models import Permission
from spruce.auth.user import User
from spruce.web.client import Client

from .conftest import Product

PATH = "/admin/adminshop/product/import/"


def check(client: Client, text: str) -> Any:
    """Send a file, and return the page that says what would happen."""
    return client.post(PATH, data={"file": (BytesIO(text.encode()), "products.csv")})


def faults(page: str) -> list[tuple[str, ...]]:
    """Line, field and message of each row of the table."""
    found = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td>', page)
    return [tuple(unescape(each) for each in row) for row in found]


def test_a_file_is_checked_and_then_imported(root: Client, app: App) -> None:
    """What an export wrote can be changed and read again; nothing is saved before."""
    text = root.get("/admin/adminshop/product/export/csv").text.replace("Car", "Truck")
    text += "\n,'=new,new,2.50,1,True,b,2,,"
    page = check(root, text)
    assert "Nothing is wrong: 1 would be added, 1 changed." in page.text
    with app.app_context():
        assert not Product.objects.filter(name="Truck").exists()
    sent = unescape(re.search(r'name="text" value="(.*?)"', page.text, re.DOTALL)[1])  # type: ignore[index] # it is there
    answer = root.post(PATH, data={"text": sent, "confirmed": "yes"}, follow_redirects=True)
    assert "1 added, 1 changed." in answer.text
    with app.app_context():
        assert Product.objects.get(slug="car").name == "Truck"
        new = Product.objects.get(slug="new")
        assert (new.name, str(new.price), new.maker_id, new.kind) == ("=new", "2.50", 2, "b")
        assert LogEntry.objects.filter(object_key="2", action="change").get().changes == [
            {"name": "name", "field": "Name", "before": "Car", "after": "Truck"}
        ]


def test_what_is_wrong_is_told_by_line(root: Client, app: App) -> None:
    """And then nothing is imported, not even what is right."""
    text = "id,name,slug,price,maker\n1,Bear,bear,x,1\n,A,car,1,1\n99,B,b,1,1\n,C,c\n,D,d,1,7\n,E,e,1,1\n,F,e,1,1\n"
    page = check(root, text)
    assert page.status_code == 422
    assert faults(page.text) == [
        ("2", "price", "Enter a number."),
        ("3", "slug", "Product with this Slug already exists."),
        ("4", "id", "There is no such object."),
        ("5", "", "It has 3 columns, and not 5."),
        ("6", "maker", "Select a valid choice. That choice is not one of the available choices."),
        ("8", "slug", "Product with this Slug already exists."),
    ]
    assert root.post(PATH, data={"text": text, "confirmed": "yes"}).status_code == 422
    with app.app_context():
        assert Product.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", ("1", "", "The file is empty.")),
        ("nam,slug\na,b", ("1", "nam", "There is no such field.")),
        ("name,tags\na,b", ("1", "tags", "There is no such field.")),
        ("maker,maker_id\n1,1", ("1", "", "A field is named twice.")),
        ("name\n" + "a\n" * 4, ("1", "", "One import takes 3 rows at most.")),
    ],
)
def test_files_that_cannot_be_read(
    root: Client, text: str, fault: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Say why."""
    monkeypatch.setattr(imports, "MOST", 3)
    assert faults(check(root, text).text) == [fault]


def test_defaults_hold_for_columns_that_are_not_there(root: Client, app: App) -> None:
    """Of new objects; those of others stay what they are."""
    root.post(PATH, data={"text": "name,slug,maker\nNew,new,1", "confirmed": "yes"})
    root.post(PATH, data={"text": "id,stock\n1,9", "confirmed": "yes"})
    with app.app_context():
        new, bear = Product.objects.get(slug="new"), Product.objects.get(pk=1)
    assert (new.active, str(new.price), new.kind) == (True, "1.00", "t")
    assert (bear.name, bear.stock, bear.active) == ("Bear <b>", 9, True)


def test_rights_count_for_each_row(log_in: Callable[[str], Client], app: App) -> None:
    """Who may change adds nothing."""
    with app.app_context():
        rights = Permission.objects.filter(codename__in=["change_product", "view_product"], app_label="adminshop")
        User.objects.get(username="helper").user_permissions.set(list(rights))
    helper = log_in("helper")
    assert check(helper, "id,stock\n1,9").status_code == 200
    assert faults(check(helper, "name,slug,maker\nN,n,1").text) == [("2", "", "You may not do this.")]


def test_large_files_are_refused(root: Client) -> None:
    """Before they are read as CSV."""
    assert check(root, "a" * 2_000_001).status_code == 413
