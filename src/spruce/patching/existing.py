"""What was there before a program was patched: locks that are exchanged, and names that hold an original."""

import _thread
import gc
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import Any, Final

from spruce.patching.locks import Lock

__all__ = ["exchange_copies", "exchange_locks"]

_LOCK: Final = type(_thread.allocate_lock())
_RLOCK: Final = _thread.RLock
_SPARED: Final = frozenset({"threading", "_thread", "_frozen_importlib", "importlib._bootstrap"})  # modules


def exchange_locks() -> list[str]:
    """Put locks of ours in the place of the real ones; return the names of those that can't be exchanged.

    That is so for locks which are held at this moment.
    """
    exchange = _Exchange()
    gc.collect()
    for holder in gc.get_objects():
        if type(holder) is dict:
            exchange.in_dict(holder)
        elif type(holder) is list:
            exchange.in_items(enumerate(holder), holder.__setitem__)
        elif isinstance(holder, type):
            exchange.in_items(list(vars(holder).items()), partial(setattr, holder))
        elif any(type(each) in (_LOCK, _RLOCK) for each in gc.get_referents(holder)) and hasattr(holder, "__dict__"):
            exchange.in_dict(vars(holder))
    exchange.mend_conditions()
    return sorted(exchange.left)


class _Exchange:
    """The locks that were found, each with the new one: who shared one goes on to share it."""

    def __init__(self) -> None:
        self.new: dict[int, tuple[Any, Any]] = {}  # by the id of the old one, kept so that the id stays its own
        self.left: set[str] = set()

    def in_dict(self, names: Any) -> None:
        """Exchange the locks among a dict's values."""
        if type(names) is dict and names.get("__name__") not in _SPARED:
            self.in_items(list(names.items()), names.__setitem__)

    def in_items(self, items: Iterable[tuple[Any, Any]], put: Callable[[Any, Any], object]) -> None:
        """Exchange the locks among some items, each put back under its name or number."""
        for name, lock in items:
            if type(lock) not in (_LOCK, _RLOCK) or name == "_tstate_lock":  # by that the process knows of threads
                continue
            if _is_held(lock):
                self.left.add(str(name))
                continue
            if id(lock) not in self.new:
                self.new[id(lock)] = lock, (Lock() if type(lock) is _LOCK else threading.RLock())
            put(name, self.new[id(lock)][1])

    def mend_conditions(self) -> None:
        """A condition keeps methods of its lock: make them those of the new one."""
        for condition in [each for each in gc.get_objects() if type(each) is threading.Condition]:
            private: Any = condition
            old = getattr(private.acquire, "__self__", None)
            if id(old) in self.new:
                waiters = private._waiters
                private.__init__(self.new[id(old)][1])
                private._waiters = waiters


def _is_held(lock: Any) -> bool:
    if hasattr(lock, "_is_owned") and lock._is_owned():
        return True
    if not lock.acquire(False):
        return True
    lock.release()
    return False


def exchange_copies(changes: Mapping[int, tuple[Any, Any, str]], kept: tuple[str, ...]) -> dict[str, list[str]]:
    """Look for modules that have taken an original by name, as `from time import sleep` does.

    `changes` has the original, the new thing and a name by the original's id. In the standard library they get the new
    one, except in the packages that are `kept`. Those of others are returned: module, and what it took.
    """
    stale: dict[str, list[str]] = {}
    for module_name, module in list(sys.modules.items()):
        own_name = module_name
        if isinstance(module, ModuleType):
            own_name = str(vars(module).get("__name__", module_name))  # it may be known by other names too
        root = own_name.partition(".")[0]
        if not isinstance(module, ModuleType) or root in kept or own_name in kept:
            continue
        for name, value in list(vars(module).items()):
            if id(value) not in changes or name.startswith("__"):
                continue
            if root in sys.stdlib_module_names:
                setattr(module, name, changes[id(value)][1])
            else:
                stale.setdefault(module_name, []).append(changes[id(value)][2])
    return stale
