"""Transactions and spans: what is measured, while it runs and when it has ended.

A transaction is one piece of work of the service: a request, a job, a command. A span is a part of it that took time: a
query, a page, a call to another service. They form a tree, which is kept in the transaction as a list of the spans that
have ended.

Rules:

* `current` is the one context variable: the innermost span that runs here, or the transaction. Green threads, tasks and
  `tpool` inherit it with the context; so a child knows its parent, whoever starts it.
* What has ended is frozen: its class becomes one that refuses assignment. Sinks may read it from any thread.
* Times are seconds of `perf_counter` while something runs; only what is sent has a date.
* A span that isn't kept, because there are too many or its parent is a leaf, is counted and never becomes `current`.

Rejected: an open stack of spans in the transaction (two green threads of one request would pop each other's), and a
lock (a transaction's lists are only appended to, which is atomic).
"""

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from time import perf_counter
from typing import Any, Protocol

from spruce.apm.traceparent import TraceParent

__all__ = ["DroppedSpan", "Span", "Transaction", "clean_labels", "current", "new_id", "transaction_here"]

_LONGEST = 1024  # characters of keywords in Elastic's schemas
_MOST_DROPPED_STATS = 128

_ids = random.Random()  # noqa: S311 - ids of traces are no secrets; a program may seed the shared one
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ids.seed)
_bits = _ids.getrandbits


def new_id(length: int = 16) -> str:
    """A random id of so many hexadecimal digits."""
    return f"{_bits(length * 4):0{length}x}"


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


class Transaction:
    """One piece of work of the service. `duration` and `outcome` are there when it has ended.

    `spans` are those that have ended, in the order of their ends; `started` and `dropped` count those that are kept and
    those that are not. `split` tells where its time went, in seconds by kind. `repeats` are queries of which one would
    have done. `request` and `response` are what is known of them. `owner` is the green thread it began in; `outer` what
    ran there before; `depth` how many requests, of apps that are mounted, run inside of it.
    """

    __slots__ = (
        "_compressible",
        "_covered",
        "_covered_until",
        "began",
        "custom",
        "depth",
        "dropped",
        "dropped_stats",
        "duration",
        "id",
        "labels",
        "limits",
        "links",
        "name",
        "named",
        "outcome",
        "outer",
        "owner",
        "parent_id",
        "queries",
        "repeats",
        "request",
        "response",
        "result",
        "sample_rate",
        "sampled",
        "spans",
        "split",
        "started",
        "timestamp",
        "told",
        "trace_id",
        "tracestate",
        "type",
        "user",
        "waits",
    )
    ended = False

    def __init__(
        self,
        name: str,
        kind: str,
        limits: Limits,
        told: "Callable[[Span], object]",
        *,
        sampled: bool = True,
        sample_rate: float | None = 1.0,
        parent: TraceParent | None = None,
        links: Sequence[TraceParent] = (),
        began: float | None = None,
    ) -> None:
        now = perf_counter()
        self.began: float = now if began is None else began
        self.timestamp = time.time() - (now - self.began)
        self.id = f"{_bits(64):016x}"
        self.trace_id = f"{_bits(128):032x}" if parent is None else parent.trace_id
        self.parent_id = None if parent is None else parent.span_id
        self.tracestate = "" if parent is None else parent.tracestate
        self.name, self.type = name, kind
        self.limits, self.told = limits, told
        self.sampled, self.sample_rate = sampled, sample_rate
        self.links = links
        self.named = False  # by the program itself, which nothing else overrides
        self.result = ""
        self.outcome: str | None = None
        self.duration: float | None = None
        self.spans: list[Span] = []
        self.started = self.dropped = 0
        self.dropped_stats: dict[tuple[str, str, str, str], list[float]] | None = None
        self.labels: dict[str, Any] | None = None
        self.custom: dict[str, Any] | None = None
        self.user: dict[str, Any] | None = None
        self.request: Any = None
        self.response: Any = None
        self.owner: Any = None
        self.outer: Transaction | Span | None = None
        self.depth = 0
        self.split: dict[str, float] | None = None
        self.waits: list[tuple[float, float, str]] | None = None
        self.queries: dict[Any, list[Any]] | None = None
        self.repeats: Sequence[Any] = ()
        self._covered = 0.0
        self._covered_until = self.began
        self._compressible: Span | None = None

    def __repr__(self) -> str:
        state = "runs" if self.duration is None else f"{self.duration * 1000:.1f} ms"
        return (
            f"<{type(self).__bases__[0].__name__ if self.ended else 'Transaction'} {self.name!r} {self.type} {state}>"
        )

    @property
    def transaction(self) -> "Transaction":
        """Itself: as a span's."""
        return self

    @property
    def self_time(self) -> float:
        """The seconds of an ended transaction in which none of its spans ran."""
        return max(0.0, (self.duration or 0.0) - self._covered)

    @property
    def trace_parent(self) -> TraceParent:
        """The place in the trace that what is called from here goes on from."""
        return TraceParent(self.trace_id, self.id, self.sampled, self.tracestate)

    def label(self, **labels: Any) -> None:
        """Add labels: texts, numbers or booleans that can be searched for."""
        self.labels = {**(self.labels or {}), **clean_labels(labels)}

    def begin_span(self, name: str, kind: str, **more: Any) -> "Span":
        """Begin a span directly below; see `Span`."""
        return begin_span(self, name, kind, **more)

    def end(self) -> None:
        """Freeze it as it is now: it has lasted until now unless `duration` was set."""
        if self.duration is None:
            self.duration = perf_counter() - self.began
        _flush(self)
        if self.outcome is None:
            self.outcome = "unknown"
        self.__class__ = _EndedTransaction  # it has the same slots

    def cover(self, began: float, ended: float) -> None:
        """Note that a span directly below ran in this time."""
        start = began if began > self._covered_until else self._covered_until
        if ended > start:
            self._covered += ended - start
            self._covered_until = ended


