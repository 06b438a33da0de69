"""Workers measured in turn: all started together, answers compared first, then every operation in many short rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from measure import Figures, rotated, server_and_client_cores, table
from peers import PeerError, Worker

__all__ = ["Contest", "render", "run"]


@dataclass
class Contest:
    """What came out: µs of CPU time by operation, and what is wrong with the peers that have no figures."""

    figures: dict[str, Figures] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)


def run(
    commands: Mapping[str, Sequence[str | Path]], operations: Sequence[str], rounds: int, seconds: float
) -> Contest:
    """Measure every operation of every peer, `seconds` of CPU each time. Answers must match the first peer's."""
    contest = Contest({operation: Figures() for operation in operations})
    core, _ = server_and_client_cores()
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(list(command), core)) for name, command in commands.items()}
        compare(workers, contest)
        able = [name for name in workers if name not in contest.trouble]
        for operation, figures in contest.figures.items():
            counts = {name: workers[name].count_for(operation, seconds) for name in able}
            for turn in range(rounds):
                for name in rotated(able, turn):
                    figures.add(name, workers[name].seconds(operation, counts[name]) / counts[name] * 1e6)
    return contest


def compare(workers: Mapping[str, Worker], contest: Contest) -> None:
    """Put the peers that don't start, or whose answers differ from the first one's, on the list of trouble."""
    expected = None
    for name, worker in workers.items():
        try:
            got = worker.ask("answers")
        except PeerError as error:
            contest.trouble[name] = f"did not start: {error}"
            continue
        expected = expected or got
        for key, value in expected.items():
            if got.get(key) != value:
                contest.trouble[name] = f"wrong answer for {key}: {got.get(key)!r} instead of {value!r}"
                break


def render(title: str, names: Sequence[str], labels: Mapping[str, str], contest: Contest, to: str) -> str:
    """Return one table: a row per peer, a column per operation, each cell "µs (ratio to `to`)"."""
    rows = []
    for name in names:
        cells = []
        for operation in labels:
            figures = contest.figures[operation]
            ratio = figures.ratio(name, to)
            shown = "" if ratio is None else f" ({ratio:.2f}×)"
            cells.append(f"{figures.median(name):.1f}{shown}" if name in figures else "–")
        rows.append([name, *cells])
    notes = "".join(f"\n{name}: {why}" for name, why in contest.trouble.items())
    return table(title, list(labels.values()), rows) + notes
