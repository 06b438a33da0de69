"""Pages, cached values and events of other layers as spans: what took so many seconds and has just ended."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from spruce.apm.spans import What, begin_span, current
from spruce.events import Event

__all__ = ["Parts"]


_KEPT = 2000


class Parts:
    """Makes spans of what templates and caches tell."""

    def __init__(self) -> None:
        self._described: dict[tuple[str, ...], What] = {}

    def rendered(self, event: Event) -> None:
        """Note a page that was made."""
        told: Any = event.attributes
        self._add(told, ("template", told["name"]), _page)

    def cached(self, event: Event) -> None:
        """Note an operation of a cache."""
        told: Any = event.attributes
        self._add(told, (told["operation"], told["cache"]), _operation)

    def waited(self, event: Event) -> None:
        """Note a wait for another thread, which made the value."""
        told: Any = event.attributes
        self._add(told, ("wait", told["cache"]), _wait)

    def _add(self, told: Any, key: tuple[str, str], describe: Callable[[str, str], What]) -> None:
        here = current.get()
        if here is None or not here.transaction.sampled or here.transaction.ended:
            return
        what = self._described.get(key)
        if what is None:
            what = describe(*key)
            if len(self._described) < _KEPT:
                self._described[key] = what
        seconds = told["seconds"]
        begin_span(here, what, perf_counter() - seconds, told).end(seconds)


def _page(_: str, name: str) -> What:
    return What(name, "template", "jinja2", "render")


def _operation(operation: str, alias: str) -> What:
    return What(f"{operation} {alias}", "cache", alias, operation, True, True, f"cache/{alias}")


def _wait(_: str, alias: str) -> What:
    return What(f"wait {alias}", "cache", alias, "wait", True)
