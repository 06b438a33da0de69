"""Killing green threads: at once, once, wherever they wait."""

import threading
import traceback

import pytest

from spruce import green
from spruce.errors import GreenError

pytestmark = pytest.mark.usefixtures("everywhere")


def fail(error):
    raise error


def parked(seconds=60):
    """Return a thread that sleeps, and what it was interrupted with."""
    seen = []

    def sleeper():
        try:
            green.sleep(seconds)
        except BaseException as exc:
            seen.append(exc)
            raise

    thread = green.spawn(sleeper)
    green.sleep(0)
    return thread, seen


def test_kill_raises_greenletexit_where_the_thread_waits():
    """When kill returns it has been raised; wait raises it too."""
    thread, seen = parked()
    thread.kill()
    assert [type(exc) for exc in seen] == [green.GreenletExit]
    assert thread.dead
    with pytest.raises(green.GreenletExit):
        thread.wait()


def test_killed_twice_is_a_no_op():
    """A dead thread stays as it is, whatever it died of."""
    thread, seen = parked()
    thread.kill()
    thread.kill(ValueError)
    assert len(seen) == 1
    ended = green.spawn(int)
    assert ended.wait() == 0
    ended.kill()
    assert ended.wait() == 0


def test_a_killed_unstarted_thread_never_runs():
    """Its waiters and links learn of it at once."""
    ran = []
    thread = green.spawn(ran.append, 1)
    seen = []
    thread.link(lambda _: seen.append("link"))
    thread.kill()
    assert (thread.dead, seen) == (True, ["link"])
    green.sleep(0)
    assert ran == []
    with pytest.raises(green.GreenletExit):
        thread.wait()


def test_kill_with_an_exception():
    """An instance, a class, or a class with a value and a traceback, as greenlet's throw takes them."""
    for args, text in [
        ((ValueError("given"),), "given"),
        ((ValueError,), ""),
        ((ValueError, "value"), "value"),
        ((ValueError, ValueError("instance"), None), "instance"),
    ]:
        thread, seen = parked()
        thread.kill(*args)
        with pytest.raises(ValueError, match=f"^{text}$"):
            thread.wait()
        assert len(seen) == 1
    with pytest.raises(TypeError) as caught:
        green.spawn(int).kill("no exception")
    assert str(caught.value) == "an exception or its class is needed, not 'no exception'"


def test_a_given_traceback_is_raised_with_it():
    """As with greenlet's throw."""
    try:
        fail(ValueError("first"))
    except ValueError as exc:
        given = exc.__traceback__
    thread, seen = parked()
    thread.kill(ValueError, ValueError("first"), given)
    assert "fail" in [frame.name for frame in traceback.extract_tb(seen[0].__traceback__)]
    with pytest.raises(ValueError, match="first"):
        thread.wait()


def test_a_thread_may_survive_a_kill():
    """It has been raised when kill returns, and the thread goes on with its next wait."""
    log = []

    def stubborn():
        try:
            green.sleep(60)
        except green.GreenletExit:
            log.append("raised")
            green.sleep(0)
            log.append("after")
        return "survived"

    thread = green.spawn(stubborn)
    green.sleep(0)
    thread.kill()
    assert log == ["raised"]
    assert thread.wait() == "survived"


def test_killing_oneself_raises_right_there():
    """The rest isn't run."""
    log = []

    def suicidal():
        log.append("before")
        green.getcurrent().kill()
        log.append("after")

    thread = green.spawn(suicidal)
    with pytest.raises(green.GreenletExit):
        thread.wait()
    assert log == ["before"]


def test_threads_kill_each_other():
    """Two kills that cross: both arrive."""
    threads = []

    def killer(other):
        green.sleep(0)
        threads[other].kill()
        return other

    threads += [green.spawn(killer, 1), green.spawn(killer, 0)]
    outcomes = []
    for thread in threads:
        try:
            outcomes.append(thread.wait())
        except green.GreenletExit:
            outcomes.append("killed")
    assert outcomes in (["killed", 0], [1, "killed"], ["killed", "killed"])
    assert all(thread.dead for thread in threads)


def test_a_killer_that_is_interrupted_does_not_take_the_kill_back():
    """The victim takes its time to end, the killer doesn't wait for it."""
    thread, seen = parked()
    killer = green.spawn(thread.kill)
    killer_of_killer = green.spawn(killer.kill)
    killer_of_killer.wait()
    green.sleep(0)
    assert len(seen) == 1
    assert thread.dead
    assert killer.dead


def test_a_killed_thread_runs_its_finally_blocks_once():
    """Also if they wait."""
    log = []

    def careful():
        try:
            try:
                green.sleep(60)
            finally:
                green.sleep(0)
                log.append("inner")
        finally:
            log.append("outer")

    thread = green.spawn(careful)
    green.sleep(0)
    thread.kill()
    with pytest.raises(green.GreenletExit):
        thread.wait()
    assert log == ["inner", "outer"]


def test_a_second_kill_interrupts_the_cleanup():
    """Each kill is raised once, in turn."""
    log = []

    def careful():
        try:
            green.sleep(60)
        except green.GreenletExit:
            try:
                green.sleep(60)
            except ValueError:
                log.append("second")
                raise

    thread = green.spawn(careful)
    green.sleep(0)
    thread.kill()
    thread.kill(ValueError("second"))
    with pytest.raises(ValueError, match="second"):
        thread.wait()
    assert log == ["second"]


def test_a_kill_and_a_wake_in_the_same_turn():
    """The exception wins, and the late wake doesn't reach the job that the carrier runs next."""
    event = green.Event()
    thread = green.spawn(event.wait)
    green.sleep(0)
    event.send("value")  # its wake is queued now
    thread.kill()
    with pytest.raises(green.GreenletExit):
        thread.wait()
    slept = green.spawn(lambda: green.Queue().get(timeout=0.002))
    green.sleep(0)
    assert not slept.dead
    with pytest.raises(green.Empty):
        slept.wait()


def test_cancel_leaves_a_started_thread_alone():
    """Only a thread that hasn't started is cancelled."""
    ran = []
    thread = green.spawn(ran.append, 1)
    thread.cancel()
    with pytest.raises(green.GreenletExit):
        thread.wait()
    started, seen = parked(0.001)
    started.cancel()
    assert started.wait() is None
    assert (ran, seen) == ([], [])


def test_kill_from_a_callback_of_the_loop():
    """A callback can't wait, so the thread is killed at the next turn."""
    thread, seen = parked()
    green.get_hub().loop.call_soon(thread.kill)
    with pytest.raises(green.GreenletExit):
        thread.wait()
    assert len(seen) == 1


def test_a_thread_without_a_hub_of_this_os_thread_cannot_be_waited_for():
    """The error says how to hand a result over instead."""
    thread = green.spawn(green.sleep, 0)
    errors = []

    def other():
        def body():
            try:
                thread.wait()
            except GreenError as exc:
                errors.append(str(exc))

        green.run(body)

    os_thread = threading.Thread(target=other)
    os_thread.start()
    os_thread.join()
    assert errors == [
        "this green thread belongs to another OS thread, which can't be waited for here. "
        "Hand its result over with a green.ThreadQueue"
    ]
    thread.wait()
