"""`spruce new`: begin an app, as one file or as a whole project."""

import keyword
import sys
from pathlib import Path

import click

from spruce.cli.skeleton import ONE_FILE, PROJECT
from spruce.errors import ConfigError

__all__ = ["new"]


@click.command()
@click.argument("name")
@click.option("--full", is_flag=True, help="A project: models, views, templates, tests, files for deployment.")
def new(name: str, full: bool) -> None:
    """Begin an app called NAME.

    One file, NAME.py; or with --full a folder NAME with a package, tests, and what a server needs. Nothing that is
    there already is overwritten.
    """
    _check_name(name)
    files = {f"{name}.py": ONE_FILE} if not full else {f"{name}/{path}": text for path, text in PROJECT.items()}
    made = {Path(path.replace("NAME", name)): text.replace("NAME", name) for path, text in files.items()}
    there = Path(name) if full and Path(name).exists() else next((path for path in made if path.exists()), None)
    if there is not None:
        raise ConfigError(f"there is {str(there)!r} already", hint="Choose another name, or another folder.")
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), "utf-8")
        click.echo(f"made {path}")
    click.echo("\nServe it, and open http://127.0.0.1:5000:\n")
    click.echo(f"    cd {name}\n    spruce run --debug" if full else f"    spruce run {name}.py --debug")


def _check_name(name: str) -> None:
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise ConfigError(
            f"{name!r} cannot name an app", hint="Use letters, digits and underscores; it becomes a module of Python."
        )
    if name in sys.stdlib_module_names or name in ("spruce", "test", "tests"):
        raise ConfigError(f"{name!r} is the name of another module of Python", hint="Choose another one.")
