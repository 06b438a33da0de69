"""Pages, cached values and events of other layers as spans: what took so many seconds and has just ended."""

from collections.abc import Callable
from typing import Any

from spruce.apm.leaves import note
from spruce.apm.what import What
from spruce.events import Event

__all__ = ["Parts"]


_KEPT = 2000


class Parts:
    """Makes spans of what templates and caches tell."""

    def __init__(self) -> None:
        self._pages: dict[str, What] = {}
        self._described: dict[tuple[str, str], What] = {}

    def rendered(self, told: dict[str, Any]) -> None:
        """Note a page that was made; a plain subscriber."""
        name = told["name"]
        what = self._pages.get(name)
        if what is None:
            what = What(name, "template", "jinja2", "render")
            if len(self._pages) < _KEPT:
                self._pages[name] = what
        note(what, told["seconds"], told)

    def cached(self, event: Event) -> None:
        """Note an operation of a cache."""
        told: Any = event.attributes
        self._add(told, (told["operation"], told["cache"]), _operation)

    def waited(self, event: Event) -> None:
        """Note a wait for another thread, which made the value."""
        told: Any = event.attributes
        self._add(told, ("wait", told["cache"]), _wait)

    def _add(self, told: Any, key: tuple[str, str], describe: Callable[[str, str], What]) -> None:
        what = self._described.get(key)
        if what is None:
            what = describe(*key)
            if len(self._described) < _KEPT:
                self._described[key] = what
        note(what, told["seconds"], told)


def _operation(operation: str, alias: str) -> What:
    return What(f"{operation} {alias}", "cache", alias, operation, True, True, f"cache/{alias}")


def _wait(_: str, alias: str) -> What:
    return What(f"wait {alias}", "cache", alias, "wait", True)
