"""The lock between green threads, those of other hubs, and plain OS threads."""

import asyncio
import threading

import pytest

from spruce import green
from spruce.errors import GreenError
from spruce.patching.locks import Lock


def test_one_at_a_time() -> None:
    """Who waits goes on when it is given back; anybody may do that."""

    def main() -> list[str]:
        lock, log = Lock(), list[str]()
        lock.acquire()

        def work(name: str) -> None:
            with lock:
                log.append(name)
                green.sleep()

        threads = [green.spawn(work, name) for name in "abc"]
        green.sleep()
        assert log == []
        lock.release()
        for thread in threads:
            thread.wait()
        assert not lock.locked()
        return log

    assert green.run(main) == ["a", "b", "c"]


def test_what_it_refuses() -> None:
    """As the standard library's."""
    lock = Lock()
    with pytest.raises(RuntimeError, match=r"^release unlocked lock$"):
        lock.release()
    with pytest.raises(ValueError, match=r"^can't specify a timeout for a non-blocking call$"):
        lock.acquire(False, 1)
    with pytest.raises(ValueError, match=r"^timeout value must be a non-negative number$"):
        lock.acquire(timeout=-2)
    with pytest.raises(OverflowError, match="too large"):
        lock.acquire(timeout=1e30)


def test_without_blocking_and_with_a_limit() -> None:
    """It says whether it was got, in green threads and outside."""

    def main() -> None:
        lock = Lock()
        assert lock.acquire()
        assert not lock.acquire(False)
        assert not lock.acquire(timeout=0.001)
        lock.release()
        assert lock.acquire(timeout=0.001)

    green.run(main)
    main()


def test_who_gives_up_takes_nothing_with_it() -> None:
    """A thread that is killed in the moment in which it was woken leaves the lock to the next."""

    def main() -> bool:
        lock = Lock()
        lock.acquire()
        first, second = green.spawn(lock.acquire), green.spawn(lock.acquire)
        green.sleep()
        lock.release()
        first.kill()
        return bool(second.wait())

    assert green.run(main)


def test_between_green_threads_and_os_threads() -> None:
    """Each counts on under the lock; none is lost, and no hub is blocked."""
    lock, count = Lock(), 0

    def work() -> None:
        nonlocal count
        for _ in range(200):
            with lock:
                seen = count
                green.sleep() if green.running() and threading.current_thread() is threading.main_thread() else None
                count = seen + 1

    def main() -> None:
        outside = [threading.Thread(target=work) for _ in range(3)]
        for thread in outside:
            thread.start()
        for green_thread in [green.spawn(work) for _ in range(5)]:
            green_thread.wait()
        green.tpool.execute(lambda: [thread.join() for thread in outside])

    green.run(main)
    assert count == 8 * 200


def test_a_hub_for_each_of_two_threads() -> None:
    """Green threads of two OS threads hand the lock over."""
    lock, log = Lock(), list[str]()

    def program(name: str) -> None:
        def work() -> None:
            for _ in range(50):
                with lock:
                    log.append(name)
                    green.sleep()

        for thread in [green.spawn(work) for _ in range(3)]:
            thread.wait()

    threads = [threading.Thread(target=green.run, args=(program, name)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(log) == ["a"] * 150 + ["b"] * 150


def test_a_task_that_would_wait_for_a_green_thread_of_its_own_loop() -> None:
    """Neither could go on, so it is an error that says what to do."""
    lock = Lock()

    def holder() -> None:
        with lock:
            green.sleep(60)

    async def main() -> None:
        thread = green.spawn(holder)
        await asyncio.sleep(0)
        with pytest.raises(GreenError) as caught:
            lock.acquire()
        assert str(caught.value) == (
            "a lock that a green thread holds was asked for in a plain asyncio task: neither could go on. "
            "Run the code as a green thread: `await green.spawn(function)`"
        )
        thread.kill()

    asyncio.run(main())


def test_how_it_shows_itself() -> None:
    """As the standard library's; and in a forked child it is free."""
    lock = Lock()
    assert repr(lock).startswith("<unlocked spruce.patching.locks.Lock object at 0x")
    lock.acquire()
    assert repr(lock).startswith("<locked ")
    lock._at_fork_reinit()
    assert not lock.locked()
