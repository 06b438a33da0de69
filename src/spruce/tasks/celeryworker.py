"""`spruce worker` where Celery carries the jobs: Celery's own worker, with one OS thread beside it that keeps watch.

The keeper renews the time for which messages belong to this worker, enqueues what schedules have due, gives jobs again
whose message was lost with a worker that was killed, and has the worker listen to queues that are new.
"""

import json
import logging
import os
import signal
import socket
import threading
import time
from typing import Any

import redis
from billiard.einfo import ExceptionInfo
from celery import Task as CeleryTask
from celery import bootsteps, signals
from celery.exceptions import Reject

from spruce.errors import ConfigError, SpruceError, TaskTimeout
from spruce.tasks.carrier import SENT, TURN
from spruce.tasks.celeryfront import CeleryFront, CeleryScheduler
from spruce.tasks.clock import wall
from spruce.tasks.definitions import Task, registry
from spruce.tasks.execution import Execution
from spruce.tasks.processes import Orders
from spruce.tasks.records import STEPS
from spruce.tasks.store import Mark

__all__ = ["Keeper", "perform", "serve"]

_log = logging.getLogger("spruce.tasks")

_LOOK_SECONDS = 1.0
_SWEEP_EVERY, _TRIM_EVERY = 3, 3600  # looks
_LOST_SECONDS = 2.0  # by which a job that never begins is older than the one that goes next
_OVERTIME_SECONDS = 1.0  # after which a job that never waits is stopped with its process
_PROGRESS_SECONDS = 1.0
_AWAY_SECONDS = 1.0
_TOLD_TO_END = frozenset({signal.SIGTERM - 256, signal.SIGQUIT - 256})  # how Celery's processes exit by these


def serve(app: Any, front: CeleryFront, processes: int, orders: Orders) -> int:
    """Run the jobs of an app by Celery's worker until SIGTERM or SIGINT; blocks; return the status.

    It has so many processes, each for one job at a time; with 0 jobs run in this one, and none can be stopped.
    """
    if orders.concurrency != 1:
        raise ConfigError(
            f"Celery's processes run one job at a time, not {orders.concurrency}", hint="Say --processes instead."
        )
    front.direct = True
    known = dict.fromkeys(("default", *(task.queue_name for task in registry.values())))
    for task in registry.values():
        _register(front, app, task)
    keeper = Keeper(front, wanted=bool(orders.queues))
    front.celery.steps["consumer"].add(_step(keeper))
    signals.setup_logging.connect(_leave_logging, weak=False)
    signals.worker_shutting_down.connect(_Hurry(orders.grace), weak=False)
    worker = front.celery.Worker(
        hostname=f"spruce-{os.getpid()}@{socket.gethostname()}",
        pool="prefork" if processes else "solo",
        concurrency=processes or 1,
        queues=[*(orders.queues or known)],
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _leave_logging(**_: Any) -> None:
    """Have Celery leave logging as the program has it."""


class _Hurry:
    """Called when the worker is told to stop: after the grace time, jobs are handed back."""

    def __init__(self, grace: float) -> None:
        self.grace = grace

    def __call__(self, how: str = "", **_: Any) -> None:
        if how == "Warm":
            timer = threading.Timer(self.grace, os.kill, (os.getpid(), signal.SIGQUIT))
            timer.daemon = True
            timer.start()


# ---- jobs -----------------------------------------------------------------------------------------------------------


def _register(front: CeleryFront, app: Any, task: Task[..., Any]) -> None:
    """Make a task known to Celery by its name."""

    class Job(CeleryTask):  # type: ignore[misc] # Celery has no types
        name = task.path
        ignore_result = True
        time_limit = None if task.timeout is None else task.timeout + _OVERTIME_SECONDS

        def run(self, *_: Any, **__: Any) -> None:
            """Make an attempt."""
            request = self.request
            again = bool((request.delivery_info or {}).get("redelivered"))
            try:
                perform(front, app, request.id, int(request.get(TURN) or 1), again)
            except (redis.RedisError, SpruceError) as error:
                _log.error("job %s comes again, as Redis or the broker is away: %s", request.id, error)
                time.sleep(_AWAY_SECONDS)
                raise Reject(str(error), requeue=True) from error

        def on_failure(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: ExceptionInfo) -> None:
            """Write that a process was stopped since its job took too long; called in the worker's main process."""
            _timed_out(front, task, task_id)

    front.celery.register_task(Job())


class _Attempt(Execution):
    """An attempt in a process of Celery's, which writes its own progress; `leaving` is what ends that process."""

    backend = "celery"
    leaving: SystemExit | None = None

    def tell(self, part: float, note: str) -> None:
        """Write what the function says of its progress, once a second at most."""
        now = time.monotonic()
        if now - self._told_at >= _PROGRESS_SECONDS:
            self._told_at = now
            records: Any = self.store
            records.progress(self.claim.id, self.claim.fence, json.dumps([part, note]))

    _told_at = -_PROGRESS_SECONDS

    def failed(self, task: Task[..., Any], error: BaseException) -> Mark:
        """What is to be said of an attempt that failed; one whose process is told to end is handed back."""
        if isinstance(error, SystemExit) and error.code in _TOLD_TO_END:
            self.leaving = error
            return Mark(self.claim, "READY", run_after=self.claim.run_after, counts=False)
        return super().failed(task, error)


def perform(front: CeleryFront, app: Any, id_: str, turn: int, again: bool) -> None:
    """Make an attempt of the job of a message, unless that is out of date, and write how it has ended."""
    worker = f"{os.getpid()}@{socket.gethostname()}"
    claim, given = front.records.begin(id_, turn, worker, wall(), again)
    if claim is not None:
        attempt = _Attempt(claim, front.store, worker, app)
        attempt.run()
        given = _ended(front, attempt)
    front.give(given)
    if claim is not None and attempt.leaving is not None:
        raise attempt.leaving


def _ended(front: CeleryFront, attempt: Execution) -> list[str]:
    """Write how an attempt has ended; return the jobs that are to be given to the broker then."""
    if attempt.mark is None:
        return []
    given = front.records.end(attempt.mark, wall())
    if given is None:
        _log.warning("job %s of %s was taken from this worker before it ended", attempt.claim.id, attempt.claim.task)
    return given or []


def _timed_out(front: CeleryFront, task: Task[..., Any], id_: str) -> None:
    claim = front.records.claim_of(id_)
    if claim is not None:
        attempt = _Attempt(claim, front.store, claim.workers.split()[-1])
        attempt.mark = attempt.failed(task, TaskTimeout(f"{task.name}() took longer than its {task.timeout:g} s"))
        front.give(_ended(front, attempt))


# ---- the keeper -----------------------------------------------------------------------------------------------------


def _step(keeper: "Keeper") -> type[Any]:
    """The step of Celery's worker that begins and ends the keeper with its consumer of messages."""

    class Step(bootsteps.StartStopStep):  # type: ignore[misc] # Celery has no types
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, consumer: Any) -> None:
            keeper.start(consumer)

        def stop(self, consumer: Any) -> None:
            keeper.stop()

    return Step


