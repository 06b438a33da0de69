"""The greenlet library under eventlet's name."""

import greenlet

from spruce import green
from spruce.eventlet.support import get_errno, greenlets


def test_the_names_are_greenlets() -> None:
    assert greenlets.greenlet is greenlet.greenlet
    assert greenlets.getcurrent is greenlet.getcurrent
    assert greenlets.GreenletExit is green.GreenletExit


def test_the_number_of_an_error() -> None:
    """Of an OSError, or what an exception was given first."""
    assert get_errno(OSError(2, "text")) == 2
    assert get_errno(Exception(7)) == 7
    assert get_errno(Exception()) is None
