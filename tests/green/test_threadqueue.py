"""Queues between OS threads, green on either side, or on none."""

import threading
from queue import Empty, Full

import pytest

from spruce import green
from spruce.errors import GreenError
from spruce.green import runtime
from spruce.green.threadqueue import ThreadQueue

pytestmark = pytest.mark.usefixtures("everywhere")


@pytest.fixture
def os_thread():
    """Start a function in an OS thread of its own; all have ended after the test."""
    threads = []

    def start(function, *args):
        thread = threading.Thread(target=function, args=args)
        thread.start()
        threads.append(thread)

    yield start
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_items_come_out_in_order():
    """In one thread it is a queue like others."""
    queue = ThreadQueue()
    for item in range(3):
        queue.put(item)
    assert (queue.qsize(), len(queue), queue.empty(), bool(queue)) == (3, 3, False, True)
    assert [queue.get() for _ in range(3)] == [0, 1, 2]
    assert queue.empty()
    assert repr(queue) == "<ThreadQueue 0 of None>"


def test_a_green_thread_waits_for_a_plain_one(os_thread):
    """Others run meanwhile."""
    queue, ran = ThreadQueue(), []
    getter = green.spawn(queue.get)
    other = green.spawn(lambda: ran.append("meanwhile"))
    green.sleep(0)
    os_thread(queue.put, "item")
    assert getter.wait() == "item"
    other.wait()
    assert ran == ["meanwhile"]


def test_a_plain_thread_waits_for_a_green_one(os_thread):
    """Without a hub being made for it."""
    there, back = ThreadQueue(), ThreadQueue()
    hubs = []

    def plain():
        back.put(there.get() + 1)
        hubs.append(runtime.peek_hub())

    os_thread(plain)
    there.put(1)
    assert back.get(timeout=10) == 2
    green.tpool.execute(lambda: None)
    assert hubs in ([], [None])


def test_green_threads_of_different_hubs(os_thread):
    """Each waits on its own."""
    there, back = ThreadQueue(1), ThreadQueue(1)

    def body():
        while (item := there.get()) is not None:
            back.put(item * 2)

    os_thread(lambda: green.run(lambda: [thread.wait() for thread in [green.spawn(body) for _ in range(3)]]))
    feeder = green.spawn(lambda: [there.put(item) for item in [*range(50), None, None, None]])
    assert sorted(back.get() for _ in range(50)) == [item * 2 for item in range(50)]
    feeder.wait()


def test_put_waits_for_room(os_thread):
    """And each item arrives once."""
    queue = ThreadQueue(2)
    putters = [green.spawn(queue.put, item) for item in range(10)]
    green.sleep(0)
    assert queue.full()
    got = []
    os_thread(lambda: got.extend(queue.get() for _ in range(10)))
    for putter in putters:
        putter.wait()
    green.await_(green.get_hub().loop.run_in_executor(None, lambda: None))
    while len(got) < 10:
        green.sleep(0.001)
    assert sorted(got) == list(range(10))


def test_empty_and_full_are_raised_in_time():
    """At once, or after a timeout; in green threads and in plain ones."""
    queue = ThreadQueue(1)

    def check():
        for options in [{"block": False}, {"timeout": 0}, {"timeout": 0.001}]:
            with pytest.raises(Empty):
                queue.get(**options)
        with pytest.raises(Empty):
            queue.get_nowait()
        queue.put_nowait("item")
        for options in [{"block": False}, {"timeout": 0}, {"timeout": 0.001}]:
            with pytest.raises(Full):
                queue.put("too much", **options)
        assert queue.get() == "item"

    check()
    green.tpool.execute(check)
    with pytest.raises(ValueError, match=r"^the size of a ThreadQueue is None or 1 and more, not 0$"):
        ThreadQueue(0)


def test_nothing_is_lost_with_a_waiter_that_gives_up():
    """Killed in the turn in which it was woken: the next one is woken instead."""
    queue = ThreadQueue()
    killed, other = green.spawn(queue.get), green.spawn(queue.get)
    green.sleep(0)
    queue.put("item")
    killed.kill()
    assert other.wait() == "item"
    with pytest.raises(Empty):
        queue.get(timeout=0)
    assert len(queue._getters) == 0


def test_a_waiter_whose_loop_is_gone_is_passed_over(os_thread):
    """Its hub ended while it waited."""
    queue, ready = ThreadQueue(), threading.Event()

    def body():
        green.spawn(queue.get)
        green.sleep(0)
        queue._getters.append(queue._getters[0])
        ready.set()

    os_thread(lambda: green.run(body))
    while not ready.is_set() or len(queue._getters) > 1:
        green.sleep(0.001)
    queue.put("item")
    assert queue.get() == "item"


def test_in_a_plain_task_waiting_is_an_error():
    """What doesn't wait is fine."""

    async def plain():
        queue = ThreadQueue()
        with pytest.raises(GreenError, match="in a plain asyncio task or callback"):
            queue.get()
        queue.put("item")
        return queue.get()

    assert green.await_(green.get_hub().loop.create_task(plain())) == "item"


def test_stats():
    """Items, limit, who waits."""
    queue = ThreadQueue(3)
    getter = green.spawn(queue.get)
    green.sleep(0)
    assert queue.stats() == {"items": 0, "maxsize": 3, "getting": 1, "putting": 0}
    getter.kill()
