"""Fields whose choices are rows: one object of a query, several of them, and the owner of an inline form."""

from collections.abc import Iterator
from typing import Any, ClassVar

from spruce.db.limits import limited
from spruce.errors import ObjectDoesNotExist
from spruce.forms.choicefields import ChoiceField
from spruce.forms.choicewidgets import Select, SelectMultiple
from spruce.forms.fields import Field
from spruce.forms.widgets import HiddenInput, MultipleHiddenInput
from spruce.i18n import gettext_lazy

__all__ = [
    "InlineForeignKeyField",
    "ModelChoiceField",
    "ModelChoiceIterator",
    "ModelChoiceIteratorValue",
    "ModelMultipleChoiceField",
]

_UNFIT = (ValueError, TypeError, ArithmeticError, ObjectDoesNotExist)


class ModelChoiceIteratorValue:
    """The value of a choice, with the object that it stands for as `instance`."""

    def __init__(self, value: Any, instance: Any) -> None:
        self.value = value
        self.instance = instance

    def __str__(self) -> str:
        return str(self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == (other.value if isinstance(other, ModelChoiceIteratorValue) else other))


class ModelChoiceIterator:
    """The choices of a field: asks the database each time it is iterated over."""

    def __init__(self, field: "ModelChoiceField") -> None:
        self.field = field
        self.queryset: Any = field.queryset

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for instance in self.queryset.all():
            yield self.choice(instance)

    def __len__(self) -> int:
        return int(self.queryset.count()) + (self.field.empty_label is not None)

    def __bool__(self) -> bool:
        return self.field.empty_label is not None or bool(self.queryset.exists())

    def choice(self, obj: Any) -> tuple[Any, Any]:
        """The value and label of an object."""
        value = ModelChoiceIteratorValue(self.field.prepare_value(obj), obj)
        return value, self.field.label_from_instance(obj)


