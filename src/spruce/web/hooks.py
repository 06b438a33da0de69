"""What an app or a blueprint has registered to be called around its views."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from spruce.errors import EXCEPTIONS, HTTPException, RoutingError
from spruce.web.awaiting import await_

__all__ = ["ErrorHandlers", "Function", "Hooks", "find_handler", "plain"]

Function = Callable[..., Any]


class ErrorHandlers:
    """The error handlers of one scope, by status code and by class of exception."""

    def __init__(self) -> None:
        self._by_code: dict[int | None, dict[type[BaseException], Function]] = {}

    def add(self, what: int | type[BaseException], function: Function) -> None:
        """Let `function(error)` answer a status code, or errors of a class and of those derived from it.

        Raises: RoutingError when there is no HTTP error of this code, or `what` is no exception.
        """
        cls = EXCEPTIONS.get(what) if isinstance(what, int) else what
        if cls is None:
            known = ", ".join(map(str, sorted(EXCEPTIONS)))
            raise RoutingError(f"errorhandler({what}): no HTTP error has this code", hint=f"Known codes are {known}.")
        if not (isinstance(cls, type) and issubclass(cls, Exception)):
            raise RoutingError(f"errorhandler() takes a status code or a class of exceptions, not {what!r}")
        code = cls.code if issubclass(cls, HTTPException) else None
        self._by_code.setdefault(code, {})[cls] = plain(function)

    def find(self, cls: type[BaseException], code: int | None) -> Function | None:
        """Return the handler that is nearest to `cls` among those of `code`, which is None for those of no code."""
        handlers = self._by_code.get(code)
        if handlers:
            for base in cls.__mro__:
                if base in handlers:
                    return handlers[base]
        return None


@dataclass(slots=True)
class Hooks:
    """The functions of one scope, each list in the order of registration."""

    before: list[Function] = field(default_factory=list)
    after: list[Function] = field(default_factory=list)
    teardown: list[Function] = field(default_factory=list)
    values: list[Function] = field(default_factory=list)
    defaults: list[Function] = field(default_factory=list)
    processors: list[Function] = field(default_factory=list)
    errors: ErrorHandlers = field(default_factory=ErrorHandlers)


def find_handler(scopes: Iterable[Hooks], error: BaseException) -> Function | None:
    """Return the handler for `error`; `scopes` begin with the innermost.

    One for the status code goes before one for a class without a code.
    """
    scopes = list(scopes)
    code = error.code if isinstance(error, HTTPException) else None
    for wanted in dict.fromkeys((code, None)):
        for hooks in scopes:
            found = hooks.errors.find(type(error), wanted)
            if found is not None:
                return found
    return None


def plain(function: Function) -> Function:
    """Return `function`, or what waits for it when it is an `async def`."""
    if not inspect.iscoroutinefunction(function):
        return function

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return await_(function(*args, **kwargs))

    return call
