"""The rows of a list that are only shown, as markup: a template would take four times as long for a hundred of them."""

from typing import Any

from markupsafe import Markup, escape

from spruce.i18n import gettext

__all__ = ["plain_rows"]

_KEY = "spruce-key"


def plain_rows(changes: Any, url: Any, *, selects: bool, popup: bool = False) -> Markup:
    """Return the rows of a ChangeList: with boxes to select them, and links to objects.

    `url(endpoint, key=…)` gives addresses; with `popup` a link tells the key that is chosen by it.
    """
    label = gettext("Select %(object)s")
    address = _Address(url)
    heads = [_head(column, number == 0) for number, column in enumerate(changes.columns)]
    columns = [
        (head, tail, column.cell, column.name in changes.links)
        for (head, tail), column in zip(heads, changes.columns, strict=True)
    ]
    lines: list[str] = []
    for obj in changes.rows:
        key = escape(obj.pk)
        lines.append("<tr>\n")
        if selects:
            name = escape(label % {"object": obj})
            lines.append(
                f'<td class="check"><input type="checkbox" name="_selected_action" value="{key}" '
                f'aria-label="{name}"></td>\n'
            )
        for head, tail, cell, links in columns:
            text = str(escape(cell(obj)))
            if links:
                chosen = f' data-key="{key}"' if popup else ""
                text = f'<a href="{address.of(obj.pk)}" hx-boost="false"{chosen}>{text}</a>'
            lines.append(f"{head}{text}{tail}")
        lines.append("\n</tr>\n")
    return Markup("".join(lines))  # noqa: S704 - all that came from elsewhere is escaped


def _head(column: Any, is_first: bool) -> tuple[str, str]:
    """What stands before and behind a cell."""
    kind = ' class="number"' if column.is_number else ""
    return (f"<th scope=row{kind}>", "</th>") if is_first else (f"<td{kind}>", "</td>")


class _Address:
    """The pages of objects: built once for keys that an address has as they are, and for each of the others."""

    def __init__(self, url: Any) -> None:
        self._url = url
        self._before, _, self._behind = str(escape(url("change", key=_KEY))).partition(_KEY)

    def of(self, key: Any) -> str:
        """The address of the page of a key, as it stands in an attribute."""
        text = str(key)
        if text.isascii() and text.isalnum():
            return f"{self._before}{text}{self._behind}"
        return str(escape(self._url("change", key=key)))