class ModelChoiceField(ChoiceField):
    """One object of a query, told by its key, or by the field `to_field_name`.

    `empty_label` is shown for nothing; None leaves that out. What the query doesn't have is no choice.
    """

    widget: Any = Select
    iterator: Any = ModelChoiceIterator
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_choice": gettext_lazy("Select a valid choice. That choice is not one of the available choices.")
    }

    def __init__(
        self,
        queryset: Any,
        *,
        empty_label: Any = "---------",
        required: bool = True,
        widget: Any = None,
        initial: Any = None,
        to_field_name: str | None = None,
        limit_choices_to: Any = None,
        blank: bool = False,
        **options: Any,
    ) -> None:
        Field.__init__(self, required=required, widget=widget, initial=initial, **options)
        radio = self.widget.input_type == "radio"
        keeps_none = (required and initial is not None) or (radio and not blank)
        self.empty_label = None if keeps_none else empty_label
        self.limit_choices_to = limit_choices_to
        self.to_field_name = to_field_name
        self.queryset = queryset

    def __deepcopy__(self, memo: dict[int, Any]) -> "ModelChoiceField":
        made: Any = Field.__deepcopy__(self, memo)
        made.queryset = self._queryset
        return made  # type: ignore[no-any-return] # the same class

    @property
    def queryset(self) -> Any:
        """The query that its objects come from."""
        return self._queryset

    @queryset.setter
    def queryset(self, queryset: Any) -> None:
        self._queryset: Any = None if queryset is None else queryset.all()
        self.widget.choices = self.choices

    def limited(self) -> Any:
        """The query with `limit_choices_to`: a dict of conditions, a Q, or a function that gives one."""
        return limited(self._queryset, self.limit_choices_to)

    def label_from_instance(self, obj: Any) -> str:
        """What an object is shown as."""
        return str(obj)

    @property
    def choices(self) -> Any:
        """Objects with their labels, from the database whenever they are looked at."""
        return self._own_choices if hasattr(self, "_own_choices") else self.iterator(self)

    @choices.setter
    def choices(self, given: Any) -> None:
        self._own_choices = self.widget.choices = given

    def prepare_value(self, value: Any) -> Any:
        """The key of an object."""
        if hasattr(value, "_meta"):
            return getattr(value, self.to_field_name) if self.to_field_name else value.pk
        return value

    def to_python(self, value: Any) -> Any:
        """The object, None for nothing."""
        if value in self.empty_values:
            return None
        key = self.to_field_name or "pk"
        if isinstance(value, self._queryset.model):
            value = getattr(value, key)
        try:
            return self._queryset.get(**{key: self.key(value)})
        except _UNFIT:
            raise self.fault("invalid_choice", value=value) from None

    def key(self, value: Any) -> Any:
        """A value as one that the database knows. Raises ValueError or TypeError."""
        meta = self._queryset.model._meta
        field = meta.field(self.to_field_name) if self.to_field_name else meta.pk
        return field.clean(str(value) if not isinstance(value, int | str) else value)

    def validate(self, value: Any) -> None:
        """Raise ValidationError for nothing where something is required."""
        Field.validate(self, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another object came than was shown."""
        if self.disabled:
            return False
        before = "" if initial is None else initial
        return str(self.prepare_value(before)) != str("" if data is None else data)


class ModelMultipleChoiceField(ModelChoiceField):
    """Several objects of a query, as a query of these."""

    widget = SelectMultiple
    hidden_widget = MultipleHiddenInput
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_list": gettext_lazy("Enter a list of values."),
        "invalid_choice": gettext_lazy("Select a valid choice. %(value)s is not one of the available choices."),
        "invalid_pk_value": gettext_lazy("“%(pk)s” is not a valid value."),
    }

    def __init__(self, queryset: Any, **options: Any) -> None:
        super().__init__(queryset, empty_label=None, **options)

    def to_python(self, value: Any) -> Any:
        """A list of the objects, [] for nothing."""
        return list(self._found(value)) if value else []

    def clean(self, value: Any) -> Any:
        """A query of the objects. Raises ValidationError."""
        value = self.prepare_value(value)
        if self.required and not value:
            raise self.fault("required")
        if not self.required and not value:
            return self._queryset.none()
        if not isinstance(value, list | tuple):
            raise self.fault("invalid_list")
        found = self._found(value)
        self.run_validators(value)
        return found

    def _found(self, value: Any) -> Any:
        """The query of these keys. Raises ValidationError for one that it doesn't have."""
        name = self.to_field_name or "pk"
        keys = []
        for each in value:
            try:
                keys.append(self.key(each))
            except _UNFIT:
                raise self.fault("invalid_pk_value", pk=each) from None
        rows = self._queryset.filter(**{f"{name}__in": list(dict.fromkeys(keys))})
        there = {getattr(row, name) for row in rows}
        for each, key in zip(value, keys, strict=True):
            if key not in there:
                raise self.fault("invalid_choice", value=each)
        return rows

    def prepare_value(self, value: Any) -> Any:
        """The keys of objects."""
        if hasattr(value, "__iter__") and not isinstance(value, str) and not hasattr(value, "_meta"):
            return [super(ModelMultipleChoiceField, self).prepare_value(each) for each in value]
        return super().prepare_value(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other objects came than were shown, in whatever order."""
        if self.disabled:
            return False
        before = {str(each) for each in self.prepare_value(initial or [])}
        data = data or []
        return len(before) != len(data) or before != {str(each) for each in self.prepare_value(data)}


class InlineForeignKeyField(Field):
    """The object that the forms of an inline formset belong to: no other may come back."""

    widget = HiddenInput
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_choice": gettext_lazy("The inline value did not match the parent instance.")
    }

    def __init__(self, parent_instance: Any, *args: Any, pk_field: bool = False, **options: Any) -> None:
        self.parent_instance = parent_instance
        self.pk_field = pk_field
        self.to_field = options.pop("to_field", None)
        if parent_instance is not None:
            options["initial"] = self._key()
        options["required"] = False
        super().__init__(*args, **options)

    def _key(self) -> Any:
        return getattr(self.parent_instance, self.to_field) if self.to_field else self.parent_instance.pk

    def clean(self, value: Any) -> Any:
        """The object itself. Raises ValidationError for another."""
        if value in self.empty_values:
            return None if self.pk_field else self.parent_instance
        if str(value) != str(self._key()):
            raise self.fault("invalid_choice")
        return self.parent_instance

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Never."""
        return False
