"""Errors and messages as they are recorded."""

import pytest

from spruce.apm.failures import culprit_of, failure_of, message_of, raised_by
from spruce.apm.settings import read_settings

SETTINGS = read_settings(environ={})


def caught(*errors: BaseException) -> BaseException:
    """The last of the errors, raised while the one before was handled, and so on."""
    last: BaseException | None = None
    for error in errors:
        try:
            if last is None:
                raise error
            raise error from last
        except BaseException as raised:
            last = raised
    assert last is not None
    return last


def test_causes_are_told_from_the_nearest_on() -> None:
    """Those of `raise … from`, and those that were being handled."""
    raised = raised_by(caught(KeyError("a"), ValueError("b"), TypeError("c")), SETTINGS, handled=False)
    assert (raised.type, raised.module, raised.message, raised.handled) == ("TypeError", "", "TypeError: c", False)
    assert [cause.message for cause in raised.causes] == ["ValueError: b", "KeyError: 'a'"]
    error = caught(KeyError("first"), ValueError("second"))
    error.__cause__, error.__suppress_context__ = None, True
    assert raised_by(error, SETTINGS).causes == ()


def test_a_circle_of_causes_ends() -> None:
    """However an exception came by it."""
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert [cause.message for cause in raised_by(first, SETTINGS).causes] == ["ValueError: b"]


def test_an_exception_without_a_text() -> None:
    """Or whose text can't be made."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("mute")

    assert raised_by(ValueError(), SETTINGS).message == "ValueError"
    assert raised_by(Mute(), SETTINGS).message == "Mute: <its text could not be made: RuntimeError('mute')>"
    assert raised_by(Mute(), SETTINGS).module == __name__


def test_the_culprit_is_the_programs_own_function() -> None:
    """Even where a library has raised."""
    try:
        int("x")
    except ValueError as error:
        failure = failure_of(error, SETTINGS, None)
    assert failure.culprit == f"{__name__}.test_the_culprit_is_the_programs_own_function"
    assert culprit_of([]) == ""


def test_outside_of_a_transaction() -> None:
    """An error has no trace then."""
    failure = message_of("hello", SETTINGS, None, level="info")
    assert (failure.message, failure.level, failure.trace_id, failure.transaction) == ("hello", "info", None, None)
    with pytest.raises(AttributeError):
        failure.level = "error"  # type: ignore[misc] # the point of the test
