"""`spruce shell`: Python with the app at hand."""

import code
import importlib
import importlib.util
import sys
from contextlib import ExitStack
from typing import Any

import click

from spruce.cli.target import find

__all__ = ["shell"]


@click.command()
@click.argument("target", required=False)
def shell(target: str | None) -> None:
    """Open a Python shell in an app.

    The context of the app that TARGET names is entered; see `spruce run --help` for how it is named. What the app's
    module has is there, and the app itself as `app`. IPython is used where it is installed.
    """
    found = find(target)
    module = sys.modules[found.name.partition(":")[0]]
    names: dict[str, Any] = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    names["app"] = found.app
    banner = f"Python {sys.version.split()[0]}, {found}"
    with ExitStack() as stack:
        if found.kind == "Spruce":
            stack.enter_context(found.app.app_context())
        _interact(banner, names)


def _interact(banner: str, names: dict[str, Any]) -> None:
    if importlib.util.find_spec("IPython") is not None:
        shell_class = importlib.import_module("IPython.terminal.embed").InteractiveShellEmbed
        shell_class(banner1=banner)(local_ns=names)
    else:
        code.interact(banner, local=names, exitmsg="")
