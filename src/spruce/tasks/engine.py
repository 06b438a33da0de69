"""The engine of one process: claims jobs, runs each in a green thread, writes how they have ended, keeps its lease.

One green thread, the dispatcher, does all of the first and the last. Jobs that end while it writes are written together
in its next turn, in one transaction with the next claim: the more there is to do, the less each job costs. Another
green thread, the keeper, beats, watches other workers, and enqueues what schedules are due.
"""

import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from spruce import config, db, green
from spruce.errors import DatabaseError
from spruce.tasks.bells import Bell, Door
from spruce.tasks.clock import wall
from spruce.tasks.definitions import registry
from spruce.tasks.execution import Execution
from spruce.tasks.leases import BEAT_SECONDS, Lease, Watch
from spruce.tasks.store import Claim, Mark, Store

__all__ = ["CHANNEL", "Engine", "engines"]

_log = logging.getLogger("spruce.tasks")

CHANNEL = "spruce_task"
"""What PostgreSQL's NOTIFY is sent on, with the name of the queue."""

_POLL_SECONDS = 1.0
_IDLE_BEATS = 5  # after which a worker without jobs gives up its lease
_QUEUES_EVERY, _HELD_EVERY, _SWEEP_EVERY = 5, 10, 60  # beats
_PAUSE = 0.3  # after an error of the database
_FEW, _GATHER_SECONDS = 16, 0.002  # what comes so soon after a turn that moved only a few jobs is moved together
_CLOCK_SECONDS = 0.05
_LAST_SECONDS = 2.0  # for attempts that were told to stop

_RESOURCE = "spruce.tasks.engines"


def engines() -> "list[Engine]":
    """Those that run in this process under the settings that hold here."""
    found: Any = config.current().resources.setdefault(_RESOURCE, [])
    return found  # type: ignore[no-any-return] # nobody else keeps anything under this name


