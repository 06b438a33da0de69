"""Queues between green threads: orders, limits, rendezvous, and nothing lost to timeouts and kills."""

import pytest

from spruce import green
from spruce.green.queue import Empty, Full, LifoQueue, LightQueue, PriorityQueue, Queue

pytestmark = pytest.mark.usefixtures("everywhere")

KINDS = {"Queue": Queue, "LightQueue": LightQueue, "PriorityQueue": PriorityQueue, "LifoQueue": LifoQueue}


@pytest.fixture(params=KINDS)
def kind(request):
    """Each kind of queue."""
    return KINDS[request.param]


def started(function, *args, **kwargs):
    """Return a thread that has run until it waits."""
    thread = green.spawn(function, *args, **kwargs)
    green.sleep(0)
    return thread


def test_items_come_out_in_the_order_of_their_kind():
    """First in first out, last in first out, lowest first."""
    for make, expected in [
        (Queue, [2, 3, 1]),
        (LightQueue, [2, 3, 1]),
        (LifoQueue, [1, 3, 2]),
        (PriorityQueue, [1, 2, 3]),
    ]:
        queue = make()
        for item in (2, 3, 1):
            queue.put(item)
        assert [queue.get() for _ in range(3)] == expected


def test_get_waits_for_an_item(kind):
    """The first who waits gets the first item."""
    queue = kind()
    threads = [started(queue.get) for _ in range(3)]
    assert queue.getting() == 3
    for item in range(3):
        queue.put(item)
        green.sleep(0)
    assert [thread.wait() for thread in threads] == [0, 1, 2]
    assert queue.getting() == 0


def test_put_waits_for_room(kind):
    """And goes on, in order, when items are taken."""
    queue = kind(1)
    queue.put(0)
    order = []

    def putter(item):
        queue.put(item)
        order.append(item)

    threads = [started(putter, item) for item in (1, 2)]
    assert (queue.putting(), queue.full(), order) == (2, True, [])
    assert [queue.get() for _ in range(3)] == [0, 1, 2]
    for thread in threads:
        thread.wait()
    assert order == [1, 2]


def test_a_rendezvous():
    """With size 0, put returns when somebody has taken the item; whoever comes first waits."""
    queue = Queue(0)
    assert queue.full()
    putter = started(queue.put, "item")
    assert not putter.dead
    assert queue.qsize() == 0
    assert queue.get() == "item"
    putter.wait()
    getter = started(queue.get)
    queue.put("direct")
    assert getter.wait() == "direct"
    with pytest.raises(Full):
        queue.put_nowait("nobody waits")
    with pytest.raises(Empty):
        queue.get_nowait()


def test_no_limit(kind):
    """None and negative sizes."""
    for size in (None, -1):
        queue = kind(size)
        for item in range(1000):
            queue.put_nowait(item)
        assert not queue.full()
        assert queue.qsize() == len(queue) == 1000


def test_empty_and_full_are_raised_in_time(kind):
    """At once, after a timeout, and never when there is something."""
    queue = kind(1)
    for options in [{"block": False}, {"timeout": 0}, {"timeout": 0.001}]:
        with pytest.raises(Empty):
            queue.get(**options)
    with pytest.raises(Empty):
        queue.get_nowait()
    queue.put("item")
    for options in [{"block": False}, {"timeout": 0}, {"timeout": 0.001}]:
        with pytest.raises(Full):
            queue.put("too much", **options)
    with pytest.raises(Full):
        queue.put_nowait("too much")
    assert queue.get(timeout=0) == "item"
    queue.put("next", timeout=0)
    assert queue.get_nowait() == "next"


def test_an_empty_queue_is_true_and_empty():
    """So that `if queue` tells whether there is one."""
    queue = Queue()
    assert bool(queue)
    assert queue.empty()
    queue.put(1)
    assert not queue.empty()


def test_a_priority_queue_lets_getters_choose_among_all_that_is_put_in_a_turn():
    """The first who waits gets the lowest, not the first that was put."""
    queue = PriorityQueue()
    first, second = started(queue.get), started(queue.get)
    for item in (3, 1, 2):
        queue.put(item)
    assert (first.wait(), second.wait(), queue.get()) == (1, 2, 3)


def test_an_item_handed_to_a_killed_thread_goes_to_the_next(kind):
    """Nothing is lost, and nobody waits beside an item."""
    queue = kind()
    killed, other = started(queue.get), started(queue.get)
    queue.put("item")
    if kind in (PriorityQueue, LifoQueue):
        green.get_hub().call_next(lambda: queue._match())
    killed.kill()
    assert other.wait() == "item"
    assert queue.empty()


