"""The hub under the names that programs use."""

import os
from collections.abc import Iterator

import pytest

from spruce import eventlet, green
from spruce.errors import GreenError
from spruce.eventlet import hubs


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_timers() -> None:
    """They can be cancelled; a local one goes with the green thread."""

    def main() -> list[str]:
        log: list[str] = []
        hub = hubs.get_hub()
        hub.schedule_call_global(0, log.append, "global")
        hub.schedule_call_global(0, log.append, "cancelled").cancel()
        eventlet.spawn(hub.schedule_call_local, 0.001, log.append, "gone").wait()
        hub.schedule_call_local(0.001, log.append, "local")
        assert hub.get_timers_count() >= 1
        began = hub.clock()
        eventlet.sleep(0.01)
        assert hub.clock() > began
        assert hub.loop is green.get_hub().loop
        assert hub.greenlet is green.get_hub().root
        return log

    assert green.run(main) == ["global", "local"]


def test_waiting_for_a_descriptor(pipe: tuple[int, int]) -> None:
    """To read or to write; with a limit, of which one may be told."""

    def main() -> None:
        reader, writer = pipe
        hubs.trampoline(writer, write=True)
        thread = eventlet.spawn(hubs.trampoline, reader, read=True)
        eventlet.sleep(0)
        assert [each.fileno for each in hubs.get_hub().get_readers()] == [reader]
        assert hubs.get_hub().get_writers() == []
        os.write(writer, b"x")
        thread.wait()
        os.read(reader, 1)
        told = []
        with pytest.raises(KeyError):
            hubs.trampoline(
                reader, read=True, timeout=0.001, timeout_exc=KeyError, mark_as_closed=lambda: told.append(1)
            )
        assert told == [1]
        with pytest.raises(GreenError, match=r"^trampoline\(\) waits either to read or to write"):
            hubs.trampoline(reader)

    green.run(main)


@pytest.mark.parametrize("notify", [hubs.notify_close, hubs.notify_opened])
def test_a_descriptor_that_is_closed(notify: object, pipe: tuple[int, int]) -> None:
    """Who waits for it is told."""

    def main() -> None:
        thread = eventlet.spawn(hubs.trampoline, pipe[0], read=True)
        eventlet.sleep(0)
        notify(pipe[0])  # type: ignore[operator] # one of two functions
        with pytest.raises(hubs.IOClosed):
            thread.wait()

    green.run(main)


def test_the_choice_of_a_hub() -> None:
    """There is one; eventlet's names for it are taken."""
    hubs.use_hub("epolls")
    hubs.use_hub()
    assert hubs.get_default_hub() is hubs.Hub
    with pytest.raises(hubs.HubError, match=r"^there is no hub 'zeromq': Spruce's runs on an asyncio loop"):
        hubs.use_hub("zeromq")
