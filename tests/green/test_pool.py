"""Pools and piles: limits, order, inline runs, ends; eventlet's semantics."""

import gc

import pytest

from spruce import green
from spruce.errors import GreenError

pytestmark = pytest.mark.usefixtures("everywhere")


def fail(text):
    raise ValueError(text)


def test_a_pool_runs_so_many_at_a_time():
    """Spawning yields only when the pool is full."""
    pool, running, peak = green.GreenPool(3), [], []

    def worker(number):
        running.append(number)
        peak.append(len(running))
        green.sleep(0)
        running.remove(number)
        return number

    threads = [pool.spawn(worker, number) for number in range(3)]
    assert running == []
    assert (pool.running(), pool.free(), pool.waiting()) == (3, 0, 0)
    threads += [pool.spawn(worker, number) for number in range(3, 10)]
    assert [thread.wait() for thread in threads] == list(range(10))
    assert max(peak) == 3
    pool.waitall()
    assert (pool.running(), pool.free()) == (0, 3)


def test_those_who_wait_to_spawn_are_counted():
    """And the pool says so."""
    pool = green.GreenPool(1)
    pool.spawn(green.sleep, 0.001)
    spawners = [green.spawn(pool.spawn, int) for _ in range(2)]
    green.sleep(0)
    assert pool.waiting() == 2
    assert repr(pool) == "<GreenPool 1 of 1 running, 2 waiting>"
    for spawner in spawners:
        assert spawner.wait().wait() == 0


def test_a_member_of_a_full_pool_runs_in_place():
    """Waiting there could wait for itself; the handle it gets has ended, with the result or the exception."""
    pool = green.GreenPool(1)

    def member():
        inner = pool.spawn(lambda: green.getcurrent())
        assert inner.dead
        broken = pool.spawn(fail, "in place")
        with pytest.raises(ValueError, match="in place"):
            broken.wait()
        return inner.wait(), green.getcurrent()

    in_place, own = pool.spawn(member).wait()
    assert in_place is own


def test_waitall_waits_for_all():
    """Also for those that are spawned meanwhile; and can be called by several."""
    pool, log = green.GreenPool(), []

    def worker(depth):
        green.sleep(0)
        log.append(depth)
        if depth:
            pool.spawn(worker, depth - 1)

    pool.spawn(worker, 3)
    other = green.spawn(pool.waitall)
    pool.waitall()
    assert log == [3, 2, 1, 0]
    other.wait()
    pool.waitall()


def test_waitall_in_a_member_is_an_error():
    """It would wait for its own end."""
    pool = green.GreenPool()
    with pytest.raises(GreenError) as caught:
        pool.spawn(pool.waitall).wait()
    assert str(caught.value) == (
        "waitall() was called from a thread of the pool itself: it would wait for its own end. Call it outside"
    )


def test_a_failure_frees_its_place(logged):
    """spawn_n's failures are logged, spawn's are raised by wait."""
    pool = green.GreenPool(1)
    with pytest.raises(ValueError, match="first"):
        pool.spawn(fail, "first").wait()
    pool.spawn_n(fail, "second")
    pool.waitall()
    green.sleep(0)
    gc.collect()
    assert pool.free() == 1
    (line,) = logged()
    assert line.endswith(":fail failed and nobody waited for it")


def test_a_killed_thread_frees_its_place():
    """Started or not."""
    pool = green.GreenPool(2)
    started = pool.spawn(green.sleep, 60)
    green.sleep(0)
    new = pool.spawn(green.sleep, 60)
    started.kill()
    new.kill()
    pool.waitall()
    assert pool.free() == 2


def test_a_spawner_that_is_interrupted_takes_no_place():
    """The permit that was just handed to it goes back."""
    pool = green.GreenPool(1)
    first = pool.spawn(green.sleep, 60)
    spawner = green.spawn(pool.spawn, int)
    green.sleep(0)
    first.kill()
    spawner.kill()
    pool.waitall()
    assert pool.free() == 1


