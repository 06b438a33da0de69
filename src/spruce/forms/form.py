"""Forms: fields, what came for them, and what is wrong with it; see `Form`.

An object shares the fields of its class until somebody asks for `form.fields`, which are then copies of its own. So a
form that is only validated costs no copies: what is to be read and called for each field is planned once for the class.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from markupsafe import Markup

from spruce.errors import NotFound, ValidationError
from spruce.forms.boundfield import BoundField
from spruce.forms.errors import NON_FIELD_ERRORS, ErrorDict, ErrorList
from spruce.forms.fields import Field
from spruce.forms.formtype import FormType
from spruce.forms.media import Media
from spruce.forms.protection import csrf_field
from spruce.forms.rendering import RenderableFormMixin
from spruce.forms.steps import Step, steps_of
from spruce.http import MultiDict, Request
from spruce.i18n import gettext, gettext_lazy
from spruce.web import request as current_request

__all__ = ["BaseForm", "Form", "sent"]

_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def sent(data: Any, files: Any = None) -> tuple[Any, Any]:
    """Return what came with a request: its form and files, or twice None for one that only reads; others as given."""
    request = data._get_current_object() if hasattr(data, "_get_current_object") else data
    if not isinstance(request, Request):
        return data, files
    if request.method not in _UNSAFE:
        return None, None
    return request.form, request.files if files is None else files


class BaseForm(RenderableFormMixin):
    """What a form does; `Form` is what to derive from.

    `data` and `files` are what came, or a request, which binds the form if it is a POST, PUT, PATCH or DELETE. `prefix`
    tells several forms of a page apart, `initial` is what is shown at first. `empty_permitted` lets a form be valid of
    which nothing was filled in.
    """

    base_fields: ClassVar[dict[str, Field]]
    _plan: ClassVar[Any] = None
    default_renderer: Any = None
    field_order: Iterable[str] | None = None
    prefix: str | None = None
    use_required_attribute = True
    bound_field_class: Any = None
    use_csrf = True
    validate_url = ""
    template_name = "forms/form.html"
    template_name_div = "forms/div.html"
    template_name_p = "forms/p.html"
    template_name_table = "forms/table.html"
    template_name_ul = "forms/ul.html"
    template_name_label = "forms/label.html"
    template_name_summary = "forms/summary.html"

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
        field_order: Iterable[str] | None = None,
        use_required_attribute: bool | None = None,
        renderer: Any = None,
        bound_field_class: Any = None,
    ) -> None:
        if data is not None and not isinstance(data, dict | MultiDict):
            data, files = sent(data, files)
        self.is_bound = data is not None or files is not None
        self.data: Any = MultiDict() if data is None else data
        self.files: Any = MultiDict() if files is None else files
        self.auto_id = auto_id
        if prefix is not None:
            self.prefix = prefix
        self.initial: Any = initial or {}
        self.error_class = error_class
        self.label_suffix = gettext_lazy(":") if label_suffix is None else label_suffix
        self.empty_permitted = empty_permitted
        self._errors: ErrorDict | None = None
        self._fields: dict[str, Field] | None = None
        self._bound_fields: dict[str, BoundField] = {}
        self.cleaned_data: dict[str, Any]
        if bound_field_class is not None:
            self.bound_field_class = bound_field_class
        order = self.field_order if field_order is None else field_order
        if order is not None:
            self.order_fields(order)
        if use_required_attribute is not None:
            self.use_required_attribute = use_required_attribute
        if empty_permitted and self.use_required_attribute:
            raise ValueError("The empty_permitted and use_required_attribute arguments may not both be True.")
        self.renderer = self.chosen_renderer() if renderer is None else renderer
        limited = [name for name, field in self.base_fields.items() if getattr(field, "limit_choices_to", None)]
        for name in limited:
            chosen: Any = self.fields[name]
            chosen.queryset = chosen.limited()

    @classmethod
    def chosen_renderer(cls) -> Any:
        """The renderer of `default_renderer`, an object or a class of them; None for that of the app."""
        chosen = cls.default_renderer
        return chosen() if isinstance(chosen, type) else chosen

    @classmethod
    def from_request(cls, request: Request) -> Any:
        """Make the form of a request; a view's parameter that is annotated with the class is made so."""
        return cls(request)

    # ---- fields -----------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of this object, by name, which it may change."""
        if self._fields is None:
            self._fields = {name: field.__deepcopy__({}) for name, field in self.base_fields.items()}
        return self._fields

    @fields.setter
    def fields(self, fields: dict[str, Field]) -> None:
        self._fields = fields

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        """Put the named fields first, in this order; names that there are none of are no matter."""
        if field_order is None:
            return
        fields = self.fields
        first = {name: fields[name] for name in field_order if name in fields}
        self.fields = {**first, **fields}

    def __iter__(self) -> Iterator[BoundField]:
        for name in self.fields:
            yield self[name]

    def __getitem__(self, name: str) -> BoundField:
        field = self.fields.get(name)
        found = self._bound_fields.get(name)
        if found is not None and field is not None:
            return found
        if field is None:
            raise KeyError(
                f"Key '{name}' not found in '{type(self).__name__}'. Choices are: {', '.join(sorted(self.fields))}."
            )
        made = self._bound_fields[name] = field.get_bound_field(self, name)
        return made

    def _bound_items(self) -> Iterator[tuple[str, BoundField]]:
        for name in self.fields:
            yield name, self[name]

    def hidden_fields(self) -> list[BoundField]:
        """The fields that nobody sees."""
        return [field for field in self if field.is_hidden]

    def visible_fields(self) -> list[BoundField]:
        """The fields that people see."""
        return [field for field in self if not field.is_hidden]

    def is_multipart(self) -> bool:
        """Whether the form needs `enctype="multipart/form-data"`, as files do."""
        return any(field.widget.needs_multipart_form for field in self.fields.values())

    @property
    def media(self) -> Media:
        """The style sheets and scripts of the form and its widgets."""
        found = Media(getattr(type(self), "Media", None)) if hasattr(type(self), "Media") else Media()
        for field in self.fields.values():
            found = found + field.widget.media
        return found

    def add_prefix(self, field_name: str) -> str:
        """The name of a field in HTML."""
        return f"{self.prefix}-{field_name}" if self.prefix else field_name

    def id_of(self, field_name: str) -> str:
        """The id of a field's element; "" where the form gives none."""
        if not self.auto_id:
            return ""
        name = self.add_prefix(field_name)
        return str(self.auto_id % name) if "%s" in str(self.auto_id) else name

    def add_initial_prefix(self, field_name: str) -> str:
        """The name in HTML of what a field showed at first."""
        return f"initial-{self.add_prefix(field_name)}"

    def widget_value(self, widget: Any, html_name: str) -> Any:
        """What came for a widget."""
        return widget.value_from_datadict(self.data, self.files, html_name)

    def get_initial_for_field(self, field: Field, field_name: str) -> Any:
        """What a field shows at first; microseconds are left out where its widget cannot show them."""
        value = self.initial.get(field_name, field.initial)
        if callable(value):
            value = value()
        if isinstance(value, dt.datetime | dt.time) and not field.widget.supports_microseconds:
            value = value.replace(microsecond=0)
        return value

    # ---- validation -------------------------------------------------------------------------------------------------

    @property
    def errors(self) -> ErrorDict:
        """What is wrong, by field; it is looked for when it is first asked for."""
        if self._errors is None:
            self.full_clean()
        return self._errors  # type: ignore[return-value] # full_clean has set it

    def is_valid(self) -> bool:
        """Whether something came and nothing is wrong with it."""
        return self.is_bound and not self.errors

    def non_field_errors(self) -> Any:
        """What is wrong with the form as a whole."""
        found = self.errors.get(NON_FIELD_ERRORS)
        return self.error_class(error_class="nonfield", renderer=self.renderer) if found is None else found

    def add_error(self, field: str | None, error: Any) -> None:
        """Note that something is wrong with a field, None for the form as a whole; the field loses its value.

        `error` is a text, a ValidationError, or one of messages by field, and then `field` is None.
        """
        made = error if isinstance(error, ValidationError) else ValidationError(error)
        if hasattr(made, "error_dict"):
            if field is not None:
                raise TypeError(
                    "The argument `field` must be `None` when the `error` argument contains errors by field."
                )
            by_field = made.error_dict
        else:
            by_field = {field or NON_FIELD_ERRORS: made.error_list}
        errors = self.errors
        for name, found in by_field.items():
            if name not in errors:
                errors[name] = self._new_list(name)
            errors[name].extend(found)
            self.cleaned_data.pop(name, None)

    def _new_list(self, name: str) -> Any:
        if name == NON_FIELD_ERRORS:
            return self.error_class(error_class="nonfield", renderer=self.renderer)
        if name not in (self.base_fields if self._fields is None else self._fields):
            raise ValueError(f"'{type(self).__name__}' has no field named '{name}'.")
        if self.auto_id:
            return self.error_class(renderer=self.renderer, field_id=self.id_of(name))
        return self.error_class(renderer=self.renderer)

    def has_error(self, field: str | None, code: str | None = None) -> bool:
        """Whether something, or something of this code, is wrong with a field; None stands for the form as a whole."""
        found = self.errors.get(field or NON_FIELD_ERRORS)
        if found is None:
            return False
        return code is None or any(error.code == code for error in found.as_data())

    def full_clean(self) -> None:
        """Look at everything that came, and set `errors` and `cleaned_data`."""
        self._errors = ErrorDict(renderer=self.renderer)
        if not self.is_bound:
            return
        self.cleaned_data = {}
        if self.empty_permitted and not self.has_changed():
            return
        self._clean_fields()
        self._clean_form()
        self._post_clean()

    def _steps(self) -> tuple[Step, ...]:
        cls = type(self)
        if self._fields is None and self.bound_field_class is None:
            plan = vars(cls).get("_plan")
            if plan is None or plan[0] is not self.base_fields:
                plan = cls._plan = self.base_fields, steps_of(cls, self.base_fields, shared=True)
            if plan[1] is not None:
                shared: tuple[Step, ...] = plan[1]
                return shared
        return steps_of(cls, self.fields, shared=False) or ()

    def _clean_fields(self) -> None:
        data, files, cleaned, prefix = self.data, self.files, self.cleaned_data, self.prefix
        renamed = prefix or type(self).add_prefix is not BaseForm.add_prefix
        get = data.get
        for name, field, clean, read, method, special in self._steps():
            try:
                if special:
                    value = self._clean_special(name, field)
                elif read is None:
                    value = clean(get(self.add_prefix(name) if renamed else name))
                else:
                    value = clean(read(data, files, self.add_prefix(name) if renamed else name))
                cleaned[name] = value
                if method is not None:
                    cleaned[name] = getattr(self, method)()
            except ValidationError as error:
                self.add_error(name, error)

    def _clean_special(self, name: str, field: Field) -> Any:
        """Clean a field that needs what it showed at first: a disabled one, or a file."""
        bound = self[name]
        value = bound.initial if field.disabled else bound.data
        return field.clean(value, bound.initial) if field.is_file else field.clean(value)  # type: ignore[call-arg] # a FileField's

    def _clean_form(self) -> None:
        try:
            cleaned = self.clean()
        except ValidationError as error:
            self.add_error(None, error)
        else:
            if cleaned is not None:
                self.cleaned_data = cleaned

    def _post_clean(self) -> None:
        """What forms of models do last."""

    def clean(self) -> Any:
        """For subclasses: look at several fields together; what is returned, unless None, becomes `cleaned_data`."""
        return self.cleaned_data

    def has_changed(self) -> bool:
        """Whether anything else came than was shown."""
        return bool(self.changed_data)

    @property
    def changed_data(self) -> list[str]:
        """The names of the fields for which something else came than was shown."""
        if "_changed" not in self.__dict__:
            self._changed = [name for name, bound in self._bound_items() if bound._has_changed()]
        return self._changed

    # ---- as HTML ----------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        valid = self.is_bound and not self._errors if self._errors is not None else "Unknown"
        return f"<{type(self).__name__} bound={self.is_bound}, valid={valid}, fields=({';'.join(self.fields)})>"

    def get_context(self) -> dict[str, Any]:
        """What its templates are given."""
        top = self.non_field_errors().copy()
        shown, hidden = [], []
        for name, bound in self._bound_items():
            if not bound.is_hidden:
                shown.append((bound, bound.errors))
                continue
            hidden.append(bound)
            top += [gettext("(Hidden field %(name)s) %(error)s", name=name, error=str(text)) for text in bound.errors]
        return {"form": self, "fields": shown, "hidden_fields": hidden, "errors": top, "csrf": self.csrf_token}

    @property
    def csrf_token(self) -> Markup:
        """The hidden field with the CSRF token, for forms that are shown field by field; "" where none is needed."""
        return csrf_field() if self.use_csrf else Markup()

    def error_summary(self) -> Markup:
        """All that is wrong, as a list of links to the fields; "" for nothing."""
        return self.render(self.template_name_summary)

    def partial(self, name: str | None = None, request: Any = None) -> Markup:
        """Return the group of one field, with what is wrong with it, for htmx to put into the page.

        The name is that which htmx tells in `HX-Trigger-Name`, of `request` or of the one that is answered now, unless
        given. What can be looked at once only, as a captcha, isn't. Raises NotFound for a name that is no field's.
        """
        if name is None:
            name = (request or current_request).headers.get("HX-Trigger-Name", "").removeprefix(f"{self.prefix}-")
        if name not in self.fields:
            raise NotFound(f"{type(self).__name__} has no field {name!r}.")
        if self._errors is None:
            self.fields = {each: field for each, field in self.fields.items() if not field.once}
        return self[name].as_field_group()


class Form(BaseForm, metaclass=FormType):
    """A form: fields are written in the class's body, as `name = forms.CharField()`.

    `clean_<name>()` looks at one value in `cleaned_data` and returns it, `clean()` at all of them; what they raise as
    ValidationError is told by `errors`. `validate_url` lets htmx ask the server about each field when it has changed.
    """
