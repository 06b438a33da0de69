"""GreenThread: the handle of one job, from `spawn` to its result. Carriers are recycled; handles never are.

How an exception from outside (Timeout, kill) gets into a thread; `interrupt` does it, in the root, so that the thread
is not running:

* Not started: the thread ends with it and never runs.
* Parked natively without a Task: it is thrown right there.
* Otherwise the thread resumes by way of its Task. The exception goes to `pending`, and what the thread waits for is
  ended early; when the thread resumes it takes the exception. A second one waits for its turn, so that none is lost.

`AnyCarrier` and `AnyHub` are what a thread sees of the greenlet that runs it and of the hub; they keep the imports
going one way.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable, Generator
from contextvars import Context, copy_context
from types import TracebackType
from typing import Any, Final, Protocol

from greenlet import GreenletExit, getcurrent, greenlet

from spruce.errors import GreenError
from spruce.green.outcome import Unretrieved, exception_of, unretrieved

__all__ = ["BARE", "AnyCarrier", "AnyHub", "Gate", "GreenThread", "OwnerThread", "Timer", "Waiting", "new_thread"]

logger = logging.getLogger("spruce.green")
_numbers = itertools.count(1)

BARE: Final = object()  # as `trap`: the coroutine yielded nothing, it wants one turn of the loop (asyncio.sleep(0))

Waiting = tuple["AnyCarrier", int]
_Link = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class AnyCarrier(Protocol):
    """What can park and be resumed: a pooled carrier, or a program's main greenlet."""

    gate: "Gate | None"
    seq: int
    thread: "GreenThread"

    @property
    def hub(self) -> "AnyHub":
        """The hub that resumes it."""

    @property
    def park(self) -> Callable[[], Any]:
        """Gives the loop its turn until somebody wakes this carrier; raises what it is interrupted with."""

    @property
    def throws_at_once(self) -> bool:
        """Whether `throw` resumes it before it returns."""

    @property
    def woken(self) -> bool:
        """Whether it was resumed but hasn't run yet."""

    def switch(self, *ignored: Any) -> Any:
        """Resume it; in the root."""

    def throw(self, kind: Any, error: BaseException, traceback: TracebackType | None, /) -> Any:
        """Resume it with an exception; in the root."""


class AnyHub(Protocol):
    """What threads, carriers and primitives ask of the hub; `hub.Hub` is the only one."""

    armed: bool
    context: Context
    forked: bool
    idle: list[Any]
    loop: asyncio.AbstractEventLoop
    os_thread: int
    park: Callable[[], Any]
    parks: Any
    ready: deque[tuple[Any, int]]
    rest: Callable[[], Any]
    root: greenlet
    watchers: dict[int, Any]

    def arm(self) -> None:
        """Have the ready queue drained at the loop's next turn."""

    def call(self, function: Callable[[], Any]) -> None:
        """Call `function` in the root, in turn with the wakes."""

    def call_later(self, seconds: float, function: Callable[..., Any], *args: Any) -> "Timer":
        """Call `function(*args)` in the root after `seconds`, never early; with 0 or less, in turn with the wakes."""

    def current(self) -> AnyCarrier:
        """The carrier that may block here; GreenError where blocking would stop the loop."""

    def kill(self, thread: "GreenThread", exception: BaseException) -> None:
        """Interrupt `thread` and wait until it has the exception."""

    def raise_in_root(self, exception: BaseException) -> None:
        """Let KeyboardInterrupt or SystemExit come out of the loop's `run_forever`."""

    def resume(self, carrier: AnyCarrier, seq: int) -> None:
        """Resume `carrier` right now, unless its sequence number has moved on; only in the root."""

    def stop_soon(self) -> None:
        """Let the loop's `run_forever` return before another thread is resumed."""

    def wake(self, carrier: AnyCarrier, seq: int) -> None:
        """Resume `carrier` soon, unless its sequence number has moved on by then."""


class Timer(Protocol):
    """What `call_later` returns."""

    def cancel(self) -> None:
        """Don't call the function; nothing if it was called already."""


class Gate(Protocol):
    """What a thread's Task awaits while the thread is parked natively."""

    def open(self) -> None:
        """Resume the thread by way of its Task, at once; only in the root."""


