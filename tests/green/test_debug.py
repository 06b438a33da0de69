"""Reports of live green threads: where they are, what they wait for, ages and CPU times."""

import asyncio
import threading

import pytest

from spruce import green
from spruce.green import debug

pytestmark = pytest.mark.usefixtures("everywhere")


async def inner():
    await asyncio.get_running_loop().create_future()


async def outer():
    await inner()


async def spin():
    while True:
        await asyncio.sleep(0)


def in_a_coroutine():
    green.await_(outer())


def in_a_bare_yield():
    green.await_(spin())


def on_a_future():
    green.await_(green.get_hub().loop.create_future())


def in_get():
    green.Queue().get()


def in_sleep():
    green.sleep(60)


@pytest.fixture
def infos():
    """A function that starts threads, and returns what is known of each."""
    threads = []

    def start(*functions):
        threads.extend(green.spawn(function) for function in functions)
        for _ in range(3):
            green.await_(asyncio.sleep(0))
        by_name = {info.name: info for info in debug.snapshot()}
        return [by_name[thread.name] for thread in threads]

    yield start
    for thread in threads:
        thread.kill()


def test_what_each_waits_for(infos):
    """The public function, a future, a turn of the loop; or nothing, if it runs."""
    waits = [info.waits_for for info in infos(in_sleep, in_get, in_a_bare_yield, on_a_future, in_a_coroutine)]
    assert waits[:3] == ["sleep()", "LightQueue.get()", "the loop's next turn"]
    assert "Future pending" in waits[3]
    assert "Future pending" in waits[4]

    def runs():
        name = green.getcurrent().name
        return next(info for info in debug.snapshot() if info.name == name)

    info = green.spawn(runs).wait()
    assert info.waits_for == "nothing, it runs"
    assert [frame.name for frame in info.stack][:1] == ["runs"]
    assert str(info).startswith(f"green thread {info.name}: runs\n")


def test_where_each_is(infos):
    """The job's own calls, ours where they enter; and the coroutines that it awaits."""
    sleeping, awaiting = infos(in_sleep, in_a_coroutine)
    assert [frame.name for frame in sleeping.stack] == ["in_sleep", "sleep"]
    assert [frame.name for frame in awaiting.stack] == ["in_a_coroutine", "await_", "outer", "inner"]
    assert sleeping.os_thread == threading.get_ident()


def test_a_report_is_text_about_all(infos):
    """How many, and each with its stack."""
    info = infos(in_sleep)[0]
    text = debug.report()
    assert text.splitlines()[0] == f"{len(debug.snapshot())} green threads"
    assert f"green thread {info.name}: waits for sleep()\n" in text
    assert "green.sleep(60)" in text


def test_ages_and_cpu_times_while_tracked():
    """Unknown otherwise."""

    def busy():
        for _ in range(5):
            sum(range(20_000))
            green.sleep(0)
        green.sleep(60)

    lazy, working = green.spawn(in_sleep), green.spawn(busy)
    with debug.tracking():
        for _ in range(10):
            green.sleep(0)
        by_name = {info.name: info for info in debug.snapshot()}
        info = by_name[working.name]
        assert info.cpu > by_name[lazy.name].cpu >= 0
        assert info.age >= info.cpu
        assert (
            f"green thread {info.name}: waits for sleep(), {info.age:.3f} s old, {info.cpu:.3f} s of CPU time"
            in str(info)
        )
    assert {(info.age, info.cpu) for info in debug.snapshot()} <= {(None, None)}
    lazy.kill()
    working.kill()


def test_threads_of_other_os_threads_are_there_too():
    """With the number of theirs."""
    ready, go = threading.Event(), threading.Event()

    def body():
        thread = green.spawn(in_sleep)
        green.sleep(0)
        ready.set()
        green.tpool.execute(go.wait, 10)
        thread.kill()

    other = threading.Thread(target=lambda: green.run(body))
    other.start()
    green.tpool.execute(ready.wait, 10)
    elsewhere = [info for info in debug.snapshot() if info.os_thread == other.ident]
    go.set()
    green.tpool.execute(other.join, 10)
    assert sorted(info.name.partition(":")[2].rpartition(".")[2] for info in elsewhere) == ["body", "in_sleep"]
