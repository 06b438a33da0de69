"""What is in flight in this process, with its stacks, and how one of it is ended: told to all workers by the history.

A green thread of each worker looks twice a second whether somebody watches. Only then stacks are taken, and what is to
be cancelled is looked up: the request gets 503, a job counts as failed, a WebSocket is closed.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from logging import getLogger
from time import perf_counter
from traceback import FrameSummary, StackSummary
from typing import Any

import msgspec

from spruce import green
from spruce.apm.frames import is_library
from spruce.apm.history import Forks, History
from spruce.apm.recorder import in_flight
from spruce.apm.spans import Transaction, transaction_here
from spruce.apm.talks import Talk, Talks
from spruce.apm.texts import plain
from spruce.apm.vitals import Vitals
from spruce.errors import ServiceUnavailable
from spruce.green.debug import coroutine_frames, inspect
from spruce.green.runtime import all_hubs
from spruce.http import Request
from spruce.server.threads import Exchange
from spruce.web.context import slot

__all__ = ["CANCELLED", "Flights", "ask_to_cancel", "cancel", "flights_of", "keep_watching", "request_of", "task_of"]

_EVERY = 0.5  # seconds
_WATCH_SECONDS = 10.0
_FRESH_SECONDS = 3.0
_MOST = 200  # whose stacks are taken
CANCELLED = "This was cancelled by an operator."
_log = getLogger("spruce.apm")


def _unavailable() -> BaseException:
    return ServiceUnavailable(CANCELLED)


class Flights:
    """Watches the transactions of this process for a history."""

    def __init__(self, history: History, vitals: Vitals | None = None) -> None:
        self.history = history
        self.vitals = vitals
        self.talks = Talks()
        self.make_error: Callable[[], BaseException] = _unavailable
        """Makes what is raised in a request that is cancelled."""
        self._pid = 0
        self._forks = -1
        self._watcher: green.GreenThread | None = None

    def close(self) -> None:
        """Watch no more."""
        if self._watcher is not None and self._pid == os.getpid():
            self._watcher.kill()
        self._pid = 0
        self._forks = -1

    def begun(self, transaction: Transaction) -> None:
        """Begin to watch, with the first transaction of this process that a green thread has."""
        if self._forks != Forks.count and transaction.owner is not None:
            self.start()

    def start(self) -> None:
        """Begin to watch, on the hub that runs here."""
        self._forks = Forks.count
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self.history.start()
            self._watcher = green.spawn_detached(self._watch)

    def asked(self, request: Request) -> None:
        """Keep the request of the transaction that runs here, of a hosted app; of an app of ours it is found."""
        transaction = transaction_here()
        if transaction is not None and not transaction.ended:
            transaction.__dict__.setdefault("live", request)

    def _watch(self) -> None:
        while True:
            before = perf_counter()
            green.sleep(_EVERY)
            if self.vitals is not None:
                self.vitals.was_late(perf_counter() - before - _EVERY)
            if self.history.is_wanted("flights"):
                try:
                    self.history.flights = msgspec.json.encode(plain(self.snapshot()), enc_hook=repr)
                    self._cancel()
                except Exception:  # it has to look again
                    _log.exception("what is in flight could not be told")

    def _cancel(self) -> None:
        wanted = self.history.cancels
        for transaction in in_flight() if wanted else ():
            if transaction.id in wanted:
                cancel(transaction, self.make_error)
        for talk in self.talks.here() if wanted else ():
            if talk.uid in wanted:
                _log.warning("%r is cancelled from the viewer", talk.name)
                talk.owner.kill(self.make_error())

    def snapshot(self) -> dict[str, Any]:
        """What is in flight now, the oldest first, and how this process is."""
        hubs = all_hubs()
        return {
            "pid": os.getpid(),
            "threads": sum(len(hub.live_threads()) for hub in hubs),
            "dropped": self.history.dropped,
            "vitals": None if self.vitals is None else self.vitals.read(),
            "flights": self._flights(),
        }

    def _flights(self) -> list[dict[str, Any]]:
        """What is in flight; of a WebSocket whose view does something for a message, that."""
        running = in_flight()[:_MOST]
        owners = {one.owner for one in running}
        talks = [talk for talk in self.talks.here() if talk.owner not in owners]
        found = [_told(one) for one in running] + [_told_of_talk(one) for one in talks[: _MOST - len(running)]]
        return sorted(found, key=lambda one: -one["seconds"])


def _told_of_talk(talk: Talk) -> dict[str, Any]:
    stack, waits_for = _looked_at(talk.owner)
    return {
        "uid": talk.uid,
        "name": talk.name,
        "kind": "websocket",
        "seconds": perf_counter() - talk.began,
        "queries": 0,
        "sql": "",
        "waits_for": waits_for,
        "stack": stack,
    }


def _looked_at(owner: green.GreenThread | None) -> tuple[list[str], str]:
    """The stack of a green thread, and what it waits for."""
    if owner is not None:
        with suppress(Exception):  # a thread of another hub may end while it is looked at
            info = inspect(owner)
            return _shown(info.stack), info.waits_for
    return [], ""


def _told(one: Transaction) -> dict[str, Any]:
    stack, waits_for = _looked_at(one.owner)
    asked = request_of(one)
    task = task_of(one)
    if task is not None:
        frames = StackSummary.extract((frame, frame.f_lineno) for frame in coroutine_frames(task.get_coro()))
        stack, waits_for = _shown(frames), ""
    exchange = _exchange_of(one)
    if exchange is not None:
        stack, waits_for = _shown(StackSummary.extract((frame, frame.f_lineno) for frame in exchange.frames())), ""
    return {
        "uid": one.id,
        "name": one.name or (f"{asked.method} {asked.target}" if asked is not None else one.type),
        "kind": one.type,
        "seconds": perf_counter() - one.began,
        "queries": len(one.queries or ()),
        "sql": (one.queries or [{}])[-1].get("sql", ""),
        "waits_for": waits_for,
        "stack": stack,
    }


def request_of(one: Transaction) -> Request | None:
    """The request that a transaction is, as long as it runs: its name isn't known before it ends."""
    kept: Request | None = one.__dict__.get("live")
    if kept is not None or one.type != "request" or one.owner is None or one.owner.context is None:
        return kept
    context = one.owner.context.get(slot)
    return None if context is None else context.request


