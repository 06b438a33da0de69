"""Formsets: several forms of one class on a page, with what tells how many there are, and boxes to delete and order.

How many forms came is told by the client, so it is bounded by `absolute_max`, whatever it says.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from spruce.errors import ValidationError
from spruce.forms.errors import ErrorList
from spruce.forms.fields import BooleanField
from spruce.forms.form import BaseForm, sent
from spruce.forms.managementform import INITIAL, LEAST, MOST, TOTAL, ManagementForm
from spruce.forms.media import Media
from spruce.forms.numberfields import IntegerField
from spruce.forms.rendering import RenderableFormMixin
from spruce.forms.widgets import CheckboxInput, NumberInput
from spruce.i18n import gettext_lazy, ngettext

__all__ = ["DELETION_FIELD_NAME", "ORDERING_FIELD_NAME", "BaseFormSet", "formset_factory"]

ORDERING_FIELD_NAME = "ORDER"
DELETION_FIELD_NAME = "DELETE"
DEFAULT_MAX_NUM = 1000


class BaseFormSet(RenderableFormMixin):
    """Several forms; made by `formset_factory`, which sets `form`, `extra` and the others.

    It takes a request, or data and files, as a form does. `initial` is a list, an item for each form; `form_kwargs` are
    keywords of each.
    """

    form: type[BaseForm]
    extra = 1
    can_order = False
    can_delete = False
    can_delete_extra = True
    max_num = DEFAULT_MAX_NUM
    min_num = 0
    absolute_max = 2 * DEFAULT_MAX_NUM
    validate_min = False
    validate_max = False
    deletion_widget: Any = CheckboxInput
    ordering_widget: Any = NumberInput
    renderer: Any = None
    default_error_messages: Mapping[str, Any] = {
        "missing_management_form": gettext_lazy(
            "ManagementForm data is missing or has been tampered with. Missing fields: %(field_names)s. You may need "
            "to file a bug report if the issue persists."
        )
    }
    template_name = "forms/formsets/div.html"
    template_name_div = "forms/formsets/div.html"
    template_name_p = "forms/formsets/p.html"
    template_name_table = "forms/formsets/table.html"
    template_name_ul = "forms/formsets/ul.html"

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        auto_id: Any = "id_%s",
        prefix: str | None = None,
        initial: Sequence[Mapping[str, Any]] | None = None,
        error_class: Any = ErrorList,
        form_kwargs: Mapping[str, Any] | None = None,
        error_messages: Mapping[str, Any] | None = None,
    ) -> None:
        data, files = sent(data, files)
        self.is_bound = data is not None or files is not None
        self.prefix = prefix or self.get_default_prefix()
        self.auto_id = auto_id
        self.data = data or {}
        self.files = files or {}
        self.initial: Any = initial
        self.form_kwargs = dict(form_kwargs or {})
        self.error_class = error_class
        self._errors: list[Any] | None = None
        self._non_form_errors: Any = None
        messages: dict[str, Any] = {}
        for kind in reversed(type(self).__mro__):
            messages.update(getattr(kind, "default_error_messages", {}))
        self.error_messages = {**messages, **(error_messages or {})}

    def __iter__(self) -> Iterator[Any]:
        return iter(self.forms)

    def __getitem__(self, index: Any) -> Any:
        return self.forms[index]

    def __len__(self) -> int:
        return len(self.forms)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        valid: Any = "Unknown"
        if self._errors is not None:
            valid = self.is_bound and not self._non_form_errors and not any(self._errors)
        return f"<{type(self).__qualname__}: bound={self.is_bound} valid={valid} total_forms={self.total_form_count()}>"

    # ---- forms ------------------------------------------------------------------------------------------------------

    @cached_property
    def management_form(self) -> ManagementForm:
        """How many forms there are."""
        if self.is_bound:
            form = ManagementForm(self.data, auto_id=self.auto_id, prefix=self.prefix, renderer=self.renderer)
            form.full_clean()
            return form
        counts = {
            TOTAL: self.total_form_count(),
            INITIAL: self.initial_form_count(),
            LEAST: self.min_num,
            MOST: self.max_num,
        }
        return ManagementForm(auto_id=self.auto_id, prefix=self.prefix, initial=counts, renderer=self.renderer)

    def total_form_count(self) -> int:
        """How many forms there are."""
        if self.is_bound:
            return int(min(self.management_form.cleaned_data[TOTAL], self.absolute_max))
        first = self.initial_form_count()
        total = max(first, self.min_num) + self.extra
        if first > self.max_num >= 0:
            return first
        return self.max_num if total > self.max_num >= 0 else total

    def initial_form_count(self) -> int:
        """How many forms show something that was there before."""
        if self.is_bound:
            return int(self.management_form.cleaned_data[INITIAL])
        return len(self.initial) if self.initial else 0

    @cached_property
    def forms(self) -> list[Any]:
        """The forms, made when they are first asked for."""
        return [self._construct_form(index, **self.get_form_kwargs(index)) for index in range(self.total_form_count())]

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """The keywords of a form; the index is None for the empty one."""
        return self.form_kwargs.copy()

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        options: dict[str, Any] = {
            "auto_id": self.auto_id,
            "prefix": self.add_prefix(i),
            "error_class": self.error_class,
            "use_required_attribute": False,
            "renderer": self.renderer,
        }
        if self.is_bound:
            options.update(data=self.data, files=self.files)
        if self.initial and "initial" not in kwargs and i < len(self.initial):
            options["initial"] = self.initial[i]
        if i >= self.initial_form_count() and i >= self.min_num:
            options["empty_permitted"] = True
        form = self.form(**{**options, **kwargs})
        form.use_csrf = False
        self.add_fields(form, i)
        return form

    @property
    def initial_forms(self) -> list[Any]:
        """The forms that show something that was there before."""
        return self.forms[: self.initial_form_count()]

    @property
    def extra_forms(self) -> list[Any]:
        """The forms for what is new."""
        return self.forms[self.initial_form_count() :]

    @property
    def empty_form(self) -> Any:
        """A form whose prefix has `__prefix__` for its number, for scripts that add forms to the page."""
        form = self.form(
            **{
                **self.get_form_kwargs(None),
                "auto_id": self.auto_id,
                "prefix": self.add_prefix("__prefix__"),
                "empty_permitted": True,
                "use_required_attribute": False,
                "renderer": self.renderer,
            }
        )
        form.use_csrf = False
        self.add_fields(form, None)
        return form

    def add_fields(self, form: Any, index: int | None) -> None:
        """Give a form the fields to order and delete it; subclasses may add others."""
        is_initial = index is not None and index < self.initial_form_count()
        if self.can_order:
            form.fields[ORDERING_FIELD_NAME] = IntegerField(
                label=gettext_lazy("Order"),
                initial=index + 1 if is_initial and index is not None else None,
                required=False,
                widget=self.get_ordering_widget(),
            )
        if self.can_delete and (self.can_delete_extra or is_initial):
            form.fields[DELETION_FIELD_NAME] = BooleanField(
                label=gettext_lazy("Delete"), required=False, widget=self.get_deletion_widget()
            )

    def add_prefix(self, index: Any) -> str:
        """The prefix of a form."""
        return f"{self.prefix}-{index}"

    @classmethod
    def get_default_prefix(cls) -> str:
        """The prefix where none is given."""
        return "form"

    @classmethod
    def get_deletion_widget(cls) -> Any:
        """The widget of the field to delete a form."""
        return cls.deletion_widget

    @classmethod
    def get_ordering_widget(cls) -> Any:
        """The widget of the field to order a form."""
        return cls.ordering_widget

    # ---- what came --------------------------------------------------------------------------------------------------

    @property
    def cleaned_data(self) -> list[dict[str, Any]]:
        """What came, form by form; there only where it is valid."""
        if not self.is_valid():
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'cleaned_data'")
        return [form.cleaned_data for form in self.forms]

    def _is_untouched(self, index: int, form: Any) -> bool:
        """Whether nothing was filled into a form for what is new."""
        return index >= self.initial_form_count() and not form.has_changed()

    @property
    def deleted_forms(self) -> list[Any]:
        """The forms that are to be deleted."""
        if not self.is_valid() or not self.can_delete:
            return []
        pairs = enumerate(self.forms)
        return [form for index, form in pairs if not self._is_untouched(index, form) and self._should_delete_form(form)]

    @property
    def ordered_forms(self) -> list[Any]:
        """The forms in the order that came, those without a number last."""
        if not self.is_valid() or not self.can_order:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'ordered_forms'")
        kept = [
            form
            for index, form in enumerate(self.forms)
            if not self._is_untouched(index, form) and not (self.can_delete and self._should_delete_form(form))
        ]
        return sorted(kept, key=_by_order)

    def non_form_errors(self) -> Any:
        """What is wrong with the formset as a whole."""
        if self._non_form_errors is None:
            self.full_clean()
        return self._non_form_errors

    @property
    def errors(self) -> list[Any]:
        """What is wrong with each form."""
        if self._errors is None:
            self.full_clean()
        return self._errors  # type: ignore[return-value] # full_clean has set it

    def total_error_count(self) -> int:
        """How many fields of how many forms, and the formset itself, are wrong."""
        return len(self.non_form_errors()) + sum(len(errors) for errors in self.errors)

    def _should_delete_form(self, form: Any) -> bool:
        return bool(form.cleaned_data.get(DELETION_FIELD_NAME, False))

    def is_valid(self) -> bool:
        """Whether something came and nothing is wrong with it; forms to be deleted don't matter."""
        if not self.is_bound:
            return False
        _ = self.errors
        checked = [form for form in self.forms if not (self.can_delete and self._should_delete_form(form))]
        wrong = [form for form in checked if not form.is_valid()]  # all are looked at
        return not wrong and not self.non_form_errors()

    def full_clean(self) -> None:
        """Look at everything that came."""
        self._errors = []
        self._non_form_errors = self.error_class(error_class="nonform", renderer=self.renderer)
        if not self.is_bound:
            return
        if not self.management_form.is_valid():
            missing = ", ".join(self.management_form.add_prefix(name) for name in self.management_form.errors)
            text = self.error_messages["missing_management_form"]
            self._non_form_errors.append(ValidationError(text, "missing_management_form", {"field_names": missing}))
        empty = 0
        for index, form in enumerate(self.forms):
            empty += self._is_untouched(index, form)
            errors = form.errors
            if not (self.can_delete and self._should_delete_form(form)):
                self._errors.append(errors)
        try:
            self._check_count(empty)
            self.clean()
        except ValidationError as error:
            self._non_form_errors = self.error_class(error.error_list, error_class="nonform", renderer=self.renderer)

    def _check_count(self, empty: int) -> None:
        """Raise ValidationError for too many or too few forms."""
        kept = self.total_form_count() - len(self.deleted_forms)
        if (self.validate_max and kept > self.max_num) or self.management_form.cleaned_data[TOTAL] > self.absolute_max:
            raise self._wrong_number("too_many_forms", self.max_num)
        if self.validate_min and kept - empty < self.min_num:
            raise self._wrong_number("too_few_forms", self.min_num)

    def _wrong_number(self, code: str, number: int) -> ValidationError:
        own = self.error_messages.get(code)
        if own is not None:
            return ValidationError(str(own) % {"num": number} if "%(num)" in str(own) else own, code)
        if code == "too_many_forms":
            text = ngettext("Please submit at most %(num)d form.", "Please submit at most %(num)d forms.", number)
        else:
            text = ngettext("Please submit at least %(num)d form.", "Please submit at least %(num)d forms.", number)
        return ValidationError(text, code)

    def clean(self) -> None:
        """For subclasses: look at the forms together, and raise ValidationError; see `non_form_errors()`."""

    def has_changed(self) -> bool:
        """Whether anything else came than was shown."""
        return any(form.has_changed() for form in self)

    # ---- as HTML ----------------------------------------------------------------------------------------------------

    def is_multipart(self) -> bool:
        """Whether the form needs `enctype="multipart/form-data"`."""
        return bool((self.forms[0] if self.forms else self.empty_form).is_multipart())

    @property
    def media(self) -> Media:
        """The style sheets and scripts of its forms."""
        found: Media = (self.forms[0] if self.forms else self.empty_form).media
        return found

    def get_context(self) -> dict[str, Any]:
        """What its templates are given."""
        return {"formset": self}


