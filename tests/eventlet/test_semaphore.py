"""`spruce.eventlet.semaphore` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import semaphore


def test_the_names_are_those_of_green() -> None:
    for name in semaphore.__all__:
        assert getattr(semaphore, name) is getattr(green, name)
    assert spruce.eventlet.semaphore is semaphore