class Keeper:
    """Looks once a second, in an OS thread, after what the broker does not."""

    def __init__(self, front: CeleryFront, wanted: bool) -> None:
        self.front = front
        self.records = front.records
        self.wanted = wanted
        self.schedule = CeleryScheduler(front)
        self.schedule.store = self.records  # type: ignore[assignment] # this thread may block
        self._is_redis = not str(front.celery.conf.broker_url).startswith("amqp")
        self._suspects: dict[str, str] = {}
        self._looks = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, consumer: Any) -> None:
        """Begin for a consumer."""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, args=(consumer, self._end), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, soon."""
        self._end.set()

    def _keep(self, consumer: Any, end: threading.Event) -> None:
        while not end.wait(_LOOK_SECONDS):
            try:
                self.look(consumer)
            except (redis.RedisError, SpruceError, OSError):
                _log.exception("the keeper of tasks could not look; it goes on")

    def look(self, consumer: Any) -> None:
        """Do what there is to do now."""
        self._looks += 1
        if self._is_redis:
            self._renew(consumer)
        self.schedule.fire(wall())
        if self._is_redis and self._looks % _SWEEP_EVERY == 0:
            self._sweep()
        if not self.wanted:
            self._listen(consumer)
        if self._looks % _TRIM_EVERY == 0:
            self.records.trim(wall() - 13 * self.records.keep)

    def _renew(self, consumer: Any) -> None:
        """Keep what this worker has in hand from becoming visible to others."""
        channel = consumer.task_consumer.channel
        now = time.time()
        tags = dict.fromkeys(list(channel.qos._delivered), now)
        if tags:
            with channel.conn_or_acquire() as client:
                client.zadd(channel.unacked_index_key, tags, xx=True)

    def _listen(self, consumer: Any) -> None:
        listening = {queue.name for queue in consumer.task_consumer.queues}
        for queue in self.records.queues():
            if queue not in listening:
                consumer.call_soon(consumer.add_task_queue, queue)

    def _sweep(self) -> None:
        """Give jobs again whose message is nowhere, as two looks have found."""
        missing = self.missing()
        lost = {id_: turn for id_, turn in missing.items() if self._suspects.get(id_) == turn}
        self._suspects = missing
        if lost:
            _log.warning("%d jobs were lost with a worker that was killed; they are given again", len(lost))
            self.front.give(self.records.resend(lost, wall()))

    def missing(self) -> dict[str, str]:
        """Jobs that nobody holds, and that are older than what goes next in their line: their turns, by id."""
        found: dict[str, str] = {}
        with self.front.celery.connection_for_read() as connection:
            channel = connection.default_channel
            with channel.conn_or_acquire() as client:
                for queue in self.records.queues():
                    for step in range(STEPS):
                        first = client.lindex(channel._q_for_pri(queue, step), -1)
                        before = wall() if first is None else float(json.loads(first)["headers"].get(SENT, 0))
                        found |= self.records.unended(queue, step, before - _LOST_SECONDS)
                if found:
                    for text in client.hvals(channel.unacked_key):
                        found.pop(json.loads(text)[0]["headers"].get("id"), None)
        return found
