"""What programs call from anywhere to say more about what runs: names, results, users, labels; and the ids of it.

All act on the transaction of this context, and do nothing where there is none. Names and arguments are those of
Elastic's Python agent.
"""

from collections.abc import Callable, Mapping
from typing import Any

from spruce.apm.spans import current, transaction_here

__all__ = [
    "OUTCOMES",
    "get_span_id",
    "get_trace_id",
    "get_trace_parent_header",
    "get_transaction_id",
    "label",
    "outcome_of_status",
    "set_context",
    "set_custom_context",
    "set_transaction_name",
    "set_transaction_outcome",
    "set_transaction_result",
    "set_user_context",
]

OUTCOMES = ("success", "failure", "unknown")
_FIRST_FAILURE = 500


def set_transaction_name(name: str, override: bool = True) -> None:
    """Name the transaction; with `override=False` only if the program hasn't named it."""
    transaction = transaction_here()
    if transaction is not None and (override or not transaction.named):
        transaction.name = str(name)
        transaction.named = True


def set_transaction_result(result: str | int, override: bool = True) -> None:
    """Say how the transaction ended, as `HTTP 2xx`; with `override=False` only if nobody has."""
    transaction = transaction_here()
    if transaction is not None and (override or not transaction.result):
        transaction.result = str(result)


def set_transaction_outcome(
    outcome: str | None = None, http_status_code: int | None = None, override: bool = True
) -> None:
    """Say whether the transaction was a `success`, a `failure`, or `unknown`; or let a status say it (failure: 500 on).

    Raises ValueError for another word.
    """
    if http_status_code is not None:
        outcome = outcome_of_status(http_status_code)
    elif outcome not in OUTCOMES:
        raise ValueError(f"an outcome is one of {', '.join(OUTCOMES)}, not {outcome!r}")
    transaction = transaction_here()
    if transaction is not None and (override or transaction.outcome is None):
        transaction.outcome = outcome


def outcome_of_status(status: int | None) -> str:
    """The outcome that a service has answered with: a failure if it is its own fault."""
    return "unknown" if status is None else "failure" if status >= _FIRST_FAILURE else "success"


def label(**labels: Any) -> None:
    """Add labels to the transaction: texts, numbers or booleans that can be searched for."""
    transaction = transaction_here()
    if transaction is not None:
        transaction.label(**labels)


def set_custom_context(data: Mapping[str, Any]) -> None:
    """Add whatever else is worth knowing about the transaction; it can be read, but not searched for."""
    transaction = transaction_here()
    if transaction is not None:
        names = {str(name).replace(".", "_").replace("*", "_").replace('"', "_"): data[name] for name in data}
        transaction.custom = {**(transaction.custom or {}), **names}


def set_context(data: Mapping[str, Any] | Callable[[], Mapping[str, Any]], key: str = "custom") -> None:
    """Add to one part of the context: `custom`, `user` or `tags`; `data` may be a function that makes it.

    Raises ValueError for another part: requests and responses are described by themselves.
    """
    if key not in _PARTS:
        raise ValueError(f"a part of the context is one of {', '.join(_PARTS)}, not {key!r}")
    if transaction_here() is not None:
        _PARTS[key](data() if callable(data) else data)


def set_user_context(username: str | None = None, email: str | None = None, user_id: str | int | None = None) -> None:
    """Say whom the transaction is for; what is None stays as it was."""
    transaction = transaction_here()
    if transaction is not None:
        given = {"username": username, "email": email, "id": user_id}
        transaction.user = {**(transaction.user or {}), **{name: one for name, one in given.items() if one is not None}}


def get_trace_id() -> str | None:
    """The id of the trace that this runs in; None outside of any transaction."""
    transaction = transaction_here()
    return None if transaction is None else transaction.trace_id


def get_transaction_id() -> str | None:
    """The id of the transaction; None outside of any."""
    transaction = transaction_here()
    return None if transaction is None else transaction.id


def get_span_id() -> str | None:
    """The id of the innermost span that runs; None outside of any."""
    here = current.get()
    return None if here is None or here is here.transaction or here.ended else here.id


def get_trace_parent_header() -> str | None:
    """The value of the header `traceparent` for what is called from here; None outside of any transaction."""
    here = current.get()
    return None if here is None or here.transaction.ended else here.trace_parent.to_string()


def _set_user(data: Mapping[str, Any]) -> None:
    set_user_context(data.get("username"), data.get("email"), data.get("id"))


_PARTS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "custom": set_custom_context,
    "user": _set_user,
    "tags": lambda data: label(**data),
}
