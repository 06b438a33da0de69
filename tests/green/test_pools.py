"""Pools of things: made when needed, handed on, never lost."""

import pytest

from spruce import green
from spruce.errors import GreenError

pytestmark = pytest.mark.usefixtures("everywhere")


class Numbers(green.Pool):
    """A pool whose things are numbers, from 1 on."""

    made = 0

    def create(self):
        self.made += 1
        return self.made


def test_things_are_made_when_they_are_needed():
    """And used again when they were put back."""
    pool = Numbers(max_size=2)
    assert pool.made == 0
    one = pool.get()
    pool.put(one)
    assert pool.get() == 1
    assert pool.get() == 2
    assert pool.free() == 0
    assert Numbers(min_size=3, max_size=3).made == 3


def test_get_waits_while_all_are_in_use():
    """In order."""
    pool, order = Numbers(max_size=1), []

    def worker(number):
        with pool.item() as item:
            order.append((number, item))
            green.sleep(0)

    threads = [green.spawn(worker, number) for number in range(3)]
    green.sleep(0)
    assert (pool.free(), pool.waiting()) == (0, 2)
    assert repr(pool) == "<Numbers 0 of 1 free, 2 waiting>"
    for thread in threads:
        thread.wait()
    assert order == [(0, 1), (1, 1), (2, 1)]
    assert pool.free() == 1


def test_things_are_used_in_turn_or_the_last_first():
    """A queue, or a stack."""
    for order_as_stack, expected in [(False, [1, 2]), (True, [2, 1])]:
        pool = Numbers(max_size=2, order_as_stack=order_as_stack)
        one, two = pool.get(), pool.get()
        pool.put(one)
        pool.put(two)
        assert [pool.get(), pool.get()] == expected


def test_a_create_that_blocks_makes_no_more_than_allowed():
    """Those who come meanwhile wait for what is made."""
    made = []

    def create():
        made.append(1)
        green.sleep(0)
        return "thing"

    pool = green.Pool(max_size=3, create=create)

    def worker():
        with pool.item() as item:
            green.sleep(0)
            return item

    threads = [green.spawn(worker) for _ in range(20)]
    assert {thread.wait() for thread in threads} == {"thing"}
    assert len(made) == 3


def test_a_create_that_fails_takes_no_place():
    """The next one may try."""
    outcomes = [ValueError("broken"), "thing"]

    def create():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    pool = green.Pool(max_size=1, create=create)
    with pytest.raises(ValueError, match="broken"):
        pool.get()
    assert pool.get() == "thing"
    with pytest.raises(NotImplementedError, match=r"^pass create= to the Pool, or define create\(\) in a subclass$"):
        green.Pool().get()


def test_a_thing_is_not_lost_with_a_killed_thread():
    """Handed over and killed in the same turn: the next one gets it."""
    pool = Numbers(max_size=1)
    item = pool.get()
    killed, other = green.spawn(pool.get), green.spawn(pool.get)
    green.sleep(0)
    pool.put(item)
    killed.kill()
    assert other.wait() == item


def test_a_failure_puts_the_thing_back():
    """`item` does, whatever happens in the block."""
    pool = Numbers(max_size=1)
    with pytest.raises(ValueError, match="broken"), pool.item():
        raise ValueError("broken")
    assert pool.free() == 1


def test_resize():
    """Things beyond a smaller size are dropped when they come back."""
    pool = Numbers(max_size=2)
    items = [pool.get(), pool.get()]
    pool.resize(1)
    for item in items:
        pool.put(item)
    assert pool.free() == 1
    pool.resize(2)
    assert pool.free() == 2
    with pytest.raises(GreenError) as caught:
        pool.resize(-1)
    assert str(caught.value) == "a Pool can't have a size of -1. Choose 0 or more"


def test_tokens():
    """For what needs no object of its own."""
    pool = green.TokenPool(max_size=2)
    assert pool.get() is not pool.get()
    assert pool.free() == 0


def test_stats():
    """Sizes, free things, who waits."""
    pool = Numbers(max_size=2)
    pool.get()
    assert pool.stats() == {"size": 1, "max_size": 2, "free": 1, "waiting": 0}
