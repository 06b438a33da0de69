"""Structured stopping: scopes whose threads end with them, shields for what must finish.

The scope of a thread is in its context, which is copied when it spawns another: so what a scope's threads spawn belongs
to the scope too, through any library in between.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import ClassVar

from spruce.green.greenthread import GreenThread
from spruce.green.runtime import current_carrier
from spruce.green.waiting import Waiter

__all__ = ["adopt", "outside_scopes", "scope", "shield", "stop_all"]


class scope:  # noqa: N801 - written like a statement: `with green.scope():`
    """The green threads that are spawned in the block, and those that they spawn, end with it.

    At the end of the block those that still run are killed, and waited for. `spawn_detached` leaves a thread out.
    """

    in_use: ClassVar[bool] = False  # whether there has ever been one, so that others cost nothing

    def __init__(self) -> None:
        self._threads: dict[GreenThread, None] = {}  # a set in the order of spawning
        self._token: Token[scope | None] | None = None
        self._open = True

    def adopt(self, thread: GreenThread) -> None:
        """Let `thread` end with the scope, if that hasn't ended itself."""
        if self._open:
            self._threads[thread] = None
            thread.link(self._threads.pop)

    def __enter__(self) -> "scope":
        scope.in_use = True
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._token is not None  # noqa: S101 - a block has a beginning
        _current.reset(self._token)
        while self._threads:
            stop_all(self.threads)
        self._open = False

    @property
    def threads(self) -> list[GreenThread]:
        """Those that have not ended, in the order of spawning."""
        return list(self._threads)


_current: ContextVar[scope | None] = ContextVar("spruce.green.scope", default=None)


def adopt(thread: GreenThread) -> None:
    """Put a thread that was spawned here into the scope that is open here, if there is one."""
    current = _current.get()
    if current is not None:
        current.adopt(thread)


@contextmanager
def outside_scopes() -> Iterator[None]:
    """A block in which no scope is open."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def stop_all(threads: Iterable[GreenThread]) -> None:
    """Kill the threads and wait until all have ended, whatever interrupts that; then raise what did."""
    interruption: BaseException | None = None
    for thread in sorted(threads, key=lambda thread: thread.carrier is not None):  # the new first, so that none starts
        try:
            thread.kill()
        except BaseException as exc:
            interruption = exc
    for thread in threads:
        while not thread.dead:
            waiter = Waiter()
            thread.link(lambda _, waiter=waiter: waiter.wake())
            try:
                waiter.wait()
            except BaseException as exc:
                interruption = exc
    if interruption is not None:
        raise interruption


class shield:  # noqa: N801 - written like a statement: `with green.shield():`
    """What would interrupt the block (a kill, a timeout from outside of it) is raised at its end.

    Timeouts that begin inside the block work as usual. What asyncio cancels is not held back: for that there is
    `asyncio.shield`.
    """

    def __enter__(self) -> "shield":
        self.thread = current_carrier().thread
        self.thread.shields += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.thread.lower_shield()
