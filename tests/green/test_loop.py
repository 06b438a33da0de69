"""The choice of a loop by name."""

import asyncio
import sys
from importlib.util import find_spec

import pytest

from spruce.errors import GreenError
from spruce.green import loop as loops
from spruce.green.lean import LeanLoop


@pytest.mark.parametrize("kind", ["lean", None])
def test_the_lean_loop_is_the_default(kind: str | None) -> None:
    """On Linux, with a Python whose asyncio it fits."""
    made = loops.new_event_loop(kind)
    made.close()
    assert type(made) is LeanLoop


def test_stock_asyncio_can_be_had() -> None:
    """By its name."""
    made = loops.new_event_loop("asyncio")
    made.close()
    assert type(made) is asyncio.SelectorEventLoop


def test_asyncio_takes_over_where_the_lean_loop_cannot_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without epoll, or on a Python that is newer than the newest it was tested with."""
    monkeypatch.setattr(loops, "_HAS_LEAN", False)
    made = loops.new_event_loop("lean")
    made.close()
    assert type(made) is asyncio.SelectorEventLoop


def test_uvloop_can_be_had() -> None:
    """If it is installed."""
    if find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    made = loops.new_event_loop("uvloop")
    made.close()
    assert type(made).__module__ == "uvloop"


def test_a_missing_uvloop_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with pytest.raises(GreenError) as raised:
        loops.new_event_loop("uvloop")
    hint = "Install it with: pip install 'spruce[uvloop]', or use another loop"
    assert str(raised.value) == f"uvloop is not installed. {hint}"


def test_an_unknown_name_is_explained() -> None:
    """With the nearest one, and all there are."""
    with pytest.raises(GreenError) as raised:
        loops.new_event_loop("uvlop")
    expected = "there is no loop named 'uvlop'; did you mean 'uvloop'? choose one of: lean, asyncio, uvloop"
    assert str(raised.value) == expected
