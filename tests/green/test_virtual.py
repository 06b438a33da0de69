"""The virtual clock and the shuffling hub; and with them, pools, queues and locks in many orders."""

import asyncio
import contextlib
import random
import time

import pytest

from spruce import green
from spruce.errors import GreenError

SEEDS = range(40)


def virtually(main, seed=None):
    """Run on a clock of its own."""
    return green.run(main, loop=green.VirtualLoop(), seed=seed)


def now():
    return green.get_hub().loop.time()


# The clock


def test_a_day_is_over_at_once():
    """For sleeps, timeouts, and asyncio's own."""

    def main():
        green.sleep(86400)
        assert now() == 86400
        with green.Timeout(3600, False):
            green.Event().wait()
        assert now() == 90000
        green.await_(asyncio.sleep(0.5))
        assert now() == 90000.5
        thread = green.spawn_after(10, now)
        assert thread.wait() == 90010.5
        return "ended"

    began = time.monotonic()
    assert virtually(main) == "ended"
    assert time.monotonic() - began < 60


def test_timers_keep_their_order():
    """Each thread sees exactly its own times."""
    log = []

    def ticker(name, seconds):
        for _ in range(3):
            green.sleep(seconds)
            log.append((now(), name))

    def main():
        for thread in [green.spawn(ticker, "slow", 5.0), green.spawn(ticker, "fast", 2.0)]:
            thread.wait()

    virtually(main)
    assert log == [(2, "fast"), (4, "fast"), (5, "slow"), (6, "fast"), (10, "slow"), (15, "slow")]


def test_time_stands_still_for_work():
    """It passes only when nothing else is left to do."""

    def main():
        timer = green.spawn_after(1, now)
        for _ in range(100):
            green.sleep(0)
        assert not timer.dead
        assert now() == 0
        return timer.wait()

    assert virtually(main) == 1


def test_sockets_and_os_threads_are_real():
    """A call outside is waited for, whatever timers there are."""

    def main():
        with green.Timeout(1):
            assert green.tpool.execute(lambda: time.sleep(0.01) or "outside") == "outside"
        with green.listen(("127.0.0.1", 0)) as listener:

            def answer():
                with listener.accept()[0] as sock:
                    return sock.recv(10)

            thread = green.spawn(answer)
            with green.connect(listener.getsockname()) as sock:
                sock.sendall(b"hello")
                return thread.wait()

    assert virtually(main) == b"hello"


def test_waiting_for_ever_is_an_error():
    """All wait for each other; the error says so."""
    with pytest.raises(GreenError) as caught:
        virtually(green.Event().wait)
    assert str(caught.value) == (
        "nothing will ever happen: all green threads wait, and no timer, descriptor or OS thread can end that. "
        "Look at green.debug.report()"
    )


# The order


def order_of(seed):
    order = []

    def worker(name):
        for _ in range(3):
            order.append(name)
            green.sleep(0)

    def main():
        for thread in [green.spawn(worker, name) for name in "abc"]:
            thread.wait()

    virtually(main, seed)
    return "".join(order)


def test_the_same_seed_gives_the_same_order():
    """And other seeds give others; without one it is first in, first out."""
    assert order_of(None) == "abcabcabc"
    assert [order_of(seed) for seed in SEEDS] == [order_of(seed) for seed in SEEDS]
    assert len({order_of(seed) for seed in SEEDS}) > 10
    assert all(sorted(order_of(seed)) == sorted("aaabbbccc") for seed in SEEDS)


def test_calls_and_kills_keep_their_place():
    """A kill has taken effect when it returns, in any order."""

    def main():
        log = []

        def victim():
            try:
                green.sleep(60)
            finally:
                log.append("killed")

        threads = [green.spawn(victim) for _ in range(3)]
        green.sleep(1)
        for number, thread in enumerate(threads, 1):
            thread.kill()
            assert log == ["killed"] * number

    for seed in SEEDS:
        virtually(main, seed)


# Pools, queues and locks, in many orders


@pytest.mark.parametrize("seed", SEEDS)
def test_queues_lose_nothing(seed):
    """Of all sizes, with consumers that are killed and putters that give up."""

    def main():
        chance = random.Random(seed)
        for size in (0, 1, 3, None):
            queue, got, put = green.Queue(size), [], []

            def consume(queue=queue, got=got):
                while True:
                    got.append(queue.get())
                    green.sleep(chance.choice((0, 0, 1)))

            def produce(number, queue=queue, put=put):
                for item in range(10):
                    try:
                        queue.put((number, item), timeout=chance.choice((None, 5)))
                        put.append((number, item))
                    except green.Full:
                        pass
                    green.sleep(chance.choice((0, 0, 1)))

            consumers = [green.spawn(consume) for _ in range(3)]
            producers = [green.spawn(produce, number) for number in range(3)]
            green.sleep(2)
            consumers[0].kill()
            for producer in producers:
                producer.wait()
            green.sleep(100)
            for consumer in consumers:
                consumer.kill()
            while not queue.empty():
                got.append(queue.get())
            assert sorted(got) == sorted(put)

    virtually(main, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_locks_let_one_in_at_a_time(seed):
    """With threads that are killed while they wait and while they have it; then all is free."""

    def main():
        chance = random.Random(seed)
        for make, limit in [(green.Lock, 1), (lambda: green.Semaphore(3), 3), (green.RLock, 1)]:
            lock, inside, peak = make(), [], []

            def worker(number, lock=lock, inside=inside, peak=peak):
                with lock:
                    inside.append(number)
                    peak.append(len(inside))
                    try:
                        green.sleep(chance.choice((0, 1, 2)))
                    finally:
                        inside.remove(number)

            threads = [green.spawn(worker, number) for number in range(20)]
            for _ in range(5):
                green.sleep(chance.choice((0, 1)))
                chance.choice(threads).kill()
            for thread in threads:
                with green.Timeout(1000), contextlib.suppress(green.GreenletExit):
                    thread.wait()
            assert max(peak) <= limit
            assert all(lock.acquire(blocking=False) for _ in range(limit))

    virtually(main, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_pools_keep_their_limit_and_their_order(seed):
    """Calls that take their time, a failure among them, and a resize in the middle."""

    def main():
        chance = random.Random(seed)
        pool, running, peak = green.GreenPool(3), [], []

        def call(number):
            running.append(number)
            peak.append(len(running))
            green.sleep(chance.choice((0, 1, 5)))
            running.remove(number)
            return number

        assert list(pool.imap(call, range(20))) == list(range(20))
        assert max(peak) <= 3
        pool.resize(5)
        things = green.Pool(max_size=2, create=object)

        def use():
            with green.Timeout(3, False), things.item():
                green.sleep(chance.choice((0, 1, 4)))

        for _ in range(20):
            pool.spawn(use)
        pool.waitall()
        assert (pool.free(), pool.running(), things.free()) == (5, 0, 2)

    virtually(main, seed)
