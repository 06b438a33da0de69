"""The recorder: begins and ends transactions, records errors, and hands what has ended to whoever subscribed.

There is one in a process, the client. It sends nothing itself: exporters, the viewer and tests are sinks, callables
that get each thing when it has ended (`subscribe`).
"""

import os
import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from logging import getLogger
from threading import Lock
from time import perf_counter
from types import TracebackType
from typing import Any, TypeAlias

from spruce.apm.failures import Failure, failure_of, message_of
from spruce.apm.frames import frames_of_stack
from spruce.apm.settings import ApmSettings
from spruce.apm.sinks import holds_details, tell
from spruce.apm.spans import Transaction, current, transaction_here
from spruce.apm.traceparent import TraceParent
from spruce.apm.what import clean_labels
from spruce.green.runtime import running_thread

__all__ = [
    "Recorder",
    "begun",
    "begun_first",
    "get_client",
    "in_flight",
    "install",
]

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_log = getLogger("spruce.apm")
_lock = Lock()
_choose = random.Random()  # noqa: S311 - it decides which requests are looked at, nothing else


_NOWHERE = object()


class _Process:
    """What there is one of in a process."""

    client: "Recorder | None" = None
    begun: tuple[Callable[[Transaction], object], ...] = ()
    first: tuple[Callable[[Transaction], object], ...] = ()
    hub: Any = _NOWHERE
    """Where the last transaction has begun: in which loop, None outside of any."""
    running: dict[int, Transaction] = {}  # noqa: RUF012 - it is the process's


def begun(function: Callable[[Transaction], object]) -> Callable[[], None]:
    """Call `function(transaction)` when one begins, in its thread; return what ends that."""
    with _lock:
        _Process.begun = (*_Process.begun, function)

    def unsubscribe() -> None:
        with _lock:
            _Process.begun = tuple(one for one in _Process.begun if one is not function)

    return unsubscribe


def begun_first(function: Callable[[Transaction], object]) -> Callable[[], None]:
    """Call `function(transaction)` when one begins in a loop or process where the one before has not; as `begun`.

    So it is called for the first of each, and now and then for others.
    """
    with _lock:
        _Process.first = (*_Process.first, function)
        _Process.hub = _NOWHERE

    def unsubscribe() -> None:
        with _lock:
            _Process.first = tuple(one for one in _Process.first if one is not function)

    return unsubscribe


def _forget_place() -> None:
    _Process.hub = _NOWHERE


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_place)


def in_flight() -> list[Transaction]:
    """The transactions that run in this process now, the oldest first.

    `transaction.owner` is the green thread that it runs in, which has a stack and can be killed; None for one that was
    begun outside of green threads.
    """
    return list(_Process.running.values())


def get_client() -> "Recorder | None":
    """The client of this process; None as long as there is none."""
    return _Process.client


def install(client: "Recorder | None") -> None:
    """Make a client that of the process."""
    _Process.client = client


