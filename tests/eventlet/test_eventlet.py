"""The names at the top of `spruce.eventlet`."""

from spruce import eventlet, green, patching


def test_the_names_are_those_of_green_or_modules() -> None:
    for name in eventlet.__all__:
        mine = getattr(eventlet, name)
        own = getattr(green, name, None) or getattr(patching, name, None)
        assert mine is own or mine.__name__ == f"spruce.eventlet.{name}"
