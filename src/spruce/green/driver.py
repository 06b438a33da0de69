"""How a coroutine is awaited from plain code: stepped on the green thread's own stack, with one real Task per job.

Two modes. A job starts in mode N and has no `asyncio.Task`; it is woken by plain greenlet switches. Its first `await_`
of a coroutine makes ONE Task for the job (mode T). That Task runs `_drive`, whose only work is to hand to the loop
exactly the futures that the awaited coroutine yields; so `current_task()`, `asyncio.timeout`, TaskGroup, anyio's scopes
and cancel counts are genuine.

Rules that this file keeps:

* The coroutine is stepped in the green thread: context variables and tracebacks are those of the caller.
* While a thread that has a Task runs outside of that Task's step ("undriven"), the Task is swapped in as the loop's
  current one, and swapped out before any switch to the root: a loop that runs other tasks under our name would hang
  them.
* Asynchronous frames see `CancelledError`, plain frames see the exception that interrupts (`Timeout`, `GreenletExit`):
  the translation happens at the boundary of the `await_` that was interrupted, whatever the coroutine makes of its
  cancellation; and the awaited future is cancelled rather than thrown past.
* The driver always runs in the root, so the thread that it looks at is parked or has ended.

Rejected: a Task per `await_` (scopes that span several calls break), a second Task that relays cancellation (spurious
cancels).
"""

import asyncio
import sys
import types
from asyncio import CancelledError
from collections.abc import Awaitable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Final, Protocol

from spruce.errors import GreenError
from spruce.green.greenthread import BARE, AnyCarrier, GreenThread

__all__ = ["STEP", "Awaiter", "await_on", "enter_task", "leave_task", "swap_current_task"]

if sys.version_info >= (3, 14):
    swap_current_task: Any = asyncio.tasks._swap_current_task
else:
    _current_tasks: Any = asyncio.tasks._current_tasks  # type: ignore[attr-defined]  # shared with the C accelerator

    def swap_current_task(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any] | None") -> Any:
        """Make `task` the loop's current one and return the one before."""
        previous = _current_tasks.pop(loop, None)
        if task is not None:
            _current_tasks[loop] = task
        return previous


class Awaiter(AnyCarrier, Protocol):
    """A carrier that is told of its thread's mode."""

    def has_task(self) -> None:
        """The thread has a Task from now on."""


@types.coroutine
def _iterate(iterator: Any) -> Generator[Any, Any, Any]:
    return (yield from iterator)


