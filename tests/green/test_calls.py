"""Calls in the hub's ready queue."""

import pytest

from spruce.green.calls import Pause, Raise, Soon


def test_a_call_is_made_unless_it_was_cancelled():
    """Each time it is called."""
    made = []
    call = Soon(made.append, ("made",))
    call()
    call.cancel()
    call()
    assert made == ["made"]


def test_an_exception_is_raised_when_it_is_called():
    """The one that it was given."""
    with pytest.raises(KeyboardInterrupt):
        Raise(KeyboardInterrupt())()


def test_the_end_of_a_turn_is_no_error_that_code_would_catch():
    """It passes `except Exception`."""
    assert not issubclass(Pause, Exception)
