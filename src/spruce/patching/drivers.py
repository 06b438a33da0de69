"""Database drivers written in C that can be told how to wait: psycopg2 and psycopg 3."""

import select
from typing import Any

from spruce.green.runtime import can_yield
from spruce.green.watching import wait_blocking, wait_readable, wait_writable

__all__ = ["psycopg2_waits", "psycopg_waits"]


def psycopg2_waits(extensions: Any) -> None:
    """Have psycopg2 (its module `extensions`) wait in green threads."""
    reading, writing, done = extensions.POLL_READ, extensions.POLL_WRITE, extensions.POLL_OK

    def wait(connection: Any, timeout: float | None = None) -> None:
        while (state := connection.poll()) != done:
            number = connection.fileno()
            if state not in (reading, writing):
                raise extensions.OperationalError(f"psycopg2 has come to an unknown state: {state}")
            if not can_yield():
                wait_blocking(number, select.POLLIN if state == reading else select.POLLOUT)
            elif state == reading:
                wait_readable(number)
            else:
                wait_writable(number)

    extensions.set_wait_callback(wait)


def psycopg_waits(waiting: Any) -> None:
    """Have psycopg 3 (its module `waiting`) wait with Python's selectors, which are patched, instead of in C."""
    waiting.wait = waiting.wait_selector
