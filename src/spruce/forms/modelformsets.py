"""Formsets of models: several rows on a page, and the rows that point to one object ("inline").

Which row a form stands for is told by its hidden key. Only rows of the formset's own query count: another key, or that
of a row which is gone meanwhile, is an error of the form, and never changes anything.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from spruce import db
from spruce.db.constraints import UniqueConstraint
from spruce.errors import FormError, ValidationError
from spruce.forms.errors import NON_FIELD_ERRORS
from spruce.forms.fields import Field
from spruce.forms.form import sent
from spruce.forms.formsets import BaseFormSet, formset_factory
from spruce.forms.modelfields import InlineForeignKeyField
from spruce.forms.modelforms import ModelForm, modelform_factory
from spruce.forms.widgets import HiddenInput
from spruce.i18n import gettext, gettext_lazy

__all__ = ["BaseInlineFormSet", "BaseModelFormSet", "foreign_key", "inlineformset_factory", "modelformset_factory"]


class _KeyField(Field):
    """The hidden key of the row that a form stands for."""

    widget = HiddenInput
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_choice": gettext_lazy("Select a valid choice. That choice is not one of the available choices.")
    }

    def __init__(self, instance: Any, **options: Any) -> None:
        self.instance = instance
        super().__init__(initial=None if instance is None else instance.pk, **options)

    def to_python(self, value: Any) -> Any:
        """The row, None for a new one. Raises ValidationError for any other."""
        if value in self.empty_values:
            return None
        if self.instance is None or str(value) != str(self.instance.pk):
            raise self.fault("invalid_choice", value=value)
        return self.instance

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Never: it is no input of people."""
        return False


