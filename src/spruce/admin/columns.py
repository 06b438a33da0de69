"""Columns and values: what stands in a list, in a field that is only read, in a diff and in an export."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from spruce import db
from spruce.errors import AdminError, ObjectDoesNotExist, nearest
from spruce.i18n import format_date, format_datetime, format_number, format_time, gettext
from spruce.i18n.timezone import localtime

__all__ = ["EMPTY", "Column", "column", "label_of_field", "shown", "snapshot"]

EMPTY = "–"
"""What is shown for nothing, unless a site, a ModelAdmin or a column says something else."""


class Column:
    """A column of a list: a field of the model, one of a related object (`author__name`), or a method.

    `order` is what a query sorts by, "" for what cannot be sorted.
    """

    def __init__(self, name: str, label: str, order: Any, value: Callable[[Any], Any], options: Any = None) -> None:
        self.name, self.label, self.order, self.value = name, label, order, value
        self.boolean = bool(getattr(options, "boolean", False))
        own = getattr(options, "empty_value_display", None)
        self.empty: Any = EMPTY if own is None else own
        self.says_empty = own is not None
        self.is_number = False

    def cell(self, obj: Any) -> Any:
        """What is shown of an object."""
        try:
            value = self.value(obj)
        except ObjectDoesNotExist:
            value = None
        if self.boolean and value is not None:
            value = bool(value)
        return self.empty if value is None or value == "" else shown(value)


def shown(value: Any) -> Any:
    """A value as people read it, in their language and time zone; markup stays markup."""
    if value is None or value == "":
        return EMPTY
    if value is True or value is False:
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, dt.datetime):
        return format_datetime(localtime(value) if value.tzinfo is not None else value, "medium")
    if isinstance(value, dt.date):
        return format_date(value, "medium")
    if isinstance(value, dt.time):
        return format_time(value, "short")
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        return format_number(value, f"#,##0.{'0' * places}" if places else None)
    if isinstance(value, int | float):
        return format_number(value)
    return value if hasattr(value, "__html__") else str(value)


def label_of_field(model: Any, name: str) -> str:
    """What a field of a model is called."""
    field = model._meta.paths.get(name) or model._meta.many.get(name)
    text = str(getattr(field, "verbose_name", "") or name.replace("_", " "))
    return text[:1].upper() + text[1:]


def column(admin: Any, name: Any) -> Column:
    """Return the column of an entry of `list_display` or `readonly_fields`. Raises AdminError for one that is none.

    A method of the admin comes before an attribute of the model.
    """
    made = _column(admin, name)
    if not made.says_empty:
        made.empty = admin.get_empty_value_display()
    return made


def _column(admin: Any, name: Any) -> Column:
    model = admin.model
    if callable(name):
        return _of_method(getattr(name, "__name__", "column"), name, name)
    if name == "__str__":
        return Column(name, str(model._meta.verbose_name).capitalize(), "", str)
    if hasattr(admin, name):
        method = getattr(admin, name)
        return _of_method(name, method, method)
    if name in model._meta.paths:
        return _of_field(model, name)
    if "__" in name:
        return _of_path(model, name)
    if hasattr(model, name):
        method = getattr(model, name)
        options = getattr(method, "fget", method)
        return _of_method(name, options, _attribute(name))
    known = [*model._meta.paths, *vars(type(admin))]
    raise AdminError(
        f"{type(admin).__name__} lists {name!r}, which is neither a field nor a method of {model.__name__} or of it"
        f"{nearest(name, known)}"
    )


def _attribute(name: str) -> Callable[[Any], Any]:
    def read(obj: Any) -> Any:
        value = getattr(obj, name)
        return value() if callable(value) else value

    return read


def _of_method(name: str, options: Any, value: Callable[[Any], Any]) -> Column:
    label = str(getattr(options, "short_description", "") or name.strip("_").replace("_", " ").capitalize())
    return Column(name, label, getattr(options, "admin_order_field", None) or "", value, options)


def _of_field(model: Any, name: str) -> Column:
    field = model._meta.paths[name]
    if field.choices:
        labels = dict(field.choices)
        made = Column(name, label_of_field(model, name), field.name, lambda obj: _choice(labels, getattr(obj, name)))
    else:
        made = Column(name, label_of_field(model, name), field.name, lambda obj: getattr(obj, name))
    made.is_number = field.family == "number" and not field.primary_key
    return made


def _choice(labels: dict[Any, str], value: Any) -> Any:
    return str(labels.get(value, "" if value is None else value))


def _of_path(model: Any, name: str) -> Column:
    """A field of a related object."""
    parts, current = name.split("__"), model
    for part in parts[:-1]:
        field = current._meta.paths.get(part)
        if field is None or not field.is_relation:
            raise AdminError(f"{name!r} leads nowhere: {current.__name__}.{part} is no foreign key")
        current = field.target
    if parts[-1] not in current._meta.paths:
        raise AdminError(f"{name!r} leads nowhere{nearest(parts[-1], current._meta.paths)}")

    def read(obj: Any) -> Any:
        for part in parts:
            obj = None if obj is None else getattr(obj, part)
        return obj

    return Column(name, label_of_field(current, parts[-1]), name, read)


def snapshot(obj: Any, names: list[str]) -> dict[str, str]:
    """What people see of an object's fields, to be compared with what they see later."""
    found: dict[str, str] = {}
    for name in names:
        field = obj._meta.paths.get(name)
        if field is None:
            if name in obj._meta.many and obj.pk is not None:
                found[name] = ", ".join(map(str, getattr(obj, name).all()))
            continue
        value = getattr(obj, name) if not isinstance(field, db.FileField) else str(getattr(obj, name))
        found[name] = _choice(dict(field.choices), value) if field.choices else str(shown(value))
    return found
