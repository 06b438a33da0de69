"""A sampling profiler that knows green threads and tasks: where transactions compute, and where they wait.

An OS thread takes samples while it is on; off, there is nothing. One hundred times a second it looks which green thread
or task each hub runs: that one computes, or holds up the loop. Ten times a second it looks at the green threads that
are parked: they wait; for one that only waits for the task of an ASGI app, where that waits is told. A sample belongs
to the transaction that is worked for, also by what the request has spawned.

When it looks is what makes it right or wrong. An OS thread that wakes up gets the interpreter's lock when the one that
runs gives it away, which is in the loop's poll: it would see the poll, hardly ever the code. So each sample is taken in
two steps: the first wakes up wherever the lock is given away, and is thrown away. The second follows at random within
the next milliseconds, while the interpreter is told to hand the lock over at once. Rejected: signals, which interrupt
the system calls of other libraries and reach the main thread only.
"""

import asyncio
import random
import sys
import threading
import time
from contextvars import Context
from time import perf_counter
from types import CodeType
from typing import Any, NamedTuple

from spruce.apm.flights import request_of, task_of
from spruce.apm.recorder import in_flight
from spruce.apm.spans import Transaction, current
from spruce.green import GreenThread
from spruce.green.sampling import (
    Stack,
    context_of_task,
    parked_threads,
    running_tasks,
    running_threads,
    stack_of,
    stack_of_task,
)

__all__ = ["Profiler", "Sampled"]

_PROMPT = 5e-6  # seconds after which the lock is handed over
_WAITING_EVERY = 10  # samples
_WAITING_MOST = 50  # stacks of parked threads at once
_HELD = 5000  # samples of what has no name yet
_choose = random.Random()  # noqa: S311 - it chooses moments, nothing else

Key = tuple[Transaction, bool, Stack]


class Sampled(NamedTuple):
    """One stack of a route: how often it was seen, and the seconds that stand for that."""

    name: str
    waiting: bool
    stack: tuple[CodeType, ...]
    samples: float
    seconds: float


class Profiler:
    """Takes `rate` samples a second between `start` and `stop`; `take` gives what was found since the last time."""

    def __init__(self, rate: float) -> None:
        self.interval = 1 / rate
        self._found: dict[Key, list[float]] = {}
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._turn = 0
        self._at = self._waited_at = 0.0

    @property
    def running(self) -> bool:
        """Whether it takes samples."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin to take samples, if it doesn't already."""
        if not self.running:
            self._ending = threading.Event()
            self._at = self._waited_at = perf_counter()
            self._thread = threading.Thread(target=self._run, name="spruce-profiler", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Take no more samples. Blocks for the last one."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ending.set()
            thread.join(1)

    def take(self) -> list[Sampled]:
        """What was found, by the names of transactions; what has none yet is kept until it has ended."""
        found, self._found = self._found, {}
        told = []
        for (transaction, waiting, stack), (samples, seconds) in found.items():
            if not transaction.name and not transaction.ended and len(self._found) < _HELD:
                self._add(transaction, waiting, stack, samples, seconds)
            else:
                name = transaction.name or _name_of(transaction)
                told.append(Sampled(name, waiting, stack, samples, seconds))
        return told

    # ---- the thread that looks ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending.wait(self.interval / 2):
            usual = sys.getswitchinterval()
            sys.setswitchinterval(_PROMPT)
            try:
                time.sleep(self.interval * _choose.random())
            finally:
                sys.setswitchinterval(usual)
            self.sample()

    def sample(self) -> None:
        """Look once at what runs, and now and then at what waits."""
        now = perf_counter()
        seconds, self._at = min(now - self._at, 5 * self.interval), now
        owners = {one.owner: one for one in in_flight() if one.owner is not None}  # the innermost of each
        for thread, stack in running_threads():
            transaction = _transaction_of(thread, owners)
            if transaction is not None:
                self._add(transaction, False, stack, 1, seconds)
        running = set()
        for task, stack in running_tasks():
            running.add(task)
            transaction = _worked_for(context_of_task(task))
            if transaction is not None:
                self._add(transaction, False, stack, 1, seconds)
        self._turn += 1
        if self._turn % _WAITING_EVERY == 0:
            seconds, self._waited_at = min(now - self._waited_at, 5 * _WAITING_EVERY * self.interval), now
            self._sample_waiting(owners, seconds, running)

    def _sample_waiting(
        self, owners: dict[GreenThread, Transaction], seconds: float, running: "set[asyncio.Task[Any]]"
    ) -> None:
        parked = [(one, thread) for thread in parked_threads() if (one := _transaction_of(thread, owners)) is not None]
        times = max(len(parked) / _WAITING_MOST, 1.0)
        if times > 1:
            parked = _choose.sample(parked, _WAITING_MOST)
        for transaction, thread in parked:
            task = task_of(transaction) if transaction.owner is thread else None
            stack = stack_of(thread) if task is None else stack_of_task(task)
            if stack and task not in running:
                self._add(transaction, True, stack, times, seconds * times)

    def _add(self, transaction: Transaction, waiting: bool, stack: Stack, samples: float, seconds: float) -> None:
        known = self._found.setdefault((transaction, waiting, stack), [0.0, 0.0])
        known[0] += samples
        known[1] += seconds


def _transaction_of(thread: GreenThread, owners: dict[GreenThread, Transaction]) -> Transaction | None:
    """The transaction that a green thread works for: its own, or that of what has spawned it."""
    own = owners.get(thread)
    if own is not None:
        return own
    return _worked_for(thread.context)


def _worked_for(context: Context | None) -> Transaction | None:
    """The transaction that still runs in a context."""
    here = None if context is None else context.get(current)
    return None if here is None or here.transaction.ended else here.transaction


def _name_of(transaction: Transaction) -> str:
    """What there is instead of a route, while it runs."""
    asked = request_of(transaction)
    return f"{asked.method} {asked.target.partition('?')[0]}" if asked is not None else transaction.type
