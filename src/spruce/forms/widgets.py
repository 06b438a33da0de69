"""Widgets: the elements of HTML that fields are shown as, and how what comes back is read. Names are Django's."""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from markupsafe import Markup

from spruce.forms.media import Media, MediaDefiningClass
from spruce.forms.rendering import RenderableMixin, default_renderer
from spruce.i18n import format_number

__all__ = [
    "CheckboxInput",
    "ColorInput",
    "EmailInput",
    "HiddenInput",
    "Input",
    "MultipleHiddenInput",
    "NumberInput",
    "PasswordInput",
    "SearchInput",
    "Subwidget",
    "TelInput",
    "TextInput",
    "Textarea",
    "URLInput",
    "Widget",
]

Attributes = dict[str, Any]


class Widget(metaclass=MediaDefiningClass):
    """The base of all widgets. `attrs` are attributes of the element."""

    media: Media
    template_name: str = ""
    needs_multipart_form = False
    is_localized = False
    is_required = False
    supports_microseconds = True
    use_fieldset = False
    input_type: "str | None" = None

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        self.attrs: Attributes = {} if attrs is None else dict(attrs)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Widget":
        made = copy(self)
        made.attrs = self.attrs.copy()
        memo[id(self)] = made
        return made

    @property
    def is_hidden(self) -> bool:
        """Whether nobody sees it."""
        return self.input_type == "hidden"

    def subwidgets(self, name: str, value: Any, attrs: Attributes | None = None) -> Iterator[Any]:
        """The parts of the widget, each with its template's context."""
        yield self.get_context(name, value, attrs)["widget"]

    def format_value(self, value: Any) -> Any:
        """A value as the template shows it; None for an empty one."""
        if value is None or value == "":
            return None
        if self.is_localized and isinstance(value, int | float) and not isinstance(value, bool):
            return format_number(value)
        return str(value)

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        return {
            "widget": {
                "name": name,
                "is_hidden": self.is_hidden,
                "required": self.is_required,
                "value": self.format_value(value),
                "attrs": self.build_attrs(self.attrs, attrs),
                "template_name": self.template_name,
                "type": self.input_type,
            }
        }

    def render(self, name: str, value: Any, attrs: Attributes | None = None, renderer: Any = None) -> Markup:
        """The element with a value, as HTML."""
        context = self.get_context(name, value, attrs)
        chosen = renderer or default_renderer()
        return Markup(chosen.render(self.template_name, context).strip())  # noqa: S704 - templates escape

    def build_attrs(self, base_attrs: Mapping[str, Any], extra_attrs: Mapping[str, Any] | None = None) -> Attributes:
        """The attributes of the element."""
        return {**base_attrs, **(extra_attrs or {})}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """What came back under this name; None for nothing."""
        return data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether nothing came back under this name."""
        return name not in data

    def id_for_label(self, id_: str) -> str:
        """The id of the element that a label is for; "" where a label would be for several."""
        return id_

    def use_required_attribute(self, initial: Any) -> bool:
        """Whether the element may have the attribute `required`."""
        return not self.is_hidden


class Subwidget(RenderableMixin):
    """A part of a widget, as one of several radio buttons; `data` is what its template is given."""

    def __init__(self, parent: Widget, data: dict[str, Any]) -> None:
        self.parent_widget = parent
        self.data = data

    def get_context(self) -> dict[str, Any]:
        """What its template is given."""
        return {"widget": self.data}

    @property
    def template_name(self) -> str:  # type: ignore[override] # it is the part's own
        """The template of the part."""
        found: str = self.data["template_name"]
        return found

    def tag(self, wrap_label: bool = False) -> Markup:
        """The element without its label."""
        return self.render(context={"widget": {**self.data, "wrap_label": wrap_label}})

    @property
    def id_for_label(self) -> str | None:
        """The id of its element."""
        found: str | None = self.data["attrs"].get("id")
        return found

    @property
    def choice_label(self) -> Any:
        """Its label."""
        return self.data["label"]


class Input(Widget):
    """The base of what is an `<input>`; `input_type` is its type."""

    template_name = "forms/widgets/input.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        if attrs is not None and "type" in attrs:
            attrs = dict(attrs)
            self.input_type = attrs.pop("type")
        super().__init__(attrs)


class TextInput(Input):
    """A line of text."""

    input_type = "text"


class NumberInput(Input):
    """A number."""

    input_type = "number"


class EmailInput(Input):
    """A mail address."""

    input_type = "email"


class URLInput(Input):
    """A URL."""

    input_type = "url"


class ColorInput(Input):
    """A colour."""

    input_type = "color"


class SearchInput(Input):
    """What is looked for."""

    input_type = "search"


class TelInput(Input):
    """A telephone number."""

    input_type = "tel"


class PasswordInput(Input):
    """A password, which is not sent back to the page unless `render_value`."""

    input_type = "password"

    def __init__(self, attrs: Mapping[str, Any] | None = None, render_value: bool = False) -> None:
        super().__init__(attrs)
        self.render_value = render_value

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        return super().get_context(name, value if self.render_value else None, attrs)


class HiddenInput(Input):
    """A value that nobody sees."""

    input_type = "hidden"


class MultipleHiddenInput(HiddenInput):
    """Several values that nobody sees."""

    template_name = "forms/widgets/multiple_hidden.html"

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given: an input for each value."""
        context = super().get_context(name, value, attrs)
        final = context["widget"]["attrs"]
        id_ = final.get("id")
        parts = []
        for index, each in enumerate(context["widget"]["value"]):
            own = {**final, "id": f"{id_}_{index}"} if id_ else final
            widget = HiddenInput()
            widget.is_required = self.is_required
            parts.append(widget.get_context(name, each, own)["widget"])
        context["widget"]["subwidgets"] = parts
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """All values that came back under this name."""
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)

    def format_value(self, value: Any) -> Any:
        """The values as they are."""
        return [] if value is None else value


class Textarea(Widget):
    """Several lines of text."""

    template_name = "forms/widgets/textarea.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"cols": "40", "rows": "10", **(attrs or {})})


class CheckboxInput(Input):
    """A box to check; `check_test` says whether a value stands for a checked one."""

    input_type = "checkbox"
    template_name = "forms/widgets/input.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None, check_test: Any = None) -> None:
        super().__init__(attrs)
        self.check_test = check_test or _is_checked

    def format_value(self, value: Any) -> Any:
        """None for what is only true or false: the box says it."""
        return None if value is True or value is False or value is None or value == "" else str(value)

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        if self.check_test(value):
            attrs = {**(attrs or {}), "checked": True}
        return super().get_context(name, value, attrs)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """False where nothing came back: browsers send checked boxes only."""
        if name not in data:
            return False
        value = data.get(name)
        return {"true": True, "false": False}.get(value.lower(), bool(value)) if isinstance(value, str) else bool(value)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Never: a box that is not checked isn't sent."""
        return False


def _is_checked(value: Any) -> bool:
    return not (value is False or value is None or value == "")
