"""Transactions: all or nothing, savepoints, and who owns them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db, green
from spruce.db.databases import current
from spruce.errors import OperationalError, TransactionError
from spruce.green.runtime import peek_hub


class Undo(Exception):
    """Raised to leave a block."""


BACKENDS = ["memory", "file", "postgresql", "psycopg", "mariadb"]


@pytest.fixture
def makers(backend: str, shop: SimpleNamespace, tmp_path: Path) -> Any:
    """The query of all makers, on each kind of database."""
    if backend not in ("postgresql", "psycopg", "mariadb"):
        place = f"/{tmp_path}/a.db" if backend == "file" else ""
        db.configure(DATABASES=f"sqlite://{place}?timeout=0.2")
        db.create_all()
    return shop.Maker.objects


@contextmanager
def undone(using: str | None = None) -> Iterator[None]:
    """A block that is rolled back at its end."""
    with pytest.raises(Undo), db.atomic(using):  # noqa: PT012 - the body is the caller's
        yield
        raise Undo


def names(makers: Any) -> list[str]:
    return list(makers.values_list("name", flat=True))


def test_a_block_is_committed_at_its_end(makers: Any) -> None:
    """Its own queries see what it did."""
    with db.atomic():
        makers.create(name="a")
        assert names(makers) == ["a"]
    assert names(makers) == ["a"]


def test_a_block_that_raises_is_undone(makers: Any) -> None:
    """Whatever it raises, and the exception goes on."""

    def fail(kind: type[BaseException]) -> None:
        with db.atomic():
            makers.create(name="a")
            raise kind

    for kind in (Undo, green.GreenletExit):
        with pytest.raises(kind):
            fail(kind)
    assert names(makers) == []


def test_an_inner_block_is_a_savepoint(makers: Any) -> None:
    """It is undone alone."""
    with db.atomic():
        makers.create(name="a")
        with undone():
            makers.create(name="b")
            with db.atomic():
                makers.create(name="c")
        with db.atomic():
            makers.create(name="d")
    assert names(makers) == ["a", "d"]


def test_an_outer_block_undoes_its_inner_ones(makers: Any) -> None:
    """Even those that ended well."""
    with undone(), db.atomic():
        makers.create(name="a")
    assert names(makers) == []


def test_atomic_decorates_functions(makers: Any) -> None:
    """With and without arguments; each call is a block of its own, also inside of itself."""

    @db.atomic
    def add(name: str, depth: int = 0) -> str:
        makers.create(name=name * (depth + 1))
        if depth:
            add(name, depth - 1)
        return name

    @db.atomic(using="default")
    def fail() -> None:
        add("z")
        raise Undo

    assert add("a", depth=2) == "a"
    assert add.__name__ == "add"
    with pytest.raises(Undo):
        fail()
    assert names(makers) == ["a", "aa", "aaa"]


def test_what_atomic_cannot_decorate() -> None:
    """Its block would end before the body has run."""

    async def view() -> None:
        """Does nothing."""

    with pytest.raises(TransactionError) as refused:
        db.atomic(view)
    assert str(refused.value) == (
        "atomic cannot decorate test_what_atomic_cannot_decorate.<locals>.view(), whose body runs after the call has "
        "returned. Write `with db.atomic():` inside of it."
    )


def test_a_durable_block_is_the_outermost(makers: Any) -> None:
    """Otherwise its end would promise too much."""
    with db.atomic(durable=True):
        makers.create(name="a")
    with pytest.raises(TransactionError) as refused, db.atomic(), db.atomic(durable=True):
        makers.create(name="b")
    assert str(refused.value) == (
        "a durable block cannot be inside of another: there is a transaction open on 'default'. "
        "Leave out durable=True, or call this outside of `with db.atomic()`."
    )
    assert names(makers) == ["a"]


def test_on_commit_waits_for_the_outermost_block(makers: Any) -> None:
    """What was registered in a block that is undone is dropped; outside of any it is called at once."""
    done: list[str] = []
    with db.atomic():
        db.on_commit(lambda: done.append(f"a sees {names(makers)}"))
        with undone():
            db.on_commit(lambda: done.append("b"))
        with db.atomic():
            db.on_commit(lambda: done.append("c"))
            makers.create(name="made")
        assert done == []
    assert done == ["a sees ['made']", "c"]
    with undone():
        db.on_commit(lambda: done.append("d"))
    db.on_commit(lambda: done.append("e"))
    assert done[2:] == ["e"]
    with pytest.raises(TypeError, match="on_commit\\(\\) takes a function to call, not 3"):
        db.on_commit(3)  # type: ignore[arg-type] # the point of the test


def test_on_commit_calls_may_open_transactions(makers: Any) -> None:
    """The one that they waited for is over."""
    with db.atomic():
        db.on_commit(db.atomic(lambda: makers.create(name="later")))
    assert names(makers) == ["later"]


def test_a_child_never_shares_its_parents_transaction(makers: Any) -> None:
    """It does not see what is not committed, and its own work is not undone with the parent's."""
    seen: list[Any] = []

    def main() -> None:
        with undone():
            makers.create(name="parent's")
            child = green.spawn(lambda: makers.create(name="child's"))
            green.sleep(0)
        child.wait()
        seen.extend(names(makers))

    green.run(main)
    assert seen == ["child's"]


@pytest.mark.sqlite
def test_a_child_that_is_waited_for_inside_gets_a_clear_error(makers: Any) -> None:
    """Parent and child wait for each other, up to the limit."""

    def main() -> None:
        with db.atomic():
            makers.create(name="parent's")
            with pytest.raises(OperationalError) as refused:
                green.spawn(lambda: makers.create(name="child's")).wait()
        assert "stayed locked for 0.2 s. <GreenThread" in str(refused.value)
        assert str(refused.value).endswith("of this process holds it: keep transactions short, don't wait inside.")

    green.run(main)
    assert names(makers) == ["parent's"]


