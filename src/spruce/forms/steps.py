"""What validating a form does for each of its fields, found out once: what is read how, what is called."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from spruce.forms.fields import Field
from spruce.forms.widgets import Widget

__all__ = ["Step", "steps_of"]


class Step(NamedTuple):
    """One field: `read` takes its value from data and files, None stands for `data.get`; `method` is `clean_<name>`.

    `special` marks those that need a BoundField: disabled ones, files, and those with a BoundField class of their own.
    """

    name: str
    field: Any
    clean: Callable[[Any], Any]
    read: Callable[[Any, Any, str], Any] | None
    method: str | None
    special: bool


def steps_of(form: Any, fields: Mapping[str, Field], *, shared: bool) -> tuple[Step, ...] | None:
    """Return the steps for fields of a class of forms.

    With `shared` they serve all objects of the class, and it is None where a field or widget could keep something of
    one request: where it is not of Spruce, or takes files.
    """
    if shared and not all(_keeps_nothing(field) for field in fields.values()):
        return None
    return tuple(_step(form, name, field) for name, field in fields.items())


def _step(form: Any, name: str, field: Field) -> Step:
    read = None if _reads_plainly(field.widget) else field.widget.value_from_datadict
    special = field.disabled or field.is_file or bool(field.bound_field_class or form.bound_field_class)
    method = f"clean_{name}" if hasattr(form, f"clean_{name}") else None
    return Step(name, field, field.clean, read, method, special)


def _reads_plainly(widget: Widget) -> bool:
    """Whether a widget's value is `data.get(name)`."""
    return type(widget).value_from_datadict is Widget.value_from_datadict


def _keeps_nothing(field: Field) -> bool:
    kinds = (type(field), type(field.widget))
    return not field.is_file and all(kind.__module__.startswith("spruce.forms.") for kind in kinds)
