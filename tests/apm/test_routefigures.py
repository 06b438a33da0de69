"""Counts and percentiles of routes, from rows of which each stands for so many requests."""

import time
from pathlib import Path

from tests.apm.test_history import ended, keep

from spruce.apm.history import History
from spruce.apm.recorder import Recorder
from spruce.apm.routefigures import _figures, chart_since, rank, routes_since


def test_percentiles_are_by_nearest_rank() -> None:
    times = [(float(number), 1) for number in range(1, 101)]
    assert [rank(times, share) for share in (0.5, 0.95, 0.99)] == [50.0, 95.0, 99.0]
    assert rank([(3.0, 1)], 0.99) == 3.0
    assert rank([(1.0, 90), (2.0, 6), (3.0, 4)], 0.95) == 2.0


def test_a_row_counts_for_all_that_it_stands_for() -> None:
    assert _figures("x", [(1.0, 3), (2.0, 1)], 1) == {
        "name": "x", "count": 4, "failed": 1, "total": 5.0, "p50": 1.0, "p95": 2.0, "p99": 2.0
    }  # fmt: skip


def test_requests_that_were_only_counted_are_in_the_figures(client: Recorder, tmp_path: Path) -> None:
    """With a rate of one a second and ten at once, the eleventh to last are counted by the next that is kept."""
    history = History(tmp_path / "viewer.db", rate=1)
    keep(history, *(ended(client, "GET /x") for _ in range(30)))
    assert routes_since(history, 0.0)[0]["count"] == 10
    history._usual._at -= 5  # as if five seconds had passed
    history._opens = 0.0
    keep(history, ended(client, "GET /x"))
    (one,) = routes_since(history, 0.0)
    assert (one["count"], one["failed"]) == (31, 0)
    assert chart_since(history, time.time() - 60, 120, "GET /x")["total"] == 31
    assert chart_since(history, time.time() - 60, 120, "GET /y")["total"] == 0