def test_an_item_handed_to_a_killed_thread_is_the_first_again(kind):
    """If nobody else waits."""
    queue = kind()
    killed = started(queue.get)
    queue.put(1)
    queue.put(2)
    killed.kill()
    assert [queue.get(), queue.get()] == ([2, 1] if kind is LifoQueue else [1, 2])


def test_a_killed_putter_puts_nothing(kind):
    """Its item never comes in; those behind it move up."""
    queue = kind(1)
    queue.put(0)
    killed, other = started(queue.put, 1), started(queue.put, 2)
    killed.kill()
    assert [queue.get(), queue.get()] == [0, 2]
    other.wait()
    assert queue.empty()


def test_waits_that_time_out_leave_nothing_behind(kind):
    """A queue that is asked for ever doesn't grow."""
    queue = kind(1)
    for _ in range(50):
        with pytest.raises(Empty):
            queue.get(timeout=0)
    queue.put("item")
    for _ in range(50):
        with pytest.raises(Full):
            queue.put("too much", timeout=0)
    assert (queue.getting(), queue.putting()) == (0, 0)
    assert len(queue._getters._waiters) + len(queue._putters._waiters) < 5
    assert queue.get() == "item"


def test_resize_admits_those_who_wait(kind):
    """As far as there is room now."""
    queue = kind(1)
    queue.put(0)
    threads = [started(queue.put, item) for item in (1, 2, 3)]
    queue.resize(3)
    green.sleep(0)
    assert [thread.dead for thread in threads] == [True, True, False]
    queue.resize(None)
    threads[2].wait()
    assert queue.qsize() == 4


def test_join_waits_for_the_work():
    """Each item that was put needs its task_done."""
    queue = Queue()
    queue.join()
    for item in range(3):
        queue.put(item)
    joined = started(queue.join)

    def worker():
        while True:
            queue.get()
            green.sleep(0)
            assert not joined.dead
            queue.task_done()

    worker_thread = green.spawn(worker)
    joined.wait()
    assert queue.unfinished_tasks == 0
    worker_thread.kill()
    with pytest.raises(ValueError, match=r"^task_done\(\) called too many times$"):
        queue.task_done()
    queue.put("again")
    again = started(queue.join)
    assert not again.dead
    queue.task_done()
    again.wait()


def test_work_can_be_there_from_the_start():
    """As eventlet's unfinished_tasks."""
    queue = Queue(unfinished_tasks=1)
    joined = started(queue.join)
    queue.task_done()
    joined.wait()


def test_join_counts_what_is_handed_over_directly():
    """To a getter that waits, and from a putter that waits."""
    queue = Queue(0)
    getter = started(queue.get)
    queue.put(1)
    assert queue.unfinished_tasks == 1
    putter = started(queue.put, 2)
    assert queue.unfinished_tasks == 1
    assert queue.get() == 2
    assert queue.unfinished_tasks == 2
    putter.wait()
    assert getter.wait() == 1


def test_ping_pong():
    """Two threads over two queues, many times."""
    there, back = Queue(), Queue()

    def player():
        while (item := there.get()) is not None:
            back.put(item + 1)

    thread = green.spawn(player)
    total = 0
    for _ in range(1000):
        there.put(total)
        total = back.get()
    there.put(None)
    thread.wait()
    assert total == 1000


def test_many_producers_and_consumers():
    """Each item arrives once, whatever the size."""
    for size in (0, 1, 3, None):
        queue = Queue(size)
        got = []

        def produce(number, queue=queue):
            for item in range(20):
                queue.put((number, item))
                if item % 3 == 0:
                    green.sleep(0)

        def consume(queue=queue, got=got):
            while (item := queue.get()) is not None:
                got.append(item)
                if item[1] % 4 == 0:
                    green.sleep(0)

        consumers = [green.spawn(consume) for _ in range(5)]
        producers = [green.spawn(produce, number) for number in range(5)]
        for thread in producers:
            thread.wait()
        for _ in consumers:
            queue.put(None)
        for thread in consumers:
            thread.wait()
        assert sorted(got) == [(number, item) for number in range(5) for item in range(20)]


def test_what_it_says_of_itself():
    """Kind, items, limit, who waits."""
    queue = LightQueue(2)
    queue.put(1)
    assert repr(queue) == "<LightQueue 1 of 2, getting 0, putting 0>"


def test_stats():
    """Items, limit, who waits."""
    queue = Queue(1)
    queue.put(1)
    putter = started(queue.put, 2)
    assert queue.stats() == {"items": 1, "maxsize": 1, "getting": 0, "putting": 1}
    putter.kill()
