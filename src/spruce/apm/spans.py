"""Transactions and spans: what is measured, while it runs and when it has ended.

A transaction is one piece of work of the service: a request, a job, a command. A span is a part of it that took time: a
query, a page, a call to another service. They form a tree, which the transaction keeps as a list of what has ended.

Rules:

* `current` is the one context variable: the innermost span that runs here, or the transaction. Green threads, tasks and
  `tpool` inherit it with the context; so a child knows its parent, whoever starts it.
* What has ended is frozen: its class becomes one that refuses assignment. Sinks may read it from any thread.
* Times are seconds of `perf_counter` while something runs; only what is sent has a date.
* A span that isn't kept, because there are too many or its parent is a leaf, is counted and never becomes `current`.
* What has nothing below it and is told when it has ended, as a query, is no object but a tuple among the `entries` (see
  `leaves`), until somebody asks for `spans`. So no reference goes from a part to its transaction, and a request leaves
  no work for the garbage collector.

Rejected: an open stack of spans in the transaction (two green threads of one request would pop each other's), and a
lock (a transaction's lists are only appended to, which is atomic).
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from time import perf_counter, time
from typing import Any, TypeAlias

from spruce.apm.ids import leaf_id, random_bits
from spruce.apm.limits import Limits, count_dropped, put_together
from spruce.apm.traceparent import TraceParent
from spruce.apm.what import Answered, Asked, What, clean_labels

__all__ = [
    "DroppedSpan",
    "Leaf",
    "Span",
    "Transaction",
    "begin_span",
    "current",
    "transaction_here",
]

_ID = 64  # bits
_LEAVES = 12  # of these bits, for the parts of a transaction


Leaf: TypeAlias = "tuple[What, Span | None, float, float, Any, tuple[int, float, str] | None]"
"""What it is, the span that it is a part of (None: the transaction), when it began, seconds, detail, composite."""


class _Whole:
    """What has parts."""

    labels: dict[str, Any] | None = None
    otel: Mapping[str, Any] | None = None
    """The `span_kind` and `attributes` of what was begun, or told of, by OpenTelemetry's API."""
    _covered: float
    _covered_until: float

    def label(self, **labels: Any) -> None:
        """Add labels: texts, numbers or booleans that can be searched for."""
        self.labels = {**(self.labels or {}), **clean_labels(labels)}

    def begin_span(self, name: str, kind: str, subtype: str | None = None, action: str | None = None) -> "Span":
        """Begin a span directly below; it ends by its `end`."""
        return begin_span(self, What(name, kind, subtype, action))

    def cover(self, began: float, ended: float) -> None:
        """Note that a span directly below ran in this time."""
        start = began if began > self._covered_until else self._covered_until
        if ended > start:
            self._covered += ended - start
            self._covered_until = ended


