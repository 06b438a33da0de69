"""HTTP errors as exceptions."""

import pickle

import pytest

from spruce.errors import SpruceError
from spruce.errors.http import (
    EXCEPTIONS,
    BadRequestKeyError,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    Unauthorized,
    abort,
)
from spruce.errors.phrases import PHRASES


def test_every_exception_says_its_code_and_phrase() -> None:
    """The text of an exception is its status line and description, and every code has a phrase."""
    for code, exception in EXCEPTIONS.items():
        error = exception()
        assert error.code == code
        assert str(error) == f"{code} {PHRASES[code]}: {error.description}"
        assert isinstance(error, SpruceError)


def test_a_code_stands_for_the_class_that_is_nearest_to_the_root() -> None:
    """A KeyError for a missing form field is a 400, but 400 means BadRequest."""
    assert EXCEPTIONS[400].__name__ == "BadRequest"


def test_abort_raises_the_exception_of_a_code_with_what_its_class_takes() -> None:
    with pytest.raises(NotFound, match=r"^404 Not Found: No such product\.$"):
        abort(404, "No such product.")
    with pytest.raises(MethodNotAllowed) as caught:
        abort(405, valid_methods=["POST", "GET"])
    assert caught.value.headers == [("Allow", "GET, POST")]


def test_abort_with_a_response_carries_it() -> None:
    """Anything that is no number is taken for a finished response."""
    response = object()
    with pytest.raises(HTTPException) as caught:
        abort(response)
    assert caught.value.response is response
    assert str(caught.value) == "??? Unknown Error: "


def test_abort_with_an_unknown_code_names_those_that_exist() -> None:
    with pytest.raises(LookupError, match=r"^abort\(299\): no HTTP error has this code. Known codes are 400, 401, 403"):
        abort(299)


def test_a_missing_key_is_a_key_error_and_a_bad_request() -> None:
    """Code that catches KeyError goes on to work, and what nobody catches answers 400."""
    error = BadRequestKeyError("size", ["colour", "name", "name"])
    assert isinstance(error, KeyError)
    assert str(error) == "400 Bad Request: The request has no value for 'size'. It has 'colour', 'name'."
    assert BadRequestKeyError("size").description == "The request has no value for 'size'. It has none at all."


def test_exceptions_bring_the_headers_that_belong_to_them() -> None:
    assert Unauthorized(www_authenticate='Basic realm="shop"').headers == [("WWW-Authenticate", 'Basic realm="shop"')]
    assert RequestedRangeNotSatisfiable(120).headers == [("Content-Range", "bytes */120")]
    assert ServiceUnavailable(retry_after=5).headers == [("Retry-After", "5")]


def test_an_exception_survives_a_copy_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(MethodNotAllowed(["GET"], "Only GET.")))
    assert (str(error), error.headers) == ("405 Method Not Allowed: Only GET.", [("Allow", "GET")])
