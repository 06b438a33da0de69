"""CPU per operation of green threads."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import Figures, Target, verdicts
from peers import HERE, PEER_PYTHON
from rounds import Contest, render, run

__all__ = ["report"]

APPS = HERE / "green_peers"
BASE = "gevent"
COMMANDS: dict[str, list[str | Path]] = {
    "gevent": [PEER_PYTHON, APPS / "gevent_green.py"],
    "spruce, its own loop": [sys.executable, APPS / "spruce_green.py", "lean"],
    "spruce, asyncio's loop": [sys.executable, APPS / "spruce_green.py", "asyncio"],
    "spruce, uvloop": [sys.executable, APPS / "spruce_green.py", "uvloop"],
    "eventlet": [PEER_PYTHON, APPS / "eventlet_green.py"],
}
TARGETS = [
    Target("spruce, its own loop", BASE, 0.75),
    Target("spruce, asyncio's loop", BASE, 0.75),
    Target("spruce, uvloop", BASE, 0.5),
]
SOCKET_TARGETS = [Target("spruce, its own loop", "eventlet", 0.75), Target("spruce, its own loop", BASE, 1.3)]
WAIT_TARGETS = [Target("spruce, its own loop", "eventlet", 0.5)]
OPERATIONS = {
    "spawn_wait": "spawn, wait",
    "spawn_many": "spawn 1,000, wait for all",
    "queue": "queue there and back",
    "event": "event there and back",
    "sleep": "sleep(0)",
    "sockets": "socket there and back",
    "calls": "its system calls alone",
    "imap": "pool.imap, per item",
}


def report(rounds: int, seconds: float) -> str:
    """Return the table of this section and the verdicts."""
    contest = run(COMMANDS, list(OPERATIONS), rounds, seconds)
    shown = render(f"Green threads: CPU µs (× {BASE})", list(COMMANDS), OPERATIONS, contest, BASE)
    pings = verdicts(SOCKET_TARGETS, contest.figures["sockets"], "socket there and back: ")
    waits = verdicts(WAIT_TARGETS, _waits(contest), "a wait for a socket, without system calls: ")
    return "\n".join([shown, *verdicts(TARGETS, contest.figures["spawn_wait"], "spawn, wait: "), *pings, *waits])


def _waits(contest: Contest) -> Figures:
    """What one of the two waits of a way there and back costs besides the four calls that read and write."""
    both, calls = contest.figures["sockets"], contest.figures["calls"]
    waits = Figures()
    for name in both:
        for figure, base in zip(both.rounds[name], calls.rounds[name], strict=True):
            waits.add(name, (figure - base) / 2)
    return waits