class Recorder:
    """Records what this service does. The last one that was made is that of the process; `close` ends it."""

    def __init__(self, settings: ApmSettings) -> None:
        self.changing: list[Callable[[ApmSettings], object]] = []
        """What is told of other settings, which hold from then on."""
        self.change(settings)
        self.closing: list[Callable[[], object]] = []
        """What `close` calls, the last one first."""
        self.finishing: list[Callable[[Transaction], object]] = []
        """What completes a sampled transaction before it is frozen."""
        before = get_client()
        if before is not None:
            before.close()
        install(self)

    def __repr__(self) -> str:
        return f"<Client of {self.settings.service_name!r}>"

    @property
    def recording(self) -> bool:
        """Whether it records at all: `ENABLED` and `RECORDING`."""
        return self.settings.enabled and self.settings.recording

    def change(self, settings: ApmSettings) -> None:
        """Keep to other settings from now on; what runs already goes on with those that it began under."""
        self.settings = settings
        self._state = f"es=s:{settings.transaction_sample_rate:g}"
        patterns = settings.transactions_ignore_patterns
        self._ignored = re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None
        for function in self.changing:
            function(settings)

    # Transactions

    def begin_transaction(
        self,
        transaction_type: str,
        trace_parent: TraceParent | None = None,
        start: float | None = None,
        auto_activate: bool = True,
        links: Sequence[TraceParent] | None = None,
    ) -> Transaction | None:
        """Begin a transaction; it is current here, and in what this green thread starts, until `end_transaction`.

        With `auto_activate=False` it isn't; `end_transaction` ends only the one that is current. `start` is a time of
        `perf_counter`. None when nothing is recorded.
        """
        settings = self.settings
        if not (settings.enabled and settings.recording):
            return None
        found = list(links) if links else None
        if trace_parent is not None and _restarts(settings.trace_continuation_strategy, trace_parent):
            found = [*(found or ()), trace_parent]
            trace_parent = None
        if trace_parent is None:
            rate: float | None = settings.transaction_sample_rate
            sampled = rate == 1 or _choose.random() < settings.transaction_sample_rate
            transaction = Transaction("", transaction_type, settings, tell, sampled, rate, None, start)
            transaction.tracestate = self._state if sampled else "es=s:0"
        else:
            sampled = trace_parent.sampled
            rate = trace_parent.sample_rate if sampled else 0
            transaction = Transaction("", transaction_type, settings, tell, sampled, rate, trace_parent, start)
        if found:
            transaction.links = found
        process = _Process
        owner = transaction.owner = running_thread()
        process.running[transaction.number] = transaction
        if auto_activate:
            outer = current.get()
            if outer is not None:
                transaction.outer = outer
            current.set(transaction)
        hub = None if owner is None else owner.hub
        if process.hub is not hub:
            process.hub = hub
            for function in process.first:
                function(transaction)
        for function in process.begun:
            function(transaction)
        return transaction

    def end_transaction(
        self, name: str | None = None, result: str | int = "", duration: float | None = None
    ) -> Transaction | None:
        """End the current transaction under a name, with a result as `HTTP 2xx`; `duration` is in seconds.

        What the program has named itself (`set_transaction_name`) keeps that. Return the transaction; None without one.
        """
        transaction = transaction_here()
        if transaction is None:
            current.set(None)
            return None
        current.set(transaction.outer)
        if name is not None and not transaction.named:
            transaction.name = str(name)
        if result != "" and not transaction.result:
            transaction.result = str(result)
        self.finish(transaction, duration)
        return transaction

    def finish(self, transaction: Transaction, duration: float | None = None) -> None:
        """End a transaction, whether it is the current one or not, and hand it to the sinks."""
        _Process.running.pop(transaction.number, None)
        if self._ignored is not None and self._ignored.match(transaction.name):
            transaction.end()
            return
        if duration is not None:
            transaction.duration = duration
        else:
            transaction.duration = perf_counter() - transaction.began
        if transaction.sampled:
            for function in self.finishing:
                function(transaction)
        transaction.owner = None
        if not holds_details():
            transaction.queries = None  # with their parameters, which may be large
        transaction.freeze()
        tell(transaction)

    def abandon(self, transaction: Transaction) -> None:
        """Forget a transaction that turns out not to be wanted."""
        _Process.running.pop(transaction.number, None)
        transaction.end()

    # Errors

    def capture_exception(
        self, exc_info: "ExcInfo | BaseException | None" = None, handled: bool = True, **more: Any
    ) -> str | None:
        """Record an exception, that which is being handled unless given; return its id.

        `context` may have `custom`; `custom`, `labels` and `message` may be given by themselves; `date`, a datetime, is
        when it was. None when nothing is recorded, there is no exception, or `FILTER_EXCEPTION_TYPES` has it.
        """
        error = exc_info if isinstance(exc_info, BaseException) else (exc_info or sys.exc_info())[1]
        if error is None or not self.recording or self._is_filtered(error):
            return None
        if getattr(error, "__spruce_apm__", None) is not None:  # the same one, on its way up
            known: str = error.__spruce_apm__  # type: ignore[attr-defined] # it is there, one line above
            return known
        date = more.pop("date", None)
        failure = _at(date, failure_of(error, self.settings, current.get(), handled=handled, **_details(more)))
        with suppress(AttributeError, TypeError):
            error.__spruce_apm__ = failure.id  # type: ignore[attr-defined] # exceptions take attributes, mostly
        tell(failure)
        return failure.id

    def capture_message(
        self, message: str | None = None, param_message: Mapping[str, Any] | None = None, **more: Any
    ) -> str | None:
        """Record a text; return its id.

        `param_message` is `{"message": "%s of %s", "params": (1, 2)}`, by which like messages are put together.
        `stack` says whether to record where it comes from; if it isn't given, AUTO_LOG_STACKS does. `level`, `date`,
        `logger_name`, `custom` and `labels` may be given. None when nothing is recorded.
        """
        if not self.recording:
            return None
        pattern = None
        if param_message is not None:
            pattern = str(param_message["message"])
            parameters = param_message.get("params")
            message = pattern % parameters if parameters else pattern
        date, stack = more.pop("date", None), more.pop("stack", None)
        with_stack = self.settings.auto_log_stacks if stack is None else stack
        frames = frames_of_stack(self.settings, sys._getframe(1)) if with_stack else ()
        logger = more.pop("logger_name", None)
        failure = message_of(
            str(message), self.settings, current.get(), frames, param_message=pattern, logger=logger, **_details(more)
        )
        failure = _at(date, failure)
        tell(failure)
        return failure.id

    def _is_filtered(self, error: BaseException) -> bool:
        names = self.settings.filter_exception_types
        return bool(names) and any(
            cls.__name__ in names or f"{cls.__module__}.{cls.__name__}" in names for cls in type(error).__mro__[:1]
        )

    def close(self) -> None:
        """End what this client has begun: it is no longer that of the process, and what waits is sent."""
        if get_client() is self:
            install(None)
        closing, self.closing = self.closing, []
        for function in reversed(closing):
            function()


def _at(date: datetime | None, failure: Failure) -> Failure:
    return failure if date is None else replace(failure, timestamp=date.timestamp())


def _restarts(strategy: str, parent: TraceParent) -> bool:
    return strategy == "restart" or (strategy == "restart_external" and not parent.from_elastic)


def _details(more: Mapping[str, Any]) -> dict[str, Any]:
    """What may be given with an error, as its fields; unknown names go to `custom`, so that nothing is lost."""
    given = dict(more)
    context = dict(given.pop("context", None) or {})
    fields: dict[str, Any] = {name: given.pop(name) for name in ("message", "level", "context") if name in given}
    labels = {**(context.pop("tags", None) or {}), **(given.pop("labels", None) or {})}
    custom = {**(context.pop("custom", None) or {}), **(given.pop("custom", None) or {}), **given}
    return {**fields, "labels": clean_labels(labels), "custom": custom, "context": context}
