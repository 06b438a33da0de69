"""GreenThread: the handle of one job, from `spawn` to its result. Carriers are recycled; handles never are."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Generator
from contextvars import Context, copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any

from greenlet import GreenletExit, getcurrent

from spruce.errors import GreenError
from spruce.green.driver import BARE, KICK

if TYPE_CHECKING:
    from spruce.green.carrier import Carrier
    from spruce.green.hub import AnyCarrier, Hub

__all__ = ["GreenThread"]

logger = logging.getLogger("spruce.green")
_numbers = itertools.count(1)


class _Unretrieved:
    """Logs a failed thread's exception when the thread is dropped and nobody has asked for its result."""

    __slots__ = ("exception", "name")

    def __init__(self, name: str, exception: BaseException) -> None:
        self.name = name
        self.exception: BaseException | None = exception  # None once somebody has asked

    def __del__(self) -> None:
        if self.exception is not None:
            logger.error("green thread %s failed and nobody waited for it", self.name, exc_info=self.exception)


class GreenThread:
    """One job running as a green thread: wait for it, link to its end, or kill it.

    Made by `spawn`. `dead` is true once it has returned, raised or been killed. From async code, `await thread` gives its result.
    """

    # Defaults live in the class: a job that never needs them pays for none.
    carrier: "Carrier | None" = None
    dead = False
    depth = 0  # of await_ calls whose coroutines are being stepped
    driven = False  # resumed from inside its Task's step
    exception: BaseException | None = None
    gate: "asyncio.Future[Any] | None" = None  # what the Task awaits while the thread is parked natively
    interruption: BaseException | None = None
    links: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] | None = None
    outer_task: "asyncio.Task[Any] | None" = None
    result: Any = None
    swapped = False  # its Task was made the loop's current one by hand
    task: "asyncio.Task[None] | None" = None
    traceback: TracebackType | None = None
    trap: Any = None  # the future that await_ waits for
    unretrieved: _Unretrieved | None = None
    waiters: "list[tuple[AnyCarrier, int]] | None" = None
    _name: str | None = None

    def __init__(
        self, hub: "Hub", function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None
    ) -> None:
        self.hub = hub
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.context: Context | None = copy_context()

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
            if getattr(carrier, "hub", None) is not hub:
                carrier = hub.current()
            if carrier.thread is self:
                raise GreenError("a green thread can't wait for itself", hint="return from it instead")
            waiter = (carrier, carrier.seq)
            if self.waiters is None:
                self.waiters = [waiter]
            else:
                self.waiters.append(waiter)
            try:
                carrier.park()
            except BaseException:
                if self.waiters is not None:
                    self.waiters.remove(waiter)
                raise
        if self.exception is not None:
            if self.unretrieved is not None:
                self.unretrieved.exception = None
            raise self.exception.with_traceback(self.traceback)
        return self.result

    def __await__(self) -> Generator[Any, None, Any]:
        if not self.dead:
            future = asyncio.get_running_loop().create_future()
            self.hub.loop_callback_on_death(self, future)
            yield from future
        return self.wait()

    def link(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call `function(thread, *args, **kwargs)` when the thread ends, in the thread's context; at once if it has ended."""
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

        A thread that hasn't started never runs. Killing a dead thread does nothing. `wait()` on a killed thread raises what it was
        killed with.
        """
        self.hub.kill(self, _exception_of(throw_args))

    throw = kill

    def cancel(self, *throw_args: Any) -> None:
        """Kill the thread if it hasn't started yet; leave it alone if it has."""
        if self.carrier is None:
            self.kill(*throw_args)

    # ---- what follows is called by the hub, in the root -------------------------------------------------------------------

    def interrupt(self, exception: BaseException) -> None:
        """Raise `exception` where the thread waits. Called in the root only, so the thread isn't running."""
        if self.dead:
            return
        carrier, trap = self.carrier, self.trap
        if carrier is None:
            self.fail_unstarted(exception)
        elif trap is not None:  # inside await_: cancel what it waits for, await_ raises the exception
            self.interruption = exception
            if trap is not BARE:
                trap.cancel()
        elif self.gate is None:
            carrier.seq += 1
            carrier.throw(exception)
        elif self.gate.done():  # a wake is already on its way through the Task: it delivers the exception instead
            self.interruption = exception
        else:
            self.gate.set_exception(exception)

    def fail(self, exception: BaseException) -> None:
        """Keep `exception` as the outcome."""
        self.exception = exception
        self.traceback = exception.__traceback__
        if not isinstance(exception, GreenletExit):
            self.unretrieved = _Unretrieved(self.name, exception)

    def fail_unstarted(self, exception: BaseException) -> None:
        """End a thread that never ran."""
        self.fail(exception)
        self.dead = True
        self.context = None
        self.args = ()
        for carrier, seq in self.waiters or ():
            self.hub.wake(carrier, seq)
        self.waiters = None
        self.call_links()

    def end_task(self) -> None:
        """Let the thread's Task see that the job has ended."""
        if self.gate is not None and not self.gate.done():
            self.gate.set_result(KICK)

    def call_links(self) -> None:
        """Call what `link` was given; a link that fails is logged."""
        if self.links is not None:
            links, self.links = self.links, None
            for function, args, kwargs in links:
                try:
                    function(self, *args, **kwargs)
                except Exception:
                    logger.exception("a link of green thread %s failed", self.name)


def _exception_of(throw_args: tuple[Any, ...]) -> BaseException:
    """The exception that greenlet's `throw(type, value, traceback)` would raise; GreenletExit without arguments."""
    if not throw_args:
        return GreenletExit()
    kind, *rest = throw_args
    if isinstance(kind, BaseException):
        return kind
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise TypeError(f"kill() takes an exception or its class, not {kind!r}")
    value = rest[0] if rest else None
    exception = value if isinstance(value, BaseException) else kind() if value is None else kind(value)
    return exception.with_traceback(rest[1]) if len(rest) > 1 else exception
