"""The call of a task's function: within its time, in an OS thread where it asks for one, awaited if it is async."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from spruce import green
from spruce.errors import TaskTimeout
from spruce.green import tpool
from spruce.tasks.definitions import Task

__all__ = ["called"]


def called(task: Task[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What the function returns. Raises TaskTimeout when the task's `timeout` is over, and what the function raises."""
    if task.timeout is None:
        return _plain(task, args, kwargs)
    limit = green.deadline(task.timeout)
    try:
        with limit:
            return _plain(task, args, kwargs)
    except green.Timeout as raised:
        if raised is not limit:
            raise
        raise TaskTimeout(f"{task.name}() took longer than its {task.timeout:g} s") from raised


def _plain(task: Task[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if task.thread:
        return tpool.execute(task.func, *args, **kwargs)
    value = task.func(*args, **kwargs)
    return green.await_(value) if inspect.isawaitable(value) else value
