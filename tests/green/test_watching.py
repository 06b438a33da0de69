"""Waiting for raw descriptors: registered for the time of a wait, dropped when they are closed."""

import os

import pytest

from spruce import green
from spruce.green.watching import forget, wait_readable, wait_writable

pytestmark = pytest.mark.usefixtures("everywhere")


@pytest.fixture
def pipe():
    """The two ends of a pipe that don't block."""
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    yield ends
    for end in ends:
        os.close(end)


def fill(end):
    try:
        while True:
            os.write(end, bytes(100_000))
    except BlockingIOError:
        pass


def test_waiting_to_read(pipe):
    """Until there is something, or the time is over; nothing stays registered."""
    reader, writer = pipe
    assert wait_readable(reader, 0.001) is False
    thread = green.spawn(wait_readable, reader)
    green.sleep(0)
    assert not thread.dead
    os.write(writer, b"x")
    assert thread.wait() is True
    assert wait_readable(reader, 60) is True
    assert green.get_hub().watchers == {}


def test_waiting_to_write(pipe):
    """Until there is room."""
    reader, writer = pipe
    assert wait_writable(writer) is True
    fill(writer)
    assert wait_writable(writer, 0.001) is False
    thread = green.spawn(wait_writable, writer)
    green.sleep(0)
    os.read(reader, 1_000_000)
    assert thread.wait() is True
    assert green.get_hub().watchers == {}


def test_the_end_of_the_other_side_is_news():
    """A reader is woken when nobody can write any more."""
    reader, writer = os.pipe()
    thread = green.spawn(wait_readable, reader)
    green.sleep(0)
    os.close(writer)
    assert thread.wait() is True
    os.close(reader)


def test_one_of_several_is_woken_per_event(pipe):
    """The others go on waiting, and are served while the event stays true."""
    reader, writer = pipe
    threads = [green.spawn(lambda: (wait_readable(reader), os.read(reader, 1))[1]) for _ in range(3)]
    green.sleep(0)
    for _ in threads:
        os.write(writer, b"x")
    assert [thread.wait() for thread in threads] == [b"x"] * 3
    assert green.get_hub().watchers == {}


def test_a_number_that_is_used_again(pipe):
    """Closing needs no notice between waits."""
    for _ in range(3):
        reader, writer = os.pipe()
        os.write(writer, b"x")
        assert wait_readable(reader) is True
        os.close(reader)
        os.close(writer)


def test_a_kept_registration_is_forgotten_before_closing(pipe):
    """Those who wait get an error each; another forget does nothing."""
    reader, _ = pipe
    hub = green.get_hub()
    threads = [green.spawn(wait_readable, reader, keep=True) for _ in range(2)]
    green.sleep(0)
    assert reader in hub.watchers
    forget(hub, reader, lambda: OSError("closed"))
    forget(hub, reader, lambda: OSError("closed again"))
    for thread in threads:
        with pytest.raises(OSError, match=r"^closed$"):
            thread.wait()
    assert hub.watchers == {}


def test_a_killed_waiter_unregisters(pipe):
    """If it was the last."""
    reader, _ = pipe
    threads = [green.spawn(wait_readable, reader) for _ in range(2)]
    green.sleep(0)
    threads[0].kill()
    assert reader in green.get_hub().watchers
    threads[1].kill()
    assert green.get_hub().watchers == {}