def task_of(one: Transaction) -> "asyncio.Task[Any] | None":
    """The task that does the work of a request, of an ASGI app; its green thread waits for that."""
    asked = request_of(one)
    task: asyncio.Task[Any] | None = None if asked is None else asked.__dict__.get("task")
    return None if task is None or task.done() else task


def _exchange_of(one: Transaction) -> Exchange | None:
    """What a WSGI app answers a request by, in an OS thread, while that runs."""
    asked = request_of(one)
    exchange: Exchange | None = None if asked is None else asked.__dict__.get("exchange")
    return None if exchange is None or exchange.os_thread is None else exchange


def _shown(frames: Iterable[FrameSummary]) -> list[str]:
    """The innermost call first, without those of Spruce between the program's own."""
    found = [(frame, f"{frame.filename}:{frame.lineno} {frame.name}\n    {frame.line or ''}") for frame in frames]
    own = [text for frame, text in found if not is_library(frame.filename)]
    return (own or [text for _, text in found])[::-1]


def cancel(transaction: Transaction, make_error: Callable[[], BaseException] = _unavailable) -> None:
    """End what runs, in its green thread, which must be of this OS thread, and the task that works for it.

    A WSGI app in an OS thread goes on, and is told when it gives its next piece: what is raised in a thread from
    outside would end it anywhere, also where it gives a lock or a connection back.
    """
    owner = transaction.owner
    if owner is not None and not owner.dead:
        more = "" if _exchange_of(transaction) is None else "; its OS thread goes on until it returns"
        name = transaction.name or transaction.id
        _log.warning("%s %r is cancelled from the viewer%s", transaction.type, name, more)
        task = task_of(transaction)
        owner.kill(make_error())
        if task is not None:
            task.cancel()


# ---- from any worker -------------------------------------------------------------------------------------------------


def keep_watching(history: History) -> None:
    """Let all workers tell what they have in flight, for some seconds. Blocks its OS thread."""
    rows = history.rows("SELECT until FROM watch WHERE name = 'flights'")
    now = time.time()
    if not rows or not now + _WATCH_SECONDS / 2 <= rows[0]["until"] <= now + _WATCH_SECONDS:
        history.want("flights", _WATCH_SECONDS)


def flights_of(history: History) -> list[dict[str, Any]]:
    """What the workers have told last, each as `Flights.snapshot` has it. Blocks its OS thread."""
    now = time.time()
    with suppress(sqlite3.Error):
        between = (now - _FRESH_SECONDS, now + 60)  # later: before a clock was put back
        rows = history.rows("SELECT detail FROM flight WHERE at BETWEEN ? AND ? ORDER BY pid", *between)
        return [msgspec.json.decode(row["detail"]) for row in rows]
    return []


def ask_to_cancel(history: History, uid: str) -> None:
    """Have the worker that runs it end it, within a second. Blocks its OS thread."""
    history.change("REPLACE INTO cancel (uid, at) VALUES (?, ?)", (uid, time.time()))
