"""`spruce db migrate`, `upgrade` and the others that keep the database as the models are."""

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spruce.cli.db import entered, using_option
from spruce.web import App

if TYPE_CHECKING:
    from spruce.db.migrations import Migrations, Step

__all__ = ["COMMANDS"]


def _migrations(app: App, using: str) -> "Migrations":
    from spruce.db.migrations import Migrations  # it loads Alembic, which no other command needs

    app.prepare()  # middleware may have models, as sessions in the database do
    folder = Path(app.home_path, app.config["MIGRATIONS_FOLDER"])
    return Migrations(folder if using == "default" else folder.with_name(f"{folder.name}_{using}"), using)


def _tell(steps: "list[Step]", done: str, nothing: str) -> None:
    for step in steps:
        click.echo(f"{done} {step.revision}: {step.message}")
    if not steps:
        click.echo(nothing)


@click.command()
@click.option("--message", "-m", required=True, help="What the migration does, in a few words.")
@click.option("--empty", is_flag=True, help="Write one that does nothing yet, to change rows by hand.")
@click.option("--noinput", is_flag=True, help="Ask nothing: no column or table was renamed.")
@using_option
def migrate(message: str, empty: bool, noinput: bool, using: str) -> None:
    """Write a migration that brings the database to what the models say now."""
    with entered() as app:
        from spruce.db.autodetect import Answers  # as above

        answers = Answers() if noinput or not sys.stdin.isatty() else _asking()
        made = _migrations(app, using).make(message, answers=answers, empty=empty)
    if made is None:
        click.echo("The database is as the models say: nothing to migrate.")
        return
    for warning in made.warnings:
        click.echo(f"Take care: {warning}", err=True)
    click.echo(f"wrote {made.path}: read it, then run `spruce db upgrade`")


def _asking() -> Any:
    from spruce.db.autodetect import Answers  # as above

    class Asking(Answers):
        """Asks at the terminal."""

        def renamed(self, what: str, old: str, new: str) -> bool:
            """Ask for it."""
            return click.confirm(f"Was the {what} {old} renamed to {new}?", default=False)

        def value(self, table: str, column: str) -> Any:
            """Ask for it, as Python writes it."""
            text = click.prompt(f"{table}.{column} must not be null. Its value in rows that exist, as 0 or 'text'")
            try:
                return ast.literal_eval(text)
            except (ValueError, SyntaxError):
                return text

    return Asking()


@click.command()
@click.argument("revision", default="head")
@using_option
def upgrade(revision: str, using: str) -> None:
    """Run the migrations that the database lacks, up to REVISION; only one process does at a time."""
    with entered() as app:
        _tell(_migrations(app, using).upgrade(revision), "ran", "The database has all migrations already.")


@click.command()
@click.argument("revision")
@using_option
def downgrade(revision: str, using: str) -> None:
    """Undo migrations down to REVISION, which stays: `-1` undoes one, `base` all."""
    with entered() as app:
        _tell(_migrations(app, using).downgrade(revision), "undid", "There is nothing to undo.")


@click.command()
@using_option
def history(using: str) -> None:
    """List the migrations, the oldest first; those that the database has are marked."""
    with entered() as app:
        steps = _migrations(app, using).history()
    for step in steps:
        click.echo(f"[{'x' if step.applied else ' '}] {step.revision}: {step.message}")
    if not steps:
        click.echo("There are no migrations yet.")


@click.command()
@click.argument("revisions", default="base:head")
@using_option
def sql(revisions: str, using: str) -> None:
    """Print the SQL of the migrations FROM:TO, for somebody else to run."""
    start, _, end = revisions.partition(":")
    with entered() as app:
        click.echo(_migrations(app, using).sql(start or "base", end or "head"), nl=False)


@click.command()
@using_option
def check(using: str) -> None:
    """Say what a new migration would do; ends with status 1 if anything. For CI, on a database that is up to date."""
    with entered() as app:
        found = _migrations(app, using).check()
    for line in found:
        click.echo(line, err=True)
    if found:
        raise SystemExit(1)
    click.echo("The database is as the models say.")


@click.command()
@click.argument("revision", default="head")
@using_option
def stamp(revision: str, using: str) -> None:
    """Say that the database is at REVISION, and run nothing: for tables that db.create_all() has made."""
    with entered() as app:
        _migrations(app, using).stamp(revision)
    click.echo(f"the database is now said to be at {revision}")


COMMANDS = (migrate, upgrade, downgrade, history, sql, check, stamp)
"""What `spruce db` has of migrations."""
