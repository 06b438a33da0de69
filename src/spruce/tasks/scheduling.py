"""Schedules: tasks that are enqueued again and again, each time once, however many workers there are.

Each schedule has a row with the time of its next tick. All workers look at it; the one that moves it on, by an UPDATE
that names the old time, enqueues the job in the same transaction. So there is no leader to be lost, a tick is enqueued
once or not at all, and clocks that are set back, or differ, enqueue nothing twice.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import takewhile
from typing import Any, Literal, get_args

from spruce.errors import InvalidTask, nearest
from spruce.tasks.definitions import Task, task
from spruce.tasks.embedded import Embedded
from spruce.tasks.ticks import Cron, Every, Ticks

__all__ = ["Missed", "Schedule", "Scheduler", "schedule", "schedules"]

Missed = Literal["skip", "once", "all"]

_LATE = 60.0  # seconds after which a tick counts as missed
_MOST_AT_ONCE = 1000

schedules: "dict[str, Schedule]" = {}
"""All schedules by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a task is enqueued, and with what; see `schedule`."""

    name: str
    task: Task[..., Any]
    ticks: Ticks
    missed: Missed = "once"
    jitter: float = 0.0
    overlap: bool = False
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def due(self, first: float, now: float) -> tuple[list[float], float]:
        """The ticks to enqueue, of those from `first` to `now`, and the one that comes after those."""
        if self.missed == "all":
            found = list(takewhile(lambda tick: tick <= now, self._from(first)))
            return found, self.ticks.after(found[-1]) if found else first
        last = max(first, self.ticks.last(now))
        wanted = self.missed == "once" or now - last <= _LATE
        return [last] if wanted else [], self.ticks.after(now)

    def _from(self, tick: float) -> Any:
        for _ in range(_MOST_AT_ONCE):
            yield tick
            tick = self.ticks.after(tick)


def schedule(
    *,
    every: timedelta | float | None = None,
    cron: str | None = None,
    tz: str | None = None,
    missed: Missed = "once",
    jitter: float = 0.0,
    overlap: bool = False,
    name: str | None = None,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Callable[[Any], Task[..., Any]]:
    """Have a task enqueued `every` so many seconds, or when a `cron` expression says, in the time zone `tz`.

    Decorates a task, or a function, which becomes one; several may stand above each other. Each tick is enqueued once
    by all workers together. When nobody was there at a tick, `missed` says what to do later: run once for all of them,
    run all of them, or skip what is more than a minute late. `jitter` puts off each run by up to so many seconds at
    random. While a run has not ended no other is enqueued, unless they may `overlap`. `name` is the task's if not
    given.

    Raises InvalidTask for what is no time, and for a name that is taken.
    """
    if (every is None) == (cron is None):
        raise InvalidTask("a schedule has either every=… or cron=…", hint="As in @schedule(every=60).")
    if missed not in get_args(Missed):
        raise InvalidTask(f"missed={missed!r}{nearest(missed, get_args(Missed))}", hint="skip, once or all.")
    if tz is not None and cron is None:
        raise InvalidTask("tz=… is for cron=…; intervals are the same everywhere")
    ticks: Ticks = Every(every) if every is not None else Cron(str(cron), tz)

    def decorate(what: Any) -> Task[..., Any]:
        scheduled: Task[..., Any] = what if isinstance(what, Task) else task(what)
        scheduled.check_arguments(args, kwargs or {})
        known = name or scheduled.path
        if (known in schedules and schedules[known].task.path != scheduled.path) or (name is None and _has(scheduled)):
            raise InvalidTask(f"there is a schedule {known!r} already", hint="Give this one a name=….")
        schedules[known] = Schedule(
            name=known,
            task=scheduled,
            ticks=ticks,
            missed=missed,
            jitter=jitter,
            overlap=overlap,
            args=args,
            kwargs=kwargs or {},
        )
        return scheduled

    return decorate


def _has(scheduled: Task[..., Any]) -> bool:
    """Whether this very task has a schedule of its own name; a module that is loaded again makes another task."""
    known = schedules.get(scheduled.path)
    return known is not None and known.task is scheduled


class Scheduler:
    """Enqueues what schedules have due; `fire` is called by the engine."""

    def __init__(self, front: Embedded, chance: Callable[[], float] = random.random) -> None:
        self.front = front
        self.store = front.store
        self._chance = chance
        self._next: dict[str, float] = {}  # as far as this process knows

    def fire(self, now: float) -> float | None:
        """Enqueue what is due; return when the next tick is, None without schedules."""
        for name, one in list(schedules.items()):
            if self._next.get(name, 0.0) <= now:
                self._next[name] = self._look(one, now)
        return min((self._next[name] for name in schedules if name in self._next), default=None)

    def _look(self, one: Schedule, now: float) -> float:
        """Look at the row of a schedule, and move it on if it is due; return when its next tick is."""
        definition = str(one.ticks)
        row = self.store.tick(one.name)
        if row is None or row[0] != definition:
            following = one.ticks.after(now)
            self.store.plant(one.name, definition, following, None if row is None else row[0])
            return following
        _, due, paused = row
        if due > now:
            return float(due)
        ticks, following = one.due(due, now)
        self._move_on(one, due, following, [] if paused else ticks, now)
        return following

    def _move_on(self, one: Schedule, due: float, following: float, ticks: Sequence[float], now: float) -> None:
        """Move the row of a schedule on and enqueue its ticks, both or neither, unless somebody else has done so."""
        with self.store.atomic():
            if self.store.advance(one.name, due, following):
                for tick in ticks:
                    self._enqueue(one, tick, now)

    def _enqueue(self, one: Schedule, tick: float, now: float, **more: Any) -> None:
        put_off = one.jitter * self._chance()
        more |= {"schedule": one.name, "tick": tick}
        if put_off:
            more |= {"run_after": now + put_off, "state": "WAITING"}
        if not one.overlap and one.missed != "all":
            more["unique_key"] = sha256(f"schedule {one.name}".encode()).hexdigest()
        self.front.add(one.task, one.args, one.kwargs, **more)
