"""Parts of the reference that are made of the code: settings, commands, and docstrings as paragraphs.

In a page, the directives `settings` and `commands` stand for them, and `modules` for all of a
package; autodoc does the others.
"""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

from spruce.cli.main import main
from spruce.config import KNOWN, Setting

__all__ = ["Commands", "Modules", "Settings", "as_rst", "setup"]

OUTSIDE = {"../ARCHITECTURE.md": "project/architecture.md", "../CHANGELOG.md": "project/changelog.md"}
"""Where pages are on the site that lie outside of this folder; a link to another one becomes its text."""

_TREE = """
```{toctree}
:caption: CAPTION
:hidden:
:glob:

PAGES
```
"""
_CAPTIONS = {
    "Begin": "tutorial\ntutorial-shop\ncoming-from-*",
    "How to": "howto/*",
    "Reference": "reference/*\nreference/api/*",
    "Explanation": "explanation/*\nproject/*",
}
_CODE = re.compile(r"``?([^`]+)``?")


class Settings(Directive):
    """A list of every setting: its type, its default, what it does."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        return _parsed(self, [line for one in sorted(KNOWN.values(), key=_name) for line in _of_setting(one)])


class Commands(Directive):
    """What each command says with `--help`."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each command."""
        return _parsed(self, list(_of_command(main, "spruce", None)))


class Modules(Directive):
    """The modules of a package that are imported by their own names: `.. modules:: spruce.middleware`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return what autodoc says of each."""
        package = import_module(self.arguments[0])
        names = [module.name for module in iter_modules(package.__path__, f"{package.__name__}.")]
        return _parsed(self, [line for name in names for line in (f".. automodule:: {name}", "   :members:", "")])


def _name(setting: Setting) -> str:
    return setting.name


def _of_setting(setting: Setting) -> Iterator[str]:
    yield f".. py:data:: {setting.name}"
    yield f"   :type: {setting.expected}"
    yield ""
    yield f"   {_escaped(setting.doc)} Unless set: ``{setting.default!r}``."
    yield ""


def _of_command(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, parent, name)
    yield from [".. code-block:: text", ""]
    yield from (f"   {line}" for line in [f"$ {context.command_path} --help", *command.get_help(context).splitlines()])
    yield ""
    for inner in getattr(command, "commands", {}).values():
        yield from _of_command(inner, inner.name or "", context)


def _parsed(directive: Directive, lines: list[str]) -> list[nodes.Node]:
    container = nodes.container()
    directive.state.nested_parse(StringList(lines, source="generated"), 0, container)
    return container.children


def as_rst(text: str) -> list[str]:
    """Return a docstring, whose code is between backticks or indented, as lines of reStructuredText."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph.startswith("    "):
            lines += ["::", "", *paragraph.splitlines(), ""]
        else:
            lines += [_escaped(" ".join(line.strip() for line in paragraph.splitlines())), ""]
    return lines


def _escaped(text: str) -> str:
    """Code as such, and nothing else with a meaning."""
    pieces = []
    end = 0
    for found in _CODE.finditer(text):
        pieces.append(re.sub(r"([*_|\\])", r"\\\1", text[end : found.start()]))
        pieces.append(f"\\ ``{found[1].strip()}``\\ ")
        end = found.end()
    pieces.append(re.sub(r"([*_|\\])", r"\\\1", text[end:]))
    return "".join(pieces)


def _rewrite(app: Sphinx, kind: str, name: str, thing: object, options: Any, lines: list[str]) -> None:
    lines[:] = as_rst("\n".join(lines)) if any(lines) else []


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    """Lead links to where pages are on the site, and give the first one a table of contents."""
    text, up = source[0], "../" * name.count("/")
    for outside, page in OUTSIDE.items():
        text = text.replace(f"]({up}{outside}", f"]({up}{page}")
    text = re.sub(rf"\[([^\]]+)\]\({re.escape(up)}\.\./[\w/.-]*\.md(?:#[^)]*)?\)", r"\1", text)
    if name == "index":
        text += "".join(_TREE.replace("CAPTION", each).replace("PAGES", pages) for each, pages in _CAPTIONS.items())
    source[0] = text


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_directive("settings", Settings)
    app.add_directive("commands", Commands)
    app.add_directive("modules", Modules)
    app.connect("autodoc-process-docstring", _rewrite)
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
