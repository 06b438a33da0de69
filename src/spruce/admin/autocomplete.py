"""Fields to type in, instead of lists of all rows: the widget, and what it is told of rows that fit."""

from typing import Any
from urllib.parse import urlencode

from spruce.admin.choosing import nameable, named, offered
from spruce.admin.searching import once
from spruce.errors import AdminError
from spruce.forms import Widget
from spruce.http import Response
from spruce.web import jsonify

__all__ = ["AutocompleteWidget", "results", "widget_for"]

SHOWN = 20


class AutocompleteWidget(Widget):
    """A field to type in, with a list of the rows that fit below it (the combobox pattern of ARIA 1.2).

    The key of the chosen row is in a hidden input beside it. Without JavaScript the key itself is typed in.
    """

    template_name = "admin/autocomplete.html"
    input_type = "text"
    choices: Any = ()  # the field sets its own; they are never looked through

    def __init__(self, field: Any, target: Any) -> None:
        super().__init__()
        self.field, self.target = field, target
        self.texts: dict[str, str] = {}  # what rows are called whose names are known already

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """What the template is given: the key, what the row is called, and where rows are looked for."""
        context = super().get_context(name, value, attrs)
        path = self.target.admin_site.url(self.target, "autocomplete")
        context["widget"]["url"] = f"{path}?{urlencode({**named(self.field), 'q': ''})}"
        context["widget"]["text"] = self._text(value)
        return context

    def _text(self, value: Any) -> str:
        if value in (None, ""):
            return ""
        if str(value) in self.texts:
            return self.texts[str(value)]
        try:
            key = getattr(self.field, "key", self.target.model._meta.pk)
            row = nameable(self).get(**{key.attname: key.clean(str(value))})
        except (LookupError, ValueError, TypeError):
            return ""
        return str(row)


def widget_for(admin: Any, field: Any) -> AutocompleteWidget:
    """Return the widget for a foreign key. Raises AdminError where nothing could be looked for."""
    name = f"{type(admin).__name__}.autocomplete_fields has {field.name!r}"
    if not getattr(field, "is_relation", False):
        raise AdminError(f"{name}, which is no foreign key")
    for target in admin.admin_site.admins():
        if target.model is field.target:
            if not target.search_fields:
                raise AdminError(f"{name}, and {type(target).__name__} has no search_fields")
            return AutocompleteWidget(field, target)
    raise AdminError(f"{name}, and {field.target.__name__} is not in the admin")


def results(request: Any, admin: Any) -> Response:
    """The rows that fit what was typed, as JSON: keys and names."""
    query = offered(request, admin.get_queryset(request), admin.model)
    text = (request.args.get("q") or "").strip()[:200]
    if text:
        found, doubled = admin.get_search_results(request, query, text)
        query = once(query, found) if doubled else found
    ordering = admin.get_ordering(request) or admin.model._meta.ordering or ("pk",)
    rows = list(query.order_by(*ordering)[: SHOWN + 1])
    found = [{"id": str(row.pk), "text": str(row)} for row in rows[:SHOWN]]
    response: Response = jsonify(results=found, more=len(rows) > SHOWN)
    response.headers["Cache-Control"] = "no-store"
    return response
