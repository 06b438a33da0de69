"""How a coroutine is awaited from plain code: stepped on the green thread's own stack, with one real Task per job.

Two modes. A job starts in mode N and has no `asyncio.Task`; it is woken by plain greenlet switches. Its first `await_` of a
coroutine makes ONE Task for the job (mode T). That Task runs `_drive`, whose only work is to hand to the loop exactly the futures
that the awaited coroutine yields; so `current_task()`, `asyncio.timeout`, TaskGroup, anyio's scopes and cancel counts are genuine.

Rules that this file keeps:

* The coroutine is stepped in the green thread: context variables and tracebacks are those of the caller.
* While the coroutine runs outside its Task's step ("undriven"), the Task is swapped in as the loop's current one, and swapped out
  before any switch to the root: a loop that runs other tasks under our name would hang them.
* Asynchronous frames see `CancelledError`, plain frames see the exception that interrupts (`Timeout`, `GreenletExit`): the
  translation happens at the `await_` boundary, and the awaited future is cancelled rather than thrown past.

Rejected: a Task per `await_` (scopes that span several calls break), a second Task that relays cancellation (spurious cancels).
"""

import asyncio
import sys
import types
from asyncio import CancelledError
from collections.abc import Awaitable, Coroutine, Generator
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final

from spruce.errors import GreenError

if TYPE_CHECKING:
    from spruce.green.carrier import Carrier
    from spruce.green.greenthread import GreenThread

__all__ = ["await_on"]

BARE: Final = object()  # the coroutine yielded nothing: it wants one turn of the loop (asyncio.sleep(0))
KICK: Final = object()  # the thread no longer waits natively: the driver has to look again

if sys.version_info >= (3, 12):
    _swap_current_task: Any = asyncio.tasks._swap_current_task  # type: ignore[attr-defined]  # CPython's own door, not in typeshed
else:
    _current_tasks: Any = asyncio.tasks._current_tasks  # type: ignore[attr-defined]  # shared with the C accelerator

    def _swap_current_task(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any] | None") -> Any:
        """Make `task` the loop's current one and return the one before, as CPython 3.12 and later do."""
        previous = _current_tasks.get(loop)
        if task is None:
            _current_tasks.pop(loop, None)
        else:
            _current_tasks[loop] = task
        return previous


@types.coroutine
def _yield(value: Any) -> Generator[Any, Any, Any]:
    return (yield value)


@types.coroutine
def _iterate(iterator: Any) -> Generator[Any, Any, Any]:
    return (yield from iterator)


async def _drive(thread: "GreenThread", loop: asyncio.AbstractEventLoop) -> None:
    """Yield to the loop what the thread waits for, and switch to the thread when it has come; ends with the job."""
    await _yield(None)  # consumed before the Task exists, so that an early cancel() lands inside the try below
    while not thread.dead:
        trap, value, error = thread.trap, None, None
        try:
            if trap is None:  # parked natively, or running in a callback of the hub
                thread.gate = loop.create_future()
                value = await thread.gate
            elif trap is BARE:
                await _yield(None)
            else:
                trap._asyncio_future_blocking = True
                await _yield(trap)
        except GeneratorExit:
            raise
        except BaseException as exc:  # the future's own failure, or the Task's cancellation: the thread decides
            error = exc
        thread.gate = None
        if thread.dead:
            return
        if value is KICK:
            continue
        carrier = thread.carrier
        assert carrier is not None  # noqa: S101 - a thread that isn't dead and has a Task was started
        if trap is None:
            carrier.seq += 1  # whatever else was going to wake this park is stale now
            if error is None and thread.interruption is not None:
                error, thread.interruption = thread.interruption, None
        else:
            thread.trap = None
            if error is None and thread.interruption is not None:
                error = CancelledError()
        thread.driven = True
        try:
            if error is None:
                carrier.switch()
            else:
                carrier.throw(error)
        finally:
            thread.driven = False
            error = None


