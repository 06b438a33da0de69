"""`spruce.eventlet.queue` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import queue


def test_the_names_are_those_of_green() -> None:
    for name in queue.__all__:
        assert getattr(queue, name) is getattr(green, name)
    assert spruce.eventlet.queue is queue