class Span:
    """A part of a transaction. `duration` is there when it has ended.

    `leaf`: nothing is recorded below it. `exit`: it is a call to something outside, whose name is `resource`.
    `context` is what Elastic's schema has for its type. `place` is the line of the program it comes from: a file and a
    number. Of several like ones that were put together, `composite` tells how many, their seconds, and by which rule.
    """

    __slots__ = (
        "_compressible",
        "_covered",
        "_covered_until",
        "action",
        "began",
        "composite",
        "context",
        "duration",
        "exit",
        "frames",
        "id",
        "labels",
        "leaf",
        "links",
        "name",
        "outcome",
        "parent",
        "place",
        "propagated",
        "resource",
        "subtype",
        "sync",
        "transaction",
        "type",
    )
    ended = False
    kept = True

    def __init__(
        self,
        parent: "Transaction | Span",
        name: str,
        kind: str,
        subtype: str | None = None,
        action: str | None = None,
        *,
        began: float | None = None,
        leaf: bool = False,
        is_exit: bool = False,
        resource: str = "",
        context: dict[str, Any] | None = None,
        labels: Mapping[str, Any] | None = None,
        links: Sequence[TraceParent] = (),
        place: tuple[str, int] | None = None,
        sync: bool | None = None,
    ) -> None:
        self.began: float = perf_counter() if began is None else began
        self.id = f"{_bits(64):016x}"
        self.parent = parent
        self.transaction: Transaction = parent.transaction
        self.name, self.type, self.subtype, self.action = name, kind, subtype, action
        self.leaf, self.exit, self.resource = leaf, is_exit, resource
        self.context = context
        self.labels: dict[str, Any] | None = clean_labels(labels) if labels else None
        self.links = links
        self.place = place
        self.sync = sync
        self.frames: Any = None
        self.duration: float | None = None
        self.outcome: str | None = None
        self.composite: tuple[int, float, str] | None = None
        self.propagated = False
        self._covered = 0.0
        self._covered_until = self.began
        self._compressible: Span | None = None

    def __repr__(self) -> str:
        state = "runs" if self.duration is None else f"{self.duration * 1000:.1f} ms"
        return f"<Span {self.name!r} {self.type}{f'.{self.subtype}' if self.subtype else ''} {state}>"

    @property
    def parent_id(self) -> str:
        """The id of the span or transaction that this is a part of."""
        return self.parent.id

    @property
    def timestamp(self) -> float:
        """When it began, in seconds since 1970."""
        return self.transaction.timestamp + self.began - self.transaction.began

    @property
    def self_time(self) -> float:
        """The seconds of an ended span in which none of the spans below it ran."""
        return max(0.0, (self.duration or 0.0) - self._covered)

    @property
    def trace_parent(self) -> TraceParent:
        """The place in the trace that what is called from here goes on from."""
        self.propagated = True  # it has children elsewhere, so it must be kept as it is
        transaction = self.transaction
        return TraceParent(transaction.trace_id, self.id, transaction.sampled, transaction.tracestate)

    def label(self, **labels: Any) -> None:
        """Add labels: texts, numbers or booleans that can be searched for."""
        self.labels = {**(self.labels or {}), **clean_labels(labels)}

    def update_context(self, key: str, data: Mapping[str, Any]) -> None:
        """Add to one part of the context, as `http` or `db`."""
        context = self.context = dict(self.context or {})
        context[key] = {**(context.get(key) or {}), **data}

    def begin_span(self, name: str, kind: str, **more: Any) -> "Span":
        """Begin a span directly below; see the class."""
        return begin_span(self, name, kind, **more)

    def end(self, duration: float | None = None) -> None:
        """Freeze it as it is now: it has lasted `duration` seconds, or until now. A second time nothing happens."""
        if self.duration is not None:
            return
        self.duration = perf_counter() - self.began if duration is None else duration
        if self.outcome is None:
            self.outcome = "success"
        if self._compressible is not None:
            _flush(self)
        if not self.parent.ended:
            self.parent.cover(self.began, self.began + self.duration)
        _ended(self)

    def cover(self, began: float, ended: float) -> None:
        """Note that a span directly below ran in this time."""
        start = began if began > self._covered_until else self._covered_until
        if ended > start:
            self._covered += ended - start
            self._covered_until = ended


