"""The context of what runs now: which app, which request, and `g`; all of it in one context variable.

Inside of Spruce requests and apps are passed on. The proxies `request`, `g` and `current_app`, and the functions here,
are for the code of users.
"""

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import msgspec

from spruce.errors import ContextError
from spruce.http import Request, Response
from spruce.web.sessions import Session
from spruce.web.site import Site

__all__ = [
    "Context",
    "Globals",
    "Proxy",
    "after_this_request",
    "copy_current_request_context",
    "current_app",
    "current_context",
    "g",
    "has_app_context",
    "has_request_context",
    "request",
    "session",
    "slot",
    "stream_with_context",
]

P = ParamSpec("P")
T = TypeVar("T")
AfterRequest = TypeVar("AfterRequest", bound=Callable[[Response], Response])

_MISSING = object()


class Globals:
    """What `g` is: a namespace that lives as long as its context. A name that was never set is an AttributeError."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"g.{name} was never set in this request or app context")

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of `name`, or `default`."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _MISSING) -> Any:
        """Take `name` away and return its value, or `default`; without a default a missing name is a KeyError."""
        return self.__dict__.pop(name) if default is _MISSING else self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the value of `name`, set to `default` first when there is none."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        return f"<g with {', '.join(sorted(self.__dict__)) or 'nothing'}>"


class Context(msgspec.Struct, eq=False):
    """One app at work: on a request, or on nothing when `request` is None.

    `after` are the functions of `after_this_request`; `kept`: a stream still needs this context, so it is not torn down
    before the stream ends. `template_hooks` see a TemplateResponse before it is rendered.
    """

    app: Site
    request: Request | None
    globals: Globals | None = None
    after: list[Callable[[Response], Response]] | None = None
    kept: bool = False
    template_hooks: "list[Callable[..., Any]] | None" = None

    @property
    def g(self) -> Globals:
        """The namespace of this context, made when it is first asked for."""
        if self.globals is None:
            self.globals = Globals()
        return self.globals


slot: ContextVar[Context | None] = ContextVar("spruce_web", default=None)
"""The context that runs now, None outside of any."""


def current_context(what: str) -> Context:
    """Return the context that runs now, for `what`. Raises: ContextError when there is none."""
    context = slot.get()
    if context is None:
        raise ContextError(
            f"{what} is only there while an app works, and none does",
            hint="Use it in a view, or inside of `with app.app_context():`.",
        )
    return context


def _find_app() -> Site:
    return current_context("current_app").app


def _find_globals() -> Globals:
    return current_context("g").g


def _find_request() -> Request:
    context = slot.get()
    if context is None or context.request is None:
        raise ContextError(
            "request is only there while a request is handled, and none is",
            hint="Use it in a view, or inside of `with app.test_request_context():`.",
        )
    return context.request


class Proxy:
    """Stands for what `find()` returns at the moment when it is used."""

    __slots__ = ("__find",)
    __find: Callable[[], Any]

    def __init__(self, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_Proxy__find", find)

    def _get_current_object(self) -> Any:
        """Return the thing itself, to be given to another green thread."""
        return self.__find()

    @property  # type: ignore[misc] # a proxy claims the class of what it stands for
    def __class__(self) -> type:
        try:
            return type(self.__find())
        except ContextError:
            return Proxy

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__find(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__find(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.__find(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the thing."""
        return self.__find()(*args, **kwargs)

    def __contains__(self, item: Any) -> bool:
        return item in self.__find()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.__find())

    def __eq__(self, other: object) -> bool:
        return bool(self.__find() == other)

    def __hash__(self) -> int:
        return hash(self.__find())

    def __dir__(self) -> list[str]:
        try:
            return dir(self.__find())
        except ContextError:
            return []

    def __repr__(self) -> str:
        try:
            return repr(self.__find())
        except ContextError as error:
            return f"<proxy: {error}>"

    def __str__(self) -> str:
        try:
            return str(self.__find())
        except ContextError as error:
            return f"<proxy: {error}>"


class _SessionProxy(Proxy):
    """Stands for the session of the current request."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        return _find_session()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        _find_session()[key] = value

    def __delitem__(self, key: str) -> None:
        del _find_session()[key]

    def __len__(self) -> int:
        return len(_find_session())


def _find_session() -> Session:
    request = _find_request()
    if request.session is None:
        app = current_context("session").app
        if app.session_interface is None:
            app.prepare()  # as when a context was entered by hand, before any request
        if app.session_interface is None:
            raise ContextError(
                "the request has no session",
                hint="'spruce.middleware.sessions.SessionMiddleware' belongs into DEFAULT_MIDDLEWARE or MIDDLEWARE.",
            )
        request.session = app.session_interface.open_session(request)
    found: Session = request.session
    return found


current_app = cast(Site, Proxy(_find_app))
request = cast(Request, Proxy(_find_request))
g = cast(Any, Proxy(_find_globals))
session: Session = cast(Session, _SessionProxy(_find_session))


def has_app_context() -> bool:
    """Whether `current_app` and `g` can be used."""
    return slot.get() is not None


def has_request_context() -> bool:
    """Whether `request` can be used."""
    context = slot.get()
    return context is not None and context.request is not None


def after_this_request(function: AfterRequest) -> AfterRequest:
    """Call `function(response)` on the response of the current request; it returns the response to send."""
    _find_request()
    context = current_context("after_this_request")
    context.after = [*(context.after or ()), function]
    return function


def copy_current_request_context(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function` bound to the current request, for a thread that doesn't inherit it; `g` is shared."""
    _find_request()
    context = current_context("copy_current_request_context")

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        token = slot.set(context)
        try:
            return function(*args, **kwargs)
        finally:
            slot.reset(token)

    return call


def stream_with_context(stream: Iterable[T] | Callable[P, Iterable[T]]) -> Any:
    """Keep `request`, `g` and `current_app` usable while a stream is sent; also a decorator of generator functions.

    The functions of `teardown_request` run after the stream has ended.
    """
    if callable(stream):
        make = stream

        @wraps(make)
        def decorated(*args: P.args, **kwargs: P.kwargs) -> Any:
            return stream_with_context(make(*args, **kwargs))

        return decorated
    _find_request()
    context = current_context("stream_with_context")
    context.kept = True
    return _stream(context, stream)


def _stream(context: Context, stream: Iterable[T]) -> Iterator[T]:
    iterator = iter(stream)
    items: list[T] = []  # at most one, and none while the client takes it
    try:
        while True:
            token = slot.set(context)
            try:
                items.append(next(iterator))
            except StopIteration:
                return
            finally:
                slot.reset(token)
            yield items.pop()
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
