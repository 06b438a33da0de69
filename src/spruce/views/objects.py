"""Views of one object."""

from typing import Any

from spruce import db
from spruce.errors import ConfigError, DataError, FieldError, NotFound
from spruce.http import Request
from spruce.views.pages import ContextMixin, GenericView, TemplateResponseMixin

__all__ = ["DetailView", "SingleObjectMixin", "SingleObjectTemplateMixin", "template_names"]


class SingleObjectMixin(ContextMixin):
    """Finds the object that the path names: by `<int:pk>`, or by `<slug>`.

    Its rows are those of `queryset`, or of all of `model`; override `get_queryset` to show each visitor their own.
    """

    model: Any = None
    queryset: Any = None
    slug_field: str = "slug"
    slug_url_kwarg: str = "slug"
    pk_url_kwarg: str = "pk"
    query_pk_and_slug: bool = False
    context_object_name: str | None = None
    object: Any = None
    kwargs: dict[str, Any]

    def get_queryset(self) -> Any:
        """Return the rows among which the object is looked for."""
        if self.queryset is not None:
            return self.queryset.all()
        if self.model is None:
            raise ConfigError(
                f"{type(self).__name__} doesn't know what to show", hint="Set model or queryset, or write get_queryset."
            )
        return self.model.objects.all()

    def get_object(self, queryset: Any = None) -> Any:
        """Return the object. Raises: NotFound where there is none, or can be none of such a key."""
        rows = self.get_queryset() if queryset is None else queryset
        pk, slug = self.kwargs.get(self.pk_url_kwarg), self.kwargs.get(self.slug_url_kwarg)
        if pk is None and slug is None:
            raise FieldError(
                f"{type(self).__name__} is called without {self.pk_url_kwarg!r} or {self.slug_url_kwarg!r} in its path",
                hint=f"Route it as /…/<int:{self.pk_url_kwarg}>.",
            )
        wanted = {} if pk is None else {"pk": pk}
        if slug is not None and (pk is None or self.query_pk_and_slug):
            wanted[self.slug_field] = slug
        try:
            return db.get_object_or_404(rows, **wanted)
        except DataError as error:  # such a key cannot be
            raise NotFound from error

    def get_context_object_name(self, obj: Any) -> str | None:
        """Return the object's name in templates, beside `object`; by default its model's."""
        if self.context_object_name:
            return self.context_object_name
        return obj._meta.model_name if isinstance(obj, db.Model) else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the object, under both of its names."""
        if self.object is not None:
            kwargs.setdefault("object", self.object)
            if name := self.get_context_object_name(self.object):
                kwargs.setdefault(name, self.object)
        return super().get_context_data(**kwargs)


def template_names(model: Any, suffix: str) -> list[str]:
    """Return the names of a model's template: `shop/book_list.html`, then `book_list.html`."""
    meta = model._meta
    plain = f"{meta.model_name}{suffix}.html"
    return [f"{meta.app_label}/{plain}", plain] if meta.app_label else [plain]


class SingleObjectTemplateMixin(TemplateResponseMixin):
    """The template of an object: `template_name`, else its model's name and `template_name_suffix`."""

    template_name_suffix: str = "_detail"
    model: Any = None
    object: Any = None

    def get_template_names(self) -> list[str]:
        """Return the names to try."""
        model = type(self.object) if isinstance(self.object, db.Model) else self.model
        if self.template_name is not None or model is None:
            return super().get_template_names()
        return template_names(model, self.template_name_suffix)


class DetailView(SingleObjectTemplateMixin, SingleObjectMixin, GenericView):
    """The page of one object, by the template `book_detail.html`."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Show it."""
        self.object = self.get_object()
        return self.render_to_response(self.get_context_data())
