"""`spruce.eventlet.timeout` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import timeout


def test_the_names_are_those_of_green() -> None:
    for name in timeout.__all__:
        assert getattr(timeout, name) is getattr(green, name)
    assert spruce.eventlet.timeout is timeout