class BaseModelFormSet(BaseFormSet):
    """A form for each row of a query, and others for new rows; made by `modelformset_factory`."""

    model: Any = None
    edit_only = False
    unique_fields: frozenset[str] = frozenset()

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        auto_id: Any = "id_%s",
        prefix: str | None = None,
        queryset: Any = None,
        *,
        initial: Sequence[Any] | None = None,
        **options: Any,
    ) -> None:
        self.queryset = queryset
        self.initial_extra = initial
        self._rows: list[Any] | None = None
        self.changed_objects: list[Any] = []
        self.deleted_objects: list[Any] = []
        self.new_objects: list[Any] = []
        self.saved_forms: list[Any] = []
        super().__init__(data, files, auto_id, prefix, **options)

    def get_queryset(self) -> Any:
        """The rows, loaded once, in the order of their keys where the query has none."""
        if self._rows is None:
            query = self.model._default.all() if self.queryset is None else self.queryset.all()
            if not (query.ordered if hasattr(query, "ordered") else self.model._meta.ordering):
                query = query.order_by(self.model._meta.pk.name)
            self._rows = list(query)
        return self._rows

    def initial_form_count(self) -> int:
        """How many forms stand for rows."""
        return super().initial_form_count() if self.is_bound else len(self.get_queryset())

    def _existing(self, index: int) -> Any:
        """The row that a form stands for: by its key if something came, else by its place."""
        rows = self.get_queryset()
        if not self.is_bound:
            return rows[index]
        sent_key = self.data.get(f"{self.add_prefix(index)}-{self.model._meta.pk.name}")
        return next((row for row in rows if str(row.pk) == str(sent_key)), None)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        stands = i < self.initial_form_count()
        instance = self._existing(i) if stands else None
        if instance is not None:
            kwargs["instance"] = instance
        elif not stands and self.initial_extra and i - self.initial_form_count() < len(self.initial_extra):
            kwargs["initial"] = self.initial_extra[i - self.initial_form_count()]
        form = super()._construct_form(i, **kwargs)
        if stands:
            form.fields[self.model._meta.pk.name].required = True
        return form

    def add_fields(self, form: Any, index: int | None) -> None:
        """Add the hidden key."""
        name = self.model._meta.pk.name
        if name not in form.fields or not self.model._meta.pk.editable:
            form.fields[name] = _KeyField(form.instance if form.instance.pk is not None else None, required=False)
        super().add_fields(form, index)

    # ---- checks -----------------------------------------------------------------------------------------------------

    def clean(self) -> None:
        """Look for forms that have the same values where rows must be unique."""
        self.validate_unique()

    def _unique_groups(self) -> list[tuple[str, ...]]:
        meta = self.model._meta
        groups: list[tuple[str, ...]] = [
            (field.name,) for field in meta.fields if field.unique and not field.primary_key
        ]
        groups += meta.unique_together
        groups += [each.fields for each in meta.constraints if isinstance(each, UniqueConstraint) and each.plain]
        return groups

    def validate_unique(self) -> None:
        """Raise ValidationError if two forms have the same values where rows must be unique."""
        deleted = self.deleted_forms
        forms = [form for form in self.forms if form.is_valid() and form not in deleted]
        errors = []
        for group in self._unique_groups():
            seen: set[Any] = set()
            for form in forms:
                names = [name for name in group if name in form.cleaned_data or name in self.unique_fields]
                values = tuple(_plain(form.cleaned_data.get(name)) for name in names if name not in self.unique_fields)
                if len(names) < len(group) or not values or None in values:
                    continue
                if values in seen:
                    errors.append(self.get_unique_error_message(group))
                    form.errors[NON_FIELD_ERRORS] = self.error_class([self.get_form_error()], renderer=self.renderer)
                    for name in group:
                        form.cleaned_data.pop(name, None)
                seen.add(values)
        if errors:
            raise ValidationError(errors)

    def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
        """What is said of the formset where two forms have the same values."""
        if len(unique_check) == 1:
            return gettext("Please correct the duplicate data for %(field)s.", field=unique_check[0])
        names = gettext(" and ").join(unique_check)
        return gettext("Please correct the duplicate data for %(field)s, which must be unique.", field=names)

    def get_form_error(self) -> str:
        """What is said of the second form that has the same values."""
        return gettext("Please correct the duplicate values below.")

    # ---- saving -----------------------------------------------------------------------------------------------------

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Save the object of a form for a new row."""
        return form.save(commit=commit)

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        """Save the row of a form."""
        return form.save(commit=commit)

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        """Delete a row."""
        if commit:
            obj.delete()

    def save(self, commit: bool = True) -> list[Any]:
        """Save what has changed or is new, delete what was marked, and return the saved objects.

        Without `commit` save them yourself, delete `deleted_objects`, then call `save_m2m()`.
        """
        if not commit:
            self.saved_forms = []
        saved = self.save_existing_objects(commit)
        return saved if self.edit_only else saved + self.save_new_objects(commit)

    def save_m2m(self) -> None:
        """Save what the objects of `save(commit=False)` are tied to, once they are saved."""
        for form in self.saved_forms:
            form.save_m2m()

    def save_existing_objects(self, commit: bool = True) -> list[Any]:
        """Save the rows that have changed, and delete those that were marked."""
        self.changed_objects, self.deleted_objects = [], []
        saved, deleted = [], self.deleted_forms
        for form in self.initial_forms:
            obj = form.instance
            if obj.pk is None:
                continue
            if form in deleted:
                self.deleted_objects.append(obj)
                self.delete_existing(obj, commit=commit)
            elif form.has_changed():
                self.changed_objects.append((obj, form.changed_data))
                saved.append(self.save_existing(form, obj, commit=commit))
                if not commit:
                    self.saved_forms.append(form)
        return saved

    def save_new_objects(self, commit: bool = True) -> list[Any]:
        """Save the new rows."""
        self.new_objects = []
        for form in self.extra_forms:
            if not form.has_changed() or (self.can_delete and self._should_delete_form(form)):
                continue
            self.new_objects.append(self.save_new(form, commit=commit))
            if not commit:
                self.saved_forms.append(form)
        return self.new_objects


def _plain(value: Any) -> Any:
    """A value that can be compared: the key of an object."""
    if hasattr(value, "_meta"):
        return value.pk
    return repr(value) if isinstance(value, dict | list) else value


_FORM_OPTIONS = (
    "fields",
    "exclude",
    "formfield_callback",
    "widgets",
    "localized_fields",
    "labels",
    "help_texts",
    "error_messages",
    "field_classes",
)


def modelformset_factory(
    model: Any, form: Any = ModelForm, formset: Any = BaseModelFormSet, *, edit_only: bool = False, **options: Any
) -> Any:
    """Return a class of formsets of a model; the keywords are those of `modelform_factory` and `formset_factory`."""
    meta = getattr(form, "Meta", None)
    if all(getattr(meta, name, options.get(name)) is None for name in ("fields", "exclude")):
        raise FormError(
            "Calling modelformset_factory without defining 'fields' or 'exclude' explicitly is prohibited.",
            hint="Name what the forms may write: fields=['name', …].",
        )
    own = {name: options.pop(name) for name in _FORM_OPTIONS if name in options}
    made = formset_factory(modelform_factory(model, form=form, **own), formset, **options)
    made.model = model
    made.edit_only = edit_only
    return made


class BaseInlineFormSet(BaseModelFormSet):
    """A form for each row that points to one object; made by `inlineformset_factory`."""

    fk: Any = None

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        instance: Any = None,
        save_as_new: bool = False,
        prefix: str | None = None,
        queryset: Any = None,
        **options: Any,
    ) -> None:
        self.instance = self.fk.target() if instance is None else instance
        self.save_as_new = save_as_new
        rows = self.model._default.all() if queryset is None else queryset.all()
        owned = rows.filter(**{self.fk.name: self.instance}) if self.instance.pk is not None else rows.none()
        self.unique_fields = frozenset({self.fk.name})
        data, files = sent(data, files)
        super().__init__(data, files, prefix=prefix, queryset=owned, **options)

    def initial_form_count(self) -> int:
        """How many forms stand for rows; none does where all are to be new."""
        return 0 if self.save_as_new else super().initial_form_count()

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        setattr(form.instance, self.fk.name, self.instance)
        if self.save_as_new:
            form.data = {name: form.data.get(name) for name in form.data if name != form.add_prefix(self.fk.name)}
            form.data.pop(form.add_prefix(self.model._meta.pk.name), None)
        return form

    @classmethod
    def get_default_prefix(cls) -> str:
        """The name by which the object knows its rows."""
        return str(cls.fk.accessor or f"{cls.model.__name__.lower()}_set")

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Save a new row that points to the object."""
        setattr(form.instance, self.fk.name, self.instance)
        return super().save_new(form, commit=commit)

    def add_fields(self, form: Any, index: int | None) -> None:
        """Add the hidden key of the object that the rows point to."""
        super().add_fields(form, index)
        present = form.fields.get(self.fk.name)
        label = str(self.fk.verbose_name).capitalize() if present is None else present.label
        form.fields[self.fk.name] = InlineForeignKeyField(self.instance, label=label, to_field=self.fk.remote)

    def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
        """What is said of the formset where two forms have the same values."""
        return super().get_unique_error_message([name for name in unique_check if name != self.fk.name])


