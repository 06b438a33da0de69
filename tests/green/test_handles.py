"""Our handles are asyncio's, to whoever looks at them."""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar, copy_context

import pytest

from spruce.green.handles import Handle, TimerHandle
from spruce.green.lean import LeanLoop


@pytest.fixture
def loop() -> Iterator[LeanLoop]:
    lean = LeanLoop()
    yield lean
    lean.close()


def named(_: object) -> None:
    """Stands in representations."""


def test_a_handle_has_what_asyncios_handles_have(loop: LeanLoop) -> None:
    """Callback, arguments, context, and whether it is cancelled."""
    context = copy_context()
    handle = loop.call_soon(named, 1, context=context)
    assert isinstance(handle, asyncio.Handle)
    assert (handle._callback, handle._args, handle._cancelled) == (named, (1,), False)
    assert handle.get_context() is context
    handle.cancel()
    handle.cancel()
    assert (handle._callback, handle._args, handle._cancelled) == (None, None, True)
    assert handle.cancelled()


def test_a_timer_has_its_time(loop: LeanLoop) -> None:
    """And timers are compared by it."""
    early, late = loop.call_at(1, named, 1), loop.call_at(2, named, 1)
    assert isinstance(early, asyncio.TimerHandle)
    assert early.when() == 1
    assert early < late
    assert early != late
    assert {early: "early"}[early] == "early"


@pytest.mark.parametrize("kind", [Handle, TimerHandle])
def test_unknown_attributes_are_an_error(kind: type[Handle | TimerHandle]) -> None:
    """A handle makes up the two slots that only debug mode fills, nothing else."""
    handle = kind()
    assert handle._repr is None
    assert handle._source_traceback is None
    with pytest.raises(AttributeError) as raised:
        handle.callback  # type: ignore[union-attr]  # noqa: B018 - reading it is the test
    assert str(raised.value) == f"'{kind.__name__}' object has no attribute 'callback'"


def test_representations_are_asyncios(loop: LeanLoop) -> None:
    """A class, the callback and where it is from; in debug mode a cancelled handle keeps what it was."""
    handle = loop.call_soon(named, 1)
    assert repr(handle).startswith("<Handle named(")
    handle.cancel()
    assert repr(handle) == "<Handle cancelled>"
    timer = loop.call_at(1, named, 1)
    assert repr(timer).startswith("<TimerHandle when=1 named(")
    loop.set_debug(True)
    timer.cancel()
    assert repr(timer).startswith("<TimerHandle when=1 named(1) at ")


def test_a_callback_may_cancel_its_own_handle_and_then_fail(loop: LeanLoop) -> None:
    """The report still names it."""
    messages: list[str] = []
    loop.set_exception_handler(lambda _, report: messages.append(report["message"]))

    def cancel_and_fail() -> None:
        handle.cancel()
        raise ValueError("wrong")

    handle = loop.call_soon(cancel_and_fail)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert len(messages) == 1
    assert "cancel_and_fail(" in messages[0]


def test_a_callback_is_called_in_its_context(loop: LeanLoop) -> None:
    """In a copy of the caller's, or in the one that is given."""
    variable = ContextVar("variable", default="nothing")
    seen: list[str] = []
    given = copy_context()
    given.run(variable.set, "given")
    variable.set("copied")
    loop.call_soon(lambda: seen.append(variable.get()))
    loop.call_soon(lambda: (seen.append(variable.get()), variable.set("changed")), context=given)
    variable.set("later")
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == ["copied", "given"]
    assert given[variable] == "changed"
