"""CPU per form of ten fields that is validated."""

from __future__ import annotations

import sys

from measure import Target, verdicts
from peers import HERE, PEER_PYTHON
from rounds import render, run

__all__ = ["report"]

APPS = HERE / "forms_peers"
OPERATIONS = {"good": "valid", "bad": "two errors"}
PEERS = {
    "Django": [PEER_PYTHON, APPS / "django_forms.py"],
    "spruce": [sys.executable, APPS / "spruce_forms.py"],
}


def report(rounds: int, seconds: float) -> str:
    """Return the table of this section and the verdict."""
    contest = run(PEERS, list(OPERATIONS), rounds, seconds)
    target = [Target("spruce", "Django", 0.4)]
    return "\n".join(
        [
            render("A form of ten fields: CPU µs (× Django)", list(PEERS), OPERATIONS, contest, "Django"),
            *verdicts(target, contest.figures["good"], "valid: "),
        ]
    )
