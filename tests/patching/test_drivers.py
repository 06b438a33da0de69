"""Drivers in C that can be told how to wait. The drivers themselves are used in tests/real."""

import os
from types import SimpleNamespace

import pytest

from spruce import green
from spruce.patching.drivers import psycopg2_waits, psycopg_waits


class Connection:
    """One whose state goes through a list; it waits for a pipe."""

    def __init__(self, number: int, states: list[int]) -> None:
        self.number = number
        self.states = states

    def fileno(self) -> int:
        return self.number

    def poll(self) -> int:
        return self.states.pop(0)


@pytest.mark.parametrize("green_thread", [True, False])
def test_psycopg2s_callback_waits_for_what_it_is_told(green_thread: bool) -> None:
    """To read, to write, or no more."""
    taken = []
    extensions = SimpleNamespace(
        POLL_OK=0, POLL_READ=1, POLL_WRITE=2, OperationalError=OSError, set_wait_callback=taken.append
    )
    psycopg2_waits(extensions)
    [wait] = taken
    reader, writer = os.pipe()
    os.write(writer, b"x")
    call = green.run if green_thread else (lambda function, *args: function(*args))
    call(wait, Connection(reader, [1, 0]))
    call(wait, Connection(writer, [2, 0]))
    with pytest.raises(OSError, match=r"^psycopg2 has come to an unknown state: 9$"):
        call(wait, Connection(writer, [9]))
    os.close(reader)
    os.close(writer)


def test_psycopg_waits_with_selectors() -> None:
    """Which are patched."""
    waiting = SimpleNamespace(wait="in C", wait_selector="in Python")
    psycopg_waits(waiting)
    assert waiting.wait == "in Python"