def test_many_green_threads_take_turns(makers: Any) -> None:
    """Each of their transactions is whole, though they give way inside of it."""
    makers.create(name="0")

    def count_up() -> None:
        with db.atomic():
            maker = makers.select_for_update().get()
            green.sleep(0)
            maker.name = str(int(maker.name) + 1)
            maker.save()

    def main() -> None:
        for thread in [green.spawn(count_up) for _ in range(30)]:
            thread.wait()

    green.run(main)
    assert names(makers) == ["30"]


def test_a_killed_green_thread_leaves_nothing_open(makers: Any) -> None:
    """Its work is undone, and the next one may begin."""

    def hold() -> None:
        with db.atomic():
            makers.create(name="killed")
            green.sleep(60)

    def main() -> None:
        thread = green.spawn(hold)
        green.sleep(0)
        green.sleep(0)
        thread.kill()
        makers.create(name="next")

    green.run(main)
    assert names(makers) == ["next"]


def test_a_transaction_whose_green_thread_ended_is_rolled_back(makers: Any) -> None:
    """As when a generator is left in the middle."""
    generators: list[Iterator[None]] = []

    def numbers() -> Iterator[None]:
        with db.atomic():
            makers.create(name="left")
            yield

    def leave() -> None:
        generators.append(numbers())
        next(generators[0])

    def main() -> None:
        green.spawn(leave).wait()
        with db.atomic():
            makers.create(name="next")
        generators.pop().close()

    green.run(main)
    assert names(makers) == ["next"]


@pytest.mark.sqlite
def test_ones_own_transaction_seen_from_another_context(makers: Any) -> None:
    """Is not waited for, as that would never end."""
    context = copy_context()
    with db.atomic(), pytest.raises(TransactionError) as refused:
        context.run(db.atomic().__enter__)
    assert str(refused.value) == (
        "this green thread has a transaction open on 'default', and this statement runs outside of it. "
        "It was started in another context: don't leave `with db.atomic()` half-way, as in a generator."
    )


def test_plain_code_makes_no_hub(makers: Any) -> None:
    """A script that only queries has no event loop."""
    before = peek_hub()
    with db.atomic():
        makers.create(name="a")
    assert peek_hub() is before


def test_transactions_of_two_databases(makers: Any, tmp_path: Path) -> None:
    """Are opened and ended each on its own."""
    settings = {"default": "sqlite://", "other": f"sqlite:///{tmp_path}/other.db"}
    db.configure(DATABASES=settings)
    db.create_all()
    db.create_all("other")
    with db.atomic():
        makers.create(name="a")
        with undone("other"):
            makers.using("other").create(name="b")
            makers.create(name="c")
    assert (names(makers), names(makers.using("other"))) == (["a", "c"], [])
    assert current()["other"].alias == "other"


def test_a_block_may_be_undone_without_an_error(makers: Any) -> None:
    """The innermost one that is open; those around it go on."""
    with db.atomic():
        makers.create(name="outer")
        with db.atomic():
            makers.create(name="inner")
            db.set_rollback()
        with db.atomic():
            makers.create(name="next")
    assert names(makers) == ["next", "outer"]
    with db.atomic():
        makers.create(name="all")
        db.on_commit(lambda: makers.create(name="never"))
        db.set_rollback()
    assert names(makers) == ["next", "outer"]
    with pytest.raises(TransactionError) as error:
        db.set_rollback()
    assert str(error.value) == (
        "there is no transaction open on 'default' that could be rolled back. Call it inside of `with db.atomic():`."
    )


def test_a_robust_call_behind_a_commit_keeps_no_other_from_being_made(
    makers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; another one that raises is the last."""
    done: list[str] = []

    def fail() -> None:
        raise LookupError

    with db.atomic():
        db.on_commit(fail, robust=True)
        db.on_commit(lambda: done.append("b"))
    assert done == ["b"]
    assert "what was to be called behind a commit failed" in caplog.text
    db.on_commit(fail, robust=True)

    @db.atomic
    def work() -> None:
        makers.create(name="kept")
        db.on_commit(fail)
        db.on_commit(lambda: done.append("c"))

    with pytest.raises(LookupError):
        work()
    assert (done, names(makers)) == (["b"], ["kept"])


def test_a_block_without_a_savepoint_is_part_of_the_outer_one(makers: Any) -> None:
    """What fails in it undoes all of that, and nothing more runs there, even if somebody catches the error."""
    with db.atomic():
        makers.create(name="a")
        with db.atomic(savepoint=False):
            makers.create(name="b")
    assert names(makers) == ["a", "b"]

    def fail() -> None:
        with db.atomic(savepoint=False):
            makers.create(name="never")
            raise Undo

    with db.atomic():
        makers.create(name="never")
        with pytest.raises(Undo):
            fail()
        with pytest.raises(TransactionError) as error:
            makers.count()
        with pytest.raises(Undo):
            fail_without_queries()
    assert str(error.value) == (
        "a block without a savepoint has failed in this transaction, so it will be rolled back, and nothing more can "
        "run in it. Let the error go on to the end of the outer block, or leave out savepoint=False."
    )
    assert names(makers) == ["a", "b"]
    with db.atomic():
        makers.create(name="c")
        with db.atomic(), pytest.raises(Undo):
            fail()
        makers.create(name="d")
    assert names(makers) == ["a", "b", "c", "d"]


@db.atomic(savepoint=False)
def fail_without_queries() -> None:
    raise Undo
