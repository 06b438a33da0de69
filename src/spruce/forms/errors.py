"""What is wrong with the fields of a form: `form.errors`, its lists, and how they are shown and told."""

import json
from collections import UserList
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

from spruce.errors import ValidationError
from spruce.forms.rendering import RenderableMixin

__all__ = ["NON_FIELD_ERRORS", "ErrorDict", "ErrorList"]

NON_FIELD_ERRORS = "__all__"
"""The key in `form.errors` of what is wrong with the form as a whole."""


class _Rendered(RenderableMixin):
    """What lists and dicts of errors share: three ways to be shown."""

    template_name_ul = ""
    template_name_text = ""

    def as_ul(self) -> Markup:
        """As `<ul class="errorlist">`, "" without errors."""
        return self.render(self.template_name_ul)

    def as_text(self) -> str:
        """As lines that begin with an asterisk."""
        return str(self.render(self.template_name_text))


class ErrorDict(_Rendered, dict[str, "ErrorList"]):
    """The errors of a form, by field."""

    template_name = "forms/errors/dict_ul.html"
    template_name_ul = "forms/errors/dict_ul.html"
    template_name_text = "forms/errors/dict.txt"

    def __init__(self, *args: Any, renderer: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.renderer = renderer

    def as_data(self) -> dict[str, list[ValidationError]]:
        """The ValidationErrors themselves, by field."""
        return {name: errors.as_data() for name, errors in self.items()}

    def get_json_data(self, escape_html: bool = False) -> dict[str, list[dict[str, str]]]:
        """Messages and codes by field, for JSON."""
        return {name: errors.get_json_data(escape_html) for name, errors in self.items()}

    def as_json(self, escape_html: bool = False) -> str:
        """JSON of messages and codes by field; with `escape_html` safe to be put into a page by a script."""
        return json.dumps(self.get_json_data(escape_html))

    def get_context(self) -> dict[str, Any]:
        """What its templates are given."""
        return {"errors": self.items(), "error_class": "errorlist"}


class ErrorList(_Rendered, UserList[Any], list[Any]):  # type: ignore[misc] # of its two bases UserList does the work
    """The errors of one field, or of the form as a whole: a list of messages to whom looks at it.

    `data` has ValidationErrors and texts. `error_class` is a class of its HTML, beside `errorlist`, and `field_id` the
    id of the field's element, whose `aria-describedby` names the list.
    """

    template_name = "forms/errors/list_ul.html"
    template_name_ul = "forms/errors/list_ul.html"
    template_name_text = "forms/errors/list.txt"

    def __init__(
        self,
        initlist: Iterable[Any] | None = None,
        error_class: str | None = None,
        renderer: Any = None,
        field_id: str | None = None,
    ) -> None:
        super().__init__(initlist)
        self.error_class = f"errorlist {error_class}" if error_class else "errorlist"
        self.renderer = renderer
        self.field_id = field_id

    def as_data(self) -> list[ValidationError]:
        """The ValidationErrors themselves."""
        return ValidationError(self.data).error_list

    def copy(self) -> "ErrorList":
        """Another list of the same errors."""
        made = type(self)(self.data, renderer=self.renderer, field_id=self.field_id)
        made.error_class = self.error_class
        return made

    def get_json_data(self, escape_html: bool = False) -> list[dict[str, str]]:
        """Messages and codes, for JSON."""
        return [
            {"message": str(escape(error.text)) if escape_html else error.text, "code": error.code}
            for error in self.as_data()
        ]

    def as_json(self, escape_html: bool = False) -> str:
        """JSON of messages and codes."""
        return json.dumps(self.get_json_data(escape_html))

    def get_context(self) -> dict[str, Any]:
        """What its templates are given."""
        return {"errors": list(self), "error_class": self.error_class, "field_id": self.field_id}

    def __deepcopy__(self, memo: dict[int, Any]) -> "ErrorList":
        return self.copy()

    def __repr__(self) -> str:
        return repr(list(self))

    def __contains__(self, item: object) -> bool:
        return item in list(self)

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, ErrorList) else other)

    def __getitem__(self, index: Any) -> Any:
        found = self.data[index]
        if isinstance(found, ValidationError):
            return next(iter(found.messages))
        return [str(each) for each in ErrorList(found)] if isinstance(index, slice) else found

    def __iter__(self) -> Any:
        for each in self.data:
            yield each.messages[0] if isinstance(each, ValidationError) else each
