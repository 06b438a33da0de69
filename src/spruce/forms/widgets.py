"""Widgets: the elements of HTML that fields are shown as, and how what comes back is read. Names are Django's."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any, ClassVar

from markupsafe import Markup

from spruce.forms.media import Media, MediaDefiningClass
from spruce.forms.rendering import RenderableMixin, default_renderer
from spruce.i18n import format_number, gettext
from spruce.i18n.timezone import is_aware, localtime

__all__ = [
    "CheckboxInput",
    "ColorInput",
    "DateInput",
    "DateTimeInput",
    "EmailInput",
    "HiddenInput",
    "Input",
    "MultiWidget",
    "MultipleHiddenInput",
    "NumberInput",
    "PasswordInput",
    "SearchInput",
    "SplitDateTimeWidget",
    "SplitHiddenDateTimeWidget",
    "Subwidget",
    "TelInput",
    "TextInput",
    "Textarea",
    "TimeInput",
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


class _Timed(Input):
    """What the inputs of dates and times share: the browser's own picker, unless a `format` of strftime is given."""

    picker: ClassVar[str]
    supports_microseconds = False

    def __init__(self, attrs: Mapping[str, Any] | None = None, format: str | None = None) -> None:  # noqa: A002 - Django's name
        self.input_type = "text" if format else self.picker
        super().__init__(attrs)
        self.format = format or None

    def format_value(self, value: Any) -> Any:
        """As the browser's picker wants it, or in the format."""
        if value is None or value == "" or not isinstance(value, dt.date | dt.time):
            return None if value in (None, "") else str(value)
        if self.format:
            return value.strftime(self.format)
        if isinstance(value, dt.datetime) and is_aware(value):
            value = localtime(value)
        return self.machine(value)

    def machine(self, value: Any) -> str:
        """A value as the browser's picker wants it."""
        return str(value.isoformat())


class DateInput(_Timed):
    """A date."""

    picker = "date"

    def machine(self, value: Any) -> str:
        """As 2026-01-31."""
        return (value.date() if isinstance(value, dt.datetime) else value).isoformat()


class DateTimeInput(_Timed):
    """A date and time, in the time zone of who sees it."""

    picker = "datetime-local"

    def machine(self, value: Any) -> str:
        """As 2026-01-31T12:30, with seconds where there are some."""
        if not isinstance(value, dt.datetime):
            return str(value)
        return value.replace(tzinfo=None).isoformat(timespec=_exactness(value))


class TimeInput(_Timed):
    """A time of day."""

    picker = "time"

    def machine(self, value: Any) -> str:
        """As 12:30, with seconds where there are some."""
        time = value.time() if isinstance(value, dt.datetime) else value
        return str(time.isoformat(timespec=_exactness(time)))


def _exactness(value: Any) -> str:
    return "microseconds" if value.microsecond else "seconds" if value.second else "minutes"


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


class MultiWidget(Widget):
    """Several widgets for one value, which `decompress` takes apart; of a dict of widgets the keys end their names."""

    template_name = "forms/widgets/multiwidget.html"
    use_fieldset = True

    def __init__(self, widgets: "Iterable[Any] | Mapping[str, Any]", attrs: Mapping[str, Any] | None = None) -> None:
        if isinstance(widgets, Mapping):
            self.widgets_names = [f"_{name}" if name else "" for name in widgets]
            widgets = widgets.values()
        else:
            widgets = list(widgets)
            self.widgets_names = [f"_{index}" for index in range(len(widgets))]
        self.widgets: list[Widget] = [widget() if isinstance(widget, type) else widget for widget in widgets]
        super().__init__(attrs)

    @property
    def is_hidden(self) -> bool:
        """Whether all of its widgets are."""
        return all(widget.is_hidden for widget in self.widgets)

    @property
    def needs_multipart_form(self) -> bool:  # type: ignore[override] # computed here
        """Whether one of its widgets needs it."""
        return any(widget.needs_multipart_form for widget in self.widgets)

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        context = super().get_context(name, value, attrs)
        if self.is_localized:
            for widget in self.widgets:
                widget.is_localized = True
        values = value if isinstance(value, list | tuple) else self.decompress(value)
        final = context["widget"]["attrs"]
        input_type, id_ = final.pop("type", None), final.get("id")
        parts = []
        for index, (suffix, widget) in enumerate(zip(self.widgets_names, self.widgets, strict=True)):
            if input_type is not None:
                widget.input_type = input_type
            own = {**final, "id": f"{id_}_{index}"} if id_ else final.copy()
            each = values[index] if index < len(values) else None
            parts.append(widget.get_context(name + suffix, each, own)["widget"])
        context["widget"]["subwidgets"] = parts
        return context

    def format_value(self, value: Any) -> Any:
        """The value as it is: its widgets format its parts."""
        return value if isinstance(value, list | tuple) else None

    def id_for_label(self, id_: str) -> str:
        """None: there are several."""
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The list of what the widgets read."""
        pairs = zip(self.widgets_names, self.widgets, strict=True)
        return [widget.value_from_datadict(data, files, name + suffix) for suffix, widget in pairs]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether nothing came back for any of them."""
        pairs = zip(self.widgets_names, self.widgets, strict=True)
        return all(widget.value_omitted_from_data(data, files, name + suffix) for suffix, widget in pairs)

    def decompress(self, value: Any) -> list[Any]:
        """The parts of a value, one for each widget."""
        raise NotImplementedError(f"{type(self).__name__} says in decompress() what its widgets show of a value")

    @property
    def media(self) -> Media:  # type: ignore[override] # computed here
        """That of its widgets."""
        found = Media(getattr(type(self), "Media", None)) if hasattr(type(self), "Media") else Media()
        for widget in self.widgets:
            found = found + widget.media
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> "MultiWidget":
        made: Any = super().__deepcopy__(memo)
        made.widgets = [widget.__deepcopy__(memo) for widget in self.widgets]
        return made  # type: ignore[no-any-return] # the same class


class SplitDateTimeWidget(MultiWidget):
    """A date and time in two inputs."""

    supports_microseconds = False
    template_name = "forms/widgets/multiwidget.html"

    def __init__(
        self,
        attrs: Mapping[str, Any] | None = None,
        date_format: str | None = None,
        time_format: str | None = None,
        date_attrs: Mapping[str, Any] | None = None,
        time_attrs: Mapping[str, Any] | None = None,
    ) -> None:
        dates = DateInput(attrs if date_attrs is None else date_attrs, date_format)
        times = TimeInput(attrs if time_attrs is None else time_attrs, time_format)
        super().__init__([dates, times])

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given: both inputs say which they are, as the label is of both."""
        context = super().get_context(name, value, attrs)
        labels = (gettext("Date"), gettext("Time"))
        for part, label in zip(context["widget"]["subwidgets"], labels, strict=True):
            if not part["is_hidden"]:
                part["attrs"].setdefault("aria-label", label)
        return context

    def decompress(self, value: Any) -> list[Any]:
        """Its date and its time, in the time zone of who sees it."""
        if not value:
            return [None, None]
        local = localtime(value) if is_aware(value) else value
        return [local.date(), local.time()]


class SplitHiddenDateTimeWidget(SplitDateTimeWidget):
    """A date and time in two inputs that nobody sees."""

    def __init__(
        self,
        attrs: Mapping[str, Any] | None = None,
        date_format: str | None = None,
        time_format: str | None = None,
        date_attrs: Mapping[str, Any] | None = None,
        time_attrs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(attrs, date_format, time_format, date_attrs, time_attrs)
        for widget in self.widgets:
            widget.input_type = "hidden"
