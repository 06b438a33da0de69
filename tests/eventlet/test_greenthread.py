"""`spruce.eventlet.greenthread` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import greenthread


def test_the_names_are_those_of_green() -> None:
    for name in greenthread.__all__:
        assert getattr(greenthread, name) is getattr(green, name)
    assert spruce.eventlet.greenthread is greenthread
