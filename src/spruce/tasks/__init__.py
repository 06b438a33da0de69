"""Tasks: calls that a worker makes later, kept in the app's own database until they are done.

    from spruce import task

    @task(retries=3)
    def send_receipt(order_id: int) -> None: ...

    send_receipt.enqueue(order.pk)

The names are those of `django.tasks`; workers run inside of `spruce run`, or by `spruce worker`.
"""

from spruce.tasks import serving as serving  # it runs jobs beside apps that are served from now on
from spruce.tasks.backends import cancel, get_result
from spruce.tasks.board import clear, failed, pause, queues, replay, resume, running, schedules
from spruce.tasks.chains import chain, group
from spruce.tasks.definitions import Task, task
from spruce.tasks.results import TaskContext, TaskError, TaskResult, TaskResultStatus
from spruce.tasks.scheduling import schedule

__all__ = [
    "Task",
    "TaskContext",
    "TaskError",
    "TaskResult",
    "TaskResultStatus",
    "cancel",
    "chain",
    "clear",
    "failed",
    "get_result",
    "group",
    "pause",
    "queues",
    "replay",
    "resume",
    "running",
    "schedule",
    "schedules",
    "task",
]
