"""Putting something around what libraries do, when a program imports them, whenever that is; and taking it away again.

No library is imported for this: who never uses httpx never pays for it.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

__all__ = ["Libraries"]

Around = Callable[[Callable[..., Any]], Callable[..., Any]]


class Libraries(MetaPathFinder):
    """What is put around functions of libraries, from `begin` to `end`."""

    def __init__(self) -> None:
        self._wanted: dict[str, list[tuple[str, Around]]] = {}
        self._done: list[tuple[Any, str, Any]] = []
        self._finding: set[str] = set()

    def around(self, module: str, path: str, make: Around) -> None:
        """Have `make(original)` stand for the function `path`, as `Client.send`, of a module."""
        self._wanted.setdefault(module, []).append((path, make))

    def begin(self) -> None:
        """Do it for what is imported already, and for the rest when that is."""
        for name in self._wanted:
            module = sys.modules.get(name)
            if module is not None:
                self._wrap(module)
        sys.meta_path.insert(0, self)

    def end(self) -> None:
        """Put the originals back."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for owner, name, original in reversed(self._done):
            setattr(owner, name, original)
        self._done.clear()

    def _wrap(self, module: ModuleType) -> None:
        for path, make in self._wanted[module.__name__]:
            *owners, name = path.split(".")
            owner: Any = module
            for part in owners:
                owner = getattr(owner, part, None)
            original = None if owner is None else vars(owner).get(name)
            if original is not None:  # a release in which it is elsewhere stays as it is
                self._done.append((owner, name, original))
                setattr(owner, name, make(original))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Have a wanted module loaded by who would load it anyway, and look at it then."""
        if fullname not in self._wanted or fullname in self._finding:
            return None
        self._finding.add(fullname)
        try:
            spec = find_spec(fullname)
        finally:
            self._finding.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loading(spec.loader, self._wrap)
        return spec


class _Loading(Loader):
    """A loader that has somebody look at the module when it is there."""

    def __init__(self, loader: Loader, loaded: Callable[[ModuleType], object]) -> None:
        self._loader = loader
        self._loaded = loaded

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loaded(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
