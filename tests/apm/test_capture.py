"""capture_span, around blocks and functions of every kind, across green threads, tasks and OS threads."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce import green
from spruce.apm import Client, Transaction, capture_span, get_span_id, trace_parent_from_string
from spruce.apm.spans import DroppedSpan, Span, current


@pytest.fixture
def transaction(client: Client) -> Iterator[Transaction]:
    """Return a transaction that runs; it ends with the test."""
    begun = client.begin_transaction("job")
    assert begun is not None
    yield begun
    client.end_transaction("job")


def tree(transaction: Transaction) -> dict[str, str]:
    """Each span's name with that of its parent."""
    return {span.name: span.parent.name or "top" for span in transaction.spans}


def test_around_a_block(transaction: Transaction) -> None:
    """It is current inside, and what is begun there is a part of it."""
    with capture_span("outer", span_type="app.internal.call", labels={"a": 1}) as outer:
        assert current.get() is outer
        with capture_span("inner", span_subtype="s", span_action="a"):
            pass
    assert current.get() is transaction
    inner, outer_again = transaction.spans
    assert outer_again is outer
    assert (outer_again.type, outer_again.subtype, outer_again.action) == ("app", "internal", "call")
    assert (inner.type, inner.subtype, inner.action) == ("code", "s", "a")
    assert (outer_again.labels, outer_again.outcome, inner.parent) == ({"a": 1}, "success", outer)


def test_a_block_that_raises_has_failed(transaction: Transaction) -> None:
    """Unless the program has said otherwise."""
    with pytest.raises(ValueError, match="no"), capture_span("a"):
        raise ValueError("no")

    def forgiven() -> None:
        with capture_span("b") as span:
            assert span is not None
            span.outcome = "success"
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        forgiven()
    assert [span.outcome for span in transaction.spans] == ["failure", "success"]


def test_without_a_transaction_there_is_no_span(client: Client, records: Records) -> None:
    """Nor in one that isn't sampled."""
    with capture_span("a") as span:
        assert span is None
    transaction = client.begin_transaction("job", trace_parent_from_string(f"00-{'a' * 32}-{'b' * 16}-00"))
    with capture_span("a") as span:
        assert span is None

    @capture_span()
    def plain() -> int:
        return 1

    assert plain() == 1
    client.end_transaction()
    assert transaction is not None
    assert transaction.spans == []


def test_a_leaf(client: Client, transaction: Transaction) -> None:
    """What is below it is taken, and not kept."""
    with capture_span("SELECT", span_type="db.sqlite.query", leaf=True) as leaf, capture_span("inside") as inside:
        assert isinstance(inside, DroppedSpan)
        assert current.get() is leaf
        inside.label(a=1)
    client.end_transaction()
    assert [span.name for span in transaction.spans] == ["SELECT"]
    assert transaction.spans[0].exit


def test_links_starts_and_durations(transaction: Transaction) -> None:
    """As given."""
    link = trace_parent_from_string(f"00-{'a' * 32}-{'b' * 16}-01")
    assert link is not None
    with capture_span("a", links=[link], start=transaction.began, duration=0.25, extra={"db": {"statement": "x"}}):
        pass
    (span,) = transaction.spans
    assert (span.links, span.began, span.duration) == ((link,), transaction.began, 0.25)
    assert span.context == {"db": {"statement": "x"}}
    assert span.timestamp == pytest.approx(transaction.timestamp)


def test_slow_spans_know_where_they_come_from(client: Client, transaction: Transaction) -> None:
    """From SPAN_STACK_TRACE_MIN_DURATION on."""
    with capture_span("fast", duration=0.001):
        pass
    with capture_span("slow", duration=0.006):
        pass
    fast, slow = transaction.spans
    assert fast.frames is None
    assert "test_slow_spans_know_where_they_come_from" in [frame.function for frame in slow.frames]


def test_around_a_function(transaction: Transaction) -> None:
    """It is named after the function."""

    @capture_span()
    def price(amount: int, *, times: int = 1) -> int:
        """Say the price."""
        return amount * times

    assert (price(2, times=3), price.__name__, price.__doc__) == (6, "price", "Say the price.")
    assert transaction.spans[0].name.endswith("test_capture.test_around_a_function.<locals>.price")


def test_around_a_function_that_raises(transaction: Transaction) -> None:
    """It has failed."""

    @capture_span("bad")
    def bad() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        bad()
    assert [span.outcome for span in transaction.spans] == ["failure"]
    assert current.get() is transaction


