"""How long routes take, and how often, from what the viewer has kept: for an OS thread.

Each row that is kept tells how many requests it stands for; so counts and percentiles are those of all of them.
"""

import math
from collections.abc import Sequence
from typing import Any

from spruce.apm.history import History

__all__ = ["chart_since", "rank", "routes_since"]

_SAMPLE = 20_000  # of the newest rows
_BARS = 60

Times = list[tuple[float, int]]  # the seconds of requests, and how many took as long


def routes_since(history: History, since: float) -> list[dict[str, Any]]:
    """The routes of the newest requests since a time, those first on which most time went. Blocks its OS thread."""
    rows = history.rows(
        "SELECT name, seconds, failed, weight FROM request INDEXED BY request_at WHERE at > ? ORDER BY at DESC LIMIT ?",
        *(since, _SAMPLE),
    )
    by_name: dict[str, Times] = {}
    failed: dict[str, int] = {}
    for name, seconds, is_failed, weight in rows:
        by_name.setdefault(name, []).append((seconds, weight))
        if is_failed:
            failed[name] = failed.get(name, 0) + weight
    found = [_figures(name, sorted(times), failed.get(name, 0)) for name, times in by_name.items()]
    return sorted(found, key=lambda one: one["total"], reverse=True)


def chart_since(history: History, since: float, seconds: float, name: str) -> dict[str, Any]:
    """Of each of the equal parts of a time how many requests there were, and how long 95 % of them took at most."""
    condition, values = ("AND name = ?", (name,)) if name else ("", ())
    rows = history.rows(
        f"SELECT at, seconds, weight FROM request WHERE at > ? {condition} ORDER BY at DESC LIMIT ?",  # noqa: S608 - made of constants
        *(since, *values, _SAMPLE),
    )
    parts: list[Times] = [[] for _ in range(_BARS)]
    for at, taken, weight in rows:
        parts[max(min(int((at - since) / seconds * _BARS), _BARS - 1), 0)].append((taken, weight))
    slow = [rank(sorted(part), 0.95) if part else 0.0 for part in parts]
    counts = [sum(weight for _, weight in part) for part in parts]
    return {
        "bars": [
            {"x": n * 10, "count": counts[n], "p95": slow[n], "height": 100 * slow[n] / (max(slow) or 1)}
            for n in range(_BARS)
        ],
        "most": max(slow),
        "total": sum(counts),
    }


def _figures(name: str, times: Times, failed: int) -> dict[str, Any]:
    ranks = {f"p{round(share * 100)}": rank(times, share) for share in (0.5, 0.95, 0.99)}
    count, total = sum(weight for _, weight in times), sum(seconds * weight for seconds, weight in times)
    return {"name": name, "count": count, "failed": failed, "total": total, **ranks}


def rank(times: Sequence[tuple[float, int]], share: float) -> float:
    """The nearest-rank percentile of sorted times."""
    wanted = math.ceil(share * sum(weight for _, weight in times))
    for seconds, weight in times:
        wanted -= weight
        if wanted <= 0:
            return seconds
    return times[-1][0]
