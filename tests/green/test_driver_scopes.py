"""Scopes of asyncio and anyio in green threads, entered and left in one call or in several."""

import asyncio

import anyio
import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


async def returning(value):
    await asyncio.sleep(0)
    return value


async def failing(error):
    await asyncio.sleep(0)
    raise error


async def forever(log=None):
    try:
        await asyncio.get_running_loop().create_future()
    except BaseException as exc:
        if log is not None:
            log.append(type(exc).__name__)
        raise


def loop():
    return green.get_hub().loop


def entered(make):
    """Make an asynchronous context manager and enter it, in a call of its own."""

    async def enter():
        scope = make()
        await scope.__aenter__()
        return scope

    return green.await_(enter())


def left_when_interrupted(scope, wait):
    """Wait in plain code and leave the scope with what that raises."""
    try:
        wait()
    except asyncio.CancelledError as exc:
        green.await_(scope.__aexit__(type(exc), exc, exc.__traceback__))
        raise


def test_a_timeout_of_asyncio():
    """It cancels the task, and counts right."""

    async def body():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await forever()
        return asyncio.current_task().cancelling()

    assert green.await_(body()) == 0


def test_wait_for_and_shield():
    """The usual functions, by their usual results."""

    async def body():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(forever(), 0.001)
        inner = asyncio.ensure_future(returning("shielded"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(inner), 0)
        return await inner

    assert green.await_(body()) == "shielded"


async def broken_group(log):
    async with asyncio.TaskGroup() as group:
        group.create_task(failing(ValueError("broken")))
        group.create_task(forever(log))
        await forever(log)


def test_a_task_group():
    """It waits for its tasks, and a failure cancels the others and the block."""

    async def body():
        log = []
        async with asyncio.TaskGroup() as group:
            group.create_task(returning(1))
        with pytest.raises(ExceptionGroup) as caught:
            await broken_group(log)
        assert [str(error) for error in caught.value.exceptions] == ["broken"]
        return log, asyncio.current_task().cancelling()

    assert green.await_(body()) == (["CancelledError", "CancelledError"], 0)


def test_scopes_of_anyio():
    """Entered and left in one coroutine."""

    async def body():
        with anyio.move_on_after(0.001) as scope:
            await anyio.sleep(60)
        with anyio.CancelScope() as other:
            other.cancel()
            await anyio.sleep(60)
        return scope.cancelled_caught, other.cancelled_caught

    assert green.await_(body()) == (True, True)


def test_a_timeout_that_spans_several_calls_interrupts_plain_code():
    """Entered in one await_, it cancels what the thread does natively, and is left in another await_."""
    scope = entered(lambda: asyncio.timeout(0.001))
    with pytest.raises(TimeoutError):
        left_when_interrupted(scope, lambda: green.sleep(60))
    green.await_(asyncio.sleep(0))


def test_a_timeout_that_spans_several_calls_and_does_not_fire():
    """Nothing of it is left."""
    scope = entered(lambda: asyncio.timeout(60))
    green.sleep(0)
    green.await_(returning(1))
    green.await_(scope.__aexit__(None, None, None))
    green.await_(asyncio.sleep(0))


def test_a_task_group_that_spans_several_calls():
    """Its tasks run while the thread waits natively; a failure among them interrupts it."""
    group = entered(asyncio.TaskGroup)
    task = group.create_task(returning("done"))
    green.sleep(0.001)
    green.await_(group.__aexit__(None, None, None))
    assert task.result() == "done"

    group = entered(asyncio.TaskGroup)
    group.create_task(failing(ValueError("broken")))
    with pytest.raises(ExceptionGroup) as caught:
        left_when_interrupted(group, green.Event().wait)
    assert str(caught.value.exceptions[0]) == "broken"


def test_a_task_group_of_anyio_that_spans_several_calls():
    """The hardest case: its scope belongs to the task that entered it."""
    log = []

    async def child():
        await anyio.sleep(0)
        log.append("child")

    async def start():
        group.start_soon(child)

    group = entered(anyio.create_task_group)
    green.await_(start())
    green.sleep(0.001)
    green.await_(group.__aexit__(None, None, None))
    assert log == ["child"]


def test_a_cancelled_scope_of_anyio_interrupts_plain_code():
    """Its cancellation is delivered again and again until the scope is left."""

    async def enter():
        return anyio.CancelScope().__enter__()

    async def leave(exc):
        return scope.__exit__(type(exc), exc, exc.__traceback__)

    scope = green.await_(enter())
    loop().call_soon(scope.cancel)
    with pytest.raises(asyncio.CancelledError) as caught:
        green.sleep(60)
    assert green.await_(leave(caught.value)) is True
    green.await_(asyncio.sleep(0))
    green.sleep(0)
