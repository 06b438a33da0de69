"""What to do instead, noted on exceptions."""

import asyncio

import pytest

from spruce import green
from spruce.errors import advise

ADVICE = "A green thread has a loop that runs already: write spruce.green.await_(main()) instead."


def test_who_starts_a_loop_in_a_green_thread_is_told_what_to_write() -> None:
    """Once."""

    async def job() -> None:
        pass

    def main() -> RuntimeError:
        coroutine = job()
        with pytest.raises(RuntimeError) as caught:
            asyncio.run(coroutine)
        coroutine.close()
        return caught.value

    error = green.run(main)
    for _ in range(2):
        advise(error)
    assert error.__notes__ == [ADVICE]


@pytest.mark.parametrize(
    "text",
    [
        "Runner.run() cannot be called from a running event loop",
        "This event loop is already running",
        "Cannot run the event loop while another loop is running",
    ],
)
def test_so_is_who_runs_a_loop_that_there_is(text: str) -> None:
    error = RuntimeError(text)
    advise(error)
    assert error.__notes__ == [ADVICE]


def test_other_errors_stay_as_they_are() -> None:
    for error in (RuntimeError("other"), ValueError("This event loop is already running")):
        advise(error)
        assert not hasattr(error, "__notes__")
