"""Which error handler answers an error, and functions that may be async."""

from typing import Any

import pytest

from spruce.errors import BadRequest, Forbidden, HTTPException, NotFound, RoutingError
from spruce.web.hooks import ErrorHandlers, Hooks, find_handler, plain


def handler(name: str) -> Any:
    """Return a handler with a name."""

    def answer(error: Exception) -> str:
        return name

    answer.__name__ = name
    return answer


def chosen(error: Exception, *scopes: Hooks) -> str | None:
    """Return the name of the handler that answers an error."""
    found = find_handler(scopes, error)
    return found.__name__ if found else None


def scope(*whats: int | type[Exception], prefix: str = "") -> Hooks:
    """Return hooks with a handler for each code and class, named after it."""
    hooks = Hooks()
    for what in whats:
        hooks.errors.add(what, handler(prefix + (str(what) if isinstance(what, int) else what.__name__)))
    return hooks


class Mine(LookupError):
    """An error of an app."""


def test_the_nearest_class_answers() -> None:
    """Of those that the error is derived from."""
    hooks = scope(Exception, LookupError)
    assert chosen(Mine(), hooks) == "LookupError"
    assert chosen(ValueError(), hooks) == "Exception"
    assert chosen(ValueError(), scope(LookupError)) is None


def test_a_code_goes_before_a_class() -> None:
    """Also before a class of an inner scope."""
    assert chosen(NotFound(), scope(404, HTTPException)) == "404"
    assert chosen(NotFound(), scope(HTTPException, prefix="inner "), scope(404)) == "404"
    assert chosen(BadRequest(), scope(404, HTTPException)) == "HTTPException"


def test_an_inner_scope_goes_before_an_outer_one() -> None:
    """A blueprint's handlers are asked before the app's."""
    assert chosen(NotFound(), scope(404, prefix="inner "), scope(404)) == "inner 404"
    assert chosen(Forbidden(), scope(404, prefix="inner "), scope(403)) == "403"


def test_a_code_that_is_no_error_is_refused() -> None:
    """With the codes that are."""
    with pytest.raises(
        RoutingError, match=r"^errorhandler\(200\): no HTTP error has this code\. Known codes are 400, "
    ):
        ErrorHandlers().add(200, handler("x"))


def test_what_is_no_exception_is_refused() -> None:
    """A handler is for classes of exceptions."""
    with pytest.raises(
        RoutingError, match=r"^errorhandler\(\) takes a status code or a class of exceptions, not <class 'int'>$"
    ):
        ErrorHandlers().add(int, handler("x"))  # type: ignore[arg-type] # the point of the test


def test_an_async_function_is_waited_for() -> None:
    """A plain one is left as it is."""

    async def double(number: int) -> int:
        return 2 * number

    assert plain(double)(4) == 8
    assert plain(double).__name__ == "double"
    assert plain(chosen) is chosen