def _by_order(form: Any) -> tuple[bool, int]:
    order = form.cleaned_data[ORDERING_FIELD_NAME]
    return order is None, order or 0


def formset_factory(
    form: Any,
    formset: Any = BaseFormSet,
    extra: int = 1,
    can_order: bool = False,
    can_delete: bool = False,
    max_num: int | None = None,
    validate_max: bool = False,
    min_num: int | None = None,
    validate_min: bool = False,
    absolute_max: int | None = None,
    can_delete_extra: bool = True,
    renderer: Any = None,
) -> Any:
    """Return a class of formsets of `form`, with `extra` forms for what is new.

    `min_num` and `max_num` bound what is shown, and what may come with `validate_min` and `validate_max`;
    `absolute_max` bounds what is made of what comes. Raises ValueError if that is below `max_num`.
    """
    most = DEFAULT_MAX_NUM if max_num is None else max_num
    absolute = most + DEFAULT_MAX_NUM if absolute_max is None else absolute_max
    if most > absolute:
        raise ValueError("'absolute_max' must be greater or equal to 'max_num'.")
    attributes = {
        "form": form,
        "extra": extra,
        "can_order": can_order,
        "can_delete": can_delete,
        "can_delete_extra": can_delete_extra,
        "min_num": min_num or 0,
        "max_num": most,
        "absolute_max": absolute,
        "validate_min": validate_min,
        "validate_max": validate_max,
        "renderer": renderer or form.chosen_renderer(),
    }
    return type(f"{form.__name__.removesuffix('Form')}FormSet", (formset,), attributes)
