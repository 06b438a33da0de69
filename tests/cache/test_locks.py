"""Locks in a store whose clock the test sets."""

import pytest

from spruce.cache.locks import CacheLock, Pauses
from spruce.cache.memory import MemoryStore
from spruce.errors import LockNotHeld


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_lock_runs_out_and_its_former_holder_learns_of_it() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    first, second = (CacheLock(store, "lock", "job", 10, None) for _ in range(2))
    assert first.acquire()
    assert not second.acquire(blocking=False)
    clock.now = 10
    assert not first.owned()
    assert second.acquire(blocking=False)
    with pytest.raises(LockNotHeld, match="the lock 'job' was given back but is not held here"):
        first.release()
    assert second.owned()
    second.release()
    assert not second.locked()


def test_a_lock_that_is_extended_lasts_longer() -> None:
    clock = Clock()
    lock = CacheLock(MemoryStore(clock=clock), "lock", "job", 10, None)
    with lock:
        clock.now = 9
        lock.extend()
        clock.now = 18
        lock.extend(100)
        clock.now = 117
        assert lock.owned()
        assert repr(lock) == "<CacheLock 'job', got here>"
    assert repr(lock) == "<CacheLock 'job', not got here>"


def test_an_error_in_the_block_matters_more_than_a_lost_lock() -> None:
    clock = Clock()

    def work() -> None:
        with CacheLock(MemoryStore(clock=clock), "lock", "job", 10, None):
            clock.now = 11
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()


def test_pauses_grow_to_a_tenth_of_a_second() -> None:
    pauses = Pauses()
    seconds = [pauses.next() for _ in range(20)]
    assert seconds[0] < 0.007
    assert 0.07 <= seconds[-1] <= 0.13
