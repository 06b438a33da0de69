"""The limits of connections."""

from dataclasses import FrozenInstanceError

import pytest

from spruce.server.limits import Limits


def test_the_defaults_are_those_that_are_documented() -> None:
    limits = Limits()
    assert (limits.request_line, limits.head, limits.fields, limits.body) == (8190, 65536, 100, 100 * 1024 * 1024)
    assert (limits.head_seconds, limits.body_seconds, limits.idle_seconds) == (10, 15, 15)


def test_they_do_not_change_while_they_hold() -> None:
    with pytest.raises(FrozenInstanceError):
        Limits().body = 1  # type: ignore[misc] # what is tested
