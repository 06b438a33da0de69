"""Celery as the carrier of jobs: the app of Celery's, with settings under which a killed worker loses nothing.

Of these, those for Redis belong together: a message that a worker has in hand becomes visible to the others after
`VISIBLE_SECONDS`, and the worker renews that time for as long as it lives (see `celeryworker.py`). Celery by itself
renews nothing, so it needs an hour there, or runs long jobs twice.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError as KombuError

from spruce import config
from spruce.errors import InvalidTaskBackend, TaskException, nearest
from spruce.tasks.definitions import Task
from spruce.tasks.records import STEPS

__all__ = ["SENT", "TURN", "VISIBLE_SECONDS", "broker_of", "carrier", "check", "records_url", "send"]

VISIBLE_SECONDS = 10
TURN, SENT = "spruce_turn", "spruce_sent"
"""The headers of a message: which giving of its job to the broker it is, and when that was."""

_SCHEMES = ("redis", "rediss", "sentinel", "amqp", "amqps")
_CANNOT = {
    "atomic": "the end of a job that Celery carries is not in the app's database, so it can't be part of a transaction",
    "concurrency": "Celery cannot limit how many jobs run at one time over all workers",
}
_INSTEAD = {
    "atomic": "Open db.atomic() in the function, and make it repeatable.",
    "concurrency": "Give the task a queue of its own, and that queue one worker with --processes 1.",
}


def broker_of(tasks: str) -> str:
    """The URL of the broker in the setting TASKS. Raises InvalidTaskBackend for one that can't be used."""
    url = tasks.removeprefix("celery+")
    scheme = url.partition("://")[0]
    if scheme not in _SCHEMES or "://" not in url:
        raise InvalidTaskBackend(
            f"TASKS is {tasks!r}, and {scheme!r} is no broker that can be used{nearest(scheme, _SCHEMES)}",
            hint="As in celery+redis://127.0.0.1:6379/0 and celery+amqp://guest@127.0.0.1//.",
        )
    return url


def records_url(broker: str) -> str:
    """The Redis in which states and results are: TASKS_RESULTS, else the broker. Raises InvalidTaskBackend."""
    url: str = config.current()["TASKS_RESULTS"] or broker
    if url.partition("://")[0] not in ("redis", "rediss"):
        raise InvalidTaskBackend(
            f"a broker at {url.partition('://')[0]}:// keeps no states and results of jobs",
            hint="Set TASKS_RESULTS to a Redis, as redis://127.0.0.1:6379/0.",
        )
    return url


def check(tasks: Iterable[Task[..., Any]]) -> None:
    """Raise InvalidTaskBackend for tasks with options that Celery has nothing for."""
    for task in tasks:
        for option, why in _CANNOT.items():
            if value := getattr(task, option):
                raise InvalidTaskBackend(f"{task.path} has {option}={value!r}: {why}", hint=_INSTEAD[option])


def carrier(broker: str) -> Celery:
    """Celery's app for a broker. It makes no connection yet."""
    made = Celery("spruce", broker=broker, set_as_current=False, backend="disabled://")
    made.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=True,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        task_default_queue="default",
        task_queue_max_priority=STEPS - 1,
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_proc_alive_timeout=60.0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        task_publish_retry_policy={"max_retries": 3, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 1},
    )
    if not broker.startswith("amqp"):
        made.conf.broker_transport_options = {
            "visibility_timeout": VISIBLE_SECONDS,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 10,
            "priority_steps": list(range(STEPS)),
            "queue_order_strategy": "priority",
            "socket_timeout": 30.0,
            "socket_keepalive": True,
        }
    return made


def send(app: Celery, row: Mapping[str, Any]) -> None:
    """Give a job to the broker; blocks the OS thread. Raises TaskException if there is none."""
    now = time.time()
    step = row["step"]
    try:
        app.send_task(
            row["task"],
            task_id=row["id"],
            queue=row["queue"],
            priority=STEPS - 1 - step if str(app.conf.broker_url).startswith("amqp") else step,
            eta=datetime.fromtimestamp(row["run_after"], UTC) if row["run_after"] > now else None,
            headers={TURN: row["turn"], SENT: now},
            argsrepr=row["arguments"][:200],
            ignore_result=True,
        )
    except (KombuError, OSError) as error:
        why = f"the broker did not take the job: {error}"
        raise TaskException(why, hint="Is it there? TASKS has its URL.") from error
