"""The door to asyncio and threads."""

import asyncio
import threading

from spruce.web.awaiting import await_, in_thread


def test_a_coroutine_is_waited_for() -> None:
    """In plain code."""

    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    assert await_(double(21)) == 42


def test_a_function_runs_in_another_thread() -> None:
    """And gets its arguments."""

    def where(what: str, *, more: str) -> tuple[str, bool]:
        return what + more, threading.current_thread() is threading.main_thread()

    assert in_thread(where, "a", more="b") == ("ab", False)
