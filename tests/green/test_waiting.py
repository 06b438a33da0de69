"""Waiter and Line, which all that blocks is made of: wakes kept, orders held, nothing lost and nothing left."""

import pytest

from spruce import green
from spruce.green.waiting import TIMED_OUT, Line, Waiter

pytestmark = pytest.mark.usefixtures("everywhere")


def in_line(line, **options):
    thread = green.spawn(line.wait, **options)
    green.sleep(0)
    return thread


def test_a_wake_ends_the_wait():
    """With its value; a second wake does nothing."""
    waiters = []

    def body():
        waiters.append(Waiter())
        return waiters[0].wait()

    thread = green.spawn(body)
    green.sleep(0)
    waiters[0].wake("first")
    waiters[0].wake("second")
    assert thread.wait() == "first"


def test_a_wake_before_the_wait_is_kept():
    """Also if the thread has waited for something else in between."""
    waiter = Waiter()
    waiter.wake("early")
    assert waiter.wait() == "early"
    late = Waiter()
    green.sleep(0)
    green.spawn(late.wake, "late")
    assert late.wait() == "late"


def test_a_failure_ends_the_wait():
    """The error is raised in who waits; a later wake does nothing."""
    waiter = Waiter()
    green.spawn(lambda: [waiter.fail(ValueError("broken")), waiter.wake("late")])
    with pytest.raises(ValueError, match="broken"):
        waiter.wait()


def test_a_wait_times_out():
    """Zero and less are one turn of the others."""
    assert Waiter().wait(0.001) is TIMED_OUT
    ran = []
    green.spawn(ran.append, 1)
    assert Waiter().wait(0) is TIMED_OUT
    assert ran == [1]
    assert Waiter().wait(-1) is TIMED_OUT


def test_a_late_wake_reaches_nobody():
    """Neither the thread's next wait nor the next job of its carrier."""
    waiters = []

    def body():
        waiters.append(Waiter())
        with green.Timeout(0, False):
            waiters[0].wait()
        return Waiter().wait(0.001)

    thread = green.spawn(body)
    green.sleep(0)
    green.sleep(0)
    waiters[0].wake("late")
    assert thread.wait() is TIMED_OUT
    waiters[0].wake("later")
    assert green.spawn(lambda: Waiter().wait(0.001)).wait() is TIMED_OUT


def test_a_line_is_served_in_order():
    """Each gets what was handed to it; nobody is served when nobody waits."""
    line = Line()
    assert line.serve("nobody") is False
    threads = [in_line(line) for _ in range(3)]
    assert (len(line), bool(line)) == (3, True)
    assert [line.serve(number) for number in range(4)] == [True, True, True, False]
    assert [thread.wait() for thread in threads] == [0, 1, 2]
    assert (len(line), bool(line)) == (0, False)


def test_all_are_served_at_once():
    """Only those who wait now."""
    line = Line()
    threads = [in_line(line) for _ in range(3)]
    line.serve_all("all")
    late = in_line(line, timeout=0)
    assert [thread.wait() for thread in threads] == ["all"] * 3
    assert late.wait() is TIMED_OUT


def test_each_gets_an_error_of_its_own():
    """So that tracebacks don't mix."""
    line = Line()
    threads = [in_line(line) for _ in range(3)]
    line.fail_all(lambda: ValueError("closed"))
    errors = []
    for thread in threads:
        with pytest.raises(ValueError, match="closed") as caught:
            thread.wait()
        errors.append(caught.value)
    assert len(set(map(id, errors))) == 3


def test_those_who_give_up_are_passed_over():
    """By a timeout or a kill; the line is as long as those who wait."""
    line = Line()
    killed, timed_out, served = in_line(line), in_line(line, timeout=0.001), in_line(line)
    killed.kill()
    assert timed_out.wait() is TIMED_OUT
    assert len(line) == 1
    assert line.serve("served")
    assert served.wait() == "served"
    assert not line


def test_what_was_handed_to_a_killed_thread_is_passed_on():
    """Also in the turn in which it was to be resumed."""
    line = Line()
    passed = []
    thread = in_line(line, pass_on=passed.append)
    line.serve("item")
    thread.kill()
    assert passed == ["item"]


def test_a_timeout_and_a_service_in_the_same_turn():
    """Whichever came first counts; nothing is handed to who has given up."""
    line = Line()
    thread = green.spawn(line.wait, 0)
    other = green.spawn(line.wait)
    green.sleep(0)
    green.sleep(0)
    assert line.serve("item")
    assert thread.wait() is TIMED_OUT
    assert other.wait() == "item"


def test_places_that_were_given_up_are_dropped():
    """A line that is never served doesn't grow."""
    line = Line()
    keeper = in_line(line)
    for _ in range(100):
        assert line.wait(timeout=0) is TIMED_OUT
        in_line(line).kill()
    assert len(line._waiters) < 10
    line.serve("kept")
    assert keeper.wait() == "kept"


def test_in_the_root_a_thread_is_resumed_at_once():
    """As from a callback of the loop; then it has run when `serve_now` returns."""
    line = Line()
    log = []

    def body():
        log.append(line.wait())

    def callback():
        log.append(line.serve_now("now"))
        log.append(line.serve_now("nobody"))

    green.spawn(body)
    green.sleep(0)
    green.get_hub().loop.call_soon(callback)
    green.sleep(0.001)
    assert log == ["now", True, False]
