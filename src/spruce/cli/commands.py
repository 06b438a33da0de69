"""Commands that are not Spruce's own: those of the app, and of installed packages.

An app adds them to `app.cli`, a group of click: `@app.cli.command()`. Those of its blueprints, by
`@blueprint.cli.command()`, and those in the module `commands` of each of INSTALLED_APPS are its own too. A package
names them in its metadata, as `[project.entry-points."spruce.commands"]`, each a command of click. Spruce's own names
go before all of these.
"""

import os
from collections import ChainMap
from collections.abc import Callable
from functools import wraps
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from spruce.apm.commands import recorded_command
from spruce.cli.target import USUAL_FILES, find
from spruce.errors import AppImportError, AppNotFound
from spruce.web import App

__all__ = ["app_commands", "installed_commands", "within"]


def installed_commands() -> dict[str, EntryPoint]:
    """Return what installed packages offer, not loaded yet."""
    return {point.name: point for point in entry_points(group="spruce.commands")}


def app_commands(target: str | None) -> dict[str, click.Command]:
    """Return the commands of the app that is named, or found here; none when there is no app to be found."""
    if not target and not os.environ.get("SPRUCE_APP") and not any(map(os.path.isfile, USUAL_FILES)):
        return {}
    try:
        found = find(target)
    except (AppNotFound, AppImportError):
        if target:
            raise
        return {}
    if not isinstance(found.app, App):
        return {}
    of_blueprints = [blueprint.commands() for blueprint in found.app.blueprints.values()]
    commands = dict(ChainMap(found.app.cli.commands, *of_blueprints, _of_installed(found.app)))
    return {name: within(found.app, command) for name, command in commands.items()}


def _of_installed(app: App) -> dict[str, click.Command]:
    """The commands in the modules `commands` of INSTALLED_APPS; of two with one name, that of the later app."""
    modules = [module for one in app.installed.values() if (module := one.submodule("commands"))]
    found = [thing for module in modules for thing in vars(module).values() if isinstance(thing, click.Command)]
    inner = {id(command) for group in found if isinstance(group, click.Group) for command in group.commands.values()}
    return {command.name: command for command in found if command.name and id(command) not in inner}


def within(app: App, command: click.Command) -> click.Command:
    """Let a command, and each one below it, run in the context of `app`."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            within(app, inner)
    if command.callback is not None and not hasattr(command.callback, "app"):
        command.callback = _in_context(app, command.callback, command.name or "")
    return command


def _in_context(app: App, function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with app.app_context(), recorded_command(app.config, name):
            return function(*args, **kwargs)

    call.app = app  # type: ignore[attr-defined] # says that this has been done
    return call
