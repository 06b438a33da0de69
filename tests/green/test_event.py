"""Events: one value for all who wait; eventlet's semantics."""

import traceback

import pytest

from spruce import green
from spruce.errors import GreenError

pytestmark = pytest.mark.usefixtures("everywhere")


def test_everybody_gets_what_is_sent():
    """Those who waited, in their order, and those who come later."""
    event, order = green.Event(), []

    def waiter(number):
        order.append((number, event.wait()))

    threads = [green.spawn(waiter, number) for number in range(3)]
    green.sleep(0)
    event.send("value")
    assert order == []
    for thread in threads:
        thread.wait()
    assert order == [(0, "value"), (1, "value"), (2, "value")]
    assert event.wait() == "value"


def test_send_schedules_and_does_not_switch():
    """The sender goes on first."""
    event, order = green.Event(), []
    thread = green.spawn(lambda: (event.wait(), order.append("waiter")))
    green.sleep(0)
    event.send()
    order.append("sender")
    thread.wait()
    assert order == ["sender", "waiter"]


def test_a_wait_times_out():
    """With None, whatever is sent later."""
    event = green.Event()
    assert event.wait(timeout=0) is None
    assert event.wait(timeout=0.001) is None
    event.send("late")
    assert event.wait(timeout=0) == "late"


def test_an_exception_is_raised_in_all_who_wait():
    """The same one, each time with the traceback that it came with."""
    event = green.Event()
    threads = [green.spawn(event.wait) for _ in range(2)]
    green.sleep(0)
    try:
        raise ValueError("broken")
    except ValueError as exc:
        event.send(exc=exc)
    for thread in threads:
        with pytest.raises(ValueError, match="broken"):
            thread.wait()
    depths = []
    for _ in range(3):
        with pytest.raises(ValueError, match="broken") as caught:
            event.wait()
        depths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(set(depths)) == 1


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((ValueError("instance"),), "instance"),
        ((ValueError,), ""),
        ((ValueError, "value"), "value"),
        ((ValueError, ValueError("both"), None), "both"),
    ],
)
def test_exceptions_are_sent_as_throw_takes_them(args, text):
    """An instance, a class, a class with its value."""
    event = green.Event()
    event.send_exception(*args)
    with pytest.raises(ValueError, match=f"^{text}$"):
        event.wait()


def test_sending_twice_is_an_error():
    """Also of an exception; reset makes the event new."""
    event = green.Event()
    with pytest.raises(GreenError) as caught:
        event.reset()
    assert str(caught.value) == "this Event can't be reset: nothing was sent yet. reset() belongs after send()"
    event.send("first")
    with pytest.raises(GreenError) as caught:
        event.send("second")
    assert str(caught.value) == "this Event was sent already. Call reset() before sending again, or use a Queue"
    event.reset()
    assert not event.ready()
    event.send("second")
    assert event.wait() == "second"


def test_asking_without_waiting():
    """ready, has_result, has_exception, and the polls with their defaults."""
    event = green.Event()
    assert (event.ready(), event.has_result(), event.has_exception()) == (False, False, False)
    assert (event.poll(), event.poll("not yet"), event.poll_result(1), event.poll_exception(2)) == (
        None,
        "not yet",
        1,
        2,
    )
    event.send("value")
    assert (event.ready(), event.has_result(), event.has_exception()) == (True, True, False)
    assert (event.poll(), event.poll_result(1), event.poll_exception(2)) == ("value", "value", 2)
    failed = green.Event()
    failed.send_exception(ValueError("broken"))
    assert (failed.ready(), failed.has_result(), failed.has_exception()) == (True, False, True)
    assert failed.poll_result(1) == 1
    for poll in (failed.poll, failed.poll_exception):
        with pytest.raises(ValueError, match="broken"):
            poll()


def test_none_can_be_sent():
    """It counts as sent."""
    event = green.Event()
    event.send(None)
    assert event.ready()
    assert event.wait() is None


def test_a_killed_waiter_is_forgotten():
    """The others get what is sent."""
    event = green.Event()
    killed, other = green.spawn(event.wait), green.spawn(event.wait)
    green.sleep(0)
    killed.kill()
    assert repr(event) == "<Event not sent, 1 waiting>"
    event.send("value")
    assert other.wait() == "value"
    assert repr(event) == "<Event sent, 0 waiting>"
