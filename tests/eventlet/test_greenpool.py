"""`spruce.eventlet.greenpool` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import greenpool


def test_the_names_are_those_of_green() -> None:
    for name in greenpool.__all__:
        assert getattr(greenpool, name) is getattr(green, name)
    assert spruce.eventlet.greenpool is greenpool
