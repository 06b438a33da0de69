"""The names at the top of `spruce.eventlet`."""

from spruce import eventlet, green, patching
from spruce.eventlet import convenience, greenthread


def test_the_names_are_those_of_green_or_modules() -> None:
    """But for the few that mean something else in eventlet."""
    others = {name: getattr(convenience, name) for name in ("connect", "listen", "wrap_ssl")}
    others["sleep"] = greenthread.sleep
    for name in eventlet.__all__:
        mine = getattr(eventlet, name)
        own = others.get(name) or getattr(green, name, None) or getattr(patching, name, None)
        assert mine is own or mine.__name__ == f"spruce.eventlet.{name}"
