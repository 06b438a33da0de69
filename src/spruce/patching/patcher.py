"""`monkey_patch`: what blocks in the standard library parks the green thread instead, for all code of the process.

Attributes are replaced in the modules themselves. The hub, asyncio, the thread pools of `concurrent.futures` and Spruce
keep the originals: they are given modules without patches in the place of those that they have imported.
"""

import asyncio
import asyncio.runners
import importlib
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

from spruce.errors import GreenError, nearest
from spruce.green import GreenSocket
from spruce.green.runtime import running_thread
from spruce.patching.drivers import psycopg2_waits, psycopg_waits
from spruce.patching.existing import exchange_copies, exchange_locks
from spruce.patching.guests import asgiref_looks, django_looks
from spruce.patching.originals import original, saved
from spruce.patching.replacements import GROUPS, replacements

__all__ = ["is_monkey_patched", "monkey_patch"]

logger = logging.getLogger("spruce.green")

KEPT: Final = (
    "asyncio",
    "click",
    "concurrent.futures.thread",
    "greenlet",
    "jinja2",
    "multiprocessing",
    "spruce",
    "uvloop",
    "watchfiles",
)
_DRIVERS: Final[dict[str, Callable[[Any], None]]] = {
    "psycopg2.extensions": psycopg2_waits,
    "psycopg.waiting": psycopg_waits,
}
_GUESTS: Final[dict[str, Callable[[Any], None]]] = {
    "asgiref.sync": asgiref_looks,
    "django.utils.asyncio": django_looks,
}
_NOT_HERE: Final = {
    "MySQLdb": "it is written in C and can't be told how to wait: use PyMySQL, or spruce.green.tpool.Proxy around it",
    "builtins": "files have no way to wait that is not an OS thread: use spruce.green.tpool.execute(open, …)",
}
_patched: set[str] = set()


def monkey_patch(**which: bool) -> None:
    """Have the standard library's blocking calls let other green threads run. Call it first of all in the main thread.

    Without arguments: os, select, socket, subprocess, thread, time and the PostgreSQL drivers (`psycopg`). With names
    that are True only those, with names that are False all but those. What is patched already stays so. The log names
    modules that were imported before and have taken an original by name.
    """
    wanted = _wanted(which)
    if threading.main_thread().ident != original("_thread").get_ident():
        raise GreenError(
            "monkey_patch() was called outside of the main thread", hint="Call it in the first lines of the program"
        )
    groups = [group for group in GROUPS if group in wanted and group not in _patched]
    if groups:
        _patch(groups)
    if "psycopg" in wanted:
        _act_on(_DRIVERS)
    _patched.update(wanted)


def is_monkey_patched(module: str | ModuleType) -> bool:
    """Whether a group (`socket`, `thread` …) or a module of the standard library is patched."""
    name = module if isinstance(module, str) else module.__name__
    return name in _patched or any(name in modules and group in _patched for group, modules in GROUPS.items())


def _wanted(which: dict[str, bool]) -> set[str]:
    names = [*GROUPS, "psycopg"]
    everything = which.pop("all", True not in which.values())
    for name, flag in which.items():
        if name in _NOT_HERE and flag:
            raise GreenError(f"Spruce doesn't patch {name}", hint=_NOT_HERE[name])
        if name not in names and name not in _NOT_HERE:
            raise TypeError(
                f"monkey_patch() has no part {name!r}{nearest(name, names)}; there are: {', '.join(names)} and all"
            )
    return {name for name in names if which.get(name, everything)}


def _patch(groups: Sequence[str]) -> None:
    if importlib.util.find_spec("uvloop") is not None:
        importlib.import_module("uvloop")  # which keeps what it finds when it is imported
    modules = [module for group in groups for module in GROUPS[group]]
    new = replacements()
    for module in modules:  # all of them first, while everything is as it was
        original(module)
    changes: dict[int, tuple[Any, Any, str]] = {}
    for module in modules:
        _replace(importlib.import_module(module), new[module], changes)
    if "thread" in groups:
        real: Any = original("_thread").RLock
        changes[id(real)] = real, threading.RLock, "_thread.RLock"
    for name, found in list(sys.modules.items()):
        if isinstance(found, ModuleType) and _is_kept(name):
            _keep(found)
    _look_after_imports(KEPT, _keep)
    if "socket" in groups:
        GreenSocket.blocks_in_tasks = True
    if "thread" in groups and (left := exchange_locks()):
        logger.warning("these locks were held when the program was patched, and stay real ones: %s", ", ".join(left))
    if "thread" in groups:
        _act_on(_GUESTS)
    _patch_asyncio_run()
    _tell_stale(exchange_copies(changes, KEPT))


def _replace(module: ModuleType, attributes: dict[str, Any], changes: dict[int, tuple[Any, Any, str]]) -> None:
    for path, value in attributes.items():
        holder, _, name = path.rpartition(".")
        owner = getattr(module, holder) if holder else module
        before = getattr(owner, name)
        setattr(owner, name, value)
        if not holder:
            saved.setdefault(module.__name__, {})[name] = before
            if callable(before) and value is not None:
                changes[id(before)] = before, value, f"{module.__name__}.{name}"


def _tell_stale(stale: dict[str, list[str]]) -> None:
    if stale:
        logger.warning(
            "these modules were imported before the program was patched, and what they took by name blocks: %s; "
            "call monkey_patch() first, or import the thing's module instead of the thing",
            "; ".join(f"{module} ({', '.join(sorted(names))})" for module, names in sorted(stale.items())),
        )


# ---- who keeps the originals ----------------------------------------------------------------------------------------


def _is_kept(name: str) -> bool:
    return name in KEPT or (name.partition(".")[0] in KEPT and not name.startswith("spruce.patching"))


def _keep(module: ModuleType) -> None:
    """Give a module originals in the place of the patched modules that it has imported."""
    for name, value in list(vars(module).items()):
        if isinstance(value, ModuleType) and value is sys.modules.get(value.__name__) and value.__name__ in saved:
            setattr(module, name, original(value.__name__))


def _look_after_imports(names: Sequence[str], act: Callable[[ModuleType], None]) -> None:
    sys.meta_path.insert(0, _AfterImport(names, act))


class _AfterImport(MetaPathFinder):
    """Calls a function with each module of certain names when it was imported."""

    def __init__(self, names: Sequence[str], act: Callable[[ModuleType], None]) -> None:
        self._names = frozenset(names)
        self._act = act

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as usual, and have it loaded with one step more."""
        if fullname not in self._names and fullname.partition(".")[0] not in self._names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        loader: Any = None if spec is None else spec.loader
        if hasattr(loader, "exec_module"):
            load = loader.exec_module

            def load_and_act(module: ModuleType) -> None:
                load(module)
                self._act(module)

            loader.exec_module = load_and_act
        return spec


# ---- single things --------------------------------------------------------------------------------------------------


def _act_on(modules: dict[str, Callable[[Any], None]]) -> None:
    """Call a function with each module: now if it is there, else when it has been imported."""
    for name, act in modules.items():
        if name in sys.modules:
            act(sys.modules[name])
        else:
            _look_after_imports([name], act)


def _patch_asyncio_run() -> None:
    if hasattr(asyncio.run, "__wrapped__"):
        return
    run: Any = asyncio.run

    @wraps(run)
    def run_or_teach(main: Any, **options: Any) -> Any:
        if running_thread() is not None:
            main.close()
            raise GreenError(
                "asyncio.run() inside a green thread, whose loop runs already",
                hint="Write spruce.green.await_(main()) instead",
            )
        return run(main, **options)

    asyncio.run = asyncio.runners.run = run_or_teach
