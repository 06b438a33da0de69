"""Inputs for relations: several rows out of many in two lists, and keys that are typed in or looked up in a list.

Each works without JavaScript too: as a list to select from, and as a field for keys.
"""

from typing import Any
from urllib.parse import urlencode

from spruce import forms
from spruce.admin.choosing import nameable, named
from spruce.admin.responses import POPUP
from spruce.i18n import gettext

__all__ = ["KeyWidget", "KeysWidget", "PickerWidget"]

_MOST = 20


class PickerWidget(forms.SelectMultiple):
    """What can be chosen, with a field to look in it, and what is; `stacked` puts one below the other."""

    def __init__(self, stacked: bool = False) -> None:
        super().__init__()
        self.stacked = stacked

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """What the template is given: also what the script writes on its buttons."""
        texts = {
            "data-picker": "stacked" if self.stacked else "across",
            "data-look": gettext("Look for"),
            "data-available": gettext("Available"),
            "data-chosen": gettext("Chosen"),
            "data-add": gettext("Choose"),
            "data-remove": gettext("Remove"),
        }
        return super().get_context(name, value, {**(attrs or {}), **texts})


class KeyWidget(forms.TextInput):
    """A field for the key of a row, with the row's name beside it and a window to look for another one."""

    template_name = "admin/raw_id.html"
    choices: Any = ()  # the field sets its own; they are never looked through
    several = False

    def __init__(self, admin: Any, field: Any) -> None:
        super().__init__()
        self.admin, self.field = admin, field

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """What the template is given: the rows that are chosen, and where rows are looked for."""
        context = super().get_context(name, value, attrs)
        site, target = self.admin.admin_site, self.field.target
        other = site.admin_of(target)
        keys = [text for text in (context["widget"]["value"] or "").split(",") if text]
        rows = self._rows(keys[:_MOST])
        given = {POPUP: "1", **named(self.field)}
        context["widget"]["several"] = self.several
        context["widget"]["url"] = "" if other is None else f"{site.url(other)}?{urlencode(given)}"
        context["widget"]["rows"] = [
            ("" if other is None else site.url(other, "change", key=row.pk), str(row)) for row in rows
        ]
        return context

    def _rows(self, keys: list[str]) -> list[Any]:
        key, values = getattr(self.field, "key", self.field.target._meta.pk), []
        for text in keys:
            try:
                values.append(key.clean(text.strip()))
            except (ValueError, TypeError, forms.ValidationError):
                continue
        return list(nameable(self).filter(**{f"{key.attname}__in": values})) if values else []


class KeysWidget(KeyWidget):
    """A field for the keys of rows, with commas between them."""

    several = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The keys as a list."""
        text = data.get(name)
        return None if text is None else [part.strip() for part in text.split(",") if part.strip()]

    def format_value(self, value: Any) -> str:
        """The keys as text."""
        if isinstance(value, list | tuple):
            return ",".join(str(getattr(each, "pk", each)) for each in value)
        return "" if value is None else str(value)
