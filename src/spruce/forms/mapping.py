"""Which field a form has for a field of a model, and with what options."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from spruce import db
from spruce.db.fields import REQUIRED
from spruce.forms import choicefields, fields, filefields, multifields, numberfields, timefields
from spruce.forms.modelfields import ModelChoiceField, ModelMultipleChoiceField
from spruce.forms.widgets import Textarea
from spruce.validation.validators import MaxValueValidator, MinValueValidator

__all__ = ["formfield", "is_editable"]

Options = dict[str, Any]


def _text(field: Any) -> Options:
    return {"max_length": field.max_length, **({"empty_value": None} if field.null else {})}


def _long_text(field: Any) -> Options:
    return {"widget": Textarea, **({"empty_value": None} if field.null else {})}


def _whole(field: Any) -> Options:
    least, limit = field.limits
    if field.positive:
        return {"min_value": 0, "validators": [MaxValueValidator(limit - 1)]}
    return {"validators": [MinValueValidator(least), MaxValueValidator(limit - 1)]}


def _decimal(field: Any) -> Options:
    return {"max_digits": field.max_digits, "decimal_places": field.decimal_places}


def _address(field: Any) -> Options:
    return {"protocol": field.protocol, "unpack_ipv4": field.unpack_ipv4, "max_length": None}


def _json(field: Any) -> Options:
    return {"encoder": field._type.encoder, "decoder": field._type.decoder}


def _file(field: Any) -> Options:
    return {"max_length": field.max_length}


def _nothing(field: Any) -> Options:
    return {}


_KINDS: tuple[tuple[type, type[fields.Field] | None, Callable[[Any], Options]], ...] = (
    (db.AutoField, None, _nothing),
    (db.BinaryField, None, _nothing),
    (db.GeneratedField, None, _nothing),
    (db.EmailField, fields.EmailField, _text),
    (db.URLField, fields.URLField, _text),
    (db.SlugField, fields.SlugField, _text),
    (db.CharField, fields.CharField, _text),
    (db.TextField, fields.CharField, _long_text),
    (db.GenericIPAddressField, multifields.GenericIPAddressField, _address),
    (db.IntegerField, numberfields.IntegerField, _whole),
    (db.BigIntegerField, numberfields.IntegerField, _whole),
    (db.FloatField, numberfields.FloatField, _nothing),
    (db.DecimalField, numberfields.DecimalField, _decimal),
    (db.DateTimeField, timefields.DateTimeField, _nothing),
    (db.DateField, timefields.DateField, _nothing),
    (db.TimeField, timefields.TimeField, _nothing),
    (db.DurationField, timefields.DurationField, _nothing),
    (db.UUIDField, fields.UUIDField, _nothing),
    (db.JSONField, multifields.JSONField, _json),
    (db.ImageField, filefields.ImageField, _file),
    (db.FileField, filefields.FileField, _file),
)
"""Kinds of model fields in the order in which they are looked for, the field of a form, and its options."""


def is_editable(field: Any) -> bool:
    """Whether forms may change a field of a model: not one that says otherwise, or that sets itself."""
    sets_itself = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return isinstance(field, db.ManyToManyField) or (field.editable and not sets_itself)


def formfield(field: Any, **overrides: Any) -> fields.Field | None:
    """Return the form's field for a field of a model; None for one that forms don't change.

    A field of a model that has a method `formfield` decides itself. `form_class` among the overrides is another class.
    """
    if hasattr(field, "formfield"):
        made: fields.Field | None = field.formfield(**overrides)
        return made
    if isinstance(field, db.ManyToManyField):
        return _many(field, overrides)
    if not is_editable(field):
        return None
    common = _common(field)
    if field.is_relation:
        common.pop("initial", None)
        if field.default is not REQUIRED:
            common["initial"] = field.initial if callable(field.default) else field.initial()
        options = {**common, **_rows(field), "blank": field.blank, **overrides}
        return _made(options, ModelChoiceField)
    if field.choices:
        return _choice(field, common, overrides)
    if isinstance(field, db.BooleanField):
        kind = fields.NullBooleanField if field.null else fields.BooleanField
        return _made({**common, "required": False, **overrides}, kind)
    for model_kind, form_kind, options_of in _KINDS:
        if isinstance(field, model_kind):
            if form_kind is None:
                return None
            return _made({**common, **options_of(field), **overrides}, form_kind)
    return _made({**common, **overrides}, fields.CharField)


def _made(options: Options, kind: type[fields.Field]) -> fields.Field:
    """The field; a class that was asked for instead gets what every field takes, and what it names itself."""
    chosen = options.pop("form_class", None)
    if chosen is None or issubclass(chosen, kind):
        return (chosen or kind)(**options)
    own = {name for each in chosen.__mro__ if each is not object for name in signature(each).parameters}
    return chosen(**{name: value for name, value in options.items() if name in own})  # type: ignore[no-any-return] # a Field's class


def _common(field: Any) -> Options:
    """The options that every field has."""
    label = str(field.verbose_name) if isinstance(field.verbose_name, str) else field.verbose_name
    options: Options = {"required": not field.blank, "help_text": field.help_text}
    options["label"] = label[:1].upper() + label[1:] if isinstance(label, str) else label
    if field.default is not REQUIRED:
        options["initial"] = field.default
        if callable(field.default):
            options["show_hidden_initial"] = True
    return options


def _choice(field: Any, common: Options, overrides: Options) -> fields.Field:
    """The field of a model's field with choices."""
    has_default = field.default is not REQUIRED or "initial" in overrides
    blank = field.blank or not has_default
    listed = [value for value, _ in field.choices]
    choices = [*([("", "---------")] if blank and "" not in listed and None not in listed else []), *field.choices]
    options = {
        **common,
        "choices": choices,
        "coerce": field.clean,
        "empty_value": None if field.null else "",
        **overrides,
    }
    if "form_class" in options and not issubclass(options["form_class"], choicefields.TypedChoiceField):
        options.pop("coerce")
        options.pop("empty_value")
    if field.null and not field.blank and "required" not in overrides:
        options["required"] = True
    return _made(options, choicefields.TypedChoiceField)


def _rows(field: Any) -> Options:
    """Which rows a relation may point to."""
    rows = {"queryset": field.target._default.all(), "limit_choices_to": field.limit_choices_to}
    return {**rows, "to_field_name": field.remote} if getattr(field, "to_field", None) else rows


def _many(field: Any, overrides: Options) -> fields.Field:
    label = str(field.verbose_name or field.name.replace("_", " "))
    options: Options = {
        "required": not field.blank,
        "label": label[:1].upper() + label[1:],
        "help_text": field.help_text,
        **_rows(field),
        **overrides,
    }
    return _made(options, ModelMultipleChoiceField)
