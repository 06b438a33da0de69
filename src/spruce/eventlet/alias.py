"""Libraries that import `eventlet` themselves find Spruce's under that name: `install_as_eventlet`."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from spruce.errors import GreenError

__all__ = ["install_as_eventlet"]

_NAME: Final = "eventlet"
_OURS: Final = "spruce.eventlet"


class _Finder(MetaPathFinder, Loader):
    """Finds `eventlet.x` as `spruce.eventlet.x`, the very same module."""

    def __init__(self) -> None:
        self.specs: dict[str, Any] = {}  # the modules' own, which the import system exchanges

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec if there is such a module here."""
        if fullname != _NAME and not fullname.startswith(f"{_NAME}."):
            return None
        real = importlib.util.find_spec(f"spruce.{fullname}")
        if real is None:
            return None
        return ModuleSpec(fullname, self, is_package=real.submodule_search_locations is not None)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module that is there."""
        module = importlib.import_module(f"spruce.{spec.name}")
        self.specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to run; the module stays what it is."""
        assert module.__spec__ is not None  # noqa: S101 - for the type checker: the import system has just set it
        module.__spec__ = self.specs.pop(module.__spec__.name)


def install_as_eventlet() -> None:
    """Have `import eventlet`, wherever it is written, import this package from now on. Call it in the first lines.

    Twice is as good as once. GreenError when eventlet itself has been imported already.
    """
    known = sys.modules.get(_NAME)
    if known is not None and known.__name__ != _OURS:
        raise GreenError(
            f"eventlet has been imported already, from {getattr(known, '__file__', 'nowhere')}",
            hint="Call install_as_eventlet() before whatever imports it",
        )
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
