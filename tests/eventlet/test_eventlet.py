"""The names at the top of `spruce.eventlet`."""

from spruce import eventlet, green, patching
from spruce.eventlet import alias, convenience, greenthread
from spruce.eventlet.support import greenlets


def test_the_names_are_those_of_green_or_modules() -> None:
    """But for the few that mean something else in eventlet."""
    others = {name: getattr(convenience, name) for name in ("connect", "listen", "wrap_ssl")}
    others |= {name: getattr(greenthread, name) for name in greenthread.__all__ if name.startswith("spawn")}
    others |= {
        "sleep": greenthread.sleep,
        "install_as_eventlet": alias.install_as_eventlet,
        "greenlet": greenlets.__dict__["_greenlet"],
    }
    for name in eventlet.__all__:
        mine = getattr(eventlet, name)
        own = others.get(name) or getattr(green, name, None) or getattr(patching, name, None)
        assert mine is own or mine.__name__ == f"spruce.eventlet.{name}"
