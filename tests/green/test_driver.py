"""Awaiting from plain code: results, context, the task; other people's greenlets; where it is an error."""

import asyncio
import contextvars
import sys
import traceback
import types

import pytest
import sniffio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.util.concurrency import greenlet_spawn

from spruce import green
from spruce.errors import GreenError

pytestmark = pytest.mark.usefixtures("everywhere")

variable = contextvars.ContextVar("variable", default="unset")


async def returning(value):
    await asyncio.sleep(0)
    return value


async def failing(error):
    await asyncio.sleep(0)
    raise error


def loop():
    return green.get_hub().loop


def turns(number=3):
    """Let the loop turn: callbacks and tasks run, not only green threads."""
    for _ in range(number):
        green.await_(resolved_soon())


def resolved_soon():
    future = loop().create_future()
    loop().call_soon(lambda: future.done() or future.set_result(None))
    return future


# Results


def test_it_returns_what_the_coroutine_returns():
    """Coroutines, tasks, futures, gather, green threads, and anything with __await__."""

    class Awaitable:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return "awaitable"

    class OfAnIterator:
        def __await__(self):
            return iter([None, None])

    @types.coroutine
    def generator():
        yield
        return "generator"

    async def never_suspends():
        return "at once"

    assert green.await_(never_suspends()) == "at once"
    assert green.await_(returning("coroutine")) == "coroutine"
    assert green.await_(loop().create_task(returning("task"))) == "task"
    assert green.await_(asyncio.gather(loop().create_task(returning(1)), loop().create_task(returning(2)))) == [1, 2]
    assert green.await_(green.spawn(lambda: "thread")) == "thread"
    assert green.await_(Awaitable()) == "awaitable"
    assert green.await_(OfAnIterator()) is None
    assert green.await_(generator()) == "generator"


def test_it_raises_what_the_coroutine_raises_with_its_traceback():
    """The traceback goes from the caller straight into the coroutine."""
    with pytest.raises(ValueError, match="broken") as caught:
        green.await_(failing(ValueError("broken")))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "failing"


def test_bare_futures_make_no_task():
    """A job that waits for futures only pays nothing for tasks; results, exceptions and cancellation come through."""

    def body():
        done, failed, cancelled = (loop().create_future() for _ in range(3))
        loop().call_soon(done.set_result, "result")
        loop().call_soon(failed.set_exception, ValueError("broken"))
        loop().call_soon(cancelled.cancel)
        assert green.await_(done) == "result"
        assert green.await_(done) == "result"
        with pytest.raises(ValueError, match="broken"):
            green.await_(failed)
        with pytest.raises(asyncio.CancelledError):
            green.await_(cancelled)
        return green.getcurrent().task

    assert green.spawn(body).wait() is None


def test_what_cannot_be_awaited_is_refused():
    """With its type, and its value."""
    with pytest.raises(TypeError) as caught:
        green.await_(42)
    assert str(caught.value) == "await_() needs an awaitable, not int (42)"


def test_a_coroutine_of_another_library_is_refused():
    """What it yields means nothing to asyncio; the coroutine learns of it where it waits."""

    @types.coroutine
    def foreign():
        yield "a trap of trio's"

    with pytest.raises(RuntimeError) as caught:
        green.await_(foreign())
    assert str(caught.value) == (
        "an awaitable yielded \"a trap of trio's\", which asyncio can't wait for: is it made for another library?"
    )


def test_a_future_of_another_loop_is_refused():
    """In a job without a task by us, in one with a task by asyncio."""
    other = asyncio.new_event_loop()
    future = other.create_future()

    def without_task():
        green.await_(future)

    def with_task():
        green.await_(asyncio.sleep(0))
        green.await_(future)

    with pytest.raises(GreenError) as caught:
        green.spawn(without_task).wait()
    assert str(caught.value) == (
        f"{future!r} belongs to another event loop. "
        "Await it where it was made, or make it with asyncio.get_running_loop().create_future()"
    )
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        green.spawn(with_task).wait()
    other.close()


# Context, and the current task


def test_context_variables_go_both_ways():
    """A coroutine sees the caller's, the caller sees what the coroutine set; other threads see neither."""

    async def body():
        before = variable.get()
        variable.set("by the coroutine")
        await asyncio.sleep(0)
        return before

    def job():
        variable.set("by the caller")
        assert green.await_(body()) == "by the caller"
        return variable.get()

    assert green.spawn(job).wait() == "by the coroutine"
    assert variable.get() == "unset"
    token = variable.set("outside")
    assert green.await_(body()) == "outside"
    assert variable.get() == "by the coroutine"
    variable.reset(token)


def test_there_is_one_real_task_per_thread():
    """The same in each await_, another in another thread; libraries find out that they run on asyncio."""

    async def which():
        first = asyncio.current_task()
        await asyncio.sleep(0)
        assert asyncio.current_task() is first
        assert sniffio.current_async_library() == "asyncio"
        return first

    task = green.await_(which())
    assert isinstance(task, asyncio.Task)
    green.sleep(0)
    assert green.await_(which()) is task
    assert green.await_(which()) is task
    assert green.spawn(lambda: green.await_(which())).wait() is not task


def test_the_task_ends_with_its_thread():
    """And the carrier's next job starts without one."""
    tasks = []

    async def remember():
        tasks.append(asyncio.current_task())
        await asyncio.sleep(0)

    def job():
        green.await_(remember())

    thread = green.spawn(job)
    thread.wait()
    turns()
    assert tasks[0].done()
    assert tasks[0].get_name().endswith("job")
    assert green.spawn(lambda: green.getcurrent().task).wait() is None


