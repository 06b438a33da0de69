"""Structured stopping: scopes whose threads end with them, shields for what must finish.

The scope of a thread is in its context, which is copied when it spawns another: so what a scope's threads spawn belongs
to the scope too, through any library in between. A request has a scope as well, which is made when its thread spawns
its first child, so that others cost nothing; nobody waits for its end.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import partial
from types import TracebackType
from typing import ClassVar, Final

from greenlet import getcurrent

from spruce.green.carrier import Carrier
from spruce.green.greenthread import AnyHub, GreenThread
from spruce.green.outcome import exception_of
from spruce.green.runtime import current_carrier
from spruce.green.waiting import Waiter

__all__ = ["adopt", "detach_children", "outside_scopes", "scope", "shield", "stop_all"]

logger = logging.getLogger("spruce.green")


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


class _RequestScope(scope):
    """The scope of a request's thread. At its end the children are interrupted; nobody waits for them."""

    told: ClassVar[set[str]] = set()  # the functions whose end was logged

    def __init__(self, hub: AnyHub) -> None:
        super().__init__()
        self._hub = hub

    def adopt(self, thread: GreenThread) -> None:
        """As any scope; but what runs on the hub of another OS thread isn't ended from here."""
        if self._open and thread.hub is self._hub:
            super().adopt(thread)

    def end(self, _: GreenThread) -> None:
        """Interrupt what still runs; a link of the request's thread."""
        self._open = False
        for thread in self.threads:
            self._tell(thread)
            if thread.carrier is None:
                thread.interrupt(exception_of(()))  # it never starts
            else:
                self._hub.call(partial(_interrupt, thread))

    def _tell(self, thread: GreenThread) -> None:
        function = thread.name.partition(":")[2]
        if function not in self.told:
            self.told.add(function)
            logger.warning(
                "green thread %s was stopped, since the request that spawned it is over; "
                "wait for it in the view, or start it with green.spawn_detached if it may outlive the request "
                "(said once for each function)",
                thread.name,
            )


def _interrupt(thread: GreenThread) -> None:
    if not thread.dead:
        thread.interrupt(exception_of(()))


_current: ContextVar[scope | None] = ContextVar("spruce.green.scope", default=None)


class _Outside(scope):
    """What is open where none is, not even that of the request."""

    def adopt(self, thread: GreenThread) -> None:
        """Leave it alone."""


_OUTSIDE: Final = _Outside()


def adopt(thread: GreenThread) -> None:
    """Put a thread that was spawned here into the scope that is open here, if there is one."""
    current = _current.get()
    if current is None:
        running = getcurrent()
        parent = running.thread if type(running) is Carrier else None
        if parent is None or not parent.ends_children:
            return
        current = _RequestScope(parent.hub)
        parent.link(current.end)
        _current.set(current)  # for good: the context is that of the request's thread
        scope.in_use = True
        if thread.context is not None:
            thread.context.run(_current.set, current)
    current.adopt(thread)


@contextmanager
def outside_scopes() -> Iterator[None]:
    """A block in which no scope is open."""
    token = _current.set(_OUTSIDE)
    try:
        yield
    finally:
        _current.reset(token)


def detach_children() -> None:
    """Let what the running green thread spawns from now on outlive it, and any scope that is open here.

    In a main greenlet, whose context is the whole program's, nothing changes: there is no thread to outlive.
    """
    if type(getcurrent()) is Carrier:
        _current.set(_OUTSIDE)


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
    """What would interrupt the block (a kill, a timeout from outside of it, asyncio's cancellation) comes at its end.

    Timeouts that begin inside the block work as usual. What plain code awaits in it runs in a Task of its own; where
    asynchronous code opens a block, its own `await` is not shielded: for that there is `asyncio.shield`.
    """

    def __enter__(self) -> "shield":
        self.thread = current_carrier().thread
        self.thread.shields += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.thread.lower_shield()
