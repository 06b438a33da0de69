"""Where green code can run: as the main program of each loop, and in the main greenlet of a plain program.

A test (or a file, by `pytestmark`) that uses the fixture `everywhere` is called in each of these places, as a green
thread or in a main greenlet that blocks.
"""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from spruce import green
from spruce.green import runtime
from spruce.green.lean import LeanLoop

LOOPS = ["lean", "asyncio", "uvloop"]
PLACES = [*LOOPS, "main greenlet", "main greenlet on uvloop"]


@pytest.fixture(params=PLACES)
def everywhere(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[], object]], object]:
    """What runs a function in one of the places."""
    if request.param in LOOPS:
        return lambda test: green.run(test, loop=request.param)
    monkeypatch.setenv("SPRUCE_LOOP", request.param.partition(" on ")[2])
    return in_main_greenlet


@pytest.fixture(params=LOOPS)
def loop_name(request: pytest.FixtureRequest) -> str:
    """The name of a loop, for tests that call `green.run` themselves."""
    return str(request.param)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """What was logged since the last time of asking, a line each."""

    def take() -> list[str]:
        lines = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return lines

    with caplog.at_level(logging.WARNING):
        yield take


def in_main_greenlet(test: Callable[[], object]) -> object:
    """Call `test` as a plain program would be, and end its hub as a program's end does."""
    try:
        return test()
    finally:
        hub = runtime.peek_hub()
        if hub is not None:
            with suppress(green.GreenletExit):
                hub.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Call a test that uses `everywhere` in that place."""
    place = pyfuncitem.funcargs.get("everywhere")
    if place is None:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames if name != "everywhere"}
    place(lambda: pyfuncitem.obj(**arguments))
    return True


@pytest.fixture
def loop() -> Iterator[LeanLoop]:
    """A lean loop of the test's own."""
    lean = LeanLoop()
    yield lean
    lean.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets that are connected; the first never blocks."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs
