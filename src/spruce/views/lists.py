"""Views of many objects, a page at a time."""

from collections.abc import Sequence
from typing import Any

from spruce.errors import ConfigError, NotFound
from spruce.http import Request
from spruce.i18n import gettext
from spruce.views.objects import template_names
from spruce.views.pages import ContextMixin, GenericView, TemplateResponseMixin
from spruce.web import Pagination, paginate

__all__ = ["ListView", "MultipleObjectMixin", "MultipleObjectTemplateMixin"]


class MultipleObjectMixin(ContextMixin):
    """Finds the objects to list: those of `queryset`, or all of `model`, in the order `ordering`.

    `paginate_by` says how many are on a page; None lists them all. The page is that of the path's or the query's
    `page_kwarg`; `last` is the last one. Without `allow_empty` an empty list is a 404.
    """

    model: Any = None
    queryset: Any = None
    ordering: str | Sequence[str] | None = None
    paginate_by: int | None = None
    page_kwarg: str = "page"
    allow_empty: bool = True
    context_object_name: str | None = None
    object_list: Any = None
    request: Request
    kwargs: dict[str, Any]

    def get_queryset(self) -> Any:
        """Return the objects, as a QuerySet or a list."""
        if self.queryset is not None:
            rows = self.queryset.all() if hasattr(self.queryset, "all") else self.queryset
        elif self.model is not None:
            rows = self.model.objects.all()
        else:
            raise ConfigError(
                f"{type(self).__name__} doesn't know what to list", hint="Set model or queryset, or write get_queryset."
            )
        ordering = self.get_ordering()
        if ordering is None:
            return rows
        return rows.order_by(*([ordering] if isinstance(ordering, str) else ordering))

    def get_ordering(self) -> str | Sequence[str] | None:
        """Return the names of fields to order by; None leaves the model's order."""
        return self.ordering

    def get_paginate_by(self, queryset: Any) -> int | None:
        """Return how many are on a page; None for all."""
        return self.paginate_by

    def paginate_queryset(self, queryset: Any, page_size: int) -> Pagination:
        """Return the page that was asked for. Raises: NotFound for one that isn't there."""
        asked = self.kwargs.get(self.page_kwarg) or self.request.args.get(self.page_kwarg) or 1
        if asked == "last":
            total = len(queryset) if isinstance(queryset, Sequence) else queryset.count()
            asked = max(-(-total // page_size), 1)
        try:
            number = int(asked)
        except ValueError:
            raise NotFound(gettext("There is no %(name)s %(text)s.", name="page", text=repr(asked))) from None
        return paginate(queryset, number, page_size)

    def get_context_object_name(self, object_list: Any) -> str | None:
        """Return the list's name in templates, beside `object_list`; by default `book_list`."""
        model = getattr(object_list, "model", None)
        return self.context_object_name or (f"{model._meta.model_name}_list" if model is not None else None)

    def get_context_data(self, *, object_list: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Add the objects of the page under both of their names, and `page_obj`, a Pagination; None without pages."""
        rows = self.object_list if object_list is None else object_list
        size, name = self.get_paginate_by(rows), self.get_context_object_name(rows)
        page = self.paginate_queryset(rows, size) if size else None
        shown = rows if page is None else page.items
        found = {"object_list": shown, "page_obj": page, "is_paginated": page is not None and page.pages > 1}
        if name:
            found[name] = shown
        return super().get_context_data(**{**found, **kwargs})


class MultipleObjectTemplateMixin(TemplateResponseMixin):
    """The template of a list: `template_name`, else that of the model of its QuerySet."""

    template_name_suffix: str = "_list"
    object_list: Any = None

    def get_template_names(self) -> list[str]:
        """Return the names to try."""
        model = getattr(self.object_list, "model", None)
        if self.template_name is not None or model is None:
            return super().get_template_names()
        return template_names(model, self.template_name_suffix)


class ListView(MultipleObjectTemplateMixin, MultipleObjectMixin, GenericView):
    """A list of objects, by the template `book_list.html`."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Show it."""
        self.object_list = self.get_queryset()
        context = self.get_context_data()
        if not self.allow_empty and not context["object_list"]:
            raise NotFound(gettext("There is nothing to list."))
        return self.render_to_response(context)
