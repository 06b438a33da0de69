"""How a thread ends with an exception."""

import asyncio

import pytest

from spruce import green
from spruce.green.outcome import exception_of, unretrieved


def test_what_greenlets_throw_takes():
    """A class, a class and a value, an exception; GreenletExit for nothing."""
    error = KeyError("mine")
    assert isinstance(exception_of(()), green.GreenletExit)
    assert exception_of((error,)) is error
    assert exception_of((KeyError, error)) is error
    assert isinstance(exception_of((KeyError,)), KeyError)
    assert exception_of((KeyError, "key")).args == ("key",)


def test_a_traceback_comes_with_it():
    """As the third argument."""
    try:
        raise ValueError("with frames")
    except ValueError as error:
        frames = error.__traceback__
    assert exception_of((KeyError, "key", frames)).__traceback__ is frames


def test_what_is_no_exception():
    """Is named."""
    with pytest.raises(TypeError, match=r"^an exception or its class is needed, not 7$"):
        exception_of((7,))


def test_a_failure_that_nobody_asked_for_is_logged(logged):
    """When the handle goes; not if somebody asked, nor for an end that was asked for."""
    failed, asked = unretrieved("1:job", ValueError()), unretrieved("2:job", ValueError())
    asked.exception = None
    del failed, asked
    assert logged() == ["green thread 1:job failed and nobody waited for it"]
    assert unretrieved("3:job", green.GreenletExit()) is None
    assert unretrieved("4:job", asyncio.CancelledError()) is None
