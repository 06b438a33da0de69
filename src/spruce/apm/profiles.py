"""What the profiler finds, added up by route and stack in the viewer's file; switched on from the viewer, for a while.

Each worker takes samples while somebody wants that, and adds them to the file twice a second. A stack is kept once,
packed, under its digest; those with the least time leave when there are too many.
"""

import os
import sqlite3
import time
import zlib
from hashlib import sha256
from types import CodeType
from typing import Any, NamedTuple

import msgspec

from spruce.apm.frames import is_library, short_file
from spruce.apm.history import History
from spruce.apm.profiler import Profiler, Sampled
from spruce.apm.texts import kept_text

__all__ = ["Call", "Profiles", "clear", "folded", "profiled_routes", "stacks_of"]

_SPRUCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_GREEN = _SPRUCE + "green" + os.sep
_MACHINERY = (_GREEN, _SPRUCE + "server" + os.sep)
_MOST = 20_000  # stacks in the file
_PRUNE = 40  # every so many turns
_calls: dict[CodeType, "Call"] = {}
_CALLS = 20_000


class Call(NamedTuple):
    """A function in a stack. `kind` is `own` for the program's, `library`, or `spruce`."""

    name: str
    file: str
    line: int
    kind: str


class Profiles:
    """Lets this process take samples while that is wanted, and keeps them."""

    def __init__(self, history: History, rate: float) -> None:
        self.profiler = Profiler(rate) if rate > 0 else None
        self.history = history
        self._turn = 0
        history.turns.append(self.turn)

    def close(self) -> None:
        """Take no more samples."""
        if self.profiler is not None:
            self.profiler.stop()

    def turn(self, connection: sqlite3.Connection) -> None:
        """Begin or end to take samples, and write what there is; in the thread that writes."""
        profiler = self.profiler
        if profiler is None:
            return
        if self.history.is_wanted("profile"):
            profiler.start()
        elif profiler.running:
            profiler.stop()
        found = profiler.take()
        if found:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_ADD, [_row(one) for one in found])
            connection.execute("COMMIT")
            self._turn += 1
            if self._turn % _PRUNE == 0:
                connection.execute(_FORGET, (_MOST,))


_ADD = (
    "INSERT INTO profile (name, waiting, digest, at, samples, seconds, stack) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (name, waiting, digest) DO UPDATE SET at = excluded.at, samples = samples + excluded.samples, "
    "seconds = seconds + excluded.seconds"
)
_FORGET = (
    "DELETE FROM profile WHERE id IN (SELECT id FROM profile ORDER BY seconds "
    "LIMIT max(0, (SELECT count(*) FROM profile) - ?))"
)


def _row(one: Sampled) -> tuple[Any, ...]:
    stack = msgspec.json.encode(folded(one.stack))
    digest = sha256(stack).digest()[:12]
    return kept_text(one.name), int(one.waiting), digest, time.time(), one.samples, one.seconds, zlib.compress(stack, 1)


def folded(stack: tuple[CodeType, ...]) -> list[Call]:
    """The calls of a stack, the outermost first, without the machinery that green threads and the server are made of.

    Of what waits only the function is left that was called to wait.
    """
    codes = stack[::-1]
    first = next((n for n, code in enumerate(codes) if not code.co_filename.startswith(_MACHINERY)), len(codes))
    found = [
        code
        for before, code in zip(codes[first - 1 if first else 0 :], codes[first:], strict=False)
        if not (code.co_filename.startswith(_GREEN) and before.co_filename.startswith(_GREEN))
    ]
    return [_call(code) for code in (found or codes[-1:])]


def _call(code: CodeType) -> Call:
    known = _calls.get(code)
    if known is None:
        file = code.co_filename
        kind = "spruce" if file.startswith(_SPRUCE) else "library" if is_library(file) else "own"
        name = getattr(code, "co_qualname", code.co_name)
        known = Call(name, short_file(file), code.co_firstlineno, kind)
        if len(_calls) < _CALLS:
            _calls[code] = known
    return known


# ---- from any worker -------------------------------------------------------------------------------------------------


def profiled_routes(history: History) -> list[dict[str, Any]]:
    """The routes with samples, those first that computed longest. Blocks its OS thread."""
    rows = history.rows(
        "SELECT name, sum(samples) AS samples, sum(seconds * (NOT waiting)) AS computed, "
        "sum(seconds * waiting) AS waited FROM profile GROUP BY name ORDER BY computed DESC, waited DESC LIMIT 200"
    )
    return [dict(row) for row in rows]


def stacks_of(history: History, name: str, states: tuple[bool, ...]) -> list[tuple[list[Call], float]]:
    """The stacks of a route, each with its seconds; of what computes (False), waits (True), or both."""
    rows = history.rows("SELECT waiting, stack, seconds FROM profile WHERE name = ?", name)
    decode = msgspec.json.Decoder(list[Call]).decode
    return [(decode(zlib.decompress(stack)), seconds) for waiting, stack, seconds in rows if bool(waiting) in states]


def clear(history: History) -> None:
    """Forget all samples. Blocks its OS thread."""
    history.change("DELETE FROM profile")
