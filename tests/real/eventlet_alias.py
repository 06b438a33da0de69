"""The package `eventlet` as its own tests see it: Spruce's, under that name. test_eventlet_suite.py puts it there."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Sequence
from typing import Any

from spruce import eventlet as _spruces
from spruce.eventlet import *  # noqa: F403 - the same names

__all__ = [*_spruces.__all__]


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `eventlet.x` as `spruce.eventlet.x`, the very same module."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        if not fullname.startswith("eventlet."):
            return None
        real = importlib.util.find_spec(f"spruce.{fullname}")
        if real is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=real.submodule_search_locations is not None)

    def create_module(self, spec: Any) -> types.ModuleType:
        return importlib.import_module(f"spruce.{spec.name}")

    def exec_module(self, module: types.ModuleType) -> None:
        """It is there."""


sys.meta_path.insert(0, _Finder())

tpool = importlib.import_module("eventlet.tpool")
tpool.setup = lambda: None
_count = property(lambda _: importlib.import_module("spruce.green.tpool")._threads)
tpool.__class__ = type("TpoolModule", (types.ModuleType,), {"_nthreads": _count})
thread = importlib.import_module("eventlet.green.thread")
thread.Lock = thread.allocate_lock
