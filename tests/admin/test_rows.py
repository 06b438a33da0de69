"""The rows of a list as markup: what comes from elsewhere is text in them, and they are what a list with inputs has."""

import re
from types import SimpleNamespace
from typing import Any

from spruce import App
from spruce.admin.rows import plain_rows
from spruce.web.client import Client

from .conftest import ProductAdmin


class _Column:
    is_number = False

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, value

    def cell(self, obj: Any) -> Any:
        return self.value


class _Row:
    def __init__(self, pk: Any) -> None:
        self.pk = pk

    def __str__(self) -> str:
        return '"<row>"'


def _url(endpoint: str, key: Any) -> str:
    return f"/{endpoint}/{str(key).replace('/', '%2F')}/?a=1&b=2"


def test_keys_names_and_cells_are_escaped() -> None:
    """Keys that an address cannot have as they are go through what builds addresses."""
    columns = [_Column("name", "<b>"), _Column("note", 'a"b')]
    changes = SimpleNamespace(columns=columns, rows=[_Row(7), _Row('x/"y')], links={"name"})
    html = plain_rows(changes, _url, selects=True)
    assert re.findall('href="([^"]+)"', html) == ["/change/7/?a=1&amp;b=2", "/change/x%2F&#34;y/?a=1&amp;b=2"]
    for text in (
        '<a href="/change/7/?a=1&amp;b=2" hx-boost="false">&lt;b&gt;</a>', "<td>a&#34;b</td>",
        'value="x/&#34;y" aria-label="Select &#34;&lt;row&gt;&#34;"',
    ):  # fmt: skip
        assert text in html
    assert "<b>" not in html


def test_boxes_and_keys_only_where_they_are_wanted() -> None:
    """Who may do nothing selects nothing; a window to choose tells the key."""
    changes = SimpleNamespace(columns=[_Column("name", "a")], rows=[_Row(7)], links={"name"})
    assert "checkbox" not in plain_rows(changes, _url, selects=False)
    assert 'hx-boost="false" data-key="7">a</a>' in plain_rows(changes, _url, selects=False, popup=True)


def test_they_are_those_of_a_list_with_inputs(root: Client, app: App, monkeypatch: Any) -> None:
    """The template has the same rows for lists in which something is edited, but for the column with the inputs."""
    plain = root.get("/admin/adminshop/product/").text
    monkeypatch.setattr(ProductAdmin, "list_editable", ["price"])
    edited = root.get("/admin/adminshop/product/").text

    def rows(page: str) -> list[str]:
        left_out = r'<input type="hidden" name="_row"[^>]*>|<td class="number">.*?</td>|\s*\n\s*'
        return [re.sub(left_out, "", row) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]

    assert rows(plain) == rows(edited)
    assert len(rows(plain)) == 3
