"""Patched modules for explicit use: `green_module("socket")`, and `import_patched` for modules of others."""

import importlib
import sys
from types import ModuleType
from typing import Any

from spruce.patching.originals import NEEDS, executed, imported, original
from spruce.patching.replacements import GROUPS, replacements

__all__ = ["green_module", "import_patched"]

_PATCHED = tuple(module for modules in GROUPS.values() for module in modules)
_green: dict[str, ModuleType] = {}


def green_module(name: str) -> ModuleType:
    """A module of the standard library whose blocking calls let other green threads run; nothing else is changed."""
    found = _green.get(name)
    if found is None:
        found = _green[name] = _made(name)
    return found


def _made(name: str) -> ModuleType:
    if name not in _PATCHED:
        return executed(name, _all())
    if name in NEEDS:
        module = executed(name, {need: green_module(need) for need in NEEDS[name]})
    else:
        module = ModuleType(name, original(name).__doc__)
        vars(module).update(vars(original(name)))
    for path, value in replacements()[name].items():
        holder, _, attribute = path.rpartition(".")
        setattr(getattr(module, holder) if holder else module, attribute, value)
    return module


def _all() -> dict[str, ModuleType]:
    return {name: green_module(name) for name in _PATCHED}


def import_patched(name: str, *more: tuple[str, ModuleType], **named: Any) -> ModuleType:
    """Import a module (with the others of its package) anew, so that it uses patched modules; others don't see it.

    What it imports of other packages is patched only if they are imported by it for the first time. `more` are pairs of
    a name and a module that it is to find under that name.
    """
    package = name.partition(".")[0]
    before = {each: sys.modules.pop(each) for each in _of_package(package)}
    try:
        with imported({**_all(), **dict(more), **named}):
            return importlib.import_module(name)
    finally:
        for each in _of_package(package):
            del sys.modules[each]
        sys.modules.update(before)


def _of_package(package: str) -> list[str]:
    return [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
