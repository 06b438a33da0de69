"""`spruce.eventlet.tpool` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import tpool


def test_the_names_are_those_of_green() -> None:
    for name in tpool.__all__:
        assert getattr(tpool, name) is getattr(green.tpool, name)
    assert spruce.eventlet.tpool is tpool
