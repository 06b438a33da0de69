"""Views that show a template or send the visitor elsewhere, and what all generic views share."""

import inspect
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import quote

from spruce.errors import ConfigError, Gone, MethodNotAllowed, nearest
from spruce.http import Request, Response
from spruce.web import MethodView, TemplateResponse, redirect, url_for
from spruce.web.context import current_context

__all__ = ["ContextMixin", "GenericView", "RedirectView", "TemplateResponseMixin", "TemplateView"]


class GenericView(MethodView):
    """A class-based view with Django's life: `setup`, then `dispatch`, which calls `get`, `post` and so on.

    These take `(self, request, *args, **kwargs)`; one without a parameter `request` gets what it names, as methods of
    MethodView do. `self.request` and `self.kwargs` are there in all of them.
    """

    request: Request
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any]

    def __init__(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            setattr(self, name, value)

    @classmethod
    def as_view(cls, name: str = "", **attributes: Any) -> Callable[..., Any]:
        """Return a view function called `name`, by default as the class in lower case: `BookList` is `book_list`.

        The other arguments take the place of attributes of the class. Raises: TypeError for one that it hasn't.
        """
        for attribute in attributes:
            if attribute in ("get", "post", "put", "patch", "delete", "head", "options", "trace"):
                raise TypeError(f"{attribute!r} is a method of {cls.__name__}; give as_view() attributes only.")
            if not hasattr(cls, attribute):
                known = [key for key in dir(cls) if not key.startswith("_")]
                raise TypeError(f"{cls.__name__} has no attribute {attribute!r}{nearest(attribute, known) or '.'}")
        return super().as_view(name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower(), **attributes)

    def setup(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Keep what the view is called with; the first method to be called."""
        self.request, self.args, self.kwargs = request, args, kwargs

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Call the method for the request's method; HEAD is answered by `get` where there is no `head`."""
        name = request.method.lower()
        handler = getattr(self, name, None) or (getattr(self, "get", None) if name == "head" else None)
        if handler is None or name.upper() not in (*(self.methods or ()), "HEAD"):
            raise MethodNotAllowed(valid_methods=type(self).methods)
        if _takes_request(handler.__func__):
            return handler(request, *args, **kwargs)
        return handler(*args, **kwargs)

    def _begin(self, **kwargs: Any) -> Any:
        asked: Any = kwargs.pop("request", None) or current_context(type(self).__name__).request
        self.setup(asked, **kwargs)
        return self.dispatch(request=asked, **kwargs)


@lru_cache(maxsize=1024)
def _takes_request(method: Callable[..., Any]) -> bool:
    return "request" in inspect.signature(method).parameters


class ContextMixin:
    """What a template is given: `extra_context`, what the path held, and the view itself as `view`."""

    extra_context: ClassVar[dict[str, Any] | None] = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the values for the template; extend what `super()` returns."""
        return {"view": self, **(self.extra_context or {}), **kwargs}


class TemplateResponseMixin:
    """A response by a template: `template_name`, or the first that exists of `get_template_names()`."""

    template_name: str | None = None
    content_type: str | None = None

    def get_template_names(self) -> list[str]:
        """Return the names to try. Raises: ConfigError when `template_name` isn't set."""
        if self.template_name is None:
            raise ConfigError(f"{type(self).__name__} has no template", hint="Set template_name='page.html'.")
        return [self.template_name]

    def render_to_response(self, context: dict[str, Any], status: int = 200) -> Response:
        """Return the page; it is rendered late, so that middleware can change its context."""
        return TemplateResponse([*self.get_template_names()], context, status, mimetype=self.content_type)


class TemplateView(TemplateResponseMixin, ContextMixin, GenericView):
    """A page by a template; it is given what the path held."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Show it."""
        return self.render_to_response(self.get_context_data(**kwargs))


def _filled(url: str, values: dict[str, Any]) -> str:
    parts = {
        name: value if isinstance(value, int | float) else quote(str(value), safe="/") for name, value in values.items()
    }
    target = url % parts
    return target if url.startswith("//") or not target.startswith("//") else "/" + target.lstrip("/")


class RedirectView(GenericView):
    """Sends the visitor to `url`, in which `%(name)s` is what the path held, or to the endpoint `pattern_name`.

    What the path held is quoted, and leads to no other site unless `url` has it in the place of its host. With neither
    it is gone (410). 302, or 301 if `permanent`; `query_string` passes the query on.
    """

    url: str | None = None
    pattern_name: str | None = None
    permanent: bool = False
    query_string: bool = False

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str | None:
        """Return where to, or None where there is nothing any more."""
        if self.url:
            target = _filled(self.url, kwargs)
        elif self.pattern_name:
            target = url_for(self.pattern_name, **kwargs)
        else:
            return None
        query = self.request.query_string.decode("latin-1")
        return f"{target}?{query}" if self.query_string and query else target

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Send them there."""
        target = self.get_redirect_url(*args, **kwargs)
        if target is None:
            raise Gone()
        return redirect(target, 301 if self.permanent else 302)

    post = put = patch = delete = get
