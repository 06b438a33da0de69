"""Forms of models: fields made of the model's, checks of the model's own, and an object that is saved.

What a form may write is what its Meta names: `fields`, or all but `exclude`. A form that names neither is refused, so
that a field which the model gets later is never open to whoever sends it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spruce import db
from spruce.db.fields import REQUIRED, UNSET
from spruce.errors import FormError, ValidationError
from spruce.forms.errors import NON_FIELD_ERRORS, ErrorList
from spruce.forms.form import BaseForm
from spruce.forms.formtype import FormType
from spruce.forms.mapping import formfield, is_editable
from spruce.forms.modelfields import InlineForeignKeyField

__all__ = [
    "ALL_FIELDS",
    "BaseModelForm",
    "ModelForm",
    "ModelFormOptions",
    "construct_instance",
    "fields_for_model",
    "model_to_dict",
    "modelform_factory",
]

ALL_FIELDS = "__all__"

_OPTIONS = (
    "model",
    "fields",
    "exclude",
    "widgets",
    "localized_fields",
    "labels",
    "help_texts",
    "error_messages",
    "field_classes",
    "formfield_callback",
)

Names = Iterable[str] | None


class ModelFormOptions:
    """What the Meta of a form says."""

    def __init__(self, options: Any = None) -> None:
        self.model: Any = getattr(options, "model", None)
        self.fields: Any = getattr(options, "fields", None)
        self.exclude: Any = getattr(options, "exclude", None)
        self.widgets: Any = getattr(options, "widgets", None)
        self.localized_fields: Any = getattr(options, "localized_fields", None)
        self.labels: Any = getattr(options, "labels", None)
        self.help_texts: Any = getattr(options, "help_texts", None)
        self.error_messages: Any = getattr(options, "error_messages", None)
        self.field_classes: Any = getattr(options, "field_classes", None)
        self.formfield_callback: Any = getattr(options, "formfield_callback", None)


def editable_fields(model: Any) -> list[Any]:
    """Return the fields of a model that forms may have, those to many rows last."""
    return [*model._meta.fields, *model._meta.many.values()]


def _wanted(name: str, fields: Names, exclude: Names) -> bool:
    return (fields is None or name in fields) and not (exclude and name in exclude)


def construct_instance(form: Any, instance: Any, fields: Names = None, exclude: Names = None) -> Any:
    """Set on `instance` what the form's `cleaned_data` has for its fields, and return it; nothing is saved."""
    cleaned = form.cleaned_data
    for field in instance._meta.fields:
        name = field.name
        if name not in cleaned or not field.editable or field.generated or not _wanted(name, fields, exclude):
            continue
        widget = form[name].field.widget
        if (
            field.default is not REQUIRED
            and widget.value_omitted_from_data(form.data, form.files, form.add_prefix(name))
            and cleaned.get(name) in form[name].field.empty_values
        ):
            continue
        value = cleaned[name]
        if isinstance(field, db.FileField):
            if value is not None:
                setattr(instance, name, "" if value is False else value)
            continue
        setattr(instance, name, value)
    return instance


def model_to_dict(instance: Any, fields: Names = None, exclude: Names = None) -> dict[str, Any]:
    """Return the values of an object as `initial` of a form: keys of what it points to, lists of what it is tied to."""
    found: dict[str, Any] = {}
    for field in instance._meta.fields:
        if field.editable and not field.generated and _wanted(field.name, fields, exclude):
            value = getattr(instance, field.attname)
            found[field.name] = None if value is UNSET else value
    for name in instance._meta.many:
        if _wanted(name, fields, exclude):
            found[name] = [] if instance.pk is None else list(getattr(instance, name).all())
    return found


