"""Carriers: pooled greenlets that run jobs one after another, and the stand-in for a main greenlet that blocks.

A fresh greenlet costs 8–11 µs (CPython maps a chunk of frame memory for each), a parked carrier 0.4 µs; so carriers are
kept. Every native wake names the carrier and its sequence number `seq`; the number moves on when the wake is used, when
an exception is thrown and when the job ends, so a late wake never lands in the next job.
"""

import sys
from asyncio.events import _get_running_loop, _set_running_loop
from collections.abc import Callable
from types import TracebackType
from typing import Any

from greenlet import getcurrent, greenlet

from spruce.green.driver import await_on, enter_task, leave_task, swap_current_task
from spruce.green.greenthread import AnyHub, Gate, GreenThread

__all__ = ["Carrier", "MainCarrier"]


class _Portal:
    """What SQLAlchemy and its like see as `getcurrent().parent`: to switch to it with an awaitable is to await that."""

    __slots__ = ()

    def switch(self, awaitable: Any) -> Any:
        carrier: Any = getcurrent()  # only a carrier has the portal as its parent
        return await_on(carrier, awaitable)


_portal = _Portal()


class Carrier(greenlet):
    """A greenlet that runs the jobs it is given; its real greenlet parent is the root, whoever spawned the job."""

    __slots__ = ("gate", "hub", "park", "seq", "thread")
    __sqlalchemy_greenlet_provider__ = True
    parent = property(lambda self: _portal)  # seen by Python code only
    throws_at_once = True
    woken = False

    gate: Gate | None  # the way in while the thread's Task waits
    hub: AnyHub
    park: Callable[[], Any]
    seq: int
    thread: GreenThread

    def run(self) -> None:
        """Run the job in `thread`, then park in the pool, for ever; killed while parked, it ends."""
        hub = self.hub
        ready, idle, rest = hub.ready, hub.idle, hub.rest
        while True:
            thread = self.thread
            try:
                if thread.kwargs:
                    thread.result = thread.function(*thread.args, **thread.kwargs)
                else:
                    thread.result = thread.function(*thread.args)
            except BaseException as exc:
                thread.fail(exc)
                if isinstance(exc, (KeyboardInterrupt, SystemExit)):
                    hub.raise_in_root(exc)
            self.seq += 1
            thread.dead = True
            thread.carrier = thread.context = None
            thread.args = ()
            waiters = thread.waiters
            if waiters is not None:
                if type(waiters) is tuple:
                    ready.append(waiters)
                    thread.waiters = None
                    if not hub.armed:
                        hub.arm()
                else:
                    thread.wake_waiters()
            if thread.task is not None:
                self.park = hub.park
                if thread.swapped:
                    leave_task(thread, hub.loop)
            if thread.links is not None:
                thread.call_links()
            del thread, waiters, self.thread
            idle.append(self)
            rest()

    def has_task(self) -> None:
        """The thread has a Task from now on."""
        self.park = self.park_in_task
        enter_task(self.thread, self.hub.loop)

    def park_in_task(self) -> None:
        """The `park` of mode T: the thread's Task must not stay the current one while the loop runs others."""
        thread, hub = self.thread, self.hub
        if thread.swapped:
            leave_task(thread, hub.loop)
        try:
            hub.park()
        finally:
            if not thread.driven:
                enter_task(thread, hub.loop)


class MainCarrier:
    """The main greenlet of a program without a loop of its own, seen as a carrier: it may block, and the hub then runs.

    The loop runs in a child greenlet. While main runs plain code, it sees no running loop (`asyncio.run` works there).
    On a loop written in C main is resumed only after `run_forever` has returned, so that no frame of that loop lies on
    the stack that main uses.
    """

    __slots__ = ("_hooks", "awaiting", "error", "gate", "greenlet", "hub", "seq", "stop_first", "thread", "woken")
    throws_at_once = False

    def __init__(self, hub: AnyHub, main: greenlet, thread: GreenThread, *, stop_first: bool) -> None:
        self.hub, self.greenlet, self.thread = hub, main, thread
        self.gate: Gate | None = None
        self.error: BaseException | None = None
        self.awaiting = False  # a coroutine runs, or would if main weren't parked
        self.seq = 0
        self.stop_first = stop_first
        self.woken = False
        self._hooks = sys.get_asyncgen_hooks()

    def switch(self, *_: Any) -> None:
        """Resume the main greenlet, or let the loop stop and do it then; called in the root."""
        if self.stop_first:
            self.woken = True
            if self.hub.loop.is_running():
                self.hub.stop_soon()
            return
        loop, hooks = _get_running_loop(), sys.get_asyncgen_hooks()
        task = swap_current_task(self.hub.loop, None)
        _set_running_loop(None)
        sys.set_asyncgen_hooks(*self._hooks)
        try:
            self.greenlet.switch()
        finally:
            sys.set_asyncgen_hooks(*hooks)
            _set_running_loop(loop)
            swap_current_task(self.hub.loop, task)

    def throw(self, kind: Any, error: BaseException, traceback: TracebackType | None, /) -> None:
        """Resume the main greenlet with an exception; called in the root."""
        self.error = error
        self.switch()

    def park(self) -> None:
        """Run the loop until this is woken; raises what it is interrupted with."""
        thread, awaiting = self.thread, self.awaiting
        if awaiting:
            self._leave_loop()
        if self.gate is not None and not thread.shields and thread.task._must_cancel:  # type: ignore[union-attr]  # a gate is a task's
            self.hub.call(self.gate.open)
        self.hub.root.switch()  # without the guard: the loop has stopped before main is resumed
        if awaiting:
            self._enter_loop()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        if thread.pending is not None and thread.trap is None:
            raise thread.take()

    def has_task(self) -> None:
        """Main has a Task from now on."""
        enter_task(self.thread, self.hub.loop)

    def await_(self, awaitable: Any) -> Any:
        """Wait for an awaitable; while it runs it sees the loop, and its Task."""
        if self.awaiting:
            return await_on(self, awaitable)
        self.awaiting = True
        self._enter_loop()
        try:
            return await_on(self, awaitable)
        finally:
            self._leave_loop()
            self.awaiting = False

    def _enter_loop(self) -> None:
        loop: Any = self.hub.loop
        _set_running_loop(loop)
        sys.set_asyncgen_hooks(loop._asyncgen_firstiter_hook, loop._asyncgen_finalizer_hook)
        if self.thread.task is not None:
            enter_task(self.thread, loop)

    def _leave_loop(self) -> None:
        if self.thread.swapped:
            leave_task(self.thread, self.hub.loop)
        sys.set_asyncgen_hooks(*self._hooks)
        _set_running_loop(None)
