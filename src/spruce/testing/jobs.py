"""The jobs of an app in a test: they run when the test says so, on a clock that it turns, and crash where it wants.

    def test_the_receipt_is_sent_once(jobs):
        with jobs.crash_at("before done mark"):
            send_receipt.enqueue(17)
            jobs.run()
        jobs.run()
        jobs.advance(timedelta(days=30))

It is the embedded engine's own store and attempts that run, on the app's own database, in the order of a single worker;
what is left out is processes and green threads, so a test says the same each time.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, get_args

from spruce.errors import TaskException, nearest
from spruce.tasks import get_result
from spruce.tasks.clock import turned
from spruce.tasks.embedded import Embedded
from spruce.tasks.execution import Crash, Execution, Point
from spruce.tasks.results import TaskResult
from spruce.tasks.scheduling import Scheduler
from spruce.tasks.serving import discover
from spruce.tasks.store import Claim, Store
from spruce.testing.overriding import override_settings
from spruce.web import App

__all__ = ["Jobs"]

_MOST = 100_000


class _Attempt(Execution):
    """An attempt that crashes where the test wants it."""

    jobs: "Jobs"

    def reach(self, point: Point) -> None:
        """Come to a point."""
        if self.jobs.crashes.get(point):
            self.jobs.crashes[point] -= 1
            raise Crash(point)


class Jobs:
    """The jobs of an app, which is entered as long as this is; `now` stands still until it is advanced.

    `crashes` says how often a worker is still to crash at which point.
    """

    def __init__(self, app: App, now: datetime | None = None) -> None:
        self.app = app
        self.now = now or datetime.now(UTC)
        self.crashes: dict[Point, int] = {}
        self._worker = ""
        self._stack = ExitStack()

    def __enter__(self) -> "Jobs":
        self._stack.enter_context(override_settings(self.app, TASKS="worker"))
        self._stack.enter_context(self.app.app_context())
        self._stack.enter_context(turned(lambda: self.now.timestamp()))
        discover(self.app)
        self.store = Store.chosen()
        self.store.make()
        self._scheduler = Scheduler(Embedded(self.store))
        self._due = self._scheduler.fire(self.now.timestamp())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._die()
        finally:
            self._stack.close()

    def run(self) -> list[TaskResult[Any]]:
        """Run what is due, and what that enqueues, until nothing is; return the results of attempts, in order.

        A worker that crashes ends the run; the next one takes its job over.
        """
        now = self.now.timestamp()
        self._due = self._scheduler.fire(now)
        self._live()
        done: list[TaskResult[Any]] = []
        while claim := self._claim():
            if not self._attempt(claim):
                return done
            done.append(get_result(claim.id))
            if len(done) > _MOST:
                raise TaskException(
                    f"{_MOST:,} attempts at one time, the last of {claim.task}: jobs enqueue jobs for ever"
                )
        return done

    def advance(self, by: timedelta | float) -> list[TaskResult[Any]]:
        """Let so many seconds pass, and run at its time what becomes due; return the results of attempts, in order."""
        end = self.now + (by if isinstance(by, timedelta) else timedelta(seconds=by))
        done = self.run()
        while (moment := self._next()) is not None and moment <= end:
            self.now = max(moment, self.now)
            done += self.run()
        self.now = end
        return done

    @contextmanager
    def crash_at(self, point: Point, times: int = 1) -> Iterator[None]:
        """Have the worker crash the next time that it comes to a point, or so many times, as if it had been killed.

        `after claim`: it has the job, whose function is not called. `before done mark`: the function has returned, and
        the job's end is not written. `before commit`: of a task with `atomic`, the function's writes and the end are
        written, and not committed. `after done mark`: the end is written and committed. Raises TaskException for
        another one, and when the block has ended without the crash.
        """
        if point not in get_args(Point):
            known = get_args(Point)
            raise TaskException(f"there is no point {point!r}{nearest(point, known)}", hint=f"It is one of {known}.")
        self.crashes[point] = times
        yield
        left = self.crashes.pop(point)
        if left:
            raise TaskException(
                f"the worker came to {point!r} {times - left} times, not {times}",
                hint="Call run() within the block; `before commit` is of tasks with atomic=True.",
            )

    def _next(self) -> datetime | None:
        waiting = self.store.next_due()
        times = [when for when in (waiting, self._due) if when is not None]
        if not times:
            return None
        moment = datetime.fromtimestamp(min(times), UTC)  # to the nearest microsecond, so it may be too early
        return moment if moment.timestamp() >= min(times) else moment + timedelta(microseconds=1)

    def _claim(self) -> Claim | None:
        now = self.now.timestamp()
        self.store.promote(now)
        queues = self.store.queues()
        claims = self.store.claim(self._worker, queues, 1, now) if queues else []
        return claims[0] if claims else None

    def _attempt(self, claim: Claim) -> bool:
        """Make an attempt and write how it has ended; False if the worker crashed."""
        attempt = _Attempt(claim, self.store, self._worker, self.app)
        attempt.jobs = self
        try:
            attempt.run()
            if attempt.mark is not None:
                with self.store.atomic():
                    self.store.mark([attempt.mark], self.now.timestamp())
            attempt.reach("after done mark")
        except Crash:
            self._die()
            return False
        return True

    def _live(self) -> None:
        """Be a worker, if this one has crashed, and take over what it had in hand."""
        if not self._worker:
            self._worker = f"{os.getpid()}-{token_hex(8)}"
            self.store.register(self._worker, "", 0, "", self.now.timestamp())
            self.store.release(self.now.timestamp())

    def _die(self) -> None:
        if self._worker:
            self.store.leave(self._worker)
            self._worker = ""