def test_other_tasks_run_under_their_own_name_meanwhile():
    """While a thread is parked, inside a coroutine or not, its task is not the current one."""
    seen = []

    async def other():
        for _ in range(6):
            seen.append(asyncio.current_task() is task)
            await asyncio.sleep(0)

    async def body():
        green.sleep(0)
        await asyncio.sleep(0)
        green.sleep(0.001)

    task = loop().create_task(other())
    green.await_(body())
    green.await_(task)
    assert seen == [True] * 6


def test_callbacks_have_no_current_task():
    """A loop that takes a callback for a task hangs other tasks."""
    seen = []

    async def body():
        asyncio.get_running_loop().call_soon(lambda: seen.append(asyncio.current_task()))
        green.sleep(0.001)

    green.await_(body())
    assert seen == [None]


def test_nested_waits():
    """A coroutine may call plain code that awaits, to any depth."""

    async def nested(depth):
        await asyncio.sleep(0)
        if depth == 0:
            return asyncio.current_task()
        inner = green.await_(nested(depth - 1))
        await asyncio.sleep(0)
        assert asyncio.current_task() is inner
        return inner

    assert isinstance(green.await_(nested(5)), asyncio.Task)


def test_green_primitives_inside_async_code():
    """They park the thread, and work between coroutines of different threads."""
    queue = green.Queue(0)

    async def produce():
        for number in range(5):
            queue.put(number)
            await asyncio.sleep(0)
        return "produced"

    async def consume():
        got = []
        for _ in range(5):
            await asyncio.sleep(0)
            got.append(queue.get())
        green.sleep(0.001)
        return got

    producer = green.spawn(green.await_, produce())
    assert green.await_(consume()) == [0, 1, 2, 3, 4]
    assert producer.wait() == "produced"


def test_asynchronous_generators():
    """Iterated and closed, they run on the loop that will shut them down."""
    log = []

    async def numbers():
        try:
            for number in range(10):
                yield number
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)
            log.append("closed")

    async def body():
        generator = numbers()
        got = [await anext(generator), await anext(generator)]
        await generator.aclose()
        return got

    assert green.await_(body()) == [0, 1]
    assert log == ["closed"]


# SQLAlchemy


def test_a_plain_session_of_sqlalchemy_over_an_async_driver():
    """Its greenlet protocol finds ours: no greenlet_spawn around it."""
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")

    def body():
        with Session(engine.sync_engine) as session:
            return session.execute(text("select 41 + 1")).scalar()

    assert green.spawn(body).wait() == 42
    green.await_(engine.dispose())


def test_async_sessions_and_greenlet_spawn():
    """SQLAlchemy's own greenlets run inside a coroutine that we await."""
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")

    async def body():
        async with AsyncSession(engine) as session:
            one = (await session.execute(text("select 1"))).scalar()
            two = await session.run_sync(lambda plain: plain.execute(text("select 2")).scalar())
            return one, two

    assert green.await_(body()) == (1, 2)
    green.await_(engine.dispose())


def test_a_blocking_call_in_a_greenlet_of_somebody_elses():
    """It can't be resumed there; the error names the greenlet."""
    with pytest.raises(GreenError) as caught:
        green.await_(greenlet_spawn(green.sleep, 0))
    assert str(caught.value) == (
        "a blocking call of spruce.green in a greenlet of somebody else's (_AsyncIoGreenlet). "
        "Make the call before that greenlet starts, or in a green thread of its own"
    )


# Where blocking is an error


def test_a_blocking_call_in_a_plain_task_teaches():
    """It would stop the loop; the error says how to get a green thread, and that works."""

    async def plain():
        with pytest.raises(GreenError) as caught:
            green.sleep(0)
        assert str(caught.value) == (
            "a blocking call of spruce.green in a plain asyncio task or callback: it would stop the loop. "
            "Run the code as a green thread: `await green.spawn(function)`"
        )
        coroutine = returning(1)
        for call in (
            lambda: green.await_(coroutine),
            green.Queue().get,
            green.Event().wait,
            green.Semaphore(0).acquire,
        ):
            with pytest.raises(GreenError, match="in a plain asyncio task or callback"):
                call()
        coroutine.close()
        return await green.spawn(lambda: green.sleep(0) or "slept")

    assert green.await_(loop().create_task(plain())) == "slept"


def test_what_does_not_block_is_allowed_in_a_plain_task():
    """Sending, putting and releasing schedule others."""
    queue, event, semaphore = green.Queue(), green.Event(), green.Semaphore(0)
    threads = [green.spawn(queue.get), green.spawn(event.wait), green.spawn(semaphore.acquire)]
    green.sleep(0)

    async def plain():
        queue.put("item")
        event.send("sent")
        semaphore.release()
        assert not queue.full()

    green.await_(loop().create_task(plain()))
    assert [thread.wait() for thread in threads] == ["item", "sent", True]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
def test_eager_tasks():
    """They run inside the thread's own step, under their own name."""

    async def child():
        before = asyncio.current_task()
        await asyncio.sleep(0)
        assert asyncio.current_task() is before
        return before

    async def body():
        mine = asyncio.current_task()
        task = asyncio.Task(child(), loop=asyncio.get_running_loop(), eager_start=True)
        assert asyncio.current_task() is mine
        assert await task is task

    green.await_(body())
