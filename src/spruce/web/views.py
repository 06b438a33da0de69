"""Class-based views: `View`, and `MethodView` with a method for each HTTP method.

The methods of a MethodView have typed parameters as view functions have: path, query, body and all the others.
"""

import inspect
from collections.abc import Callable, Collection
from types import MethodType
from typing import Any, ClassVar

from spruce.errors import MethodNotAllowed
from spruce.web.context import request

__all__ = ["MethodView", "View"]

_METHODS = ("get", "post", "head", "options", "delete", "put", "trace", "patch")


class View:
    """A view that is a class; `as_view(name)` makes the function to add a rule for.

    `decorators` are put around that function, the first one innermost. A new object is made for each request, unless
    `init_every_request` is False.
    """

    methods: ClassVar[Collection[str] | None] = None
    provide_automatic_options: ClassVar[bool | None] = None
    decorators: ClassVar[list[Callable[..., Any]]] = []
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self, **kwargs: Any) -> Any:
        """Return what a view function would return."""
        raise NotImplementedError(f"{type(self).__name__} needs a method dispatch_request")

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Return `dispatch_request(…)`; for classes to mix in, which look at the request before a view does."""
        return self.dispatch_request(*args, **kwargs)

    def _begin(self, **kwargs: Any) -> Any:
        """What the view function calls; a subclass may prepare itself before `dispatch` here."""
        return self.dispatch(**kwargs)

    @classmethod
    def handlers(cls) -> dict[str, Callable[..., Any]]:
        """Return what answers each HTTP method, bound to the class: its parameters say what is read from the request.

        Empty for a class whose `dispatch_request` takes whatever the path holds.
        """
        return {}

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> Callable[..., Any]:
        """Return a view function called `name`; the other arguments are those of the class."""
        if cls.init_every_request:

            def view(**kwargs: Any) -> Any:
                return cls(*class_args, **class_kwargs)._begin(**kwargs)

        else:
            kept = cls(*class_args, **class_kwargs)

            def view(**kwargs: Any) -> Any:
                return kept._begin(**kwargs)

        decorated: Any = view
        decorated.__name__ = name
        decorated.__doc__ = cls.__doc__
        decorated.__module__ = cls.__module__
        for decorator in cls.decorators:
            decorated = decorator(decorated)
        decorated.view_class = cls
        decorated.handlers = cls.handlers()
        decorated.methods = cls.methods
        decorated.provide_automatic_options = cls.provide_automatic_options
        return decorated  # type: ignore[no-any-return] # decorators may be anything


class MethodView(View):
    """A class-based view whose methods `get`, `post` and so on answer the HTTP methods of those names."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" not in cls.__dict__:
            own = {method.upper() for method in _METHODS if hasattr(cls, method)}
            cls.methods = sorted(own) or None

    @classmethod
    def handlers(cls) -> dict[str, Callable[..., Any]]:
        """Return the method for each HTTP method; HEAD has that of GET where there is no `head`."""
        found: dict[str, Callable[..., Any]] = {
            name.upper(): MethodType(function, cls)
            for name in _METHODS
            if (function := inspect.getattr_static(cls, name, None)) is not None and inspect.isfunction(function)
        }
        return {"HEAD": found["GET"], **found} if "GET" in found else found

    def dispatch_request(self, **kwargs: Any) -> Any:
        """Call the method for the request's method; HEAD is answered by `get` where there is no `head`."""
        method = getattr(self, request.method.lower(), None)
        if method is None and request.method == "HEAD":
            method = getattr(self, "get", None)
        if method is None:
            raise MethodNotAllowed(valid_methods=type(self).methods)
        return method(**kwargs)
