"""`spruce db shell`: the database's own client, or a plain prompt of ours where there is none."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from spruce.cli.db import entered, using_option
from spruce.db import transactions
from spruce.db.clients import client_of
from spruce.db.databases import Database, current
from spruce.errors import ConfigError, DatabaseError

__all__ = ["shell"]

_WIDEST = 60
_ENDS = frozenset({"\\q", "exit", "quit", ".quit", ".exit"})


@click.command(context_settings={"ignore_unknown_options": True})
@using_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def shell(using: str, arguments: Sequence[str]) -> None:
    """Open the database in its own client: psql, sqlite3, mariadb or mysql.

    ARGUMENTS are passed on to it: `spruce db shell -- -c "SELECT 1"`. Without a client here there is a plain prompt,
    where each statement ends with a semicolon and is a transaction of its own.
    """
    with entered():
        database = current()[using]
        client = client_of(database.url)
        program = next(filter(None, map(shutil.which, client.programs)), None)
        if program is None:
            _prompt(database, client.programs[0], arguments)
            return
    sys.stdout.flush()
    os.execve(program, [program, *client.arguments, *arguments], {**os.environ, **client.environment})  # noqa: S606 - the point of the command


def _prompt(database: Database, program: str, arguments: Sequence[str]) -> None:
    """Run what is typed, or what comes from standard input, until its end."""
    if arguments:
        raise ConfigError(f"{program} is not installed here, so nothing takes {' '.join(arguments)}")
    asks = sys.stdin.isatty()
    if asks:
        click.echo(f"{program} is not installed here; this is a plain prompt for {database.url!r}. \\q ends it.")
    for statement in _statements(_typed() if asks else sys.stdin):
        try:
            found = transactions.connection(database).outcome(statement, ())
        except DatabaseError as error:
            click.echo(f"Error: {error}", err=True)
            if not asks:
                raise SystemExit(1) from error
        else:
            click.echo("\n".join(_table(found.names, found.rows)) if found.names else f"rows: {max(found.touched, 0)}")


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("sql> ")
        except EOFError:
            click.echo()
            return


def _statements(lines: Iterable[str]) -> Iterator[str]:
    """What ends with a semicolon at the end of a line; the last one needs none."""
    statement: list[str] = []
    for line in lines:
        if not statement and line.strip() in _ENDS:
            return
        statement.append(line.rstrip())
        if line.rstrip().endswith(";"):
            yield "\n".join(statement)
            statement.clear()
    if "".join(statement).strip():
        yield "\n".join(statement)


def _table(names: list[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a table."""
    cells = [["NULL" if value is None else " ".join(str(value).split()) for value in row] for row in rows]
    widths = [min(_WIDEST, max(map(len, column))) for column in zip(names, *cells, strict=True)]
    for row in (names, ["-" * width for width in widths], *cells):
        yield "  ".join(_fitted(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield f"({len(cells)} row{'' if len(cells) == 1 else 's'})"


def _fitted(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else f"{cell[: width - 1]}…"
