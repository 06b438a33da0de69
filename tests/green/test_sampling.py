"""What green threads are doing at one moment, as another OS thread sees it."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import CodeType
from typing import Any

from spruce import green
from spruce.green.sampling import (
    context_of_task,
    parked_threads,
    running_tasks,
    running_threads,
    stack_of,
    stack_of_task,
)

VARIABLE: ContextVar[str] = ContextVar("variable")


def names(stack: tuple[CodeType, ...]) -> list[str]:
    return [code.co_name for code in stack]


def from_outside(function: Callable[[], Any]) -> Any:
    """What a function gives in an OS thread of its own, while this one waits without giving way to green threads."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_the_green_thread_that_runs_is_seen_with_its_stack() -> None:
    def compute() -> Any:
        return from_outside(lambda: list(running_threads()))

    def main() -> None:
        thread = green.spawn(compute)
        ((seen, stack),) = [pair for pair in thread.wait() if pair[0] is thread]
        assert seen is thread
        assert "compute" in names(stack)
        assert names(stack).index("from_outside") < names(stack).index("compute")

    green.run(main)


def test_those_that_wait_are_seen_where_they_wait() -> None:
    def wait(event: green.Event) -> None:
        event.wait()

    def main() -> None:
        event = green.Event()
        thread = green.spawn(wait, event)
        green.sleep()
        assert thread in from_outside(parked_threads)
        found = names(from_outside(lambda: stack_of(thread)))
        assert found[-1] == "run"
        assert "wait" in found
        event.send()
        thread.wait()
        assert thread not in from_outside(parked_threads)
        assert stack_of(thread) == ()

    green.run(main)


def test_coroutines_that_are_awaited_are_in_the_stack() -> None:
    async def inner() -> None:
        await gate.wait()

    async def outer() -> None:
        await inner()

    def main() -> None:
        thread = green.spawn(lambda: green.await_(outer()))
        green.sleep()
        found = names(stack_of(thread))
        assert found.index("inner") < found.index("outer")
        gate.set()
        thread.wait()

    gate = asyncio.Event()
    green.run(main)


# ---- tasks -----------------------------------------------------------------------------------------------------------


def test_the_task_that_a_loop_runs_is_seen_with_its_stack() -> None:
    """From its coroutine on, without the loop below; and with its own context."""

    def compute() -> Any:
        return from_outside(lambda: [(task, stack, context_of_task(task)) for task, stack in running_tasks()])

    async def outer() -> Any:
        VARIABLE.set("of the task")
        await asyncio.sleep(0)
        return compute(), asyncio.current_task()

    def main() -> None:
        task = asyncio.ensure_future(outer(), loop=green.get_hub().loop)
        seen, itself = green.await_(task)
        ((found, stack, context),) = [one for one in seen if one[0] is itself]
        assert found is task
        assert names(stack)[-2:] == ["compute", "outer"]
        assert "from_outside" in names(stack)
        assert context is not None
        assert context[VARIABLE] == "of the task"

    green.run(main)


def test_no_task_runs_while_a_green_thread_does() -> None:
    def main() -> None:
        assert green.spawn(from_outside, lambda: list(running_tasks())).wait() == []

    green.run(main)


def test_a_task_that_waits_is_seen_where_it_does() -> None:
    async def inner() -> None:
        begun.append(True)
        await asyncio.sleep(100)

    async def outer() -> None:
        await inner()

    def main() -> None:
        task = asyncio.ensure_future(outer(), loop=green.get_hub().loop)
        while not begun:
            green.sleep()
        assert names(stack_of_task(task)) == ["sleep", "inner", "outer"]
        task.cancel()

    begun: list[bool] = []
    green.run(main)
