"""Calls in OS threads: results, context, limits, and what becomes of a call whose caller is gone."""

import contextvars
import threading

import pytest

from spruce import green
from spruce.errors import GreenError
from spruce.green import tpool

pytestmark = pytest.mark.usefixtures("everywhere")

variable = contextvars.ContextVar("variable", default="unset")


@pytest.fixture(autouse=True)
def _fresh_pool():
    yield
    tpool.set_num_threads(20)


def test_a_call_runs_in_another_os_thread():
    """With its arguments, and its result comes back; other green threads run meanwhile."""
    ready, ran = threading.Event(), []

    def blocking(a, b=0):
        ready.wait(10)
        return threading.get_ident(), a + b

    def other():
        ran.append("meanwhile")
        ready.set()

    green.spawn(other)
    number, result = tpool.execute(blocking, 1, b=2)
    assert (result, ran) == (3, ["meanwhile"])
    assert number != threading.get_ident()


def test_its_exception_is_raised_in_the_caller():
    """As if it had been called here."""
    with pytest.raises(ZeroDivisionError):
        tpool.execute(lambda: 1 / 0)


def test_it_sees_the_callers_context_variables():
    """And what it sets stays with it."""
    token = variable.set("the caller's")

    def read_and_set():
        seen = variable.get()
        variable.set("the call's")
        return seen

    assert tpool.execute(read_and_set) == "the caller's"
    assert variable.get() == "the caller's"
    variable.reset(token)


def test_so_many_run_at_a_time():
    """More wait their turn; the number can be changed."""
    tpool.set_num_threads(2)
    lock, running, peak = threading.Lock(), [], []

    def call(number):
        with lock:
            running.append(number)
            peak.append(len(running))
        threading.Event().wait(0.002)
        with lock:
            running.remove(number)

    threads = [green.spawn(tpool.execute, call, number) for number in range(6)]
    for thread in threads:
        thread.wait()
    assert max(peak) <= 2
    with pytest.raises(ValueError, match=r"^the number of threads must be 0 or more, not -1$"):
        tpool.set_num_threads(-1)


def test_with_no_threads_calls_run_in_place():
    """In the caller's OS thread, which blocks the loop: for tests."""
    tpool.set_num_threads(0)
    assert tpool.execute(threading.get_ident) == threading.get_ident()


def test_a_killed_caller_leaves_its_call_behind():
    """The call runs to its end, its result is dropped."""
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def call():
        begun.set()
        go.wait(10)
        ended.set()

    thread = green.spawn(tpool.execute, call)
    tpool.execute(begun.wait, 10)
    thread.kill()
    assert thread.dead
    go.set()
    assert tpool.execute(ended.wait, 10)


def test_killall_ends_the_threads():
    """And the next call starts new ones."""
    first = tpool.execute(threading.current_thread)
    assert first.name.startswith("spruce-tpool")
    tpool.killall()
    first.join(10)
    assert not first.is_alive()
    assert tpool.execute(threading.current_thread) is not first


def test_in_a_plain_task_it_is_an_error():
    """It would stop the loop."""

    async def plain():
        with pytest.raises(GreenError, match="in a plain asyncio task or callback"):
            tpool.execute(int)

    green.await_(green.get_hub().loop.create_task(plain()))


class Thing:
    """What a proxy stands for."""

    value = 1

    def where(self, *args, **kwargs):
        return threading.get_ident(), args, kwargs

    def another(self):
        return Thing()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        return failure[0] is ValueError


def test_a_proxys_methods_run_in_os_threads():
    """Attributes are as they are."""
    proxy = tpool.Proxy(Thing())
    number, args, kwargs = proxy.where(1, b=2)
    assert (number != threading.get_ident(), args, kwargs) == (True, (1,), {"b": 2})
    assert proxy.value == 1
    proxy.value = 2
    assert proxy._obj.value == 2
    del proxy.value
    assert proxy.value == 1
    with pytest.raises(AttributeError):
        proxy.missing  # noqa: B018 - asking for it is the test


def test_a_proxy_stands_for_its_object():
    """Where Python looks into the class."""
    numbers = tpool.Proxy([1, 2, 3])
    assert (numbers[0], len(numbers), bool(numbers), 2 in numbers) == (1, 3, True, True)
    numbers[0] = 5
    del numbers[1]
    assert list(numbers) == [5, 3]
    assert numbers == [5, 3]
    assert numbers == tpool.Proxy([5, 3])
    assert numbers != [5]
    assert (str(numbers), repr(numbers)) == ("[5, 3]", "[5, 3]")
    assert hash(tpool.Proxy("text")) == hash("text")
    with pytest.raises(TypeError):
        hash(numbers)
    with pytest.raises(IndexError):
        numbers[7]
    assert tpool.Proxy(lambda a: a + 1)(1) == 2
    with tpool.Proxy(Thing()) as thing:
        assert isinstance(thing, Thing)
        raise ValueError("swallowed by the thing")


def test_a_proxied_generator_runs_in_os_threads():
    """Each of its steps."""

    def numbers():
        for _ in range(3):
            yield threading.get_ident()

    assert threading.get_ident() not in list(tpool.Proxy(numbers()))
    generator = tpool.Proxy(numbers())
    assert [next(generator) != threading.get_ident() for _ in range(3)] == [True] * 3
    with pytest.raises(StopIteration):
        next(generator)


def test_results_can_be_proxies_too():
    """By their class, or by the name."""
    proxy = tpool.Proxy(Thing(), autowrap=(Thing,))
    assert type(proxy.another()) is tpool.Proxy
    assert type(proxy.another().another()) is tpool.Proxy
    assert type(proxy.value) is int
    by_name = tpool.Proxy(Thing(), autowrap_names=("value", "another"))
    assert (type(by_name.value), type(by_name.another())) == (tpool.Proxy, tpool.Proxy)
    assert type(by_name.where()) is tuple
