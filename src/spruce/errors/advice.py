"""What to do instead, noted on exceptions of others: those that Python raises where a green thread starts a loop."""

from typing import Final

__all__ = ["advise"]

_STARTS_A_LOOP: Final = (
    "asyncio.run() cannot be called",
    "Runner.run() cannot be called",
    "This event loop is already running",
    "Cannot run the event loop while another loop is running",
)


def advise(error: BaseException) -> None:
    """Note on an exception what to do instead, where code in a green thread has tried to run a loop of its own."""
    if type(error) is RuntimeError and str(error).startswith(_STARTS_A_LOOP) and not hasattr(error, "__notes__"):
        error.add_note("A green thread has a loop that runs already: write spruce.green.await_(main()) instead.")
