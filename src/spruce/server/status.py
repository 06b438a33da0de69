"""What a serving process tells of itself to whoever asks on its status socket: what it has done, and what it does now.

An OS thread answers, so that a process whose loop stands still answers, too: then with the stack of what holds it up.
"""

import os
import select
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

from spruce.green import debug
from spruce.http import Request
from spruce.server.instances import Facts, StatusSocket
from spruce.server.listener import Server
from spruce.server.processes import resident_bytes

__all__ = ["Status"]

_PATIENCE_SECONDS = 0.5
_LAG_MEMORY = 0.98  # how much of the worst lag is left after each beat: half of it after some 17 s


class Status:
    """The status of the process that runs `server`, on a socket in `folder`; it can be asked until `close`."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.started = time.time()
        self.lag = self.worst_lag = 0.0
        self.last_beat = time.monotonic()
        self.os_thread = threading.get_ident()
        self.socket: StatusSocket | None = None
        self._leash = -1
        with suppress(OSError):
            self.socket = StatusSocket(folder, self.facts)
            life, self._leash = os.pipe()
            self.thread = threading.Thread(target=_answer, args=(self.socket, life), name="spruce-status", daemon=True)
            self.thread.start()

    def close(self) -> None:
        """Answer no more."""
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1
            self.thread.join()

    def beat(self, lag: float) -> None:
        """Note that the loop turns, so many seconds later than it should have."""
        self.last_beat = time.monotonic()
        self.lag = lag
        self.worst_lag = max(lag, self.worst_lag * _LAG_MEMORY)

    # ---- in the OS thread that answers -------------------------------------------------------------------------------

    def facts(self, stacks: bool) -> Facts:
        """Return what is known: times in seconds, memory in bytes."""
        requests: list[Facts] = []
        done = threading.Event()

        def look() -> None:
            requests.extend(self._requests(stacks))
            done.set()

        with suppress(RuntimeError):  # the loop is closed
            self.server.hub.loop.call_soon_threadsafe(look)
        turns = done.wait(_PATIENCE_SECONDS)
        return {
            "pid": os.getpid(),
            "started": self.started,
            "cpu_seconds": time.process_time(),
            "memory": resident_bytes(os.getpid()),
            "requests": self.server.requests(),
            "connections": len(self.server.connections),
            "lag": self.lag,
            "worst_lag": self.worst_lag,
            "held_up": None if turns else time.monotonic() - self.last_beat,
            "in_flight": requests if turns else self._held_up(),
        }

    def _held_up(self) -> list[Facts]:
        """Return what can be told while the loop stands still: the request that runs, with its stack."""
        frame = sys._current_frames().get(self.os_thread)
        stack = [] if frame is None else traceback.StackSummary.extract(traceback.walk_stack(frame)).format()[::-1]
        since = time.monotonic() - self.last_beat
        now = self.server.hub.loop.time()
        told = []
        for one in list(self.server.connections):
            request, parked = one.current, one.thread is not None
            if request is not None and parked:
                told.append(_told(request, now - one.began, "", []))
            elif request is not None:
                told.append(_told(request, since, "runs", stack))
        return told

    # ---- in the loop -------------------------------------------------------------------------------------------------

    def _requests(self, stacks: bool) -> list[Facts]:
        now = self.server.hub.loop.time()
        found = []
        for one in self.server.connections:
            if one.current is not None and one.thread is not None:
                info = debug.inspect(one.thread)
                stack = info.stack.format() if stacks else []
                found.append(_told(one.current, now - one.began, f"waits for {info.waits_for}", stack))
        return sorted(found, key=lambda facts: -facts["age"])


def _told(request: Request, age: float, does: str, stack: list[str]) -> Facts:
    return {
        "method": request.method,
        "path": request.target.partition("?")[0],
        "route": getattr(request.url_rule, "rule", None),
        "client": request.remote_addr,
        "age": age,
        "does": does,
        "stack": stack,
    }


def _answer(sock: StatusSocket, life: int) -> None:
    """Answer whoever asks, until the other end of `life` is closed."""
    poll = select.poll()
    poll.register(sock.descriptor, select.POLLIN)
    poll.register(life, select.POLLIN)
    while life not in {descriptor for descriptor, _ in poll.poll()}:
        sock.read()
    sock.close()
    os.close(life)
