"""`original(name)`: a module of the standard library as it is without patches, for those that must really block.

Modules in C are copied as they stand. Those written in Python are executed once more, with originals in the place of
what they import, since their functions look at the globals of the module in which they were made.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

__all__ = ["NEEDS", "executed", "imported", "original", "saved"]

NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "queue": ("threading", "time"),
    "selectors": ("select",),
    "socket": ("os", "selectors"),
    "ssl": ("os", "socket", "time"),
    "subprocess": ("os", "selectors", "threading", "time"),
    "threading": ("_thread", "time"),
}
"""Of the patched modules, those written in Python, with the patched ones that they use."""

_SHARED_STATE: Final = (  # of threading: whatever starts a thread, everybody sees it
    "_active",
    "_active_limbo_lock",
    "_counter",
    "_dangling",
    "_limbo",
    "_main_thread",
    "_shutdown_locks",
    "_shutdown_locks_lock",
    "_threading_atexits",
)

_originals: dict[str, ModuleType] = {}
saved: dict[str, dict[str, Any]] = {}
"""What the attributes of patched modules were before."""


def original(name: str) -> ModuleType:
    """The module of that name without patches; the module itself if it never has any."""
    found = _originals.get(name)
    if found is None:
        found = _originals[name] = _made(name)
    return found


def _made(name: str) -> ModuleType:
    module = importlib.import_module(name)
    if name in NEEDS:
        needs = {need: original(need) for need in NEEDS[name]}
        if name == "threading":
            needs["os"] = _without_forks()  # what it does after a fork is done for both by the module itself
        copy = executed(name, needs)
        if name == "threading":
            vars(copy).update({state: vars(module)[state] for state in _SHARED_STATE if state in vars(module)})
        return copy
    if name not in ("_thread", "os", "select", "time"):
        return module
    copy = ModuleType(name, module.__doc__)
    vars(copy).update({**vars(module), **saved.get(name, {})})
    return copy


def _without_forks() -> ModuleType:
    copy = ModuleType("os")
    vars(copy).update({attribute: value for attribute, value in vars(os).items() if attribute != "register_at_fork"})
    return copy


def executed(name: str, modules: Mapping[str, ModuleType]) -> ModuleType:
    """A fresh copy of a module in which its imports find `modules`. Nobody else sees it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    copy = importlib.util.module_from_spec(spec)
    with imported({**modules, name: copy}):
        spec.loader.exec_module(copy)
    _share_exceptions(copy, importlib.import_module(name))
    return copy


def _share_exceptions(copy: ModuleType, module: ModuleType) -> None:
    """Have both raise the same classes, so that whoever catches them need not know of copies."""
    for attribute, value in list(vars(copy).items()):
        if isinstance(value, type) and issubclass(value, BaseException) and value.__module__ == copy.__name__:
            setattr(copy, attribute, getattr(module, attribute, value))


@contextmanager
def imported(modules: Mapping[str, ModuleType]) -> Iterator[None]:
    """A block in which imports find these modules in place of those of the same names."""
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
