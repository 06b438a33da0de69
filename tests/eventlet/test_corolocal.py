"""`spruce.eventlet.corolocal` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import corolocal


def test_the_names_are_those_of_green() -> None:
    for name in corolocal.__all__:
        assert getattr(corolocal, name) is getattr(green, name)
    assert spruce.eventlet.corolocal is corolocal