def fields_for_model(
    model: Any,
    fields: Names = None,
    exclude: Names = None,
    widgets: Mapping[str, Any] | None = None,
    formfield_callback: Callable[..., Any] | None = None,
    localized_fields: Any = None,
    labels: Mapping[str, Any] | None = None,
    help_texts: Mapping[str, Any] | None = None,
    error_messages: Mapping[str, Any] | None = None,
    field_classes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the fields of a form for a model's, by name, in the order of `fields`; None for names of no field.

    Raises FormError for one that is not editable.
    """
    if formfield_callback is not None and not callable(formfield_callback):
        raise FormError("formfield_callback must be a function or callable")
    made: dict[str, Any] = {}
    none: set[str] = set()  # fields that have none in forms, as keys that the database counts
    given = (("widget", widgets), ("label", labels), ("help_text", help_texts), ("error_messages", error_messages))
    for field in editable_fields(model):
        name = field.name
        if not _wanted(name, fields, exclude):
            continue
        if not is_editable(field):
            if fields is not None:
                raise FormError(
                    f"'{name}' cannot be specified for {model.__name__} model form as it is a non-editable field"
                )
            continue
        options: dict[str, Any] = {option: table[name] for option, table in given if table and name in table}
        if localized_fields == ALL_FIELDS or (localized_fields and name in localized_fields):
            options["localize"] = True
        if field_classes and name in field_classes:
            options["form_class"] = field_classes[name]
        found = formfield(field, **options) if formfield_callback is None else formfield_callback(field, **options)
        if found is not None:
            made[name] = found
        else:
            none.add(name)
    if fields is None:
        return made
    return {name: made.get(name) for name in fields if name not in none and not (exclude and name in exclude)}


class ModelFormType(FormType):
    """The class of forms of models."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        """Make the class, with the fields of its Meta's model."""
        made: Any = super().__new__(mcs, name, bases, namespace, **keywords)
        if not any(isinstance(base, ModelFormType) for base in bases):
            return made
        options = made._meta = ModelFormOptions(getattr(made, "Meta", None))
        _check_options(made, options)
        if options.model is None:
            return made
        wanted = None if options.fields == ALL_FIELDS else options.fields
        found = fields_for_model(
            options.model,
            wanted,
            options.exclude,
            options.widgets,
            options.formfield_callback,
            options.localized_fields,
            options.labels,
            options.help_texts,
            options.error_messages,
            options.field_classes,
        )
        missing = {each for each, field in found.items() if field is None} - made.declared_fields.keys()
        if missing:
            shown = ", ".join(sorted(missing))
            raise FormError(f"Unknown field(s) ({shown}) specified for {options.model.__name__}")
        made.base_fields = {**found, **made.declared_fields}
        for key in [key for key in found if made.__dict__.get(key, ...) is None]:
            del made.base_fields[key]
        return made


def _check_options(form: Any, options: ModelFormOptions) -> None:
    """Raise FormError for a Meta that cannot be meant."""
    for name in ("fields", "exclude", "localized_fields"):
        value = getattr(options, name)
        if isinstance(value, str) and not (value == ALL_FIELDS and name != "exclude"):
            raise FormError(f"{form.__name__}.Meta.{name} cannot be a string. Did you mean to type: ({value!r},)?")
    if options.model is not None and options.fields is None and options.exclude is None:
        raise FormError(
            f"{form.__name__} says neither which fields of {options.model.__name__} it may write nor which not",
            hint="Name them in its Meta: fields = ['name', …]; or exclude = […]; or fields = '__all__'.",
        )


class BaseModelForm(BaseForm):
    """What forms of models do; `ModelForm` is what to derive from. `instance` is the object to change, or a new one."""

    _meta = ModelFormOptions()

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        auto_id: Any = "id_%s",
        prefix: str | None = None,
        initial: Mapping[str, Any] | None = None,
        error_class: Any = ErrorList,
        label_suffix: Any = None,
        empty_permitted: bool = False,
        instance: Any = None,
        use_required_attribute: bool | None = None,
        renderer: Any = None,
    ) -> None:
        options = self._meta
        if options.model is None:
            raise FormError(f"{type(self).__name__} has no model", hint="Name it in its Meta: model = Product.")
        self.instance = options.model() if instance is None else instance
        values = {} if instance is None else model_to_dict(self.instance, self._names(), options.exclude)
        values.update(initial or {})
        self._validates_unique = False
        super().__init__(
            data,
            files,
            auto_id,
            prefix,
            values,
            error_class,
            label_suffix,
            empty_permitted,
            use_required_attribute=use_required_attribute,
            renderer=renderer,
        )

    def _names(self) -> Names:
        names: Names = self._meta.fields
        return None if names == ALL_FIELDS else names

    def unchecked(self) -> set[str]:
        """Return the names of the model's fields that are not checked: those that aren't in the form, or are wrong."""
        exclude = set()
        names, options = self._names(), self._meta
        shown = self.base_fields if self._fields is None else self._fields
        for field in self.instance._meta.fields:
            name = field.name
            if name not in shown or not _wanted(name, names, options.exclude) or name in self.errors:
                exclude.add(name)
                continue
            given = shown[name]
            empty = self.cleaned_data.get(name) in given.empty_values
            if not field.blank and not given.required and empty:
                exclude.add(name)
        return exclude

    def clean(self) -> Any:
        """For subclasses, as `Form.clean`; call `super().clean()`, or nothing unique is looked for."""
        self._validates_unique = True
        return self.cleaned_data

    def _note(self, errors: ValidationError) -> None:
        """Take over what the model says is wrong, in the messages of the form where it has some."""
        for name, found in errors.errors_by_field().items():
            if name == NON_FIELD_ERRORS:
                messages = (self._meta.error_messages or {}).get(NON_FIELD_ERRORS, {})
            else:
                messages = self._messages(name)
            for error in found:
                if error.code in messages:
                    error.message = messages[error.code]
        known = self.fields.keys() | {NON_FIELD_ERRORS}
        by_field: dict[str, list[Any]] = {}
        for name, found in errors.errors_by_field().items():
            by_field.setdefault(name if name in known else NON_FIELD_ERRORS, []).extend(found)
        self.add_error(None, ValidationError(by_field))

    def _messages(self, name: str) -> Mapping[str, Any]:
        """The texts of a field of the form, but for those that the model's field has itself."""
        own: Mapping[str, Any] = (self._meta.error_messages or {}).get(name, {})
        if name not in self.fields:
            return own
        of_model = {field.name: field.error_messages for field in self.instance._meta.fields}.get(name, {})
        return {**self.fields[name].error_messages, **of_model, **own}

    def _post_clean(self) -> None:
        exclude = self.unchecked()
        owners = {name for name, field in self.fields.items() if isinstance(field, InlineForeignKeyField)}
        try:
            construct_instance(self, self.instance, self._names(), self._meta.exclude)
        except ValidationError as error:
            self._note(error)
        try:
            self.instance.full_clean(exclude=exclude | owners, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            self._note(error)
        if self._validates_unique:
            self.validate_unique()
            self.validate_constraints()

    def validate_unique(self) -> None:
        """Note which values another row has where they must be unique."""
        try:
            self.instance.validate_unique(exclude=self.unchecked())
        except ValidationError as error:
            self._note(error)

    def validate_constraints(self) -> None:
        """Note which constraints of the model the values break."""
        try:
            self.instance.validate_constraints(exclude=self.unchecked())
        except ValidationError as error:
            self._note(error)

    def _save_m2m(self) -> None:
        names, options = self._names(), self._meta
        for name in self.instance._meta.many:
            if name in self.cleaned_data and _wanted(name, names, options.exclude):
                getattr(self.instance, name).set(self.cleaned_data[name])

    def save(self, commit: bool = True) -> Any:
        """Save the object with what it is tied to, and return it.

        Without `commit` save the object yourself, then call `save_m2m()`.

        Raises ValueError when the form is not valid.
        """
        if self.errors:
            state = "created" if self.instance.pk is None else "changed"
            raise ValueError(
                f"The {type(self.instance).__name__} could not be {state} because the data didn't validate."
            )
        if commit:
            self.instance.save()
            self._save_m2m()
        else:
            self.save_m2m = self._save_m2m
        return self.instance


class ModelForm(BaseModelForm, metaclass=ModelFormType):
    """A form of a model: an inner class `Meta` names `model` and `fields`, or `exclude`.

    Besides: `widgets`, `labels`, `help_texts`, `error_messages`, `field_classes` by field, `localized_fields`,
    `formfield_callback`. Fields in the class's body take the place of those of the model.
    """


def modelform_factory(model: Any, form: Any = ModelForm, **options: Any) -> Any:
    """Return a class of forms for a model; the keywords are options of its Meta. Raises FormError as a class would."""
    unknown = options.keys() - set(_OPTIONS)
    if unknown:
        raise TypeError(f"modelform_factory() got an unexpected keyword argument {min(unknown)!r}")
    given = {name: value for name, value in options.items() if value is not None}
    bases = (form.Meta,) if hasattr(form, "Meta") else ()
    meta = type("Meta", bases, {"model": model, **given})
    if getattr(meta, "fields", None) is None and getattr(meta, "exclude", None) is None:
        raise FormError(
            "Calling modelform_factory without defining 'fields' or 'exclude' explicitly is prohibited.",
            hint="Name what the form may write: fields=['name', …].",
        )
    namespace: dict[str, Any] = {"Meta": meta, "__module__": form.__module__, "__doc__": f"A form of {model.__name__}."}
    return type(form)(f"{model.__name__}Form", (form,), namespace)
