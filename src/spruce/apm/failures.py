"""Errors and messages as they are recorded: an exception with its causes and frames, or a text that was logged."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spruce.apm.frames import Frame, frames_of_traceback
from spruce.apm.ids import new_id
from spruce.apm.settings import ApmSettings
from spruce.apm.spans import Span, Transaction

__all__ = ["Failure", "Raised", "failure_of", "message_of", "raised_by"]

_MOST_CAUSES = 50


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception: its class, its text, where it was raised, and what it came from (`causes`, the nearest first)."""

    type: str
    module: str
    message: str
    frames: Sequence[Frame]
    handled: bool
    causes: "Sequence[Raised]" = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """An error or a message of the service, with where in which trace it was.

    One of `raised` and `message` is there, or both. `culprit` is the function that it comes from. `transaction` is the
    one it belongs to, which may still be running; `parent_id` the span in it.
    """

    id: str
    timestamp: float
    culprit: str
    raised: Raised | None
    message: str | None
    level: str = "error"
    param_message: str | None = None
    logger: str | None = None
    frames: Sequence[Frame] = ()
    transaction: Transaction | None = None
    trace_id: str | None = None
    parent_id: str | None = None
    custom: Mapping[str, Any] | None = None
    labels: Mapping[str, Any] | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


def raised_by(error: BaseException, settings: ApmSettings, *, handled: bool = True) -> Raised:
    """Describe an exception and those behind it: `__cause__`, or `__context__` where that isn't suppressed."""
    causes: list[Raised] = []
    seen, behind = {id(error)}, _behind(error)
    while behind is not None and id(behind) not in seen and len(causes) < _MOST_CAUSES:
        seen.add(id(behind))
        causes.append(_described(behind, settings, handled, ()))
        behind = _behind(behind)
    return _described(error, settings, handled, tuple(causes))


def _described(error: BaseException, settings: ApmSettings, handled: bool, causes: Sequence[Raised]) -> Raised:
    cls = type(error)
    try:
        message = str(error)
    except Exception as second:
        message = f"<its text could not be made: {second!r}>"
    frames = tuple(frames_of_traceback(error.__traceback__, settings))
    module = "" if cls.__module__ == "builtins" else cls.__module__
    return Raised(
        cls.__name__, module, f"{cls.__name__}: {message}" if message else cls.__name__, frames, handled, causes
    )


def _behind(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def failure_of(
    error: BaseException,
    settings: ApmSettings,
    here: Transaction | Span | None,
    *,
    handled: bool = True,
    **more: Any,
) -> Failure:
    """Record an exception; `here` is what runs where it was caught."""
    raised = raised_by(error, settings, handled=handled)
    return Failure(
        new_id(32), time.time(), culprit_of(raised.frames), raised, more.pop("message", None), **_where(here), **more
    )


def message_of(
    message: str, settings: ApmSettings, here: Transaction | Span | None, frames: Sequence[Frame] = (), **more: Any
) -> Failure:
    """Record a text."""
    return Failure(
        new_id(32), time.time(), culprit_of(frames), None, message, frames=tuple(frames), **_where(here), **more
    )


def culprit_of(frames: Sequence[Frame]) -> str:
    """The innermost function that belongs to the program, or else the innermost."""
    own = [frame for frame in frames if not frame.library] or list(frames)
    return f"{own[0].module}.{own[0].function}" if own else ""


def _where(here: Transaction | Span | None) -> dict[str, Any]:
    if here is None:
        return {}
    transaction = here.transaction
    return {"transaction": transaction, "trace_id": transaction.trace_id, "parent_id": here.id}
