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

_MOST = 1000  # names of transactions, and sets of metrics


class Breakdown:
    """A sink that adds up."""

    def __init__(self) -> None:
        self.durations: dict[tuple[str, str, str], Histogram] = {}
        """Seconds by type, name and result."""
        self._selves: dict[tuple[str, str, str, str], list[float]] = {}
        self._lock = Lock()

    def __call__(self, record: Record) -> None:
        """Add a transaction."""
        if not isinstance(record, Transaction):
            return
        key = (record.type, record.name, record.result)
        durations = self.durations.get(key)
        if durations is None:
            if len(self.durations) >= _MOST:
                return
            durations = self.durations.setdefault(key, Histogram("", (), SECONDS))
        durations.observe(record.duration or 0.0)
        if record.sampled:
            with self._lock:
                self._add(record)

    def _add(self, transaction: Transaction) -> None:
        selves, name, kind = self._selves, transaction.name, transaction.type
        found = selves.get((name, kind, "app", ""))
        if found is None:
            if len(selves) >= _MOST:
                return
            found = selves[name, kind, "app", ""] = [0, 0.0]
        found[0] += 1
        found[1] += transaction.self_time
        for span in transaction.spans:
            what = span.what
            key = (name, kind, what.type, what.subtype or "")
            found = selves.get(key)
            if found is None:
                found = selves[key] = [0, 0.0]
            if span.composite is None:
                found[0] += 1
                found[1] += span.self_time
            else:
                found[0] += span.composite[0]
                found[1] += span.composite[1]

    def take(self) -> Iterator[dict[str, Any]]:
        """What has been added up since the last time, as sets of metrics by Elastic's schema."""
        with self._lock:
            selves, self._selves = self._selves, {}
        for (name, kind, span_type, subtype), (count, seconds) in selves.items():
            span = {"type": span_type, "subtype": subtype} if subtype else {"type": span_type}
            yield {
                "transaction": {"name": name[:1024], "type": kind},
                "span": span,
                "samples": {
                    "span.self_time.count": {"value": int(count)},
                    "span.self_time.sum.us": {"value": int(seconds * 1e6)},
                },
            }
