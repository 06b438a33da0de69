"""The page of caches: what each of CACHES holds, how often it had what was asked for, and clearing it.

Figures of a cache in memory, and of connections, are those of the process that answers.
"""

import os
import re
from typing import Any, NamedTuple

from spruce.admin.columns import shown
from spruce.admin.systempage import Deed, SystemPage, Target
from spruce.cache import caches
from spruce.errors import CacheError, ConfigError
from spruce.http import Response
from spruce.i18n import gettext, gettext_lazy

__all__ = ["CacheState", "CachesPage"]

_LABELS = {
    "entries": gettext_lazy("Entries"),
    "bytes": gettext_lazy("Bytes"),
    "hits": gettext_lazy("Hits"),
    "misses": gettext_lazy("Misses"),
    "evicted": gettext_lazy("Evicted"),
    "trips": gettext_lazy("Failures of the server"),
    "waiting": gettext_lazy("Waiting for an answer"),
    "failures": gettext_lazy("Calls that failed"),
    "pending": gettext_lazy("Keys yet to be dropped"),
    "making": gettext_lazy("Being made"),
}


_PASSWORD = re.compile(r"(?<=:)//[^@/\s]*@")
"""Who logs in to a server, in a URL that an error speaks of."""


class CacheState(NamedTuple):
    """A cache: what it is, its figures with their names, and what is wrong with it, "" for nothing."""

    alias: str
    kind: str
    facts: list[tuple[str, str]]
    trouble: str


class CachesPage(SystemPage):
    """All caches, by alias."""

    name = "caches"
    title = gettext_lazy("Caches")

    def __init__(self, site: Any) -> None:
        super().__init__(site)
        self.deeds = {"clear": Deed(gettext_lazy("Clear the cache"), self._found, self._clear)}

    def show(self, request: Any) -> Response:
        """The figures of each."""
        return self.render(request, "caches", found=[_state(alias) for alias in caches], process=os.getpid())

    def _found(self, request: Any, key: str) -> Target | None:
        return Target(key, key) if key in caches else None

    def _clear(self, request: Any, key: str) -> bool:
        try:
            caches[key].strict.clear()
        except (CacheError, ConfigError):
            return False
        return True


def _state(alias: str) -> CacheState:
    try:
        one = caches[alias]
        stats = one.stats()
    except (CacheError, ConfigError) as error:
        return CacheState(alias, "", [], _PASSWORD.sub("//***@", str(error)))
    near = stats.pop("near", None) or {}
    facts = _facts(stats) + [(f"{label} ({gettext('at hand')})", value) for label, value in _facts(near)]
    trouble = gettext("The server does not answer: values count as missing.") if stats.get("open") else ""
    kind = type(one._raw).__name__.removesuffix("Store")  # what a repr tells, too
    return CacheState(alias, kind, facts, trouble)


def _facts(stats: dict[str, Any]) -> list[tuple[str, str]]:
    facts = [(str(label), str(shown(stats[name]))) for name, label in _LABELS.items() if name in stats]
    asked = stats.get("hits", 0) + stats.get("misses", 0)
    if asked:
        facts.append((gettext("Hit rate"), f"{stats['hits'] / asked:.1%}"))
    if "open" in stats:
        facts.append((gettext("Circuit breaker"), gettext("open") if stats["open"] else gettext("closed")))
    return facts
