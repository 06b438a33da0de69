"""Figures from a noisy machine: CPU time of process trees, medians of per-round ratios, the table of them."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = [
    "Figures",
    "Target",
    "cpu_nanoseconds",
    "process_tree",
    "rotated",
    "server_and_client_cores",
    "table",
    "verdicts",
]


def process_tree(pid: int) -> list[int]:
    """Return `pid` and all its living descendants, parents first. Linux only; a process that is gone has no members."""
    members = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                members += process_tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return members


def cpu_nanoseconds(pid: int) -> int:
    """Return the time that the threads of `pid` and its descendants have spent on a core.

    It comes from /proc/*/task/*/schedstat. Waiting for a core and other programs' work do not count, so the figure is
    comparable on a busy machine.
    """
    total = 0
    for member in process_tree(pid):
        try:
            for task in os.listdir(f"/proc/{member}/task"):
                total += int(Path(f"/proc/{member}/task/{task}/schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def server_and_client_cores() -> tuple[int, int]:
    """Return the core for what is measured and the core for what drives it: the same one where there is only one."""
    if not hasattr(os, "sched_getaffinity"):
        return 0, 0
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """Return `names` starting from another one each turn, so that nobody always runs first."""
    start = turn % len(names)
    return [*names[start:], *names[:start]]


@dataclass
class Figures:
    """One list of figures per name, one figure per round; round i of every name was measured in the same minute."""

    rounds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, figure: float) -> None:
        """Note the figure of the next round."""
        self.rounds.setdefault(name, []).append(figure)

    def drop(self, name: str) -> None:
        """Forget a name whose rounds are not complete."""
        self.rounds.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.rounds)

    def median(self, name: str) -> float:
        """Return the middle figure of `name`."""
        return statistics.median(self.rounds[name])

    def lowest(self, name: str) -> float:
        """Return the smallest figure of `name`: that of the round which other programs disturbed least."""
        return min(self.rounds[name])

    def ratio(self, name: str, to: str) -> float | None:
        """Return the median over the rounds of name's figure divided by to's; None if either is missing."""
        if name not in self.rounds or to not in self.rounds:
            return None
        return statistics.median(self._ratios(name, to))

    def spread(self, name: str, to: str) -> float | None:
        """Return half the distance between the quartiles of the per-round ratios: how far to trust `ratio`."""
        if name not in self.rounds or to not in self.rounds or len(self.rounds[name]) < 2:
            return None
        low, _, high = statistics.quantiles(self._ratios(name, to), n=4)
        return (high - low) / 2

    def _ratios(self, name: str, to: str) -> list[float]:
        return [figure / base for figure, base in zip(self.rounds[name], self.rounds[to], strict=True)]


@dataclass(frozen=True)
class Target:
    """A promise: the ratio of `name` to `base` is at most `limit`."""

    name: str
    base: str
    limit: float


def verdicts(targets: Sequence[Target], figures: Figures, what: str = "") -> list[str]:
    """Return one line per target: the ratio, what was promised and whether it is so. `what` is put before each."""
    lines = []
    for target in targets:
        ratio = figures.ratio(target.name, target.base)
        outcome = "not measured" if ratio is None else "reached" if ratio <= target.limit else "MISSED"
        shown = "–" if ratio is None else f"{ratio:.2f}"
        lines.append(f"{outcome}: {what}{target.name}: {shown} × {target.base} (target: at most {target.limit:.2f})")
    return lines


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, aligned for a terminal too: the first column to the left, the others to the right."""
    header = [title, *columns]
    lines = [header, *[[*row, *[""] * (len(header) - len(row))] for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    rule = [":" + "-" * (widths[0] - 1), *["-" * (width - 1) + ":" for width in widths[1:]]]
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in [header, rule, *lines[1:]]
    )
