"""`spruce top`: what an app's workers have in flight, and its busiest routes: the viewer's first page in a terminal."""

import shutil
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click

from spruce.apm.flights import ask_to_cancel, flights_of, keep_watching
from spruce.apm.history import History
from spruce.apm.routefigures import routes_since
from spruce.apm.viewerpages import milliseconds, size
from spruce.cli.db import entered
from spruce.errors import ConfigError

__all__ = ["top"]

_MINUTE = 60.0
_CLEAR = "\x1b[H\x1b[J"


@click.command()
@click.option("--once", is_flag=True, help="Print it once, and end.")
@click.option("--stacks", is_flag=True, help="Show where each one is in its code.")
@click.option("--cancel", "uid", help="End what has this id: a request gets 503, a job counts as failed.")
def top(once: bool, stacks: bool, uid: str | None) -> None:
    """Show what is in flight, the oldest first, and the busiest routes of the last minute, until Ctrl+C.

    The app is that of `spruce --app TARGET top`, of SPRUCE_APP, or app.py here; it has a viewer, by debug mode or
    VIEWER_AUTHORIZE.
    """
    with entered() as app:
        history = History.of(app.config)
    if not history.path.exists():
        raise ConfigError(
            f"there is nothing to see in {history.path}",
            hint="The viewer writes it while the app is served: in debug mode, or with VIEWER_AUTHORIZE.",
        )
    if uid is not None:
        ask_to_cancel(history, uid)
        click.echo(f"{uid} is cancelled within a second, if it runs still.")
        return
    while True:
        keep_watching(history)
        if once:
            time.sleep(1.2)  # for the workers to tell
        lines = list(_lines(history, stacks=stacks))
        if once:
            click.echo("\n".join(lines))
            return
        width, height = shutil.get_terminal_size()
        click.echo(_CLEAR + "\n".join(line[:width] for line in lines[: height - 1]))
        try:
            time.sleep(1)
        except KeyboardInterrupt:
            return


def _lines(history: History, *, stacks: bool) -> Iterator[str]:
    workers = flights_of(history)
    flights = [(flight, worker["pid"]) for worker in workers for flight in worker["flights"]]
    flights.sort(key=lambda pair: -pair[0]["seconds"])
    threads = sum(worker["threads"] for worker in workers)
    yield f"{len(workers)} workers, {threads} green threads, {len(flights)} in flight"
    yield ""
    if any(worker.get("vitals") for worker in workers):
        yield from _table(("worker", "memory", "CPU", "loop lag", "requests/s"), [_vitals(one) for one in workers])
        yield ""
    rows = [
        (milliseconds(flight["seconds"]), flight["uid"], str(pid), flight["name"], flight["waits_for"])
        for flight, pid in flights
    ]
    table = list(_table(("for", "id", "worker", "what", "waits for"), rows))
    yield table[0]
    for line, (flight, _) in zip(table[1:], flights, strict=True):
        yield line
        if stacks:
            yield from (f"    {_printable(part)}" for frame in flight["stack"] for part in frame.split("\n"))
    yield ""
    found = [
        tuple(
            map(
                str,
                (one["count"], one["failed"], *(milliseconds(one[key]) for key in ("p50", "p95", "p99")), one["name"]),
            )
        )
        for one in routes_since(history, time.time() - _MINUTE)
    ]
    yield from _table(("requests", "failed", "p50", "p95", "p99", "route, last minute"), found)


def _vitals(worker: dict[str, Any]) -> tuple[str, ...]:
    found = worker.get("vitals") or {}
    cpu, lag, rate = (found.get(name) or 0.0 for name in ("cpu", "lag", "rate"))
    return str(worker["pid"]), size(found.get("memory")), f"{100 * cpu:.0f} %", milliseconds(lag), f"{rate:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Columns as wide as what is in them; the last two of words are set to the left."""
    texts = [[_printable(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    for row in texts:
        cells = [
            cell.ljust(width) if head[column] in _WORDS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _printable(text: str) -> str:
    """A text that says nothing to the terminal: visitors choose some of it."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


_WORDS = ("what", "waits for", "route, last minute")
