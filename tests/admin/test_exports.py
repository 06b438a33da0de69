"""Exports."""

import csv
import io
import json
from typing import Any

import pytest

from spruce import App, admin
from spruce.admin.exports import safe_cell
from spruce.web.client import Client

from .conftest import Product


def test_csv_and_json(root: Client, app: App) -> None:
    """Of the rows that the list shows, with all fields of the table."""
    answer = root.get("/admin/adminshop/product/export/csv?q=bear")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="product.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["name"], row["price"], row["maker_id"]) for row in rows] == [("Bear <b>", "19.90", "1")]
    found = json.loads(root.get("/admin/adminshop/product/export/json").text)
    assert [row["slug"] for row in found] == ["car", "bear"]
    assert json.loads(root.get("/admin/adminshop/product/export/json?q=none").text) == []


def test_some_fields(root: Client, app: App, site: admin.AdminSite) -> None:
    """Also of related objects, and of many rows in pieces."""
    shown = site.find("adminshop", "product")
    shown.export_fields = ("name", "maker__name")
    with app.app_context():
        Product.objects.bulk_create([Product(name="x" * 80, slug=f"p{n}", maker_id=1) for n in range(400)])
    lines = root.get("/admin/adminshop/product/export/csv").text.splitlines()
    assert lines[0] == "\ufeffname,maker__name"
    assert (len(lines), lines[1]) == (403, f"{'x' * 80},Steiff")


@pytest.mark.parametrize(
    ("value", "cell"), [("=1+1", "'=1+1"), ("@a", "'@a"), ("\tx", "'\tx"), ("a=b", "a=b"), (-5, -5), (None, "")]
)
def test_nothing_is_a_formula(value: Any, cell: Any) -> None:
    """In whatever opens the file; numbers are numbers."""
    assert safe_cell(value) == cell


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x"]
)
def test_no_text_becomes_a_formula(text: str) -> None:
    """The full-width signs neither, which some spreadsheets read as the others."""
    assert safe_cell(text) == f"'{text}"