def foreign_key(parent_model: Any, model: Any, fk_name: str | None = None) -> Any:
    """Return the ForeignKey of `model` to `parent_model`. Raises ValueError for none, or several without a name."""
    keys = [field for field in model._meta.fields if isinstance(field, db.ForeignKey)]
    fitting = [key for key in keys if issubclass(parent_model._meta.concrete, key.target._meta.concrete)]
    if fk_name:
        if fk_name not in {field.name for field in model._meta.fields}:
            raise ValueError(f"'{model.__name__}' has no field named '{fk_name}'.")
        named = [key for key in fitting if key.name == fk_name]
        if not named:
            raise ValueError(f"fk_name '{fk_name}' is not a ForeignKey to '{parent_model.__name__}'.")
        return named[0]
    if not fitting:
        raise ValueError(f"'{model.__name__}' has no ForeignKey to '{parent_model.__name__}'.")
    if len(fitting) > 1:
        raise ValueError(
            f"'{model.__name__}' has more than one ForeignKey to '{parent_model.__name__}'. You must specify a "
            "'fk_name' attribute."
        )
    return fitting[0]


def inlineformset_factory(
    parent_model: Any,
    model: Any,
    form: Any = ModelForm,
    formset: Any = BaseInlineFormSet,
    fk_name: str | None = None,
    **options: Any,
) -> Any:
    """Return a class of formsets for the rows of `model` that point to an object of `parent_model`.

    The keywords are those of `modelformset_factory`; it has 3 forms for new rows, and boxes to delete, unless told.
    """
    key = foreign_key(parent_model, model, fk_name)
    options = {"extra": 3, "can_delete": True, **options}
    if key.unique:
        options["max_num"] = 1
    made = modelformset_factory(model, form=form, formset=formset, **options)
    made.fk = key
    return made
