"""What goes wrong with tasks: those that are defined or enqueued wrongly, and results that are not there."""

from spruce.errors.tree import ConfigError, SpruceError

__all__ = [
    "InvalidTask",
    "InvalidTaskBackend",
    "TaskException",
    "TaskFenced",
    "TaskResultDoesNotExist",
    "TaskResultMismatch",
    "TaskTimeout",
]


class TaskException(SpruceError):
    """The base of what tasks raise."""


class InvalidTask(TaskException, TypeError):
    """A task cannot be defined, or cannot be enqueued with these arguments."""


class InvalidTaskBackend(TaskException, ConfigError):
    """The setting TASKS names nothing that could run tasks, or that cannot do what a task asks for."""


class TaskResultDoesNotExist(TaskException, LookupError):
    """There is no job of this id: it never was, or has been removed since it ended."""


class TaskResultMismatch(TaskException, LookupError):
    """There is a job of this id, but of another task."""


class TaskTimeout(TaskException, TimeoutError):
    """A job ran longer than its task allows, or somebody waited for a result longer than they wanted to."""


class TaskFenced(TaskException):
    """A job is not this worker's any more: it was taken for dead, and another one may run the job by now."""