class DroppedSpan(Span):
    """A span that is not kept: it takes everything, and is only counted."""

    __slots__ = ()
    kept = False

    def end(self, duration: float | None = None) -> None:
        """Count it with those that go to the same place."""
        if self.duration is None:
            self.duration = perf_counter() - self.began if duration is None else duration
            _count_dropped(self)


class _EndedTransaction(Transaction):
    __slots__ = ()
    ended = True

    def __setattr__(self, name: str, value: Any) -> None:
        _refuse(self, name)

    def end(self) -> None:
        """Nothing: it has ended."""


class _EndedSpan(Span):
    __slots__ = ()
    ended = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "propagated":  # of a span that what it has started outlives
            _refuse(self, name)
        object.__setattr__(self, name, value)


def _refuse(thing: Transaction | Span, name: str) -> None:
    raise AttributeError(f"{thing!r} has ended, so its {name} can't be changed; do it while it runs")


current: ContextVar[Transaction | Span | None] = ContextVar("spruce_apm", default=None)
"""The innermost span that runs in this context, or the transaction; None outside of any."""


def transaction_here() -> Transaction | None:
    """The transaction that runs in this context; None outside of any, and when it has ended."""
    here = current.get()
    if here is None:
        return None
    transaction = here.transaction
    return None if transaction.ended else transaction


