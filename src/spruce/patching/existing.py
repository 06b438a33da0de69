"""What was there before a program was patched: locks that are exchanged, and names that hold an original."""

import _thread
import gc
import sys
import threading
from collections.abc import Mapping
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
    new: dict[int, tuple[Any, Any]] = {}  # by the id of the old one, which is kept so that the id stays its own
    left: set[str] = set()
    gc.collect()
    for holder in gc.get_objects():
        if type(holder) is dict:
            _exchange(holder, new, left)
        elif any(type(each) in (_LOCK, _RLOCK) for each in gc.get_referents(holder)) and hasattr(holder, "__dict__"):
            _exchange(vars(holder), new, left)
    _mend_conditions(new)
    return sorted(left)


def _exchange(names: Any, new: dict[int, tuple[Any, Any]], left: set[str]) -> None:
    if type(names) is not dict or names.get("__name__") in _SPARED:
        return
    for name, lock in list(names.items()):
        if type(lock) not in (_LOCK, _RLOCK) or name == "_tstate_lock":  # that is how the process knows of threads
            continue
        if _is_held(lock):
            left.add(str(name))
            continue
        if id(lock) not in new:
            new[id(lock)] = lock, (Lock() if type(lock) is _LOCK else threading.RLock())
        names[name] = new[id(lock)][1]


def _is_held(lock: Any) -> bool:
    if hasattr(lock, "_is_owned") and lock._is_owned():
        return True
    if not lock.acquire(False):
        return True
    lock.release()
    return False


def _mend_conditions(new: dict[int, tuple[Any, Any]]) -> None:
    """A condition keeps methods of its lock: make them those of the new one."""
    for condition in [each for each in gc.get_objects() if type(each) is threading.Condition]:
        private: Any = condition
        old = getattr(private.acquire, "__self__", None)
        if id(old) in new:
            waiters = private._waiters
            private.__init__(new[id(old)][1])
            private._waiters = waiters


def exchange_copies(changes: Mapping[int, tuple[Any, Any, str]], kept: tuple[str, ...]) -> dict[str, list[str]]:
    """Look for modules that have taken an original by name, as `from time import sleep` does.

    `changes` has the original, the new thing and a name by the original's id. In the standard library they get the new
    one, except in the packages that are `kept`. Those of others are returned: module, and what it took.
    """
    stale: dict[str, list[str]] = {}
    for module_name, module in list(sys.modules.items()):
        root = module_name.partition(".")[0]
        if not isinstance(module, ModuleType) or root in kept or module_name in kept:
            continue
        for name, value in list(vars(module).items()):
            if id(value) not in changes or name.startswith("__"):
                continue
            if root in sys.stdlib_module_names:
                setattr(module, name, changes[id(value)][1])
            else:
                stale.setdefault(module_name, []).append(changes[id(value)][2])
    return stale
