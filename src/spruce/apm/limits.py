"""What keeps transactions small: like calls are put together, and what is not kept is counted by where it went.

The rules are those of Elastic's agents. Spans come here when they have ended; this knows nothing of how they are kept.
"""

from typing import Any, Protocol

__all__ = ["Limits", "compress", "count_dropped"]

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


def compress(before: Any, span: Any, limits: Limits) -> bool:
    """Make one of two siblings that are alike and short; whether that could be."""
    if before.what is not span.what and (before.what[1:3], before.resource) != (span.what[1:3], span.resource):
        return False
    alike = before.name == span.name
    rule = before.composite[2] if before.composite is not None else "exact_match" if alike else "same_kind"
    longest = (
        limits.span_compression_exact_match_max_duration
        if rule == "exact_match"
        else limits.span_compression_same_kind_max_duration
    )
    too_different = rule == "exact_match" and not alike
    if too_different or span.duration > longest or (before.composite is None and before.duration > longest):
        return False
    count, seconds = before.composite[:2] if before.composite is not None else (1, before.duration)
    if rule == "same_kind":
        before.name = f"Calls to {before.resource}"
    before.composite = (count + 1, seconds + span.duration, rule)
    before.duration = max(before.duration, span.began + span.duration - before.began)
    return True


def count_dropped(span: Any) -> None:
    """Count a call to outside that isn't kept, with those that went to the same place and ended the same way."""
    if not span.exit or span.transaction.ended:
        return
    transaction = span.transaction
    if transaction.dropped_stats is None:
        transaction.dropped_stats = {}
    key = (span.type, span.subtype or "", span.resource, span.outcome)
    if key not in transaction.dropped_stats and len(transaction.dropped_stats) >= _MOST_DROPPED_STATS:
        return
    stats = transaction.dropped_stats.setdefault(key, [0, 0.0])
    count, seconds = (1, span.duration) if span.composite is None else span.composite[:2]
    stats[0] += count
    stats[1] += seconds or 0.0
