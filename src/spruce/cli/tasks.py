"""`spruce tasks`: what jobs there are, and what to do about them."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click

from spruce.cli.db import entered
from spruce.cli.ps import span
from spruce.errors import TaskResultDoesNotExist
from spruce.tasks import board, cancel, get_result
from spruce.tasks.clock import wall
from spruce.tasks.results import TaskResult
from spruce.tasks.serving import discover

__all__ = ["tasks"]


class _InApp(click.Group):
    """The commands of the app that is meant, in its context."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with entered() as app:
            discover(app)
            return super().invoke(ctx)


@click.group(cls=_InApp)
def tasks() -> None:
    """Look after the jobs of an app.

    The app is that of `spruce --app TARGET tasks …`, of SPRUCE_APP, or app.py here.
    """


@tasks.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def queues(as_json: bool) -> None:
    """Show the queues, how many jobs are in them, and for how long the first has been due."""
    found = board.queues()
    if as_json:
        click.echo(json.dumps([{name: getattr(one, name) for name in one.__slots__} for one in found]))
        return
    rows = [(one.name, one.ready, one.waiting, one.running, one.failed, span(one.lag)) for one in found]
    _table(("queue", "ready", "waiting", "running", "failed", "lag"), rows, "There are no jobs")


@tasks.command()
def running() -> None:
    """Show the jobs that run, the longest first."""
    rows = [(one.result.id, one.result.task.path, one.worker, span(one.seconds)) for one in board.running()]
    _table(("id", "task", "worker", "for"), rows, "No job runs")


@tasks.command()
@click.option("--task", help="Only those of this task.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1))
def failed(task: str | None, limit: int) -> None:
    """Show the jobs that have failed for good, the latest first."""
    found = board.failed(limit, task)
    rows = [(one.id, one.task.path, one.attempts, _ago(one.finished_at), _last_error(one)) for one in found]
    _table(("id", "task", "attempts", "failed", "error"), rows, "No job has failed")


@tasks.command()
@click.argument("id")
def show(id: str) -> None:  # noqa: A002 - the name of the argument
    """Show all that is known of a job."""
    one = get_result(id)
    facts = {
        "task": one.task.path,
        "status": one.status.value,
        "arguments": json.dumps([one.args, one.kwargs], ensure_ascii=False),
        "attempts": one.attempts,
        "enqueued": one.enqueued_at,
        "started": one.started_at,
        "finished": one.finished_at,
        "progress": None if one.progress is None else f"{one.progress:.0%} {one.progress_note}".strip(),
        "workers": " ".join(one.worker_ids),
        "trace": one.trace_id or None,
    }
    if one.status == "SUCCESSFUL":
        facts["value"] = json.dumps(one.return_value, ensure_ascii=False)
    for name, fact in facts.items():
        if fact is not None:
            click.echo(_printable(f"{name + ':':<11}{fact}"))
    for error in one.errors:
        click.echo("\n" + "\n".join(map(_printable, error.traceback.rstrip().split("\n"))))


def _each(ids: Sequence[str], everything: bool, act: Callable[[str], bool], done: str, undone: str) -> None:
    """Do something for each job; tell what was done."""
    if everything:
        ids = [one.id for one in board.failed(100_000)]
    missed = False
    for one in ids:
        try:
            changed = act(one)
        except TaskResultDoesNotExist as error:
            click.echo(str(error), err=True)
            missed = True
            continue
        missed = missed or not changed
        click.echo(f"{one} {done if changed else undone}")
    if missed:
        raise SystemExit(1)


@tasks.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that have failed.")
def replay(ids: tuple[str, ...], everything: bool) -> None:
    """Have jobs that have failed, or were cancelled, run again."""
    _each(ids, everything, board.replay, "will run again", "has not failed")


@tasks.command("cancel")
@click.argument("ids", nargs=-1, required=True)
def cancel_(ids: tuple[str, ...]) -> None:
    """Keep jobs from running, or stop them."""
    _each(ids, False, cancel, "is cancelled, or will be within a second", "has ended already")


@tasks.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that have failed.")
def clear(ids: tuple[str, ...], everything: bool) -> None:
    """Remove jobs that have ended."""
    _each(ids, everything, board.clear, "is removed", "has not ended, or is not there")


@tasks.command("schedule")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="How many of the next runs to show.")
def schedule_(runs: int) -> None:
    """Show the schedules, and when each runs next, in UTC."""
    rows = [
        (one.name, one.definition, "paused" if one.paused else ", ".join(map(_moment, one.next_runs)))
        for one in board.schedules(runs)
    ]
    _table(("schedule", "when", "next"), rows, "There are no schedules")


@tasks.command()
@click.argument("name")
def pause(name: str) -> None:
    """Have a schedule enqueue nothing until it is resumed."""
    board.pause(name)
    click.echo(f"{name} is paused")


@tasks.command()
@click.argument("name")
def resume(name: str) -> None:
    """Have a paused schedule go on with its next tick."""
    board.resume(name)
    click.echo(f"{name} goes on")


def _table(titles: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str) -> None:
    """Print rows in columns; numbers to the right."""
    if not rows:
        click.echo(nothing)
        return
    texts = [titles, *([_printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(titles))]
    for row in texts:
        cells = zip(row, widths, rows[0], strict=True)
        line = "  ".join(text.rjust(w) if isinstance(first, int) else text.ljust(w) for text, w, first in cells)
        click.echo(line.rstrip())


def _printable(text: str) -> str:
    """The text without what a terminal would obey: a job may have written it."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _last_error(one: TaskResult[Any]) -> str:
    return one.errors[-1].traceback.rstrip().rpartition("\n")[2][:100] if one.errors else ""


def _ago(when: datetime | None) -> str:
    return "" if when is None else f"{span(wall() - when.timestamp())} ago"


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"
