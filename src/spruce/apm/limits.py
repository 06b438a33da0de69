"""What keeps transactions small: like calls are put together, and what is not kept is counted by where it went.

The rules are those of Elastic's agents. Spans come here when they have ended; this knows nothing of how they are kept.
"""

from typing import Any, Protocol

__all__ = ["Limits", "count_dropped", "put_together"]

_MOST_DROPPED_STATS = 128


class Limits(Protocol):
    """What a transaction asks of the settings of its client."""

    @property
    def transaction_max_spans(self) -> int:
        """So many spans are kept."""

    @property
    def exit_span_min_duration(self) -> float:
        """Calls to outside that took fewer seconds are only counted."""

    @property
    def span_compression_enabled(self) -> bool:
        """Whether like calls are put together."""

    @property
    def span_compression_exact_match_max_duration(self) -> float:
        """The longest call, in seconds, that is put together with others of its name."""

    @property
    def span_compression_same_kind_max_duration(self) -> float:
        """The same, of those that go to the same place."""


def put_together(entries: list[Any], place: int, what: Any, began: float, seconds: float, limits: Limits) -> bool:
    """Make one of an entry and what has ended just now, if they are alike and short; whether that could be.

    An entry is an ended span, or the tuple of a leaf: see `leaves`.
    """
    before = entries[place]
    if type(before) is tuple:
        known, parent, start, lasted, detail, composite = before
    else:
        known, start, lasted, composite = before.what, before.began, before.duration, before.composite
    alike = known is what or known.name == what.name
    rule = composite[2] if composite is not None else "exact_match" if alike else "same_kind"
    if rule == "exact_match":
        longest = limits.span_compression_exact_match_max_duration if alike else -1.0
    else:
        longest = limits.span_compression_same_kind_max_duration
    if seconds > longest or (composite is None and lasted > longest):
        return False
    if known is not what and (known.type, known.subtype, known.resource) != (what.type, what.subtype, what.resource):
        return False
    count, total = composite[:2] if composite is not None else (1, lasted)
    if rule == "same_kind":
        known = known._replace(name=f"Calls to {known.resource}")
    lasted, composite = max(lasted, began + seconds - start), (count + 1, total + seconds, rule)
    if type(before) is tuple:
        entries[place] = (known, parent, start, lasted, detail, composite)
    else:
        for name, value in (("what", known), ("duration", lasted), ("composite", composite)):
            object.__setattr__(before, name, value)  # it has ended, and is frozen for everybody else
    return True


def count_dropped(transaction: Any, what: Any, outcome: str, count: int, seconds: float) -> None:
    """Count calls to outside that are not kept, with those that went to the same place and ended the same way."""
    if not what.exit or transaction.ended:
        return
    if transaction.dropped_stats is None:
        transaction.dropped_stats = {}
    key = (what.type, what.subtype or "", what.resource, outcome)
    if key not in transaction.dropped_stats and len(transaction.dropped_stats) >= _MOST_DROPPED_STATS:
        return
    stats = transaction.dropped_stats.setdefault(key, [0, 0.0])
    stats[0] += count
    stats[1] += seconds
