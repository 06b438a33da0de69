"""The client's calls as functions, for the client of the process; they do nothing as long as there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

from spruce.apm.recorder import ExcInfo, get_client
from spruce.apm.spans import Transaction
from spruce.apm.traceparent import TraceParent

__all__ = ["begin_transaction", "capture_exception", "capture_message", "end_transaction"]


def begin_transaction(
    transaction_type: str,
    trace_parent: TraceParent | None = None,
    start: float | None = None,
    auto_activate: bool = True,
    links: Sequence[TraceParent] | None = None,
) -> Transaction | None:
    """Begin a transaction, as `Client.begin_transaction`; None when nothing is recorded."""
    client = get_client()
    return (
        None
        if client is None
        else client.begin_transaction(transaction_type, trace_parent, start, auto_activate, links)
    )


def end_transaction(
    name: str | None = None, result: str | int = "", duration: float | None = None
) -> Transaction | None:
    """End the current transaction, as `Client.end_transaction`; None without one."""
    client = get_client()
    return None if client is None else client.end_transaction(name, result, duration)


def capture_exception(exc_info: ExcInfo | BaseException | None = None, handled: bool = True, **more: Any) -> str | None:
    """Record an exception, that which is being handled unless given, as `Client.capture_exception`; return its id."""
    client = get_client()
    return None if client is None else client.capture_exception(exc_info, handled, **more)


def capture_message(
    message: str | None = None, param_message: Mapping[str, Any] | None = None, **more: Any
) -> str | None:
    """Record a text, as `Client.capture_message`; return its id."""
    client = get_client()
    return None if client is None else client.capture_message(message, param_message, **more)
