"""full_clean: everything that can be wrong with an object, found before it is saved, by field."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from spruce.db.constraints import unique_error
from spruce.db.fields import UNSET, Field
from spruce.db.limits import limited
from spruce.db.records import Record
from spruce.errors import DatabaseError, ValidationError
from spruce.i18n import gettext, gettext_lazy

__all__ = ["clean_fields", "full_clean", "validate_constraints", "validate_unique"]

Errors = dict[str, list[ValidationError]]
ALL = "__all__"
_TIMES = {
    "date": gettext_lazy("%(field_label)s must be unique for %(date_field_label)s date."),
    "month": gettext_lazy("%(field_label)s must be unique for %(date_field_label)s month."),
    "year": gettext_lazy("%(field_label)s must be unique for %(date_field_label)s year."),
}
"""What is told of a value that another row of the same time has."""


def full_clean(instance: Record, exclude: Iterable[str], check_unique: bool, check_constraints: bool) -> None:
    """Check fields, `clean()`, what must be unique, constraints; raise one ValidationError with all that is wrong."""
    errors: Errors = {}
    left_out = set(exclude)
    _gather(errors, lambda: clean_fields(instance, left_out))
    _gather(errors, instance.clean)
    if check_unique:
        _gather(errors, lambda: validate_unique(instance, left_out | errors.keys()))
    if check_constraints:
        _gather(errors, lambda: validate_constraints(instance, left_out | errors.keys()))
    if errors:
        raise ValidationError(errors)


def validate_constraints(instance: Record, exclude: Iterable[str] = ()) -> None:
    """Look whether the constraints of the model's Meta allow the row."""
    errors: Errors = {}
    for constraint in instance._meta.constraints:
        _gather(errors, partial(constraint.validate, instance, exclude))
    if errors:
        raise ValidationError(errors)


def _gather(errors: Errors, check: Callable[[], object]) -> None:
    try:
        check()
    except ValidationError as error:
        error.update_error_dict(errors)


def clean_fields(instance: Record, exclude: Iterable[str]) -> None:
    """Make each field's value fit, and run its validators."""
    errors: Errors = {}
    for field in instance._meta.fields:
        if field.name in exclude or field.generated or (field.primary_key and instance.pk is None):
            continue
        value = getattr(instance, field.attname)
        if value is UNSET:
            continue
        if field.blank and value in (None, ""):
            continue
        found = _found(field, value)
        if found:
            errors[field.name] = [_worded(field, error) for error in found]
        elif value is not None and field.is_relation and not _is_offered(instance, field):
            errors[field.name] = [_worded(field, _not_offered(field, value))]
        elif value is not None and field.attribute() is None:
            setattr(instance, field.attname, field.clean(value))
    if errors:
        raise ValidationError(errors)


def _worded(field: Field[Any], error: ValidationError) -> ValidationError:
    """The error in the field's own words, if it has some for the code."""
    if error.code in field.error_messages:
        error.message = field.error_messages[error.code]
    return error


def _is_offered(instance: Record, field: Any) -> bool:
    """Whether a relation points to one of the rows of its `limit_choices_to`."""
    if not field.limit_choices_to:
        return True
    rows = field.target._base.using(instance._db).filter(**{field.remote: getattr(instance, field.attname)})
    return bool(limited(rows, field.limit_choices_to).exists())


def _not_offered(field: Any, value: Any) -> ValidationError:
    model = str(field.target._meta.verbose_name)
    text = gettext("%(model)s instance with %(field)s %(value)s is not a valid choice.")
    return ValidationError(text, "invalid", {"model": model, "field": field.key.name, "value": value})


def _found(field: Field[Any], value: Any) -> list[ValidationError]:
    """What is wrong with a value."""
    if value is None:
        fine = field.null or field.on_save(adding=True) is not None
        return [] if fine else [ValidationError(gettext("This field cannot be null."), "null")]
    if value == "" and not field.blank:
        return [ValidationError(gettext("This field cannot be blank."), "blank")]
    try:
        cleaned = field.clean(value)
    except DatabaseError as error:
        return [ValidationError(str(error), "invalid")]
    if field.choices and cleaned not in [choice for choice, _ in field.choices]:
        text = gettext("Value %(value)s is not a valid choice.", value=repr(value))
        return [ValidationError(text, "invalid_choice", {"value": value})]
    found: list[ValidationError] = []
    for validate in (*field.standard_validators, *field.validators):
        try:
            validate(cleaned)
        except ValidationError as error:
            found += error.error_list
    return found


def _is_taken(instance: Record, exclude: Iterable[str]) -> bool:
    """Whether a row has the key that a new object was given: saving it would write over that row."""
    field = instance._meta.pk
    if instance.pk is None or field.is_relation or field.name in exclude:
        return False
    return bool(instance._base.using(None).filter(pk=instance.pk).exists())


def validate_unique(instance: Record, exclude: Iterable[str] = ()) -> None:
    """Look for other rows with the same values where a field, or several together, must be unique."""
    errors: Errors = {}
    meta = instance._meta
    singles = [(field.name,) for field in meta.fields if field.unique and not field.primary_key]
    groups = [names for model in meta.lineage for names in model._meta.unique_together]
    for names in [*singles, *groups]:
        values = {name: getattr(instance, meta.field(name).attname) for name in names}
        if set(names) & set(exclude) or None in values.values():
            continue
        owner = meta.field(names[0]).model
        others = owner._base.using(instance._db).filter(**values)
        if instance.pk is not None:
            others = others.exclude(pk=instance.pk)
        if others.exists():
            error = unique_error(owner, names)
            if len(names) == 1:
                errors.setdefault(names[0], []).append(_worded(meta.field(names[0]), error))
            else:
                errors.setdefault(ALL, []).append(error)
    _gather(errors, lambda: _validate_times(instance, set(exclude)))
    if instance._db is None and _is_taken(instance, exclude):
        errors.setdefault(meta.pk.name, []).append(unique_error(type(instance), [meta.pk.name]))
    if errors:
        raise ValidationError(errors)


def _validate_times(instance: Record, exclude: set[str]) -> None:
    """Look for other rows with the same value of a day, month or year, where a field must be unique for that."""
    errors: Errors = {}
    for field in instance._meta.fields:
        for part, name in field.unique_for.items():
            if not {field.name, name} & exclude and _is_of_same_time(instance, field, part, name):
                errors.setdefault(field.name, []).append(_worded(field, _of_same_time(instance, field, part, name)))
    if errors:
        raise ValidationError(errors)


def _is_of_same_time(instance: Record, field: Field[Any], part: str, name: str) -> bool:
    timed = instance._meta.field(name)
    moment = timed.clean(getattr(instance, timed.attname)) if getattr(instance, timed.attname) is not None else None
    value = getattr(instance, field.attname)
    if moment is None or value is None:
        return False
    parts = ("day", "month", "year") if part == "date" else (part,)
    same = {f"{name}__{each}": getattr(moment, each) for each in parts}
    others = field.model._base.using(instance._db).filter(**{field.attname: value, **same})
    return bool((others if instance.pk is None else others.exclude(pk=instance.pk)).exists())


def _of_same_time(instance: Record, field: Field[Any], part: str, name: str) -> ValidationError:
    params = {"field_label": _label(field), "date_field_label": _label(instance._meta.field(name)), "lookup_type": part}
    return ValidationError(_TIMES[part], f"unique_for_{part}", params)


def _label(field: Field[Any]) -> str:
    text = str(field.verbose_name)
    return text[:1].upper() + text[1:]
