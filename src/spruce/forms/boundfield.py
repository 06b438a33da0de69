"""BoundField: a field together with the data of one form, which templates show: `form["name"]`."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from markupsafe import Markup

from spruce.errors import ValidationError
from spruce.forms.multiwidgets import MultiWidget
from spruce.forms.rendering import RenderableMixin
from spruce.forms.widgets import Subwidget, Textarea, TextInput, Widget

__all__ = ["BoundField"]

_KIND = re.compile(r"widget$|input$")


class BoundField(RenderableMixin):
    """A field of a form with its data; `str()` of it is the HTML of its widget."""

    def __init__(self, form: Any, field: Any, name: str) -> None:
        self.form = form
        self.field = field
        self.name = name
        self.html_name: str = form.add_prefix(name)
        self.html_initial_name: str = form.add_initial_prefix(name)
        self.html_initial_id: str = form.add_initial_prefix(self.auto_id)
        self.label = (name.replace("_", " ").capitalize() if name else "") if field.label is None else field.label
        self.help_text = field.help_text or ""
        self.renderer = form.renderer
        self.template_name = field.template_name

    # ---- as HTML ----------------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return self.__html__()

    def __html__(self) -> str:
        if self.field.show_hidden_initial:
            return self.as_widget() + self.as_hidden(only_initial=True)
        return self.as_widget()

    def get_context(self) -> dict[str, Any]:
        """What the template of its group is given."""
        return {"field": self}

    def as_field_group(self) -> Markup:
        """Label, help, errors and widget."""
        return self.render()

    def as_widget(
        self, widget: Widget | None = None, attrs: dict[str, Any] | None = None, only_initial: bool = False
    ) -> Markup:
        """The widget, or another one, with the field's value."""
        widget = widget or self.field.widget
        widget.is_localized = widget.is_localized or self.field.localize
        final = self.build_widget_attrs(attrs or {}, widget)
        if self.auto_id and "id" not in widget.attrs:
            final.setdefault("id", self.html_initial_id if only_initial else self.auto_id)
        if only_initial and self.html_initial_name in self.form.data:
            value = self.form.widget_value(self.field.hidden_widget(), self.html_initial_name)
        else:
            value = self.value()
        name = self.html_initial_name if only_initial else self.html_name
        return widget.render(name, value, final, self.renderer)

    def as_text(self, attrs: dict[str, Any] | None = None, **options: Any) -> Markup:
        """As a line of text."""
        return self.as_widget(TextInput(), attrs, **options)

    def as_textarea(self, attrs: dict[str, Any] | None = None, **options: Any) -> Markup:
        """As lines of text."""
        return self.as_widget(Textarea(), attrs, **options)

    def as_hidden(self, attrs: dict[str, Any] | None = None, **options: Any) -> Markup:
        """As an input that nobody sees."""
        return self.as_widget(self.field.hidden_widget(), attrs, **options)

    def label_tag(
        self,
        contents: Any = None,
        attrs: dict[str, Any] | None = None,
        label_suffix: Any = None,
        tag: str | None = None,
    ) -> Markup:
        """The label; `contents` other than the field's own is escaped unless it is Markup."""
        contents = contents or self.label
        if label_suffix is None:
            own = self.field.label_suffix
            label_suffix = self.form.label_suffix if own is None else own
        if label_suffix and contents and str(contents)[-1] not in ":?.!：？。！":
            contents = Markup("{}{}").format(contents, label_suffix)
        id_ = self.field.widget.attrs.get("id") or self.auto_id
        attrs = dict(attrs or {})
        if id_:
            target = self.field.widget.id_for_label(id_)
            if target:
                attrs["for"] = target
            css = getattr(self.form, "required_css_class", None)
            if self.field.required and css is not None:
                attrs["class"] = f"{attrs['class']} {css}" if "class" in attrs else css
        context = {"field": self, "label": contents, "attrs": attrs, "use_tag": bool(id_), "tag": tag or "label"}
        return self.render(self.form.template_name_label, context)

    def legend_tag(self, contents: Any = None, attrs: dict[str, Any] | None = None, label_suffix: Any = None) -> Markup:
        """The label as a `<legend>`, for what stands in a `<fieldset>`."""
        return self.label_tag(contents, attrs, label_suffix, "legend")

    def css_classes(self, extra_classes: "str | Iterable[str] | None" = None) -> str:
        """The classes of its row: `error_css_class` and `required_css_class` of the form, and others."""
        given = extra_classes.split() if isinstance(extra_classes, str) else extra_classes or ()
        classes = dict.fromkeys(given)
        for holds, name in ((self.errors, "error_css_class"), (self.field.required, "required_css_class")):
            if holds and hasattr(self.form, name):
                classes[getattr(self.form, name)] = None
        return " ".join(classes)

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        """`attrs` with what the field's state asks for: required, disabled, what describes it, whether it is wrong."""
        widget = widget or self.field.widget
        attrs = dict(attrs)
        if self.field.required and self.form.use_required_attribute and widget.use_required_attribute(self.initial):
            if isinstance(widget, MultiWidget) and not getattr(self.field, "require_all_fields", True):
                for field, part in zip(self.field.fields, widget.widgets, strict=True):
                    part.attrs["required"] = field.required and part.use_required_attribute(self.initial)
            else:
                attrs["required"] = True
        if self.field.disabled:
            attrs["disabled"] = True
        if self.errors and not widget.is_hidden and not widget.use_fieldset:
            attrs["aria-invalid"] = "true"
        if not (attrs.get("aria-describedby") or self.use_fieldset or widget.is_hidden) and self.aria_describedby:
            attrs["aria-describedby"] = self.aria_describedby
        if self.form.validate_url and self.auto_id and not widget.is_hidden and not self.field.once:
            attrs = {**self._live(), **attrs}
        return attrs

    def _live(self) -> dict[str, str]:
        """The attributes by which htmx asks the server about this field when it has changed."""
        return {
            "hx-post": self.form.validate_url,
            "hx-trigger": "change",
            "hx-target": f"#{self.auto_id}_group",
            "hx-swap": "innerHTML",
            "hx-include": "closest form",
        }

    # ---- what it is -------------------------------------------------------------------------------------------------

    @cached_property
    def subwidgets(self) -> list[Subwidget]:
        """The parts of the widget, as radio buttons."""
        id_ = self.field.widget.attrs.get("id") or self.auto_id
        attrs = self.build_widget_attrs({"id": id_} if id_ else {})
        parts = []
        for data in self.field.widget.subwidgets(self.html_name, self.value(), attrs):
            part = Subwidget(self.field.widget, data)
            part.renderer = self.renderer
            parts.append(part)
        return parts

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Subwidget]:
        return iter(self.subwidgets)

    def __len__(self) -> int:
        return len(self.subwidgets)

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, int | slice):
            raise TypeError(f"BoundField indices must be integers or slices, not {type(index).__name__}.")
        return self.subwidgets[index]

    @property
    def errors(self) -> Any:
        """What is wrong with it; an empty list for nothing."""
        found = self.form.errors.get(self.name)
        return self.form.error_class(renderer=self.renderer) if found is None else found

    @property
    def data(self) -> Any:
        """What came for it, as the widget reads it."""
        return self.form.widget_value(self.field.widget, self.html_name)

    @cached_property
    def initial(self) -> Any:
        """What it showed at first."""
        return self.form.get_initial_for_field(self.field, self.name)

    def value(self) -> Any:
        """What it shows: what came, or else what it showed at first."""
        value = self.initial
        if self.form.is_bound:
            value = self.field.bound_data(self.data, value)
        return self.field.prepare_value(value)

    def has_changed(self) -> bool:
        """Whether what came is something else than what was shown."""
        if not self.field.show_hidden_initial:
            return bool(self.field.has_changed(self.initial, self.data))
        try:
            hidden = self.form.widget_value(self.field.hidden_widget(), self.html_initial_name)
            return bool(self.field.has_changed(self.field.to_python(hidden), self.data))
        except ValidationError:
            return True

    _has_changed = has_changed

    @property
    def is_hidden(self) -> bool:
        """Whether nobody sees it."""
        return bool(self.field.widget.is_hidden)

    @property
    def use_fieldset(self) -> bool:
        """Whether it has several elements, which stand in a `<fieldset>`."""
        return bool(self.field.widget.use_fieldset)

    @property
    def auto_id(self) -> str:
        """The id of its element; "" where the form gives none."""
        found: str = self.form.id_of(self.name)
        return found

    @property
    def id_for_label(self) -> str:
        """The id of the element that its label is for."""
        found: str = self.field.widget.id_for_label(self.field.widget.attrs.get("id") or self.auto_id)
        return found

    @property
    def first_id(self) -> str:
        """The id of the first element that can be focused, which a link to the field leads to."""
        found = self.id_for_label
        if not found and len(self.subwidgets):
            part = self.subwidgets[0].data
            inner = part.get("subwidgets") or [part]
            found = inner[0].get("attrs", {}).get("id") or ""
        return found or self.auto_id

    @property
    def aria_describedby(self) -> str | None:
        """The ids of its help and its errors; None where the widget says itself what describes it."""
        if self.field.widget.attrs.get("aria-describedby"):
            return None
        parts = []
        if self.auto_id and not self.is_hidden:
            if self.help_text:
                parts.append(f"{self.auto_id}_helptext")
            if self.errors:
                parts.append(f"{self.auto_id}_error")
        return " ".join(parts)

    @property
    def widget_type(self) -> str:
        """The kind of its widget, as "text" or "select"."""
        return _KIND.sub("", type(self.field.widget).__name__.lower())
