"""`spruce.eventlet.convenience` has eventlet's names, and they are those of `spruce.green`."""

from spruce import green
from spruce.eventlet import convenience


def test_the_names_are_those_of_green() -> None:
    for name in convenience.__all__:
        assert getattr(convenience, name) is getattr(green, name)
