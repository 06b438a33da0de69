"""What the hub is doing, as text."""

import io
import logging
import sys
import time

import pytest

from spruce import eventlet, green
from spruce.eventlet import debug


def test_texts() -> None:
    """Of listeners, timers, tasks and threads."""

    def main() -> None:
        listener = green.listen(("127.0.0.1", 0))
        thread = eventlet.spawn(listener.accept)
        eventlet.sleep(0)
        assert f"{listener.fileno()}: 1 to read, 0 to write" in debug.format_hub_listeners()
        assert debug.format_hub_timers() == "TIMERS: 0"
        assert debug.format_asyncio_info().startswith("LOOP: <LeanLoop")
        assert "accept" in debug.format_threads_info()
        thread.kill()
        listener.close()

    green.run(main)


def test_lines_are_written_before_they_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the values of the names in them; of some modules only."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    before = sys.gettrace()
    spew = debug.Spew([__name__])

    def traced() -> int:
        value = 7
        return value + 1

    debug.spew(["another"])
    debug.unspew()
    sys.settrace(spew)
    traced()
    sys.settrace(before)
    text = output.getvalue()
    assert ": " + " " * 8 + "return value + 1\n\tvalue=7\n" in text


def test_what_blocks_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """While it is switched on."""

    def main() -> None:
        debug.hub_blocking_detection(True, 0.01)
        time.sleep(0.05)
        eventlet.sleep(0.05)
        debug.hub_blocking_detection(False)

    with caplog.at_level(logging.WARNING):
        green.run(main)
    assert "the loop was held up for" in caplog.text


def test_switches_that_do_nothing() -> None:
    """What they ask for is always so."""
    for switch in (
        debug.hub_listener_stacks,
        debug.hub_timer_stacks,
        debug.hub_prevent_multiple_readers,
        debug.hub_exceptions,
        debug.tpool_exceptions,
    ):
        switch(True)
