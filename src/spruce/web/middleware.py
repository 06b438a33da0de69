"""Middleware: callables that take a handler and return one, and Django's five hooks on top of that."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from spruce.errors import ConfigError, nearest
from spruce.http import Handler, Request, Response

__all__ = ["Middleware", "MiddlewareMixin", "load"]

Middleware = Callable[[Handler], Handler]


class MiddlewareMixin:
    """A middleware made of hooks, of which a class has those that it needs.

    `process_request(request)` on the way in; a response returned here is the answer, and nothing further in is called.
    `process_view(request, view, args, kwargs)` when the view is known, just before it is called; a response returned
    here is taken instead of the view's. `process_exception(request, exception)` when the view raised, the innermost
    middleware first; a response returned here is the answer. `process_template_response(request, response)` when the
    view returned a TemplateResponse, before that is rendered, the innermost middleware first; it returns the response.
    `process_response(request, response)` on the way out; it returns the response. A class whose constructor raises
    MiddlewareNotUsed is left out.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> Response:
        """Take `request` through the hooks for the way in and out, and what lies further in between them."""
        response = None
        process_request: Callable[[Request], Response | None] | None = getattr(self, "process_request", None)
        if process_request is not None:
            response = process_request(request)
        if response is None:
            response = self.get_response(request)
        process_response: Callable[[Request, Response], Response] | None = getattr(self, "process_response", None)
        if process_response is not None:
            response = process_response(request, response)
        return response


def load(middleware: Any) -> Middleware:
    """Return a middleware that `MIDDLEWARE` names: the thing itself, or `package.module.Name`.

    Raises: ConfigError when there is nothing of that name, or it cannot be called.
    """
    found = _find(middleware) if isinstance(middleware, str) else middleware
    if not callable(found):
        raise ConfigError(
            f"MIDDLEWARE has {middleware!r}, which is no middleware",
            hint="A middleware is called with a handler and returns one; a class derives from MiddlewareMixin.",
        )
    made: Middleware = found
    return made


def _find(name: str) -> Any:
    module_name, _, attribute = name.rpartition(".")
    if not module_name:
        raise ConfigError(f"MIDDLEWARE has {name!r}, which names no module", hint="Write 'package.module.Name'.")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise ConfigError(f"MIDDLEWARE has {name!r}, but there is no module {error.name!r}") from None
    if not hasattr(module, attribute):
        names = [one for one in vars(module) if not one.startswith("_")]
        raise ConfigError(
            f"MIDDLEWARE has {name!r}, but {module_name!r} has no {attribute!r}{nearest(attribute, names)}"
        )
    return getattr(module, attribute)