class Transaction(_Whole):
    """One piece of work of the service. `duration` and `outcome` are there when it has ended.

    `entries` has what has ended, spans and leaves; `started` and `dropped` count the parts that are kept and those that
    are not. `split` tells where its time went, in seconds by kind. `repeats` are queries of which one would have done.
    `request` and `response` are what is known of them, None where there is none. `owner` is the green thread it runs
    in; `outer` what ran there before; `depth` how many requests, of apps that are mounted, run inside of it.
    """

    # What most have is in slots, what few have is a default of the class: the cheapest to make.
    __slots__ = (
        "_covered",
        "_covered_until",
        "_trace",
        "alike",
        "began",
        "duration",
        "entries",
        "limits",
        "name",
        "number",
        "outcome",
        "owner",
        "queries",
        "request",
        "response",
        "result",
        "sample_rate",
        "sampled",
        "split",
        "started",
        "statements",
        "timestamp",
        "told",
        "tracestate",
        "type",
        "waits",
    )
    ended = False
    custom: dict[str, Any] | None = None
    depth = 0
    dropped = 0
    dropped_stats: dict[tuple[str, str, str, str], list[float]] | None = None
    links: Sequence[TraceParent] = ()
    named = False
    """By the program itself, which nothing else overrides."""
    outer: "Transaction | Span | None" = None
    parent_id: str | None = None
    repeats: Sequence[Any] = ()
    user: dict[str, Any] | None = None

    def __init__(
        self,
        name: str,
        kind: str,
        limits: Limits,
        told: "Callable[[Span], object]",
        sampled: bool = True,
        sample_rate: float | None = 1.0,
        parent: TraceParent | None = None,
        began: float | None = None,
    ) -> None:
        now = perf_counter()
        self.began: float = now if began is None else began
        self.timestamp = time() - (now - self.began)
        self.number = random_bits(_ID - _LEAVES) << _LEAVES
        self._trace: int | str
        if parent is None:
            self._trace = random_bits(2 * _ID)
            self.tracestate = ""
        else:
            self._trace, self.parent_id, self.tracestate = parent.trace_id, parent.span_id, parent.tracestate
        self.name, self.type = name, kind
        self.limits, self.told = limits, told
        self.sampled, self.sample_rate = sampled, sample_rate
        self.entries: list[Span | Leaf] = []
        self.started = 0
        self.alike = -1  # the place of what the next part may be put together with
        self.result = ""
        self._covered = 0.0
        self._covered_until = self.began
        self.duration: float | None = None
        self.outcome: str | None = None
        self.split: dict[str, float] | None = None
        self.owner: Any = None
        self.queries: list[Any] | None = None
        self.statements: dict[str, int] | None = None
        self.waits: Any = None
        self.request: Asked | None = None
        self.response: Answered | None = None

    @property
    def id(self) -> str:
        """16 hexadecimal digits."""
        return f"{self.number:016x}"

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, the same for all that the trace goes through."""
        trace = self._trace
        return trace if isinstance(trace, str) else f"{trace:032x}"

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
    def spans(self) -> "list[Span]":
        """The spans that have ended, in the order of their ends."""
        entries: list[Any] = self.entries
        for place, entry in enumerate(entries):
            if type(entry) is tuple:
                entries[place] = _span_of(self, place, entry)
        return entries

    @property
    def self_time(self) -> float:
        """The seconds of an ended transaction in which none of its spans ran."""
        return max(0.0, (self.duration or 0.0) - self._covered)

    @property
    def trace_parent(self) -> TraceParent:
        """The place in the trace that what is called from here goes on from."""
        return TraceParent(self.trace_id, self.id, self.sampled, self.tracestate)

    def end(self) -> None:
        """Freeze it as it is now: it has lasted until now unless `duration` was set."""
        if self.duration is None:
            self.duration = perf_counter() - self.began
        self.freeze()

    def freeze(self) -> None:
        """Let it be as it is from now on; it has a duration."""
        if self.outcome is None:
            self.outcome = "unknown"
        self.__class__ = _EndedTransaction  # it has the same slots


class Span(_Whole):
    """A part of a transaction. `duration` is there when it has ended.

    `leaf`: nothing is recorded below it. `exit`: it is a call to something outside, whose name is `resource`.
    `context` is what Elastic's schema has for its type; it may be shared with other spans. `detail` is what is known
    besides: of a query, all that `spruce.events.db_query` told. Of several like ones that were put together,
    `composite` tells how many, their seconds, and by which rule.
    """

    __slots__ = (
        "_covered",
        "_covered_until",
        "alike",
        "began",
        "detail",
        "duration",
        "number",
        "parent",
        "transaction",
        "what",
    )
    ended = False
    kept = True
    composite: tuple[int, float, str] | None = None
    frames: Any = None
    links: Sequence[TraceParent] = ()
    outcome = "success"
    propagated = False
    sync: bool | None = None

    def __init__(
        self, parent: "Transaction | Span", what: What, began: float | None = None, detail: Any = None
    ) -> None:
        self.began: float = perf_counter() if began is None else began
        self.parent = parent
        self.transaction: Transaction = parent.transaction
        self.number = random_bits(_ID)
        self.what = what
        self.detail = detail
        self.duration: float | None = None
        self.alike = -1
        self._covered = 0.0
        self._covered_until = self.began

    @property
    def id(self) -> str:
        """16 hexadecimal digits."""
        return f"{self.number:016x}"

    @property
    def name(self) -> str:
        """What it is called; may be set while it runs, as `type`, `subtype`, `action` and `context`."""
        return self.what.name

    @name.setter
    def name(self, name: str) -> None:
        self.what = self.what._replace(name=name)

    @property
    def type(self) -> str:
        """`db`, `external`, `template`, `app` or another of Elastic's types."""
        return self.what.type

    @type.setter  # noqa: A003 - it is the property
    def type(self, kind: str) -> None:
        self.what = self.what._replace(type=kind)

    @property
    def subtype(self) -> str | None:
        """A closer type, as `postgresql`."""
        return self.what.subtype

    @subtype.setter
    def subtype(self, subtype: str | None) -> None:
        self.what = self.what._replace(subtype=subtype)

    @property
    def action(self) -> str | None:
        """What is done, as `query`."""
        return self.what.action

    @action.setter
    def action(self, action: str | None) -> None:
        self.what = self.what._replace(action=action)

    @property
    def context(self) -> Mapping[str, Any] | None:
        """What is known of it, by Elastic's schema."""
        return self.what.context

    @context.setter
    def context(self, context: Mapping[str, Any] | None) -> None:
        self.what = self.what._replace(context=context)

    @property
    def leaf(self) -> bool:
        """Whether nothing is recorded below it."""
        return self.what.leaf

    @property
    def exit(self) -> bool:
        """Whether it is a call to something outside."""
        return self.what.exit

    @property
    def resource(self) -> str:
        """What it is a call to."""
        return self.what.resource

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
        own = (self.duration or 0.0) - self._covered
        return own if own > 0 else 0.0

    @property
    def trace_parent(self) -> TraceParent:
        """The place in the trace that what is called from here goes on from."""
        self.propagated = True  # it has children elsewhere, so it must be kept as it is
        transaction = self.transaction
        return TraceParent(transaction.trace_id, self.id, transaction.sampled, transaction.tracestate)

    def update_context(self, key: str, data: Mapping[str, Any]) -> None:
        """Add to one part of the context, as `http` or `db`."""
        context = self.context or {}
        self.context = {**context, key: {**(context.get(key) or {}), **data}}

    def end(self, duration: float | None = None) -> None:
        """Freeze it as it is now: it has lasted `duration` seconds, or until now. A second time nothing happens."""
        if self.duration is not None:
            return
        self.duration = seconds = perf_counter() - self.began if duration is None else duration
        if not self.parent.ended:
            self.parent.cover(self.began, self.began + seconds)
        _keep(self, seconds)


