"""Where the time of a transaction went: on CPU, waiting for the loop, for databases, caches, locks, calls to outside.

Each wait of the green thread that a transaction runs in is noted when it is over (`green.parks`). What is left of the
duration the thread has run: `cpu`. The part of a wait behind the moment since which the thread could have gone on is
`loop`: others ran meanwhile. The rest belongs to the query, cached value or call that lasted then, or else to what the
thread was waiting at.
"""

import sys
from os.path import basename
from time import perf_counter
from types import CodeType, FrameType

from spruce.apm.spans import Span, Transaction, current
from spruce.green import GreenThread
from spruce.green.parks import watch_parks
from spruce.green.runtime import all_hubs

__all__ = ["KINDS", "Split"]

KINDS = ("cpu", "loop", "db", "cache", "outgoing", "lock", "other")
"""The kinds of time, in the order in which they are shown."""

_OF_TYPES = {"db": "db", "cache": "cache", "external": "outgoing", "messaging": "outgoing", "storage": "outgoing"}
_MACHINERY = frozenset({"carrier.py", "parks.py", "waiting.py", "driver.py", "greenthread.py", "hub.py", "threads.py"})
_OF_FILES = {
    "event.py": "lock",
    "locks.py": "lock",
    "semaphore.py": "lock",
    "queue.py": "lock",
    "pools.py": "lock",
    "pool.py": "lock",
    "sockets.py": "outgoing",
    "watching.py": "outgoing",
    "tls.py": "outgoing",
}
_MOST = 2000  # waits that are kept one by one

Wait = tuple[float, float, float, str]  # its begin and end, since when it need not have been, and at what
_kinds: dict[CodeType, str | None] = {}


class Split:
    """Notes waits for transactions, and adds them up at their ends."""

    def begun(self, transaction: Transaction) -> None:
        """Watch the hub that a transaction runs on, if it runs in a green thread: the first of that hub."""
        owner = transaction.owner
        if owner is not None and owner.hub.parks is None:
            watch_parks(owner.hub, note_wait)

    def finishing(self, transaction: Transaction) -> None:
        """Add up the waits of a transaction."""
        if transaction.owner is None:
            return
        waits: list[Wait] | None = transaction.waits
        duration = transaction.duration or 0.0
        if waits is None:
            transaction.split = {"cpu": duration}
            return
        split = transaction.split = transaction.split or {}
        _add(split, waits, [span for span in transaction.spans if span.type in _OF_TYPES])
        split["cpu"] = max(0.0, duration - sum(split.values()))
        transaction.waits = None

    def end(self) -> None:
        """Watch no hub any more."""
        for hub in all_hubs():
            if hub.parks is not None:
                hub.parks.end()


def note_wait(thread: GreenThread, began: float, ready: float) -> None:
    """Note a wait of a green thread, which is this one and has just ended, for the transaction that runs in it."""
    here = current.get()
    if here is None:
        return
    transaction = here.transaction
    if transaction.owner is not thread or transaction.ended or not transaction.sampled:
        return
    waits: list[Wait] | None = transaction.waits
    if waits is None:
        waits = transaction.waits = []
    waits.append((began, perf_counter(), ready, _kind_of(sys._getframe(2))))
    if len(waits) >= _MOST:
        transaction.split = transaction.split or {}
        _add(transaction.split, waits, [span for span in transaction.spans if span.type in _OF_TYPES])
        waits.clear()


def _add(split: dict[str, float], waits: list[Wait], spans: list[Span]) -> None:
    for began, ended, ready, kind in waits:
        loop = ended - (ready if ready > began else began) if ready < ended else 0.0
        split["loop"] = split.get("loop", 0.0) + loop
        for span in spans:
            if span.began <= began and ended <= span.began + (span.duration or 0.0) + 1e-4:
                kind = _OF_TYPES[span.type]
                break
        split[kind] = split.get(kind, 0.0) + (ended - began - loop)


def _kind_of(frame: FrameType | None) -> str:
    """What a thread waits at: by the file of the first frame that isn't the machinery of waiting."""
    while frame is not None:
        code = frame.f_code
        kind = _kinds.get(code, "")
        if kind == "":
            kind = _kinds[code] = _kind_of_code(code)
        if kind is not None:
            return kind
        frame = frame.f_back
    return "other"


def _kind_of_code(code: CodeType) -> str | None:
    file = basename(code.co_filename)
    if "/green/" in code.co_filename.replace("\\", "/") and "spruce" in code.co_filename:
        return None if file in _MACHINERY else _OF_FILES.get(file, "other")
    return "other"
