"""Locks and conditions: the interfaces of threading, between green threads."""

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


def started(function, *args, **kwargs):
    """Return a thread that has run until it waits."""
    thread = green.spawn(function, *args, **kwargs)
    green.sleep(0)
    return thread


def test_one_at_a_time_in_order():
    """Who waits longest is next."""
    lock, order = green.Lock(), []

    def worker(number):
        with lock:
            order.append(number)
            green.sleep(0)
            order.append(number)

    for thread in [green.spawn(worker, number) for number in range(3)]:
        thread.wait()
    assert order == [0, 0, 1, 1, 2, 2]
    assert not lock.locked()


@pytest.mark.parametrize("kind", [green.Lock, green.RLock])
def test_acquire_tells_whether_it_got_the_lock(kind):
    """Without blocking, in time, or not."""
    lock = kind()
    assert lock.acquire() is True
    tries = [{"blocking": False}, {"timeout": 0}, {"timeout": 0.001}]
    assert [green.spawn(lock.acquire, **options).wait() for options in tries] == [False] * 3
    waiting = started(lock.acquire, timeout=60)
    lock.release()
    assert waiting.wait() is True
    with pytest.raises(ValueError, match=r"^can't specify a timeout for a non-blocking call$"):
        lock.acquire(blocking=False, timeout=1)
    with pytest.raises(ValueError, match=r"^timeout value must be a non-negative number$"):
        kind().acquire(timeout=-2)


def test_releasing_what_nobody_has_is_an_error():
    """As in threading."""
    with pytest.raises(RuntimeError, match=r"^release unlocked lock$"):
        green.Lock().release()
    with pytest.raises(RuntimeError, match=r"^cannot release un-acquired lock$"):
        green.RLock().release()
    lock = green.RLock()
    lock.acquire()
    with pytest.raises(RuntimeError, match=r"^cannot release un-acquired lock$"):
        green.spawn(lock.release).wait()


def test_a_lock_is_not_lost_with_a_killed_thread():
    """Handed over and killed in the same turn: the next one gets it."""
    lock = green.Lock()
    lock.acquire()
    killed, other = started(lock.acquire), started(lock.acquire)
    lock.release()
    killed.kill()
    assert other.wait() is True
    assert lock.locked()


def test_its_thread_may_take_an_rlock_again():
    """And gives it back as often."""
    lock = green.RLock()
    with lock, lock:
        waiting = started(lock.acquire)
    assert waiting.wait() is True
    with pytest.raises(RuntimeError):
        lock.release()


def test_a_forked_childs_lock_is_free():
    """What the standard library calls in the child."""
    lock = green.Lock()
    lock.acquire()
    lock._at_fork_reinit()
    assert lock.acquire(blocking=False)


@pytest.mark.parametrize("make", [green.Condition, lambda: green.Condition(green.Lock())], ids=["RLock", "Lock"])
def test_a_condition_wakes_who_waits(make):
    """One, several, all; with the lock in hand again."""
    condition, order = make(), []

    def waiter(number):
        with condition:
            condition.wait()
            order.append(number)
            green.sleep(0)
            order.append(number)

    threads = [started(waiter, number) for number in range(5)]
    with condition:
        condition.notify()
        condition.notify(2)
        assert order == []
    for _ in range(20):
        green.sleep(0)
    assert order == [0, 0, 1, 1, 2, 2]
    with condition:
        condition.notify_all()
    for thread in threads:
        thread.wait()
    assert order == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_condition_waits_for_something_to_be_true():
    """Or as long as it may."""
    condition, state = green.Condition(), []

    def change():
        with condition:
            state.append(1)
            condition.notify()

    with condition:
        assert condition.wait(0.001) is False
        assert condition.wait_for(lambda: state, 0.001) == []
        green.spawn(change)
        assert condition.wait_for(lambda: state) == [1]


def test_a_condition_needs_its_lock():
    """To wait and to notify."""
    condition = green.Condition()
    for call in (condition.wait, condition.notify, condition.notify_all):
        with pytest.raises(RuntimeError, match=r"^cannot wait on or notify a Condition whose lock isn't held$"):
            call()


def test_an_interrupted_wait_has_the_lock_again():
    """Even if that takes a while, and whatever else interrupts it meanwhile."""
    condition, log = green.Condition(), []

    def waiter():
        with condition:
            try:
                condition.wait()
            finally:
                log.append(condition._lock._is_owned())

    thread = started(waiter)
    condition.acquire()
    killers = [green.spawn(thread.kill, kind) for kind in (ValueError, KeyError)]
    for killer in killers:
        killer.wait()
    assert log == []
    condition.release()
    with pytest.raises(KeyError):
        thread.wait()
    assert log == [True]


def test_a_notice_is_not_lost_with_a_killed_thread():
    """The next one gets it."""
    condition = green.Condition(green.Lock())

    def waiter():
        with condition:
            condition.wait()

    killed, other = started(waiter), started(waiter)
    with condition:
        condition.notify()
    killed.kill()
    other.wait()


def test_what_they_say_of_themselves():
    """States, owners and who waits."""
    lock = green.Lock()
    assert repr(lock) == "<Lock unlocked, 0 waiting>"
    with lock:
        waiting = started(lock.acquire)
        assert repr(lock) == "<Lock locked, 1 waiting>"
    assert repr(green.Condition(lock)) == "<Condition on <Lock locked, 0 waiting>, 0 waiting>"
    assert repr(green.RLock()) == "<RLock of None, taken 0 times>"
    waiting.wait()