def test_around_an_async_function(transaction: Transaction) -> None:
    """Its awaits are inside, and tasks of one transaction don't get into each other."""

    @capture_span("outer")
    async def outer(name: str) -> str | None:
        await asyncio.sleep(0)
        async with capture_span(f"inner {name}"):
            await asyncio.sleep(0)
            return get_span_id()

    async def both() -> list[str | None]:
        return await asyncio.gather(outer("a"), outer("b"))

    found = green.await_(both())
    inner = {span.name: span for span in transaction.spans if span.name != "outer"}
    assert found == [inner["inner a"].id, inner["inner b"].id]
    assert {span.parent.name for span in inner.values()} == {"outer"}
    assert inner["inner a"].parent is not inner["inner b"].parent


def test_around_an_async_function_that_raises(transaction: Transaction) -> None:
    """It has failed."""

    @capture_span("bad")
    async def bad() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        green.await_(bad())
    assert [span.outcome for span in transaction.spans] == ["failure"]


def test_around_a_generator(transaction: Transaction) -> None:
    """What its consumer does meanwhile doesn't belong to it."""

    @capture_span("generator")
    def numbers() -> Iterator[int]:
        with capture_span("inside"):
            got = yield 1
        assert got == "sent"
        try:
            yield 2
        except KeyError:
            yield 3

    generator: Any = numbers()
    assert next(generator) == 1
    with capture_span("consumer"):
        pass
    assert generator.send("sent") == 2
    assert generator.throw(KeyError("x")) == 3
    assert list(generator) == []
    assert tree(transaction) == {"consumer": "top", "inside": "generator", "generator": "top"}
    assert [span.outcome for span in transaction.spans] == ["success"] * 3


def test_around_a_generator_that_is_left(transaction: Transaction) -> None:
    """Closing ends the span, and so does an exception."""
    closed: list[str] = []

    @capture_span("generator")
    def numbers(bad: bool) -> Iterator[int]:
        try:
            yield 1
            if bad:
                raise ValueError("no")
        finally:
            closed.append("closed")

    generator: Any = numbers(False)
    next(generator)
    generator.close()
    with pytest.raises(ValueError, match="no"):
        list(numbers(True))
    assert closed == ["closed", "closed"]
    assert [span.outcome for span in transaction.spans] == ["success", "failure"]


def test_around_an_async_generator(transaction: Transaction) -> None:
    """As around a plain one."""

    @capture_span("generator")
    async def numbers() -> AsyncIterator[int]:
        with capture_span("inside"):
            await asyncio.sleep(0)
        yield 1
        try:
            yield 2
        except KeyError:
            yield 3

    async def consume() -> list[int]:
        generator: Any = numbers()
        first = await anext(generator)
        with capture_span("consumer"):
            second = await generator.asend(None)
        third = await generator.athrow(KeyError("x"))
        return [first, second, third, *[number async for number in generator]]

    assert green.await_(consume()) == [1, 2, 3]
    assert tree(transaction) == {"consumer": "top", "inside": "generator", "generator": "top"}


def test_around_an_async_generator_that_is_left(transaction: Transaction) -> None:
    """Closing ends the span, and so does an exception."""

    @capture_span("generator")
    async def numbers(bad: bool) -> AsyncIterator[int]:
        yield 1
        if bad:
            raise ValueError("no")

    async def consume() -> None:
        generator: Any = numbers(False)
        await anext(generator)
        await generator.aclose()
        with pytest.raises(ValueError, match="no"):
            async for _ in numbers(True):
                pass

    green.await_(consume())
    assert [span.outcome for span in transaction.spans] == ["success", "failure"]


def test_across_green_threads(transaction: Transaction) -> None:
    """A child knows the span that it was spawned in; siblings don't see each other's."""

    def child(name: str) -> None:
        with capture_span(name):
            green.sleep(0)
            with capture_span(f"{name} inside"):
                green.sleep(0)

    with capture_span("parent"):
        threads = [green.spawn(child, name) for name in ("a", "b")]
        for thread in threads:
            thread.wait()
        green.GreenPool(2).spawn(child, "c").wait()
    assert tree(transaction) == {
        "a inside": "a",
        "b inside": "b",
        "c inside": "c",
        "a": "parent",
        "b": "parent",
        "c": "parent",
        "parent": "top",
    }


def test_across_os_threads(transaction: Transaction) -> None:
    """`tpool` takes the context along."""

    def work() -> Span | None:
        with capture_span("in a thread") as span:
            return span

    with capture_span("parent"):
        span = green.tpool.execute(work)
    assert span is not None
    assert tree(transaction) == {"in a thread": "parent", "parent": "top"}
    green.tpool.killall()
