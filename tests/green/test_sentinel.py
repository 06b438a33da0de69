"""The sentinel: what blocks the loop is named, once for each place, and announced."""

import time

import pytest

from spruce import events, green

pytestmark = pytest.mark.usefixtures("everywhere")


@pytest.fixture
def told():
    """What the hook announced."""
    heard = []
    unsubscribe = events.loop_blocked.subscribe(heard.append)
    yield heard
    unsubscribe()


def block(seconds):
    """Hold up the loop, as code does that knows nothing of it."""
    time.sleep(seconds)


def wait_for(heard, number):
    """Let the loop turn until the sentinel has said something."""
    with green.Timeout(10):
        while len(heard) < number:
            green.sleep(0.001)


def test_what_blocks_is_named(told, logged):
    """File, line and function of the call that isn't a library's; with the stack."""
    with green.sentinel(0.005) as sentinel:
        green.spawn(block, 0.05).wait()
        wait_for(told, 1)
    assert sentinel._thread is None
    event = told[0]
    assert event["seconds"] >= 0.01
    assert (event["file"], event["function"]) == (__file__, "block")
    assert event["line"] == block.__code__.co_firstlineno + 2
    assert "time.sleep(seconds)" in event["stack"]
    (line,) = {text.splitlines()[0].partition(" s by ")[2] for text in logged()}
    assert line == f"{__file__}:{event['line']} in block; run what blocks with green.tpool.execute"


def test_each_place_is_logged_once_and_announced_each_time(told, logged):
    """Another place is logged too."""
    with green.sentinel(0.005):
        for number in range(1, 3):
            green.spawn(block, 0.05).wait()
            wait_for(told, number)
        time.sleep(0.05)
        wait_for(told, 3)
    assert [event["function"] for event in told] == ["block", "block", told[2]["function"]]
    assert told[2]["function"] != "block"
    assert len(logged()) == 2


def test_a_loop_that_turns_is_left_alone(told):
    """Whether it waits or works in small pieces."""
    with green.sentinel(0.05):
        for _ in range(20):
            sum(range(1000))
            green.sleep(0)
        green.sleep(0.12)
    assert [event for event in told if event["file"] == __file__] == []


def test_it_needs_some_time_between_its_looks():
    """Not none."""
    with pytest.raises(ValueError, match=r"^a sentinel needs some time between its looks, not 0 seconds$"):
        green.sentinel(0)
