"""Async generators taken item by item by plain code."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from spruce import green


async def numbers(log: list[Any]) -> AsyncIterator[int]:
    """Three numbers, each after a wait."""
    try:
        for number in range(3):
            log.append(f"makes {number}")
            await asyncio.sleep(0)
            yield number
    finally:
        await asyncio.sleep(0)
        log.append("closed")


def test_items_come_one_by_one_and_nothing_is_made_ahead() -> None:
    log: list[Any] = []
    for number in green.iterate(numbers(log)):
        log.append(number)
    assert log == ["makes 0", 0, "makes 1", 1, "makes 2", 2, "closed"]


def test_closing_it_runs_the_generators_end() -> None:
    log: list[Any] = []
    items: Any = green.iterate(numbers(log))
    assert next(items) == 0
    items.close()
    assert log == ["makes 0", "closed"]
    with pytest.raises(StopIteration):
        next(items)


def test_what_has_nothing_to_close_is_left() -> None:
    class Once:
        def __init__(self) -> None:
            self.items = [1]

        def __aiter__(self) -> "Once":
            return self

        async def __anext__(self) -> int:
            if not self.items:
                raise StopAsyncIteration
            return self.items.pop()

    items: Any = green.iterate(Once())
    assert list(items) == [1]
    items.close()


def test_what_it_raises_comes_through() -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        raise LookupError("no more")

    items = green.iterate(failing())
    assert next(items) == 1
    with pytest.raises(LookupError, match=r"^no more$"):
        next(items)


def test_a_thread_that_is_killed_while_it_waits_for_an_item_ends_the_generator() -> None:
    log: list[Any] = []

    async def waiting() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(3600)
        finally:
            log.append("closed")

    thread = green.spawn(lambda: list(green.iterate(waiting())))
    green.sleep(0.001)
    thread.kill()
    assert log == ["closed"]


def test_what_is_no_async_iterable_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^'list' object is not an async iterable$"):
        green.iterate([1])  # type: ignore[arg-type] # the point of the test
