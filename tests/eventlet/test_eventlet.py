"""The names at the top of `spruce.eventlet`."""

from spruce import eventlet, green


def test_the_names_are_those_of_green_or_modules() -> None:
    for name in eventlet.__all__:
        mine = getattr(eventlet, name)
        assert mine is getattr(green, name, None) or mine.__name__ == f"spruce.eventlet.{name}"
