"""What transactions are made of, added up: their durations, and how long each type of span has run itself.

Also for those that aren't sampled, as far as durations go. What there is too much of, of names above all, is left out.
"""

from collections.abc import Iterator
from threading import Lock
from typing import Any

from spruce.apm.metrics import SECONDS, Histogram
from spruce.apm.recorder import Record
from spruce.apm.spans import Transaction

__all__ = ["Breakdown"]

_MOST = 1000  # types, names and results of transactions
_RECENT = 100  # durations that are added up at once
_Type = tuple[str, str | None]
_APP: _Type = ("app", None)


class _Added:
    """What has been added up of the transactions of one type, name and result."""

    __slots__ = ("durations", "recent", "selves")

    def __init__(self) -> None:
        self.durations = Histogram("", (), SECONDS)
        self.recent: list[float] = []
        self.selves: dict[_Type, list[float]] = {}

    def observed(self) -> Histogram:
        """The durations, with those that are recent; adding to a list costs least, so that is what a request does."""
        recent, self.recent = self.recent, []
        for seconds in recent:
            self.durations.observe(seconds)
        return self.durations


class Breakdown:
    """A sink that adds up."""

    def __init__(self) -> None:
        self._added: dict[tuple[str, str, str], _Added] = {}
        self._lock = Lock()

    @property
    def durations(self) -> dict[tuple[str, str, str], Histogram]:
        """Seconds by type, name and result."""
        with self._lock:
            return {key: added.observed() for key, added in self._added.items()}

    def __call__(self, record: Record) -> None:
        """Add a transaction."""
        if not isinstance(record, Transaction):
            return
        key = (record.type, record.name, record.result)
        added = self._added.get(key)
        with self._lock:
            if added is None:
                if len(self._added) >= _MOST:
                    return
                added = self._added.setdefault(key, _Added())
            added.recent.append(record.duration or 0.0)
            if len(added.recent) >= _RECENT:
                added.observed()
            if record.sampled:
                _add(added.selves, record)

    def take(self) -> Iterator[dict[str, Any]]:
        """What has been added up since the last time, as sets of metrics by Elastic's schema."""
        found: dict[tuple[str, str, str, str | None], list[float]] = {}
        with self._lock:
            for (kind, name, _), added in self._added.items():
                for (span_type, subtype), (count, seconds) in added.selves.items():
                    total = found.setdefault((name, kind, span_type, subtype), [0, 0.0])
                    total[0] += count
                    total[1] += seconds
                added.selves = {}
        for (name, kind, span_type, subtype), (count, seconds) in found.items():
            span = {"type": span_type, "subtype": subtype} if subtype else {"type": span_type}
            yield {
                "transaction": {"name": name[:1024], "type": kind},
                "span": span,
                "samples": {
                    "span.self_time.count": {"value": int(count)},
                    "span.self_time.sum.us": {"value": int(seconds * 1e6)},
                },
            }


def _add(selves: dict[_Type, list[float]], transaction: Transaction) -> None:
    own = transaction.self_time
    found = selves.get(_APP)
    if found is None:
        selves[_APP] = [1, own]
    else:
        found[0] += 1
        found[1] += own
    for entry in transaction.entries:
        if type(entry) is tuple:
            what, _, _, seconds, _, composite = entry
        else:
            span: Any = entry
            what, seconds, composite = span.what, span.self_time, span.composite
        count = 1
        if composite is not None:
            count, seconds = composite[:2]
        key = what[1:3]
        found = selves.get(key)
        if found is None:
            selves[key] = [count, seconds]
        else:
            found[0] += count
            found[1] += seconds
