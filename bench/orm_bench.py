"""CPU per query of ORMs on SQLite files of their own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import Figures, Target, verdicts
from peers import HERE, PEER_PYTHON, Worker
from rounds import render, run

__all__ = ["report"]

APPS = HERE / "orm_peers"
BASE = "Django"
COMMANDS: dict[str, list[str | Path]] = {
    "sqlite3, SQL by hand, tuples": [PEER_PYTHON, APPS / "driver.py"],
    "spruce": [sys.executable, APPS / "spruce_orm.py"],
    "Django": [PEER_PYTHON, APPS / "django_orm.py"],
    "SQLAlchemy ORM": [PEER_PYTHON, APPS / "sqlalchemy_orm.py"],
    "peewee": [PEER_PYTHON, APPS / "peewee_orm.py"],
}
TARGETS = {
    "get": Target("spruce", BASE, 0.15),
    "page": Target("spruce", BASE, 0.45),
    "create": Target("spruce", BASE, 0.25),
}
MEMORY = Target("spruce", BASE, 0.6)
OPERATIONS = {
    "get": "get by key",
    "page": "100 rows, filtered, ordered",
    "joined": "two joins, 10 rows",
    "create": "create",
    "update": "update with F",
}


def report(rounds: int, seconds: float) -> str:
    """Return the table of this section and the verdicts."""
    with tempfile.TemporaryDirectory(prefix="bench-orm-") as folder:
        commands = {
            name: [*command, f"{folder}/{number}.db"] for number, (name, command) in enumerate(COMMANDS.items())
        }
        contest = run(commands, list(OPERATIONS), rounds, seconds)
        memory = Figures()
        for name in (MEMORY.name, MEMORY.base):
            if name not in contest.trouble:
                with Worker([*COMMANDS[name], f"{folder}/memory-{name}.db"], core=0) as worker:
                    memory.add(name, worker.ask("memory")["bytes"])
    shown = render(f"ORM on SQLite: CPU µs (× {BASE})", list(COMMANDS), OPERATIONS, contest, BASE)
    promised = [
        line
        for operation, target in TARGETS.items()
        for line in verdicts([target], contest.figures[operation], f"{OPERATIONS[operation]}: ")
    ]
    held = verdicts([MEMORY], memory, "memory of 10,000 loaded objects: ")
    return "\n".join([shown, *promised, *held])
