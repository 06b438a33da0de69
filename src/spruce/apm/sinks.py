"""Sinks: who is given what has ended, at once or some at a time.

Exporters take it later, some at a time: code that goes over many like things in one go stays in the caches of the
processor, and takes less than half of what it does between the parts of a request. Programs, and the viewer, get each
thing at once.

Rules:

* `tell` never waits, and what a sink raises is logged.
* What waits to be taken is bounded: with so many (`_AT_ONCE`), or an error, it is handed over by whoever ended that.
* Who wants all that has ended so far calls `hand_over` first: a thread that sends by age, a page of metrics.
* A forked child begins with nothing: what waits is its parent's.
"""

import os
from collections import deque
from collections.abc import Callable, Sequence
from logging import getLogger
from threading import Lock
from typing import TypeAlias

from spruce.apm.failures import Failure
from spruce.apm.spans import Span, Transaction

__all__ = [
    "LateSink",
    "Record",
    "Sink",
    "are_seen",
    "hand_over",
    "holds_details",
    "subscribe",
    "subscribe_late",
    "tell",
]

Record: TypeAlias = Transaction | Span | Failure
"""What sinks get: a transaction with its spans, a span that outlived its transaction, or an error or message."""
Sink: TypeAlias = Callable[[Record], object]
LateSink: TypeAlias = Callable[[Sequence[Record]], object]

_AT_ONCE = 32
_log = getLogger("spruce.apm")
_lock = Lock()


class _Process:
    """What there is one of in a process."""

    sinks: tuple[Sink, ...] = ()
    seeing: tuple[Sink, ...] = ()
    """Those of the sinks that may look at anything."""
    late: tuple[LateSink, ...] = ()
    waiting: deque[Record] = deque()  # noqa: RUF012 - it is the process's


def subscribe(sink: Sink, *, sees_all: bool = True) -> Callable[[], None]:
    """Call `sink(record)` with each transaction that has ended, each error, each span that outlived its transaction.

    It is called in the thread that ended it, so it should only put it somewhere; what it raises is logged. Return what
    ends that. What is handed over is frozen, with its spans: keep it, and read it in any thread. It holds for the whole
    process, whichever client there is.

    With `sees_all=False` it doesn't ask from which line queries come, and reads what it wants at once.
    """
    with _lock:
        _Process.sinks = (*_Process.sinks, sink)
        if sees_all:
            _Process.seeing = (*_Process.seeing, sink)

    def unsubscribe() -> None:
        with _lock:
            _Process.sinks = tuple(one for one in _Process.sinks if one is not sink)
            _Process.seeing = tuple(one for one in _Process.seeing if one is not sink)

    return unsubscribe


def subscribe_late(sink: LateSink) -> Callable[[], None]:
    """As `subscribe`, but `sink(records)` gets some at a time, in any thread, without the details of their queries.

    Return what ends that, when it was given what waits.
    """
    with _lock:
        _Process.late = (*_Process.late, sink)

    def unsubscribe() -> None:
        hand_over()
        with _lock:
            _Process.late = tuple(one for one in _Process.late if one is not sink)

    return unsubscribe


def are_seen() -> bool:
    """Whether a sink may look at anything of what is recorded, also later."""
    return bool(_Process.seeing)


def holds_details() -> bool:
    """Whether a sink wants to know what each query was; else it isn't kept longer than the query lasts."""
    return bool(_Process.sinks)


def tell(record: Record) -> None:
    """Hand a record to the sinks."""
    process = _Process
    for sink in process.sinks:
        try:
            sink(record)
        except Exception:
            _log.exception("a sink of apm.subscribe raised: %r", sink)
    if process.late:
        waiting = process.waiting
        waiting.append(record)
        if len(waiting) >= _AT_ONCE or type(record) is Failure:  # after which a program may end
            hand_over()


def hand_over() -> None:
    """Give what waits to those that take it late."""
    waiting = _Process.waiting
    records: list[Record] = []
    try:
        while True:  # each is taken once, whoever else does this now
            records.append(waiting.popleft())
    except IndexError:
        if not records:
            return
    for sink in _Process.late:
        try:
            sink(records)
        except Exception:
            _log.exception("a sink of performance monitoring raised: %r", sink)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Process.waiting.clear)