def _begin_task(thread: "GreenThread", loop: asyncio.AbstractEventLoop) -> None:
    coroutine = _drive(thread, loop)
    coroutine.send(None)
    assert thread.carrier is not None  # noqa: S101 - the thread is running
    thread.carrier.park = thread.carrier.park_in_task
    thread.task = asyncio.Task(coroutine, loop=loop, context=Context(), name=f"green-{thread.name}")


def enter_task(thread: "GreenThread", loop: asyncio.AbstractEventLoop) -> None:
    """Make the thread's Task the current one, unless its own step is already running."""
    if not thread.driven:
        thread.outer_task = _swap_current_task(loop, thread.task)
        thread.swapped = True


def leave_task(thread: "GreenThread", loop: asyncio.AbstractEventLoop) -> None:
    """Undo `enter_task`; nothing if the Task wasn't swapped in."""
    if thread.swapped:
        _swap_current_task(loop, thread.outer_task)
        thread.outer_task = None
        thread.swapped = False


def _await_future(carrier: "Carrier", future: "asyncio.Future[Any]") -> Any:
    """Mode N: wait for a bare future by a callback; no Task is made."""
    if not future.done():
        hub, thread = carrier.hub, carrier.thread
        if future.get_loop() is not hub.loop:
            raise GreenError(
                f"{future!r} belongs to another event loop",
                hint="await it where it was made, or make it with asyncio.get_running_loop().create_future()",
            )
        thread.trap = future
        future.add_done_callback(carrier.switch, context=hub.context)
        hub.park()
        thread.trap = None
        if thread.interruption is not None:
            interruption, thread.interruption = thread.interruption, None
            raise interruption
    return future.result()


def await_on(carrier: "Carrier", awaitable: Awaitable[Any]) -> Any:
    """Wait for `awaitable` on the running carrier and return its result; the heart of `await_`."""
    thread = carrier.thread
    if getattr(awaitable, "_asyncio_future_blocking", None) is not None and thread.task is None:
        return _await_future(carrier, awaitable)  # type: ignore[arg-type]  # that attribute is what asyncio itself tests for
    if not hasattr(awaitable, "send") and not hasattr(awaitable, "__await__"):
        raise TypeError(f"await_() needs an awaitable, not {type(awaitable).__name__} ({awaitable!r})")
    iterator: Any = awaitable if hasattr(awaitable, "send") else awaitable.__await__()
    coroutine: Coroutine[Any, Any, Any] = iterator if hasattr(iterator, "send") else _iterate(iterator)
    loop = carrier.hub.loop
    if thread.task is None:
        _begin_task(thread, loop)
    outermost = thread.depth == 0
    if outermost:
        enter_task(thread, loop)
    thread.depth += 1
    try:
        result = _step(carrier, thread, coroutine)
    except CancelledError:
        interruption, thread.interruption = thread.interruption, None
        if interruption is None or isinstance(interruption, CancelledError):
            raise
        raise interruption from None
    finally:
        thread.depth -= 1
        if outermost:
            leave_task(thread, loop)
    if thread.interruption is not None:
        interruption, thread.interruption = thread.interruption, None
        raise interruption
    return result


def _step(carrier: "Carrier", thread: "GreenThread", coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run the coroutine to its end, parking the thread for each future that it yields."""
    error: BaseException | None = None
    while True:
        try:
            if error is None:
                trap = coroutine.send(None)
            else:
                error, thrown = None, error
                trap = coroutine.throw(thrown)
        except StopIteration as stop:
            return stop.value
        if trap is None:
            trap = BARE
        elif getattr(trap, "_asyncio_future_blocking", None) is None:
            error = RuntimeError(
                f"an awaitable yielded {trap!r}, which asyncio can't wait for: is it made for another library?"
            )
            continue
        thread.trap = trap
        if thread.gate is not None and not thread.gate.done():
            thread.gate.set_result(KICK)  # the driver waits natively: let it wait for the trap instead
        try:
            carrier.park()
        except BaseException as exc:
            error = exc
