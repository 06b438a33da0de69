"""`spruce.eventlet.event` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import event


def test_the_names_are_those_of_green() -> None:
    for name in event.__all__:
        assert getattr(event, name) is getattr(green, name)
    assert spruce.eventlet.event is event
