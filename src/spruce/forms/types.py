"""Forms of msgspec.Structs and dataclasses: a field for each of theirs, and an object of what came."""

import dataclasses
import datetime as dt
import enum
import types
import typing
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from spruce.errors import FormError, ValidationError
from spruce.forms import choicefields, fields, filefields, multifields, numberfields, timefields
from spruce.forms.choicewidgets import CheckboxSelectMultiple
from spruce.forms.form import Form
from spruce.http import FileStorage
from spruce.i18n import gettext_lazy
from spruce.validation.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    StepValueValidator,
)

__all__ = ["TypeForm", "from_type"]

_NONE: Any = object()

_SIMPLE: dict[type, type[fields.Field]] = {
    str: fields.CharField,
    int: numberfields.IntegerField,
    float: numberfields.FloatField,
    Decimal: numberfields.DecimalField,
    dt.datetime: timefields.DateTimeField,
    dt.date: timefields.DateField,
    dt.time: timefields.TimeField,
    dt.timedelta: timefields.DurationField,
    uuid.UUID: fields.UUIDField,
    FileStorage: filefields.FileField,
}


class TypeForm(Form):
    """A form of a type; `object` is what came as an object of it, once the form is valid."""

    kind: Any = None
    object: Any = None

    def _post_clean(self) -> None:
        if self.errors:
            return
        given = {}
        for member in _described(self.kind):
            value = self.cleaned_data.get(member.name)
            if value is not None or member.default is _NONE or type(None) in get_args(_unwrapped(member.hint)[0]):
                given[member.name] = value
        try:
            self.object = self.kind(**given)
        except ValidationError as error:
            self.add_error(None, error)
        except (ValueError, TypeError) as error:
            self.add_error(None, str(error))


@dataclasses.dataclass(frozen=True, slots=True)
class _Member:
    """A field of the type: its name, annotation, and default, `_NONE` without one."""

    name: str
    hint: Any
    default: Any


def _described(kind: Any) -> list[_Member]:
    hints = typing.get_type_hints(kind, include_extras=True)
    if dataclasses.is_dataclass(kind):
        found = [(each.name, each.default, each.default_factory) for each in dataclasses.fields(kind) if each.init]
        absent: Any = dataclasses.MISSING
    else:
        found = [(each.name, each.default, each.default_factory) for each in msgspec.structs.fields(kind)]
        absent = msgspec.NODEFAULT
    return [
        _Member(name, hints[name], factory if factory is not absent else _NONE if default is absent else default)
        for name, default, factory in found
    ]


def from_type(kind: Any, **overrides: fields.Field) -> type[TypeForm]:
    """Return a class of forms with a field for each field of a msgspec.Struct or dataclass; `overrides` replace some.

    `msgspec.Meta` in an annotation gives limits, patterns, titles and help texts. A field with a default, or one that
    may be None, is not required. The valid form's `object` is made of its `cleaned_data`.
    Raises FormError for what is neither, and for a field of a type that a form has nothing for.
    """
    if not isinstance(kind, type) or not (dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct)):
        raise FormError(f"from_type() takes a msgspec.Struct or a dataclass, not {kind!r}")
    namespace: dict[str, Any] = {"kind": kind, "__doc__": f"A form of {kind.__name__}.", "__module__": kind.__module__}
    for member in _described(kind):
        namespace[member.name] = overrides.get(member.name) or _field(kind, member)
    make: Any = type(TypeForm)
    made: type[TypeForm] = make(f"{kind.__name__}Form", (TypeForm,), namespace)
    return made


def _field(kind: type, member: _Member) -> fields.Field:
    hint, metas = _unwrapped(member.hint)
    optional = type(None) in get_args(hint)
    if optional:
        rest = [each for each in get_args(hint) if each is not type(None)]
        hint, more = _unwrapped(rest[0]) if len(rest) == 1 else (hint, [])
        metas += more
    options: dict[str, Any] = {"required": member.default is _NONE and not optional}
    if member.default is not _NONE:
        options["initial"] = member.default
    for meta in metas:
        options |= {"label": meta.title} if meta.title else {}
        options |= {"help_text": meta.description} if meta.description else {}
    made = _made(hint, metas, options, optional)
    if made is None:
        raise FormError(
            f"{kind.__name__}.{member.name} is a {hint!r}, which no field of a form is for",
            hint=f"Give it one: from_type({kind.__name__}, {member.name}=forms.CharField()).",
        )
    return made


def _unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """A type without Annotated, and what msgspec.Meta says of it."""
    if get_origin(hint) is not Annotated:
        return hint, []
    inner, *extras = get_args(hint)
    return inner, [each for each in extras if isinstance(each, msgspec.Meta)]


