"""What transactions are made of, added up: their durations, and how long each type of span has run itself.

Also for those that aren't sampled, as far as durations go. What there is too much of, of names above all, is left out.
"""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

from spruce.apm.metrics import SECONDS, Histogram
from spruce.apm.sinks import Record, hand_over
from spruce.apm.spans import Transaction

__all__ = ["Breakdown"]

_MOST = 1000  # types, names and results of transactions
_Type = tuple[str, str | None]
_APP: _Type = ("app", None)


class _Added:
    """What has been added up of the transactions of one type, name and result."""

    __slots__ = ("durations", "selves")

    def __init__(self) -> None:
        self.durations = Histogram("", (), SECONDS)
        self.selves: dict[_Type, list[float]] = {}


class Breakdown:
    """A late sink that adds up."""

    def __init__(self) -> None:
        self._added: dict[tuple[str, str, str], _Added] = {}
        self._lock = Lock()

    @property
    def durations(self) -> dict[tuple[str, str, str], Histogram]:
        """Seconds by type, name and result."""
        hand_over()
        with self._lock:
            return {key: added.durations for key, added in self._added.items()}

    def __call__(self, records: Sequence[Record]) -> None:
        """Add the transactions of these."""
        with self._lock:
            for record in records:
                if isinstance(record, Transaction):
                    self._add(record)

    def _add(self, transaction: Transaction) -> None:
        key = (transaction.type, transaction.name, transaction.result)
        added = self._added.get(key)
        if added is None:
            if len(self._added) >= _MOST:
                return
            added = self._added[key] = _Added()
        seconds = transaction.duration or 0.0
        added.durations.note(seconds, transaction, transaction.timestamp + seconds)
        if transaction.sampled:
            _add(added.selves, transaction)

    def take(self) -> Iterator[dict[str, Any]]:
        """What has been added up since the last time, as sets of metrics by Elastic's schema."""
        hand_over()
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
