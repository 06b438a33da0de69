"""`spruce worker`: run the jobs of an app in processes of their own."""

from typing import Any

import click

from spruce import config
from spruce.apm.startup import record_jobs
from spruce.cli import options
from spruce.cli.target import find
from spruce.errors import AppNotFound
from spruce.server.processes import EarlyEnd
from spruce.tasks.backends import backend, is_celery
from spruce.tasks.definitions import registry
from spruce.tasks.processes import Orders, serve
from spruce.tasks.serving import discover
from spruce.web import App

__all__ = ["worker"]


@click.command()
@click.argument("target", required=False)
@click.option("--processes", default=1, show_default=True, type=click.IntRange(0), help="0 works in this very one.")
@click.option("--concurrency", type=click.IntRange(1), help="Jobs at one time in each; otherwise TASKS_CONCURRENCY.")
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="Only jobs of this queue; may be repeated.")
@options.seconds("--grace", 30.0, "What jobs get to finish before they are handed back.")
@options.seconds("--hang", 10.0, "Replace a process in which nothing has moved for so long; 0: never. Not with Celery.")
@options.loop
def worker(
    target: str | None,
    processes: int,
    concurrency: int | None,
    queues: tuple[str, ...],
    grace: float,
    hang: float,
    loop: str,
) -> None:
    """Run the jobs of an app.

    TARGET names it; see `spruce run --help`. Web workers run jobs as well, unless TASKS is `worker`. On SIGTERM nothing
    more is begun, and what has not finished within the grace time is handed back to be run by others.
    """
    with EarlyEnd():
        found = find(target)
        if not isinstance(found.app, App):
            raise AppNotFound(f"{found}, has no tasks of Spruce", hint="Its own framework may have a command.")
        discover(found.app)
        click.echo(f"Found {found}, with {len(registry)} task{'' if len(registry) == 1 else 's'}")
        config.install(found.app.config)
        record_jobs(found.app)
        if is_celery(found.app.config["TASKS"]):
            status = _serve_celery(found.app, processes, Orders(concurrency or 1, queues, grace, loop))
        else:
            orders = Orders(concurrency or found.app.config["TASKS_CONCURRENCY"], queues, grace, loop)
            status = serve(found.app, processes, orders, hang or None)
    if status:
        raise SystemExit(status)


def _serve_celery(app: App, processes: int, orders: Orders) -> int:
    front: Any = backend()
    from spruce.tasks.celeryworker import serve as serve_celery  # Celery is an optional dependency, and not a light one

    return serve_celery(app, front, processes, orders)
