"""Views with a form: one of your own, or one that makes, changes or deletes an object.

Only the fields that `fields` or the form names are ever written. A form with errors is shown again with status 422; a
good one is answered by a redirect with 303, so that reloading the next page sends nothing twice.
"""

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any, ClassVar
from urllib.parse import quote

from spruce import db
from spruce.errors import ConfigError
from spruce.forms import Form, ModelForm, modelform_factory
from spruce.http import Request
from spruce.views.objects import SingleObjectMixin, SingleObjectTemplateMixin
from spruce.views.pages import ContextMixin, GenericView, TemplateResponseMixin
from spruce.web import redirect

__all__ = [
    "CreateView",
    "DeleteView",
    "FormMixin",
    "FormView",
    "ModelFormMixin",
    "UpdateView",
]


class FormMixin(TemplateResponseMixin, ContextMixin):
    """A form that is shown, checked and acted on: `form_class`, with `initial` values; then on to `success_url`."""

    form_class: Any = None
    initial: ClassVar[dict[str, Any]] = {}
    prefix: str | None = None
    success_url: str | None = None
    request: Request

    def get_initial(self) -> dict[str, Any]:
        """Return what the fields hold at first: a copy of `initial`."""
        return dict(self.initial)

    def get_prefix(self) -> str | None:
        """Return what stands before the fields' names, where a page has several forms."""
        return self.prefix

    def get_form_class(self) -> Any:
        """Return the class of the form. Raises: ConfigError where there is none."""
        if self.form_class is None:
            raise ConfigError(f"{type(self).__name__} has no form", hint="Set form_class.")
        return self.form_class

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the form; with what was sent, where something was."""
        given: dict[str, Any] = {"initial": self.get_initial(), "prefix": self.get_prefix()}
        if self.request.method in ("POST", "PUT"):
            given.update(data=self.request.form, files=self.request.files)
        return given

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form."""
        return (form_class or self.get_form_class())(**self.get_form_kwargs())

    def get_success_url(self) -> str:
        """Return where to go on. Raises: ConfigError where nothing says it."""
        if not self.success_url:
            raise ConfigError(f"{type(self).__name__} doesn't know where to go on", hint="Set success_url.")
        return str(self.success_url)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form."""
        if "form" not in kwargs:
            kwargs["form"] = self.get_form()
        return super().get_context_data(**kwargs)

    def form_valid(self, form: Any) -> Any:
        """Act on a form without errors; return the response."""
        return redirect(self.get_success_url(), 303)

    def form_invalid(self, form: Any) -> Any:
        """Show a form with errors again."""
        return self.render_to_response(self.get_context_data(form=form), 422)


class _ProcessForm(FormMixin, GenericView):
    object: Any = None

    def _found(self) -> Any:
        """What the form is about; None where it makes something new."""
        return None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Show the form."""
        self.object = self._found()
        return self.render_to_response(self.get_context_data())

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Check what was sent, and act on it or show what is wrong."""
        self.object = self._found()
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)


class FormView(_ProcessForm):
    """A page with a form: set `form_class`, `template_name` and `success_url`, and write `form_valid`."""


class ModelFormMixin(FormMixin, SingleObjectMixin):
    """A form of an object: that of `fields`, or `form_class`. Then on to `success_url`, or the object's own page.

    In `success_url`, `{name}` is an attribute of the object, quoted: `/books/{id}`.
    """

    fields: Sequence[str] | str | None = None

    def get_form_class(self) -> Any:
        """Return the class of the form. Raises: ConfigError where it isn't said what it may write."""
        if self.form_class is not None:
            if self.fields is not None:
                raise ConfigError(f"{type(self).__name__} has both fields and form_class", hint="Set one of them.")
            return self.form_class
        if self.fields is None:
            raise ConfigError(
                f"{type(self).__name__} doesn't say what its form may write",
                hint="Set fields=['name', …], or form_class.",
            )
        model = type(self.object) if isinstance(self.object, db.Model) else self.get_queryset().model
        return modelform_factory(model, fields=self.fields)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Add the object."""
        given = super().get_form_kwargs()
        if issubclass(self.get_form_class(), ModelForm):
            given["instance"] = self.object
        return given

    def get_success_url(self) -> str:
        """Return where to go on. Raises: ConfigError where nothing says it."""
        if self.success_url:
            return _Address(self.object).format(self.success_url)
        if hasattr(self.object, "get_absolute_url"):
            return str(self.object.get_absolute_url())
        raise ConfigError(
            f"{type(self).__name__} doesn't know where to go on",
            hint=f"Set success_url, or write {type(self.object).__name__}.get_absolute_url.",
        )

    def form_valid(self, form: Any) -> Any:
        """Save the object and go on."""
        self.object = form.save()
        return super().form_valid(form)


class _Address(Formatter):
    """Puts attributes of an object into an address, each quoted as one part of it."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return getattr(self.source, str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        return quote(super().format_field(value, format_spec), safe="")


class CreateView(SingleObjectTemplateMixin, ModelFormMixin, _ProcessForm):
    """Makes an object, by the template `book_form.html`."""

    template_name_suffix = "_form"

    def get_template_names(self) -> list[str]:
        """Return the names to try: those of the model, before there is an object."""
        if self.model is None and self.template_name is None and self.queryset is not None:
            self.model = self.queryset.model
        return super().get_template_names()


class UpdateView(SingleObjectTemplateMixin, ModelFormMixin, _ProcessForm):
    """Changes an object, by the template `book_form.html`."""

    template_name_suffix = "_form"

    def _found(self) -> Any:
        return self.get_object()


class DeleteView(SingleObjectTemplateMixin, ModelFormMixin, _ProcessForm):
    """Deletes an object after a page that asks, by the template `book_confirm_delete.html`."""

    template_name_suffix = "_confirm_delete"
    form_class = Form

    def _found(self) -> Any:
        return self.get_object()

    def form_valid(self, form: Any) -> Any:
        """Delete the object and go on."""
        target = self.get_success_url()
        self.object.delete()
        return redirect(target, 303)