class GreenThread:
    """One job running as a green thread: wait for it, link to its end, or kill it.

    Made by `spawn`. `dead` is true once it has returned, raised or been killed. From async code, `await thread` gives
    its result.
    """

    # What each job needs is in slots, what few need is a default of the class: the cheapest to make and to read.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "args",
        "carrier",
        "context",
        "dead",
        "exception",
        "function",
        "hub",
        "kwargs",
        "links",
        "result",
        "task",
        "waiters",
    )
    deferred: "list[tuple[BaseException, Waiting | None, int]] | None" = None  # held back by shields
    ends_children = False  # see OwnerThread
    driven = False  # resumed from inside its Task's step
    outer_task: "asyncio.Task[Any] | None" = None  # the loop's current one before ours was swapped in
    pending: "list[tuple[BaseException, Waiting | None]] | None" = None  # each with who waits for it to be taken
    shields = 0  # that are up, one inside the other
    swapped = False  # its Task was made the loop's current one by hand
    traceback: TracebackType | None = None
    translating: Any = None  # the exception that async frames now see as CancelledError
    trap: Any = None  # the future that await_ waits for
    unretrieved: Unretrieved | None = None
    _name: str | None = None

    args: tuple[Any, ...]
    carrier: AnyCarrier | None
    context: Context | None
    dead: bool
    exception: BaseException | None
    function: Callable[..., Any]
    hub: AnyHub
    kwargs: dict[str, Any] | None
    links: list[_Link] | None
    result: Any
    task: "asyncio.Task[None] | None"
    waiters: Waiting | list[Waiting] | None  # mostly there is one

    def __repr__(self) -> str:
        state = "dead" if self.dead else "new" if self.carrier is None else "alive"
        return f"<GreenThread {self.name} {state}>"

    def __bool__(self) -> bool:
        """Whether it has started and not ended yet, as a greenlet's."""
        return self.carrier is not None and not self.dead

    @property
    def name(self) -> str:
        """A short name for logs: a number and the function's name."""
        if self._name is None:
            target = getattr(self.function, "__qualname__", None) or type(self.function).__name__
            self._name = f"{next(_numbers)}:{target}"
        return self._name

    def wait(self) -> Any:
        """Block until the thread ends; return its result or raise its exception (GreenletExit if it was killed)."""
        if not self.dead:
            hub = self.hub
            carrier: Any = getcurrent()
            try:
                if carrier.hub is not hub:
                    carrier = hub.current()
            except AttributeError:  # a greenlet that is no carrier: main, or one that may not block
                carrier = hub.current()
            if carrier.thread is self:
                raise GreenError("a green thread can't wait for itself", hint="Return from it instead")
            waiter = (carrier, carrier.seq)
            if self.waiters is None:
                self.waiters = waiter
            else:
                self._add_waiter(waiter)
            try:
                carrier.park()
            except BaseException:
                self._remove_waiter(waiter)
                raise
        if self.exception is not None:
            if self.unretrieved is not None:
                self.unretrieved.exception = None
            raise self.exception.with_traceback(self.traceback)
        return self.result

    def _add_waiter(self, waiter: Waiting) -> None:
        if isinstance(self.waiters, list):
            self.waiters.append(waiter)
        else:
            assert self.waiters is not None  # noqa: S101 - the first one is put there by wait
            self.waiters = [self.waiters, waiter]

    def _remove_waiter(self, waiter: Waiting) -> None:
        if isinstance(self.waiters, list):
            self.waiters.remove(waiter)
        elif self.waiters is waiter:
            self.waiters = None

    def __await__(self) -> Generator[Any, None, Any]:
        if not self.dead:
            future = asyncio.get_running_loop().create_future()
            self.link(lambda _: _resolve(future))
            yield from future
        return self.wait()

    def link(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call `function(thread, *args, **kwargs)` when the thread ends, in its context; at once if it has ended.

        The function must not block: the thread is dead by then.
        """
        if self.dead:
            function(self, *args, **kwargs)
            return
        if self.links is None:
            self.links = []
        self.links.append((function, args, kwargs))

    def unlink(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Undo a `link` with the same arguments; return whether there was one."""
        try:
            (self.links or []).remove((function, args, kwargs))
        except ValueError:
            return False
        return True

    def kill(self, *throw_args: Any) -> None:
        """Raise GreenletExit (or the given exception) in the thread; when this returns, it has been raised there.

        A thread that hasn't started never runs. Killing a dead thread does nothing. `wait()` on a killed thread raises
        what it was killed with. In a callback or task of the loop, which can't wait, it happens at the next turn.
        """
        self.hub.kill(self, exception_of(throw_args))

    throw = kill

    def cancel(self, *throw_args: Any) -> None:
        """Kill the thread if it hasn't started yet; leave it alone if it has."""
        if self.carrier is None:
            self.kill(*throw_args)

    # ---- what follows is called by the hub, the carrier and the driver ---------------------------------------------

    def interrupt(self, exception: BaseException, witness: Waiting | None = None, shields: int = 0) -> None:
        """Raise `exception` where the thread waits, and wake `witness` when that has happened. Only in the root.

        It is held back while more `shields` are up than there were where the exception comes from.
        """
        if self.shields > shields:
            self.deferred = [*(self.deferred or ()), (exception, witness, shields)]
            return
        carrier = self.carrier
        if carrier is not None and (self.trap is not None or carrier.gate is not None or not carrier.throws_at_once):
            if self.pending is None:
                self.pending = []
            self.pending.append((exception, witness))
            if not carrier.woken:
                self._resume_early(carrier)
            return
        if witness is not None:
            self.hub.wake(*witness)
        if carrier is not None:
            carrier.seq += 1
            carrier.throw(type(exception), exception, exception.__traceback__)
        elif not self.dead:
            self.fail_unstarted(exception)

    def _resume_early(self, carrier: AnyCarrier) -> None:
        """End what the thread waits for, so that it takes what is pending."""
        if self.trap is None:
            carrier.seq += 1
            if carrier.gate is not None:
                carrier.gate.open()
            else:
                carrier.switch()
        elif self.trap is not BARE:
            self.trap.cancel()

    def take(self) -> BaseException:
        """The exception that the resumed thread has to raise, out of those that are pending."""
        pending = self.pending
        assert pending  # noqa: S101 - the callers look first
        exception, witness = pending.pop(0)
        if pending:
            self.hub.call(self._raise_next)
        else:
            self.pending = None
        if witness is not None:
            self.hub.wake(*witness)
        return exception

    def _raise_next(self) -> None:
        """Raise what is still pending, now that the thread has parked again. In the root."""
        pending, self.pending = self.pending, None
        for exception, witness in pending or ():
            self.interrupt(exception, witness)

    def defer_cancellation(self, cancellation: asyncio.CancelledError) -> None:
        """Hold back what cancelled the thread's Task until the outermost shield is lowered; once, as asyncio does."""
        if any(isinstance(held, asyncio.CancelledError) for held, _, _ in self.deferred or ()):
            return
        self.deferred = [*(self.deferred or ()), (cancellation, None, 0)]

    def lower_shield(self) -> None:
        """Take one shield away, and raise what it held back."""
        self.shields -= 1
        held = [entry for entry in self.deferred or () if entry[2] >= self.shields]
        if held:
            self.deferred = [entry for entry in self.deferred or () if entry[2] < self.shields] or None
            self.pending = [*(self.pending or ()), *((exception, witness) for exception, witness, _ in held)]
            raise self.take()

    def revoke(self, exception: BaseException) -> None:
        """Forget a pending exception that no longer applies; called by the thread itself."""
        for held in self.deferred or ():
            if held[0] is exception:
                self.deferred = [other for other in self.deferred or () if other is not held] or None
        for entry in self.pending or ():
            if entry[0] is exception:
                self.pending = [other for other in self.pending or () if other is not entry] or None
                if entry[1] is not None:
                    self.hub.wake(*entry[1])

    def fail(self, exception: BaseException) -> None:
        """Keep `exception` as the outcome; of a killed thread without its frames and what they refer to."""
        self.exception = exception
        if isinstance(exception, GreenletExit):
            exception.__traceback__ = None
        self.traceback = exception.__traceback__
        self.unretrieved = unretrieved(self.name, exception)

    def fail_unstarted(self, exception: BaseException) -> None:
        """End a thread that never ran."""
        self.fail(exception)
        self.dead = True
        self.context = None
        self.args = ()
        self.wake_waiters()
        self.call_links()

    def wake_waiters(self) -> None:
        """Resume those who wait for the thread's end."""
        waiters, self.waiters = self.waiters, None
        for carrier, seq in waiters if isinstance(waiters, list) else () if waiters is None else (waiters,):
            self.hub.wake(carrier, seq)

    def call_links(self) -> None:
        """Call what `link` was given; a link that fails is logged."""
        if self.links is not None:
            links, self.links = self.links, None
            for function, args, kwargs in links:
                try:
                    function(self, *args, **kwargs)
                except Exception:
                    logger.exception("a link of green thread %s failed", self.name)


class OwnerThread(GreenThread):
    """A thread that those which it spawns don't outlive, unless they are detached: that of a request."""

    __slots__ = ()
    ends_children = True


def new_thread(
    hub: AnyHub,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None,
    kind: type[GreenThread] = GreenThread,
) -> GreenThread:
    """A thread that nobody has started; cheaper than an `__init__`."""
    thread = kind()
    thread.hub = hub
    thread.function = function
    thread.args = args
    thread.kwargs = kwargs
    thread.context = copy_context()
    thread.carrier = thread.exception = thread.links = thread.task = thread.waiters = thread.result = None
    thread.dead = False
    return thread


def _resolve(future: "asyncio.Future[None]") -> None:
    """Resolve a future that may be cancelled by then, or belong to the loop of another OS thread."""

    def resolve() -> None:
        if not future.done():
            future.set_result(None)

    future.get_loop().call_soon_threadsafe(resolve)
