"""`spruce.eventlet.pools` has eventlet's names, and they are those of `spruce.green`."""

import spruce.eventlet
from spruce import green
from spruce.eventlet import pools


def test_the_names_are_those_of_green() -> None:
    for name in pools.__all__:
        assert getattr(pools, name) is getattr(green, name)
    assert spruce.eventlet.pools is pools
