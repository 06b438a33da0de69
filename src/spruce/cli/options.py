"""Options that more than one command has."""

import importlib.util
from collections.abc import Callable
from typing import Any

import click

from spruce.errors import ConfigError, nearest
from spruce.green import LOOPS

__all__ = ["check_loop", "loop", "seconds"]


def seconds(name: str, default: float, text: str) -> Callable[[Any], Any]:
    """Return the decorator for an option that takes seconds, parts of them too; `text` is its help."""
    return click.option(
        name, default=default, show_default=bool(default), type=click.FloatRange(0), metavar="SECONDS", help=text
    )


def check_loop(context: click.Context | None, parameter: click.Parameter | None, name: str) -> str:
    """Return `name`. Raises ConfigError when there is no such loop, or it is not installed: before anything starts."""
    if name not in LOOPS:
        raise ConfigError(f"there is no loop {name!r}{nearest(name, LOOPS)}", hint=f"Choose one of {', '.join(LOOPS)}.")
    if name == "uvloop" and importlib.util.find_spec("uvloop") is None:
        raise ConfigError(
            "uvloop is not installed", hint="Install it: pip install 'spruce[uvloop]', or leave --loop out."
        )
    return name


loop = click.option(
    "--loop",
    default=LOOPS[0],
    show_default=True,
    callback=check_loop,
    help=f"The event loop, one of {', '.join(LOOPS)}.",
)
"""The option that chooses the event loop, refused at once where there is none."""
