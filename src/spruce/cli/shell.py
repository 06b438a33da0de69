"""`spruce shell`: Python with the app at hand."""

import code
import importlib
import importlib.util
import sys
from contextlib import ExitStack
from inspect import isclass
from typing import Any

import click

from spruce.cli.target import find
from spruce.web import App

__all__ = ["shell"]


@click.command()
@click.argument("target", required=False)
def shell(target: str | None) -> None:
    """Open a Python shell in an app.

    The context of the app that TARGET names is entered; see `spruce run --help` for how it is named. What the app's
    module has is there, the models of INSTALLED_APPS by their names, and the app itself as `app`. IPython is used where
    it is installed.
    """
    found = find(target)
    module = sys.modules[found.name.partition(":")[0]]
    names: dict[str, Any] = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    if found.kind == "Spruce":
        names = {**_models_of(found.app), **names}
    names["app"] = found.app
    banner = f"Python {sys.version.split()[0]}, {found}"
    with ExitStack() as stack:
        if found.kind == "Spruce":
            stack.enter_context(found.app.app_context())
        _interact(banner, names)


def _models_of(app: App) -> dict[str, Any]:
    """What the modules `models` of the installed apps define; of two with one name, that of the later app."""
    modules = [module for one in app.installed.values() if (module := one.submodule("models"))]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isclass(value) and value.__module__ == module.__name__
    }


def _interact(banner: str, names: dict[str, Any]) -> None:
    if importlib.util.find_spec("IPython") is not None:
        shell_class = importlib.import_module("IPython.terminal.embed").InteractiveShellEmbed
        shell_class(banner1=banner)(local_ns=names)
    else:
        code.interact(banner, local=names, exitmsg="")