def begin_span(parent: Transaction | Span, name: str, kind: str, subtype: str | None = None, **more: Any) -> Span:
    """Begin a span below `parent`; one that isn't kept if that is a leaf, or the transaction has spans enough."""
    transaction = parent.transaction
    if isinstance(parent, Span) and parent.leaf:
        return DroppedSpan(parent, name, kind, subtype, **{**more, "is_exit": False})
    if transaction.started >= transaction.limits.transaction_max_spans or transaction.ended:
        if not transaction.ended:
            transaction.dropped += 1
        return DroppedSpan(parent, name, kind, subtype, **more)
    transaction.started += 1
    return Span(parent, name, kind, subtype, **more)


def clean_labels(labels: Mapping[str, Any]) -> dict[str, Any]:
    """Labels as Elastic takes them: no `.`, `*` and `"` in names; numbers, booleans, texts of 1,024 characters."""
    return {
        str(name).replace(".", "_").replace("*", "_").replace('"', "_"): (
            value if isinstance(value, bool | int | float) or value is None else str(value)[:_LONGEST]
        )
        for name, value in labels.items()
    }


# ---- where ended spans go --------------------------------------------------------------------------------------------


def _ended(span: Span) -> None:
    """Put an ended span where it belongs: to a like one before it, to the kept, or to those that are only counted."""
    transaction, parent, limits = span.transaction, span.parent, span.transaction.limits
    if transaction.ended:  # it outlives its transaction: told alone
        span.__class__ = _EndedSpan  # it has the same slots
        transaction.told(span)
        return
    if not span.exit:
        if parent._compressible is not None:
            _flush(parent)
        _keep(span)
        return
    if (span.duration or 0.0) < limits.exit_span_min_duration and not span.propagated:
        transaction.started -= 1
        transaction.dropped += 1
        _count_dropped(span)
        return
    if not limits.span_compression_enabled or span.propagated or span.outcome == "failure" or parent.ended:
        if parent._compressible is not None:
            _flush(parent)
        _keep(span)
        return
    before = parent._compressible
    if before is None:
        parent._compressible = span
    elif not _compress(before, span, limits):
        _keep(before)
        parent._compressible = span


def _flush(parent: Transaction | Span) -> None:
    waiting, parent._compressible = parent._compressible, None
    if waiting is not None:
        _keep(waiting)


def _keep(span: Span) -> None:
    span.transaction.spans.append(span)
    span.__class__ = _EndedSpan  # it has the same slots


def _compress(before: Span, span: Span, limits: Limits) -> bool:
    """Make one of two siblings that are alike and short; whether that could be."""
    if before.type != span.type or before.subtype != span.subtype or before.resource != span.resource:
        return False
    alike = before.name == span.name
    rule = before.composite[2] if before.composite is not None else "exact_match" if alike else "same_kind"
    longest = (
        limits.span_compression_exact_match_max_duration
        if rule == "exact_match"
        else limits.span_compression_same_kind_max_duration
    )
    assert span.duration is not None  # noqa: S101 - both have ended
    assert before.duration is not None  # noqa: S101 - both have ended
    too_different = rule == "exact_match" and not alike
    if too_different or span.duration > longest or (before.composite is None and before.duration > longest):
        return False
    count, seconds = before.composite[:2] if before.composite is not None else (1, before.duration)
    if rule == "same_kind":
        before.name = f"Calls to {before.resource}"
    before.composite = (count + 1, seconds + span.duration, rule)
    before.duration = max(before.duration, span.began + span.duration - before.began)
    span.transaction.started -= 1
    span.__class__ = _EndedSpan  # it has the same slots
    return True


def _count_dropped(span: Span) -> None:
    if not span.exit or span.transaction.ended:
        return
    transaction = span.transaction
    if transaction.dropped_stats is None:
        transaction.dropped_stats = {}
    key = (span.type, span.subtype or "", span.resource, span.outcome or "success")
    if key not in transaction.dropped_stats and len(transaction.dropped_stats) >= _MOST_DROPPED_STATS:
        return
    stats = transaction.dropped_stats.setdefault(key, [0, 0.0])
    count, seconds = (1, span.duration) if span.composite is None else span.composite[:2]
    stats[0] += count
    stats[1] += seconds or 0.0
