"""Widgets of several parts: each is a widget of its own, with its number or name behind that of the whole."""

from collections.abc import Iterable, Mapping
from typing import Any

from spruce.forms.media import Media
from spruce.forms.timewidgets import DateInput, TimeInput
from spruce.forms.widgets import Attributes, Widget
from spruce.i18n import gettext
from spruce.i18n.timezone import is_aware, localtime

__all__ = ["MultiWidget", "SplitDateTimeWidget", "SplitHiddenDateTimeWidget"]


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
