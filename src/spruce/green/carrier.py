"""Carriers: pooled greenlets that run jobs one after another, and the stand-in for a main greenlet that blocks.

A fresh greenlet costs 8–11 µs (CPython maps a chunk of frame memory for each), a parked carrier 0.4 µs; so carriers are kept.
Every native wake names the carrier and its sequence number `seq`; the number moves on when the wake is used, when an exception is
thrown and when the job ends, so a late wake never lands in the next job.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet

from spruce.green.driver import await_on, enter_task, leave_task

if TYPE_CHECKING:
    from spruce.green.hub import Hub
    from spruce.green.greenthread import GreenThread

__all__ = ["Carrier", "MainCarrier"]


class _Portal:
    """What SQLAlchemy, awaitlet and their like see as `getcurrent().parent`: switching to it with an awaitable waits for that."""

    __slots__ = ()

    def switch(self, awaitable: Any) -> Any:
        return await_on(getcurrent(), awaitable)  # type: ignore[arg-type]  # only a carrier has the portal as its parent


_portal = _Portal()


class Carrier(greenlet):
    """A greenlet that runs the jobs it is given; its greenlet parent is the root, whoever spawned the job."""

    __slots__ = ("hub", "park", "seq", "thread")
    __sqlalchemy_greenlet_provider__ = True
    parent = property(lambda self: _portal)

    hub: "Hub"
    park: Callable[
        [], Any
    ]  # gives the loop its turn until somebody wakes this carrier; raises what it is interrupted with
    seq: int
    thread: "GreenThread"

    def run(self) -> None:
        """Run the job in `thread`, then park in the pool, for ever; killed while parked, it ends."""
        hub = self.hub
        idle = hub.idle
        while True:
            thread = self.thread
            fatal: BaseException | None = None
            try:
                if thread.kwargs:
                    thread.result = thread.function(*thread.args, **thread.kwargs)
                else:
                    thread.result = thread.function(*thread.args)
            except (KeyboardInterrupt, SystemExit) as exc:
                thread.exception, thread.traceback = exc, exc.__traceback__
                fatal = exc
            except BaseException as exc:
                thread.fail(exc)
            self.seq += 1
            thread.dead = True
            thread.carrier = thread.context = None
            thread.args = ()
            if thread.waiters is not None:
                hub.ready += thread.waiters
                thread.waiters = None
                if not hub.armed:
                    hub.arm()
            if thread.task is not None:
                self.park = hub.park
                thread.end_task()
            if thread.links is not None:
                thread.call_links()
            thread = None
            idle.append(self)
            if fatal is None:
                hub.park()
            else:
                thrown, fatal = fatal, None
                hub.root.throw(thrown)
                del thrown

    def park_in_task(self) -> None:
        """The `park` of a thread in mode T: its Task must not stay the current one while the loop runs others."""
        thread, hub = self.thread, self.hub
        if not thread.swapped:
            hub.park()
            return
        leave_task(thread, hub.loop)
        try:
            hub.park()
        finally:
            enter_task(thread, hub.loop)


class MainCarrier:
    """The main greenlet of a program that has no loop of its own, seen as a carrier: it may block, and the hub then runs.

    The loop runs in a child greenlet, and the main greenlet is resumed only after `run_forever` has returned: so main sees no running
    loop (`asyncio.run` works there), and no C frame of the loop lies on the stack that main uses.
    """

    __slots__ = ("error", "greenlet", "hub", "seq", "thread", "woken")

    def __init__(self, hub: "Hub", main: greenlet, thread: "GreenThread") -> None:
        self.hub, self.greenlet, self.thread = hub, main, thread
        self.seq = 0
        self.woken = False
        self.error: BaseException | None = None

    def switch(self, *_: Any) -> None:
        """Resume the main greenlet once the loop has stopped; called in the root."""
        self.woken = True
        self.hub.loop.stop()

    def throw(self, error: BaseException) -> None:
        """Resume the main greenlet with an exception; called in the root."""
        self.error = error
        self.switch()

    def park(self) -> None:
        """Run the loop until this is woken; raises what it is interrupted with."""
        self.hub.root.switch()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