class _Gate(asyncio.Future[None]):
    """What a thread's Task awaits while the thread is parked natively.

    A future would resume the Task at the loop's next turn; a gate does so at once, and serves all the parks of its
    thread. To libraries that look at what a Task waits for it is a future, which is done when the Task is about to be
    resumed.
    """

    def __init__(self, carrier: AnyCarrier, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._carrier = carrier
        self._cancellation: CancelledError | None = None
        self._wake_task: Any = None

    def add_done_callback(self, callback: Any, *, context: Context | None = None) -> None:
        """Keep what resumes the Task; it needs no context, since the thread brings its own."""
        self._wake_task = callback

    def done(self) -> bool:
        """Whether the Task is about to be resumed."""
        return self._wake_task is None or self._cancellation is not None or self._carrier.woken

    def result(self) -> None:
        """Raise CancelledError if the Task was cancelled."""
        if self._cancellation is not None:
            cancellation, self._cancellation = self._cancellation, None
            raise cancellation

    def cancel(self, msg: Any = None) -> bool:
        """Have the Task resumed with CancelledError at the loop's next turn; False if it is being resumed already."""
        if self._wake_task is None or self._carrier.woken:
            return False
        if self._carrier.thread.shields:
            self._carrier.thread.defer_cancellation(_cancellation(msg))
            return True
        if self._cancellation is None:
            self._cancellation = _cancellation(msg)
            self.get_loop().call_soon(self._open_cancelled)
        return True

    def _open_cancelled(self) -> None:
        if self._cancellation is not None:  # else it was opened in the meantime, and the Task knows
            self.open()

    def open(self) -> None:
        """Resume the Task now, if it waits; only in the root, outside of any Task's step."""
        wake_task, self._wake_task = self._wake_task, None
        if wake_task is not None:
            wake_task(self)


def _cancellation(msg: Any) -> CancelledError:
    return CancelledError() if msg is None else CancelledError(msg)


async def _task_of(carrier: AnyCarrier, thread: GreenThread, loop: asyncio.AbstractEventLoop) -> None:
    """What the Task runs: a proper coroutine around the generator, which is the faster of the two."""
    await _drive(carrier, thread, loop)


@types.coroutine
def _drive(carrier: AnyCarrier, thread: GreenThread, loop: asyncio.AbstractEventLoop) -> Generator[Any, None, None]:
    """Yield to the loop what the thread waits for, and switch to the thread when it has come; ends with the job."""
    gate: _Gate | None = None
    cancelled: BaseException | None = None  # the Task's cancellation, when the thread has not been told yet
    try:
        yield None  # where the Task begins, when it is first stepped
    except CancelledError as exc:
        cancelled = exc
    while not thread.dead:
        trap, error = thread.trap, None
        try:
            if trap is BARE:
                yield None
            elif trap is not None:
                if cancelled is not None or thread.pending is not None:
                    trap.cancel()
                trap._asyncio_future_blocking = True
                yield trap
            elif carrier.woken or (cancelled is None and thread.pending is None):
                if gate is None:
                    gate = _Gate(carrier, loop)
                carrier.gate = gate
                gate._asyncio_future_blocking = True
                yield gate
        except GeneratorExit:
            raise
        except BaseException as exc:  # the future's own failure, or the Task's cancellation: the thread decides
            error = exc
        finally:
            carrier.gate = None
        if thread.shields and trap is None and isinstance(error, CancelledError):
            thread.defer_cancellation(error)
            error = None
        if trap is None and thread.trap is not None:  # a main greenlet, which runs outside of this step
            cancelled = cancelled or error
        elif not thread.dead:
            _resume(carrier, thread, trap, cancelled or error)
            cancelled = None


def _resume(carrier: AnyCarrier, thread: GreenThread, trap: Any, error: BaseException | None) -> None:
    """Switch to the thread with what it waited for, or with what interrupts it."""
    if trap is None:
        carrier.seq += 1  # whatever else was going to wake this park is stale now
        if error is None and thread.pending is not None:
            error = thread.take()
    else:
        thread.trap = None
        if thread.pending is not None and not isinstance(error, CancelledError):
            error = CancelledError()
    thread.driven = carrier.throws_at_once
    try:
        if error is None:
            carrier.switch()
        else:
            carrier.throw(type(error), error, error.__traceback__)
    finally:
        thread.driven = False


def _begin_task(carrier: Awaiter, thread: GreenThread, loop: asyncio.AbstractEventLoop) -> None:
    if thread.dead:
        raise GreenError("a link of a green thread can't await: the thread has ended", hint="Spawn a thread for it")
    coroutine = _task_of(carrier, thread, loop)
    coroutine.send(None)
    name = getattr(thread.function, "__qualname__", "green thread")
    thread.task = asyncio.Task(coroutine, loop=loop, context=Context(), name=name)
    carrier.has_task()


def enter_task(thread: GreenThread, loop: asyncio.AbstractEventLoop) -> None:
    """Make the thread's Task the loop's current one; not for a thread that runs inside its Task's own step."""
    thread.outer_task = swap_current_task(loop, thread.task)
    thread.swapped = True


def leave_task(thread: GreenThread, loop: asyncio.AbstractEventLoop) -> None:
    """Undo `enter_task`."""
    swap_current_task(loop, thread.outer_task)
    thread.outer_task = None
    thread.swapped = False


def _await_future(carrier: AnyCarrier, future: "asyncio.Future[Any]") -> Any:
    """Mode N: wait for a bare future by a callback; no Task is made."""
    hub, thread = carrier.hub, carrier.thread
    if future.get_loop() is not hub.loop:
        raise GreenError(
            f"{future!r} belongs to another event loop",
            hint="Await it where it was made, or make it with asyncio.get_running_loop().create_future()",
        )
    thread.trap = future
    future.add_done_callback(carrier.switch, context=hub.context)
    try:
        carrier.park()
    finally:
        thread.trap = None
    if thread.pending is not None:
        raise thread.take()
    return future.result()


def await_on(carrier: Awaiter, awaitable: Awaitable[Any]) -> Any:
    """Wait for `awaitable` on the running carrier and return its result; the heart of `await_`."""
    thread = carrier.thread
    if thread.task is None and getattr(awaitable, "_asyncio_future_blocking", None) is not None:
        future: Any = awaitable  # that attribute is what asyncio itself tests for
        return future.result() if future.done() else _await_future(carrier, future)
    coroutine = _coroutine_of(awaitable)
    if thread.task is None:
        _begin_task(carrier, thread, carrier.hub.loop)
    if thread.shields:
        return _await_shielded(carrier, coroutine)
    outer_translating, thread.translating = thread.translating, None
    cause: BaseException | None = None
    try:
        result = _step(carrier, thread, coroutine)
    except BaseException as exc:
        if thread.translating is None:
            raise
        cause = exc
    finally:
        interruption, thread.translating = thread.translating, outer_translating
    if interruption is None:
        return result
    raise interruption from (None if isinstance(cause, CancelledError) else cause)


def _await_shielded(carrier: AnyCarrier, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Wait behind a shield: a Task of its own runs the coroutine, so that who cancels the thread's doesn't reach it."""
    inner = carrier.hub.loop.create_task(_finish(coroutine), context=copy_context())
    interruption: BaseException | None = None
    while not inner.done():
        wake = partial(_wake, carrier, carrier.seq)
        inner.add_done_callback(wake, context=carrier.hub.context)
        try:
            carrier.park()
        except BaseException as exc:
            interruption = exc
            inner.cancel()
        finally:
            inner.remove_done_callback(wake)
    if interruption is None:
        return inner.result()
    cause = None if inner.cancelled() else inner.exception()
    raise interruption from cause


async def _finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return await _iterate(coroutine)


def _wake(carrier: AnyCarrier, seq: int, _: object) -> None:
    carrier.hub.wake(carrier, seq)


def _coroutine_of(awaitable: Any) -> Coroutine[Any, Any, Any]:
    if hasattr(awaitable, "send"):
        coroutine: Coroutine[Any, Any, Any] = awaitable
        return coroutine
    if not hasattr(awaitable, "__await__"):
        raise TypeError(f"await_() needs an awaitable, not {type(awaitable).__name__} ({awaitable!r})")
    iterator = awaitable.__await__()
    return iterator if hasattr(iterator, "send") else _iterate(iterator)


def _step(carrier: AnyCarrier, thread: GreenThread, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run the coroutine to its end, parking the thread for each future that it yields."""
    error: BaseException | None = None
    while True:
        try:
            trap = coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            return stop.value
        error = None
        if trap is None:
            trap = BARE
        elif getattr(trap, "_asyncio_future_blocking", None) is None:
            error = RuntimeError(
                f"an awaitable yielded {trap!r}, which asyncio can't wait for: is it made for another library?"
            )
            continue
        thread.trap = trap
        if carrier.gate is not None:  # the driver waits natively: let it wait for the trap instead
            carrier.hub.call(carrier.gate.open)
        try:
            carrier.park()
        except BaseException as exc:
            error = exc
            if thread.pending is not None:
                thread.translating = thread.take()


STEP: Final = _step.__code__  # by which others recognise its frames