class Engine:
    """Runs jobs of `queues`, all if empty, `concurrency` at a time, in the context of `app` if there is one.

    `fire(now)` enqueues what schedules have due, and returns when the next is; None without schedules. `keep` is for
    how many seconds jobs are kept when they have ended: those that failed for the second time.
    """

    def __init__(
        self,
        store: Store,
        *,
        app: Any = None,
        queues: Sequence[str] = (),
        concurrency: int = 20,
        fire: Callable[[float], float | None] = lambda now: None,
        keep: tuple[float, float] = (7 * 86400.0, 90 * 86400.0),
    ) -> None:
        self.store = store
        self.app = app
        self.wanted = tuple(queues)
        known = ("default", *(task.queue_name for task in registry.values()))
        self.queues: tuple[str, ...] = self.wanted or tuple(dict.fromkeys(known))
        self.concurrency = concurrency
        self.keep = keep
        self.running: dict[str, Execution] = {}
        self.counts = {"claimed": 0, "finished": 0, "late": 0}
        self._fire = fire
        self._finished: list[Mark] = []
        self._more = True  # whether there may be something to claim
        self._stopping = self._claiming = False
        self._beats = self._idle = 0
        self._looked, self._look_again = 0.0, False
        self._moved = 0  # jobs that were claimed or written
        self._next_due: float | None = None
        self._next_tick: float | None = 0.0
        self._lease = Lease(store)
        self._watch = Watch(store)

    def __repr__(self) -> str:
        return f"<Engine on {self.store.alias!r}: {len(self.running)} of {self.concurrency} running>"

    def stats(self) -> dict[str, int]:
        """How many jobs are `running`, of `concurrency`; were `claimed`, `finished`, and came to an end too `late`."""
        return {"running": len(self.running), "concurrency": self.concurrency, **self.counts}

    @property
    def has_room(self) -> bool:
        """Whether it would take a job now."""
        return not self._stopping and len(self.running) < self.concurrency

    def start(self) -> None:
        """Begin, in green threads of this hub."""
        self.bell = Bell()
        database = self.store.database
        path = getattr(database.driver, "path", "")
        self._door = Door(path, self.ring) if database.dialect.name == "sqlite" and path != "memory" else None
        self._dispatcher = green.spawn_detached(self._dispatch)
        self._keeper = green.spawn_detached(self._keep)
        hears = getattr(database.driver, "listens", False)
        self._listener = green.spawn_detached(self._listen) if hears else None
        self.engines = engines()
        self.engines.append(self)

    def ring(self) -> None:
        """There is something to do; from any OS thread."""
        self._more = True
        self.bell.ring()

    def knows(self, queue: str) -> bool:
        """Whether it takes jobs of a queue; one that it hears of is taken from now on, if it takes all."""
        if queue not in self.queues and not self.wanted:
            self.queues = (*self.queues, queue)
        return queue in self.queues

    def stop(self, grace: float = 30.0) -> None:
        """Claim nothing more, let jobs finish for so many seconds, and hand back the others. Blocks."""
        self.begin_to_stop()
        deadline = time.monotonic() + grace
        while self.running and time.monotonic() < deadline:
            green.sleep(0.02)
        for execution in list(self.running.values()):
            execution.stop("handed back")
        deadline = time.monotonic() + _LAST_SECONDS
        while self.running and time.monotonic() < deadline:
            green.sleep(0.02)
        self._end()

    def begin_to_stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self.ring()

    def _end(self) -> None:
        if self in self.engines:
            self.engines.remove(self)
        for thread in filter(None, (self._keeper, self._listener, self._dispatcher)):
            thread.kill()
        if self._door is not None:
            self._door.close()
        try:
            self._write()
            self._lease.leave()
            self.store.release(wall())
        except DatabaseError as error:
            _log.error("the database is away; what this worker had in hand is taken over by others: %s", error)

    # ---- the dispatcher ---------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        failing = False
        while True:
            try:
                before = self._moved
                if self._turn():
                    if 0 < self._moved - before < _FEW:
                        green.sleep(_GATHER_SECONDS)
                else:
                    self._more = self.bell.wait(self._wait_seconds()) or not self._stopping
                failing = False
            except DatabaseError as error:
                if not failing:
                    _log.error("tasks wait for the database: %s", error)
                failing = True
                self._more = True
                green.sleep(_PAUSE)

    def _turn(self) -> bool:
        """Write what has ended and claim as much as there is room for; return whether to go on at once."""
        room = 0 if self._stopping else self.concurrency - len(self.running)
        if self._finished and room > 0 and self._more and not self.store.on_postgres:
            with self.store.atomic():
                late, written = self._mark()
                claims = self._claim(room)
            self._written(late, written)
        else:
            self._write()
            claims = self._claim(room) if room > 0 and self._more else []
        for claim in claims:
            self._begin(claim)
        if not claims and room > 0:
            self._look_at_clock()
        return bool(self._finished) or (self._more and len(self.running) < self.concurrency and not self._stopping)

    def _look_at_clock(self) -> None:
        """Enqueue what schedules have due, and get ready what has waited for its time; 20 times a second at most."""
        self._look_again = time.monotonic() - self._looked < _CLOCK_SECONDS
        if self._look_again:
            return
        self._looked = time.monotonic()
        now = wall()
        if self._next_tick is not None and now >= self._next_tick:
            self._next_tick = self._fire(now)
        self._next_due = self.store.next_due()
        if self._next_due is not None and self._next_due <= now and self.store.promote(now):
            self._more = True

    def _write(self) -> None:
        if self._finished:
            if self.store.on_postgres and len(self._finished) > 1 and not any(map(_is_followed, self._finished)):
                late, written = self._mark()
            else:
                with self.store.atomic():
                    late, written = self._mark()
            self._written(late, written)

    def _mark(self) -> tuple[list[Mark], int]:
        marks = list(self._finished)
        return self.store.mark(marks, wall()), len(marks)

    def _written(self, late: list[Mark], count: int) -> None:
        """Forget the marks, once the transaction with them is committed."""
        del self._finished[:count]
        self._moved += count
        self.counts["finished"] += count - len(late)
        self.counts["late"] += len(late)
        for mark in late:
            _log.warning("job %s of %s was taken from this worker before it ended", mark.claim.id, mark.claim.task)

    def _claim(self, room: int) -> list[Claim]:
        if not (self._lease.id and self.store.on_postgres) and not self.store.has_ready(self.queues):
            self._more = False
            return []
        self._claiming, self._idle = True, 0
        try:
            self._lease.take()
            claims = self.store.claim(self._lease.id, self.queues, room, wall())
        finally:
            self._claiming = False
        self._more = len(claims) == room
        self._moved += len(claims)
        return claims

    def _begin(self, claim: Claim) -> None:
        execution = self.running[claim.id] = Execution(claim, self.store, self._lease.id, self.app)
        self.counts["claimed"] += 1
        execution.thread = green.spawn_detached(execution.run)
        execution.thread.link(self._ended, execution)

    def _ended(self, _: object, execution: Execution) -> None:
        """Take the mark of an attempt whose green thread has ended; in the hub, so it must not block."""
        del self.running[execution.claim.id]
        if execution.mark is not None:
            self._finished.append(execution.mark)
        self.counts["finished"] += execution.written
        self.ring()

    def _wait_seconds(self) -> float:
        if self._look_again:
            return _CLOCK_SECONDS
        times = [when for when in (self._next_due, self._next_tick) if when is not None]
        return min(_POLL_SECONDS, max(0.0, min(times) - wall())) if times else _POLL_SECONDS

    def _listen(self) -> None:
        """Hear of jobs that other processes enqueue in PostgreSQL; without that they are found by looking."""
        while True:
            try:
                with db.listen(CHANNEL, using=self.store.alias) as messages:
                    for message in messages:
                        if message.missed or self.knows(message.payload):
                            self.ring()
            except DatabaseError:
                green.sleep(_POLL_SECONDS)

    # ---- the keeper -------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        failing = False
        while True:
            begun = time.monotonic()
            try:
                self._beat()
                failing = False
            except DatabaseError as error:
                if not failing:
                    _log.error("a worker of tasks cannot show that it lives: %s", error)
                failing = True
            green.sleep(max(0.05, BEAT_SECONDS - (time.monotonic() - begun)))

    def _beat(self) -> None:
        self._beats += 1
        if not self._lease.beat():
            self._lose()
        elif self.running:
            self._tell()
        self._rest()
        self._look_at_clock()
        if self._watch.look(self._lease.id):
            self.ring()
        if not self.wanted and self._beats % _QUEUES_EVERY == 1:
            self.queues = tuple(dict.fromkeys((*self.queues, *self.store.queues())))
        if self._beats % _HELD_EVERY == 0:
            self._admit()
        if self._beats % _SWEEP_EVERY == 0:
            self.store.sweep(*(wall() - seconds for seconds in self.keep))

    def _lose(self) -> None:
        """Stop everything: this worker was taken for dead, and others have its jobs."""
        _log.warning("this worker was taken for dead; its %d jobs are run by others", len(self.running))
        for execution in list(self.running.values()):
            execution.stop("fenced")

    def _tell(self) -> None:
        told = {}
        for id_, execution in self.running.items():
            if execution.progress is not None:
                told[id_] = (execution.claim.fence, json.dumps(execution.progress))
                execution.progress = None
        for id_ in self.store.told(self._lease.id, told):
            execution_asked = self.running.get(id_)
            if execution_asked is not None and execution_asked.stopped is None:
                execution_asked.stop("cancelled")

    def _rest(self) -> None:
        """Give up the lease after a while without jobs."""
        self._idle = 0 if self.running or self._finished else self._idle + 1
        if self._idle >= _IDLE_BEATS and not self._claiming:
            self._lease.leave()

    def _admit(self) -> None:
        held = self.store.held()
        if held:
            with self.store.atomic():
                admitted = self.store.admit(held)
            if admitted:
                self.ring()


def _is_followed(mark: Mark) -> bool:
    claim = mark.claim
    return bool(claim.leads or claim.group_id or claim.slot)
