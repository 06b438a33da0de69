"""`spruce db`: rows to and from JSON, copies of a SQLite database, models of one that exists."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from spruce import db as database
from spruce.cli.target import find
from spruce.db.databases import current
from spruce.errors import AppNotFound, DataError, nearest
from spruce.web import App

__all__ = ["db", "entered", "using_option"]

using_option = click.option(
    "--database", "using", default="default", show_default=True, help="The alias of the database."
)


@click.group()
def db() -> None:
    """Work with the databases of an app.

    The app is that of `spruce --app TARGET db …`, of SPRUCE_APP, or app.py here.
    """


@contextmanager
def entered() -> Iterator[App]:
    """The context of the app that is meant."""
    found = find(click.get_current_context().find_root().params.get("app"))
    if not isinstance(found.app, App):
        raise AppNotFound(f"{found}, has no databases of Spruce", hint="Its own framework may have a command.")
    _ = found.app.installed  # which imports their models
    with found.app.app_context():
        yield found.app


@db.command()
@click.argument("tables", nargs=-1)
@using_option
@click.option("--natural", is_flag=True, help="Name objects by their natural keys instead of numbers.")
@click.option("--indent", type=int, default=2, show_default=True, help="0 writes a row in each line.")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="A file instead of standard output.")
def dump(tables: tuple[str, ...], using: str, natural: bool, indent: int, output: str | None) -> None:
    """Write the rows of TABLES, or of all models, as JSON."""
    with entered():
        text = _as_json(database.dump_data(_models(tables), using=using, natural=natural), indent)
        if output is None:
            click.echo(text)
        else:
            Path(output).write_text(f"{text}\n", "utf-8")


def _models(tables: Iterable[str]) -> list[Any] | None:
    known = database.registry.models
    for name in tables:
        if name not in known:
            raise DataError(
                f"there is no model with the table {name!r}{nearest(name, known)}",
                hint=f"Tables: {', '.join(sorted(known))}.",
            )
    return [known[name] for name in tables] or None


def _as_json(items: Iterable[dict[str, Any]], indent: int) -> str:
    if indent:
        return json.dumps(list(items), ensure_ascii=False, indent=indent)
    return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n]"


@db.command()
@click.argument("files", nargs=-1, required=True)
@using_option
def load(files: tuple[str, ...], using: str) -> None:
    """Write the rows of JSON FILES to the database, all or none; `-` is standard input."""
    items = [item for name in files for item in _read(name)]
    with entered():
        count = database.load_data(items, using=using)
    click.echo(f"loaded {count} row{'' if count == 1 else 's'}")


def _read(name: str) -> list[Any]:
    try:
        found = json.loads(sys.stdin.read() if name == "-" else Path(name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{name} cannot be read as JSON: {error}") from error
    if not isinstance(found, list):
        raise DataError(f"{name} has no list of rows", hint='As: [{"model": "product", "pk": 1, "fields": {…}}].')
    return found


@db.command()
@click.argument("file", type=click.Path(dir_okay=False))
@using_option
def backup(file: str, using: str) -> None:
    """Copy a SQLite database to FILE while it is in use; the copy is as the database is at one moment."""
    with entered():
        made = database.backup(file, using=using)
    click.echo(f"copied to {made} ({made.stat().st_size:,} bytes)")


@db.command()
@click.argument("tables", nargs=-1)
@using_option
def inspect(tables: tuple[str, ...], using: str) -> None:
    """Print models for TABLES, or for all tables that have none: `spruce db inspect > models.py`."""
    from spruce.db.inspecting import inspect as models_of  # it loads Alembic, which no other command here needs

    with entered():
        click.echo(models_of(current()[using], tables), nl=False)
