"""What hosted apps don't tell their server: Django's and Flask's routes, and what these and Starlette have caught.

Each of them makes an answer of an exception itself, so the server never sees that. Functions of theirs are listened to,
when a program imports them; nothing is imported for it.
"""

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from spruce.apm.libraries import Libraries
from spruce.apm.spans import transaction_here
from spruce.events import request_failed
from spruce.server.routenames import route_of_environ, route_of_scope

__all__ = ["Hosted"]

_REQUEST = "spruce.request"


class Hosted:
    """Listens to the frameworks of hosted apps."""

    def add_to(self, libraries: Libraries) -> None:
        """Say what is to be listened to."""
        libraries.around("flask.app", "Flask.dispatch_request", self._around_dispatching)
        libraries.around("flask.app", "Flask.handle_exception", self._around_flask)
        libraries.around("django.core.handlers.base", "BaseHandler.resolve_request", self._around_resolving)
        libraries.around("django.core.handlers.exception", "handle_uncaught_exception", self._around_django)
        libraries.around("starlette.middleware.errors", "ServerErrorMiddleware.__call__", self._around_starlette)

    def _around_dispatching(self, dispatch: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(dispatch)
        def call(app: Any, *args: Any) -> Any:  # when it has answered, the request is no longer in its environ
            request = sys.modules["flask"].request
            route = route_of_environ(request.environ)
            if route is not None:
                _name(request.method, route)
            return dispatch(app, *args)

        return call

    def _around_flask(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handle)
        def call(app: Any, *args: Any) -> Any:  # the exception is the last argument, in some releases the only one
            environ = sys.modules["flask"].request.environ
            _failed(environ, args[-1], None)
            return handle(app, *args)

        return call

    def _around_resolving(self, resolve: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(resolve)
        def call(handler: Any, request: Any) -> Any:
            match = resolve(handler, request)
            mounted = request.path[: len(request.path) - len(request.path_info)]
            _name(request.method, f"{mounted}/{str(match.route).lstrip('^/').removesuffix('$')}")
            return match

        return call

    def _around_django(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handle)
        def call(request: Any, resolver: Any, exc_info: Any) -> Any:
            _failed(getattr(request, "scope", None) or request.META, exc_info[1], None)
            return handle(request, resolver, exc_info)

        return call

    def _around_starlette(self, respond: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(respond)
        async def call(middleware: Any, scope: Any, receive: Any, send: Any) -> None:
            try:
                await respond(middleware, scope, receive, send)
            except Exception as error:
                if scope["type"] == "http":
                    _failed(scope, error, route_of_scope(scope, _root(scope)))
                raise

        return call


def _root(place: Mapping[str, Any]) -> str:
    """Where the app is mounted; `place` is an environ or a scope."""
    return str(getattr(place.get(_REQUEST), "root_path", ""))


def _name(method: str, route: str) -> None:
    """Name the transaction by its route, unless the program has named it."""
    transaction = transaction_here()
    if transaction is not None and transaction.type == "request" and not transaction.named:
        transaction.name = f"{method} {route}"


def _failed(place: Mapping[str, Any], error: Any, route: str | None) -> None:
    """Tell that a request of an app that is hosted here has failed."""
    request = place.get(_REQUEST)
    if request is None:
        return
    if route is not None:
        _name(request.method, f"{request.root_path}{route}")
    if request_failed.subscribers:
        request_failed.emit(request=request, exception=error)
