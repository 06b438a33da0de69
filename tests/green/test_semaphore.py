"""Semaphores: permits, fairness, limits; eventlet's names."""

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


def test_permits_are_taken_and_given_back():
    """Taking blocks when there are none, and the first who waited is first."""
    semaphore, order = green.Semaphore(2), []

    def worker(number):
        with semaphore:
            order.append(("in", number))
            green.sleep(0)
            order.append(("out", number))

    threads = [green.spawn(worker, number) for number in range(4)]
    for thread in threads:
        thread.wait()
    assert [number for what, number in order if what == "in"] == [0, 1, 2, 3]
    running = peak = 0
    for what, _ in order:
        running += 1 if what == "in" else -1
        peak = max(peak, running)
    assert peak == 2
    assert semaphore.counter == 2


def test_acquire_tells_whether_it_got_a_permit():
    """Without blocking, in time, or not."""
    semaphore = green.Semaphore(1)
    assert semaphore.acquire() is True
    assert semaphore.acquire(blocking=False) is False
    assert semaphore.acquire(timeout=0) is False
    assert semaphore.acquire(timeout=0.001) is False
    green.spawn(semaphore.release)
    assert semaphore.acquire(timeout=60) is True
    green.spawn(semaphore.release)
    assert semaphore.acquire(timeout=-1) is True
    assert semaphore.counter == 0


def test_wrong_arguments_are_refused():
    """With what was wrong."""
    with pytest.raises(ValueError, match=r"^a Semaphore needs an initial value of 0 or more, not -1$"):
        green.Semaphore(-1)
    with pytest.raises(ValueError, match=r"^acquire\(\) of a Semaphore can't have a timeout and not block$"):
        green.Semaphore().acquire(blocking=False, timeout=1)
    with pytest.raises(ValueError, match=r"^a timeout is a number of seconds, 0 or more, not -2$"):
        green.Semaphore().acquire(timeout=-2)


def test_nobody_overtakes():
    """A permit that is released goes to who waits, not to who asks next."""
    semaphore = green.Semaphore(0)
    thread = green.spawn(semaphore.acquire)
    green.sleep(0)
    semaphore.release()
    assert semaphore.acquire(blocking=False) is False
    assert thread.wait() is True


def test_a_permit_is_not_lost_with_a_killed_thread():
    """It was handed over, and the thread killed in the same turn: the next one gets it."""
    semaphore = green.Semaphore(0)
    killed, other = green.spawn(semaphore.acquire), green.spawn(semaphore.acquire)
    green.sleep(0)
    semaphore.release()
    killed.kill()
    assert other.wait() is True
    assert semaphore.counter == 0


def test_what_it_says_of_itself():
    """Counter, balance, locked."""
    semaphore = green.Semaphore(1)
    assert (semaphore.counter, semaphore.balance, semaphore.locked()) == (1, 1, False)
    semaphore.acquire()
    threads = [green.spawn(semaphore.acquire) for _ in range(2)]
    green.sleep(0)
    assert (semaphore.counter, semaphore.balance, semaphore.locked()) == (0, -2, True)
    assert repr(semaphore) == "<Semaphore 0 free, 2 waiting>"
    for thread in threads:
        thread.kill()
    assert semaphore.balance == 0


def test_permits_can_be_added_and_taken_away():
    """Below zero, threads have to give theirs back first."""
    semaphore = green.Semaphore(1)
    semaphore.acquire()
    semaphore.adjust(-1)
    assert semaphore.counter == -1
    thread = green.spawn(semaphore.acquire)
    green.sleep(0)
    semaphore.release()
    assert not thread.dead
    semaphore.adjust(2)
    assert thread.wait() is True
    assert semaphore.counter == 1


def test_a_bounded_one_refuses_too_many_releases():
    """The error names its bound."""
    semaphore = green.BoundedSemaphore(2)
    semaphore.acquire()
    semaphore.release()
    with pytest.raises(ValueError, match=r"^a BoundedSemaphore of 2 was released more often than it was acquired$"):
        semaphore.release()
    with semaphore:
        assert semaphore.counter == 1


def test_a_killed_waiter_of_a_bounded_one_gives_its_permit_back():
    """Without breaking the bound."""
    semaphore = green.BoundedSemaphore(1)
    semaphore.acquire()
    thread = green.spawn(semaphore.acquire)
    green.sleep(0)
    semaphore.release()
    thread.kill()
    assert semaphore.counter == 1


def test_a_capped_one_blocks_on_both_sides():
    """Taking at 0, giving back at the limit."""
    semaphore = green.CappedSemaphore(1, limit=2)
    assert (semaphore.locked(), semaphore.bounded(), semaphore.balance) == (False, False, 0)
    semaphore.release()
    assert semaphore.bounded()
    assert semaphore.release(blocking=False) is False
    thread = green.spawn(semaphore.release)
    green.sleep(0)
    assert not thread.dead
    assert semaphore.acquire() is True
    thread.wait()
    assert repr(semaphore) == "<CappedSemaphore 2 of 2>"
    assert semaphore.acquire()
    assert semaphore.acquire()
    assert semaphore.locked()
    assert semaphore.acquire(blocking=False) is False
    with pytest.raises(ValueError, match=r"^a CappedSemaphore needs a count between 0 and its limit of 1, not 2$"):
        green.CappedSemaphore(2, limit=1)
    green.spawn(semaphore.release)
    with semaphore:
        assert semaphore.locked()


def test_stats():
    """Free permits, who waits."""
    semaphore = green.Semaphore(1)
    assert semaphore.stats() == {"free": 1, "waiting": 0}
    semaphore.acquire()
    waiting = green.spawn(semaphore.acquire)
    green.sleep(0)
    assert semaphore.stats() == {"free": 0, "waiting": 1}
    waiting.kill()
