"""CPU of a list of a hundred rows in the admin, of a thousand rows and of very many."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

from measure import Target, verdicts
from peers import HERE, PEER_PYTHON
from rounds import Contest, render, run

__all__ = ["report"]

APPS = HERE / "admin_peers"
_MOST_FOR_MANY = 2.0


def report(rounds: int, seconds: float, many: int) -> str:
    """Return the table of this section and the verdicts."""
    with TemporaryDirectory(prefix="spruce-bench-") as folder:
        peers = {
            "Django": [PEER_PYTHON, APPS / "django_admin.py", folder, str(many)],
            "spruce": [sys.executable, APPS / "spruce_admin.py", folder, str(many)],
        }
        labels = {"thousand": "1,000 rows", "many": f"{many:,} rows"}
        contest = run(peers, list(labels), rounds, seconds)
    return "\n".join(
        [
            render("A list of 100 in the admin: CPU µs (× Django)", list(peers), labels, contest, "Django"),
            *verdicts([Target("spruce", "Django", 0.4)], contest.figures["thousand"], "1,000 rows: "),
            *_growth(contest, many),
        ]
    )


def _growth(contest: Contest, many: int) -> list[str]:
    """The verdict about how the page grows with the table."""
    few, much = contest.figures["thousand"], contest.figures["many"]
    if "spruce" not in few or "spruce" not in much:
        return []
    ratio = much.median("spruce") / few.median("spruce")
    outcome = "reached" if ratio <= _MOST_FOR_MANY else "MISSED"
    return [f"{outcome}: spruce: {many:,} rows: {ratio:.2f} × 1,000 rows (target: at most {_MOST_FOR_MANY:.2f})"]