class DroppedSpan(Span):
    """A span that is not kept: it takes everything, and is only counted."""

    __slots__ = ()
    kept = False

    def end(self, duration: float | None = None) -> None:
        """Count it with those that go to the same place."""
        if self.duration is None:
            self.duration = perf_counter() - self.began if duration is None else duration
            count_dropped(self.transaction, self.what, self.outcome, 1, self.duration)


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


def begin_span(parent: Any, what: What, began: float | None = None, detail: Any = None) -> Span:
    """Begin a span below `parent`; one that isn't kept if that is a leaf, or the transaction has spans enough."""
    transaction = parent.transaction
    if transaction is not parent and parent.what.leaf:
        return DroppedSpan(parent, what._replace(exit=False), began)
    if transaction.started >= transaction.limits.transaction_max_spans or transaction.ended:
        if not transaction.ended:
            transaction.dropped += 1
        return DroppedSpan(parent, what, began)
    transaction.started += 1
    return Span(parent, what, began, detail)


# ---- where ended spans go --------------------------------------------------------------------------------------------


def _keep(span: Span, seconds: float) -> None:
    """Put an ended span where it belongs: to a like one before it, to the kept, or to those that are only counted."""
    transaction, parent = span.transaction, span.parent
    if transaction.ended:  # it outlives its transaction: told alone
        span.__class__ = _EndedSpan  # it has the same slots
        transaction.told(span)
        return
    limits, what, alike = transaction.limits, span.what, -1
    if what.exit and not span.propagated:
        if seconds < limits.exit_span_min_duration:
            transaction.started -= 1
            transaction.dropped += 1
            count_dropped(transaction, what, span.outcome, 1, seconds)
            return
        if limits.span_compression_enabled and span.outcome != "failure":
            alike = parent.alike
            if alike >= 0 and put_together(transaction.entries, alike, what, span.began, seconds, limits):
                transaction.started -= 1
                span.__class__ = _EndedSpan  # it has the same slots
                return
            alike = len(transaction.entries)
    if not parent.ended:
        parent.alike = alike
    transaction.entries.append(span)
    span.__class__ = _EndedSpan  # it has the same slots


def _span_of(transaction: Transaction, place: int, leaf: "Leaf") -> Span:
    """The span that a leaf is."""
    what, parent, began, seconds, detail, composite = leaf
    span = Span(parent or transaction, what, began, detail)
    span.number = int(leaf_id(transaction.id, place), 16)
    span.duration = seconds
    if composite is not None:
        span.composite = composite
    span.__class__ = _EndedSpan  # it has the same slots
    return span
