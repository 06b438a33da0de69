"""`spruce routes`: list what paths an app answers."""

import click

from spruce.cli.target import find
from spruce.errors import AppNotFound
from spruce.web import App
from spruce.web.outline import describe

__all__ = ["routes"]

_UNSAID = {"HEAD", "OPTIONS"}
_SORTS = ["added", "path", "endpoint"]


@click.command()
@click.argument("target", required=False)
@click.option("--sort", type=click.Choice(_SORTS), default="added", show_default=True, help="The order of the lines.")
@click.option("--all-methods", is_flag=True, help="List HEAD and OPTIONS too.")
@click.option("--verbose", "-v", is_flag=True, help="Show what stands around the views, from the outside in.")
def routes(target: str | None, sort: str, all_methods: bool, verbose: bool) -> None:
    """List the routes of an app.

    Path, methods and endpoint of each route of the app that TARGET names; see `spruce run --help` for how it is named.
    """
    found = find(target)
    if not isinstance(found.app, App):
        raise AppNotFound(f"{found}, has no routes that Spruce can list", hint="Its own framework knows them.")
    _ = found.app.installed
    rows = [(rule.rule, _methods(rule.methods, all_methods), rule.endpoint) for rule in found.app.url_map.iter_rules()]
    if sort != "added":
        rows.sort(key=lambda row: row[0 if sort == "path" else 2])
    for line in _table([("Path", "Methods", "Endpoint"), *rows]):
        click.echo(line)
    if verbose:
        click.echo("\nAround the views, from the outside in:")
        for line in describe(found.app):
            click.echo(f"  {line}")


def _methods(methods: frozenset[str], every: bool) -> str:
    return ", ".join(sorted(methods if every else methods - _UNSAID or methods))


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    """Return the rows as lines, the columns under each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
