"""For tests: a loop whose time passes only when nothing else can happen, and a hub that shuffles what is ready.

With the loop `sleep(86400)` returns at once, and two programs that do the same do it at the same times. With the hub
green threads that could go on do so in another order than they came, which is the same for the same seed: code that
depends on an order that nobody promised fails with some seed, and fails again with it.
"""

import asyncio
import random
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from greenlet import greenlet

from spruce.errors import GreenError
from spruce.green.hub import START, Hub

__all__ = ["ShuffledHub", "VirtualLoop"]


class _Selector(selectors.DefaultSelector):
    """Looks at descriptors without waiting, and lets the loop's time pass instead."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now. If that is nothing, time passes; or if there is something to wait for outside, wait."""
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if events or timeout == 0:
            return events
        if self.loop.calls_outside:
            return super().select(None)
        if timeout is not None:
            self.loop.pass_time(timeout)
            return events
        if len(self.get_map()) <= 1:  # only what wakes the loop from other OS threads
            raise GreenError(
                "nothing will ever happen: all green threads wait, and no timer, descriptor or OS thread can end that",
                hint="Look at green.debug.report()",
            )
        return super().select(None)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose clock begins at 0 and jumps to the next timer whenever nothing else is left to do.

    Sockets and pipes are real, and so are calls in OS threads (`tpool.execute`): while one runs, time stands still.
    Waiting for ever is an error. For `green.run(main, loop=green.VirtualLoop())`.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self.calls_outside = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds that have passed for the programs on this loop."""
        return self._now

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass, all at once."""
        self._now += seconds

    def run_in_executor(  # type: ignore[override]  # as asyncio's, whose type in the stubs has more of generics
        self, executor: Executor | None, function: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Call a function in an OS thread; time stands still until it has returned."""
        future = super().run_in_executor(executor, function, *args)
        self.calls_outside += 1
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _: object) -> None:
        self.calls_outside -= 1


class ShuffledHub(Hub):
    """A hub that resumes and starts what is ready in an order that the seed decides."""

    switches = 1  # one round of the queue a turn, so that each is shuffled

    def __init__(self, loop: asyncio.AbstractEventLoop, root: greenlet | None = None, *, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - that it can be foretold is the purpose
        super().__init__(loop, root)

    def _drain(self) -> None:
        entries = list(self.ready)
        places = [place for place, (_, seq) in enumerate(entries) if seq >= START]  # calls stay where they are
        runnable = [entries[place] for place in places]
        self._chance.shuffle(runnable)
        for place, entry in zip(places, runnable, strict=True):
            entries[place] = entry
        self.ready.clear()
        self.ready.extend(entries)
        super()._drain()