def _made(hint: Any, metas: list[Any], options: dict[str, Any], optional: bool) -> fields.Field | None:
    origin = get_origin(hint)
    if hint is bool:
        return fields.NullBooleanField(**options) if optional else fields.BooleanField(**{**options, "required": False})
    choices = _choices(hint)
    if choices is not None:
        return _one_of(choices, options, optional)
    if origin in (list, set, frozenset, tuple):
        inner = _choices(_unwrapped(get_args(hint)[0])[0])
        if inner is None:
            return None
        pairs, coerce = inner
        options = {**options, **_of_items(metas), "widget": CheckboxSelectMultiple}
        return _Several(origin, choices=pairs, coerce=coerce, **options)
    if hint in (dict, list, Any) or origin is dict:
        return multifields.JSONField(**options)
    if isinstance(hint, types.UnionType):
        return None
    chosen = _SIMPLE.get(hint)
    if chosen is None:
        return None
    if hint is str and optional:
        options["empty_value"] = None
    return _limited(chosen, metas, options)


class _Above(MinValueValidator):
    """More than the limit."""

    message = gettext_lazy("Ensure this value is greater than %(limit_value)s.")

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether it isn't."""
        return bool(value <= limit)


class _Below(MaxValueValidator):
    """Less than the limit."""

    message = gettext_lazy("Ensure this value is less than %(limit_value)s.")

    def beyond(self, value: Any, limit: Any) -> bool:
        """Whether it isn't."""
        return bool(value >= limit)


_CHECKS: tuple[tuple[str, Callable[[Any], Callable[[Any], object]]], ...] = (
    ("gt", _Above),
    ("lt", _Below),
    ("multiple_of", StepValueValidator),
)
"""What of msgspec.Meta no option of a field stands for."""


def _checks(meta: msgspec.Meta, whole: bool) -> list[Callable[[Any], object]]:
    """The validators of a number; a whole one beyond a limit is one that reaches the next, see `_limited`."""
    found = {name: getattr(meta, name) for name, _ in _CHECKS if not (whole and name in ("gt", "lt"))}
    return [make(found[name]) for name, make in _CHECKS if found.get(name) is not None]


def _of_items(metas: list[Any]) -> dict[str, Any]:
    """The options of a field for several choices: how many there may be."""
    options: dict[str, Any] = {"validators": []}
    for meta in metas:
        if meta.min_length:
            options["required"] = True
            options["validators"].append(
                MinLengthValidator(meta.min_length, gettext_lazy("Choose at least %(limit_value)s."))
            )
        if meta.max_length is not None:
            options["validators"].append(
                MaxLengthValidator(meta.max_length, gettext_lazy("Choose at most %(limit_value)s."))
            )
    return options


def _limited(chosen: type[fields.Field], metas: list[Any], options: dict[str, Any]) -> fields.Field:
    """A field with the limits that its annotation states."""
    regex = None
    numeric = issubclass(chosen, numberfields.IntegerField | numberfields.FloatField | numberfields.DecimalField)
    whole = issubclass(chosen, numberfields.IntegerField)
    for meta in metas:
        if numeric:
            options["validators"] = [*options.get("validators", ()), *_checks(meta, whole)]
            least = meta.ge if meta.ge is not None else meta.gt + 1 if whole and meta.gt is not None else None
            most = meta.le if meta.le is not None else meta.lt - 1 if whole and meta.lt is not None else None
            options |= {"min_value": least} if least is not None else {}
            options |= {"max_value": most} if most is not None else {}
        elif issubclass(chosen, fields.CharField):
            options |= {"min_length": meta.min_length} if meta.min_length is not None else {}
            options |= {"max_length": meta.max_length} if meta.max_length is not None else {}
            regex = meta.pattern or regex
    return fields.RegexField(regex, strip=True, **options) if regex else chosen(**options)


def _choices(hint: Any) -> tuple[list[tuple[Any, str]], Callable[[Any], Any]] | None:
    """Values with labels of a Literal or an enumeration, and what makes a value of its text; None for other types."""
    if get_origin(hint) is Literal:
        values = get_args(hint)
        by_text = {str(value): value for value in values}
        return [(value, str(value).replace("_", " ")) for value in values], lambda text: by_text[str(text)]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        members = {str(member.value): member for member in hint}
        labels = [(each.value, getattr(each, "label", each.name.replace("_", " ").capitalize())) for each in hint]
        return labels, lambda value: value if isinstance(value, hint) else members[str(value)]
    return None


class _Several(choicefields.TypedMultipleChoiceField):
    """Several choices, as the collection that the type wants."""

    def __init__(self, collection: Any, **options: Any) -> None:
        self.collection = collection
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        """The choices. Raises ValidationError."""
        return self.collection(super().clean(value))


def _one_of(
    choices: tuple[list[tuple[Any, str]], Callable[[Any], Any]], options: dict[str, Any], optional: bool
) -> fields.Field:
    pairs, coerce = choices
    initial = options.get("initial")
    if isinstance(initial, enum.Enum):
        options["initial"] = initial.value
    shown = pairs if options["required"] or not optional else [("", "---------"), *pairs]
    return choicefields.TypedChoiceField(choices=shown, coerce=coerce, empty_value=None, **options)