def test_resize():
    """Growing admits those who wait; shrinking lets those who run end first."""
    pool = green.GreenPool(1)
    pool.spawn(green.sleep, 0.002)
    spawner = green.spawn(pool.spawn, green.sleep, 0.002)
    green.sleep(0)
    pool.resize(2)
    spawner.wait()
    assert pool.running() == 2
    pool.resize(1)
    assert (pool.size, pool.free()) == (1, -1)
    pool.waitall()
    assert pool.free() == 1
    with pytest.raises(ValueError, match=r"^a GreenPool needs a size of 0 or more, not -1$"):
        green.GreenPool(-1)


def test_imap_keeps_the_order():
    """Of several inputs, with the calls overlapping."""
    pool = green.GreenPool(3)

    def slow(a, b):
        for _ in range(5 - a):
            green.sleep(0)
        return a * b

    assert list(pool.imap(slow, range(5), range(10, 20))) == [0, 11, 24, 39, 56]
    assert list(pool.starmap(slow, [(1, 2), (3, 4)])) == [2, 12]
    assert list(pool.imap(slow, [], [])) == []


def test_imap_takes_no_more_than_it_needs():
    """As many ahead as the pool is large: memory stays bounded for inputs without end."""
    taken = []

    def endless():
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    results = green.GreenPool(2).imap(lambda number: number, endless())
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    for _ in range(20):
        green.sleep(0)
    assert len(taken) <= 3 + 2 * 2 + 1


def test_an_abandoned_imap_stops_feeding():
    """When its iterator is dropped, the thread that feeds it ends."""
    closed = []

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    results = green.GreenPool(2).imap(lambda number: number, endless())
    assert next(results) == 1
    del results
    gc.collect()
    for _ in range(5):
        green.sleep(0.001)
    assert closed == [True]


def test_imap_raises_what_a_call_raised_and_goes_on():
    """At the place of its result."""
    results = green.GreenPool().imap(lambda n: n if n != 1 else fail("one"), range(3))
    assert next(results) == 0
    with pytest.raises(ValueError, match="one"):
        next(results)
    assert next(results) == 2
    with pytest.raises(StopIteration):
        next(results)
    with pytest.raises(StopIteration):
        next(results)


def test_imap_raises_what_its_input_raised():
    """After the results so far."""

    def broken():
        yield 1
        fail("input")

    results = green.GreenPool().imap(lambda n: n, broken())
    assert next(results) == 1
    with pytest.raises(ValueError, match="input"):
        next(results)


def test_a_pile_gives_results_in_the_order_of_spawning():
    """As they are asked for; also after it ran empty."""
    pile = green.GreenPile(2)
    for number in range(4):
        pile.spawn(lambda n: green.sleep(0) or n, number)
    assert list(pile) == [0, 1, 2, 3]
    pile.spawn(lambda: "more")
    assert pile.next() == "more"
    with pytest.raises(StopIteration):
        next(pile)


def test_a_pile_raises_what_a_call_raised():
    """And goes on with the next."""
    pile = green.GreenPile()
    pile.spawn(fail, "broken")
    pile.spawn(lambda: "fine")
    with pytest.raises(ValueError, match="broken"):
        next(pile)
    assert list(pile) == ["fine"]


def test_piles_share_a_pool():
    """The pool's limit holds for both."""
    pool = green.GreenPool(2)
    piles = [green.GreenPile(pool), green.GreenPile(pool)]
    for number in range(3):
        for pile in piles:
            pile.spawn(lambda n: green.sleep(0) or n, number)
    assert [list(pile) for pile in piles] == [[0, 1, 2], [0, 1, 2]]


def test_an_empty_pile_ends_at_once():
    """There is nothing to wait for."""
    assert list(green.GreenPile()) == []


def test_imap_without_a_function_gives_the_arguments():
    """As tuples."""
    assert list(green.GreenPool().imap(None, range(2), "ab")) == [(0, "a"), (1, "b")]


def test_stats():
    """Size and use."""
    pool = green.GreenPool(2)
    thread = pool.spawn(green.sleep, 0)
    assert pool.stats() == {"size": 2, "running": 1, "free": 1, "waiting": 0}
    thread.wait()
