"""`spruce ps`: what the servers that run here do, each of their workers, and each request in flight."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import click

from spruce.server.instances import Facts, ask, found_folders, lives

__all__ = ["ps"]

_COLUMNS = ("worker", "age", "cpu", "memory", "requests", "connections", "in flight", "lag")


@click.command()
@click.argument("pid", required=False, type=int)
@click.option("--stacks", is_flag=True, help="Show where each request is in its code.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def ps(pid: int | None, stacks: bool, as_json: bool) -> None:
    """Show the servers that run here, their workers, and the requests in flight, the oldest first.

    PID is the number of a server's first process; without it all are shown that belong to you (to anybody, for root).
    """
    instances = [_instance(number, folder, stacks) for number, folder in found_folders() if pid in (None, number)]
    if as_json:
        click.echo(json.dumps(instances, indent=2))
        return
    if not instances:
        click.echo("No server of Spruce runs here" if pid is None else f"No server of Spruce has the number {pid}")
        return
    now = time.time()
    click.echo("\n\n".join("\n".join(map(_printable, _lines(one, now))) for one in instances))


def _instance(number: int, folder: Path, stacks: bool) -> Facts:
    """Return the facts of an instance, with those of its `processes` that serve; a silent one has its number only."""
    found: Facts = {"pid": number}
    workers = []
    for path in sorted(folder.glob("*.sock")):
        facts = ask(path, stacks=stacks)
        if facts is None and not lives(int(path.stem)):
            continue  # it was killed, and has left its socket behind
        if facts is None:
            workers.append({"pid": int(path.stem), "silent": True})
        elif "command" in facts:
            found = facts
        else:
            workers.append(facts)
    return {**found, "processes": workers}


def _lines(instance: Facts, now: float) -> Iterator[str]:
    told = [f"spruce {instance['pid']}"]
    if "command" in instance:
        told += [instance["state"], f"up {span(now - instance['started'])}", " and ".join(instance["addresses"])]
    yield "  ".join(told)
    if "command" in instance:
        yield f"  {' '.join(instance['command'])}"
    rows = [_COLUMNS, *(_row(worker, now) for worker in instance["processes"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row, worker in zip(rows, [{}, *instance["processes"]], strict=True):
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield from _requests(worker)


def _row(worker: Facts, now: float) -> tuple[str, ...]:
    if "silent" in worker:
        return (str(worker["pid"]), "does not answer", *[""] * (len(_COLUMNS) - 2))
    held_up = worker["held_up"]
    return (
        str(worker["pid"]),
        span(now - worker["started"]),
        span(worker["cpu_seconds"]),
        f"{worker['memory'] / 2**20:.1f} MiB",
        f"{worker['requests']:,}",
        f"{worker['connections']:,}",
        f"{len(worker['in_flight']):,}",
        f"held up for {held_up:.1f} s" if held_up is not None else f"{worker['worst_lag'] * 1000:.1f} ms",
    )


def _requests(worker: Facts) -> Iterator[str]:
    for request in worker.get("in_flight", ()):
        route = f"  [{request['route']}]" if request["route"] not in (None, request["path"]) else ""
        waits = f"  {request['does']}" if request["does"] else ""
        yield f"      {request['age']:.1f} s  {request['method']} {request['path']}{route}{waits}"
        for call in request["stack"]:
            yield from (f"          {line}" for line in call.rstrip().split("\n"))


def _printable(line: str) -> str:
    """Return a line without what a terminal would obey: another user may have written it."""
    return "".join(character if character.isprintable() else "?" for character in line)


def span(seconds: float) -> str:
    """Return a time as people say it: 3.2 s, 12 min, 5 h 3 min, 2 d 4 h."""
    if seconds < 60:
        return f"{max(seconds, 0):.1f} s"
    minutes = int(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
