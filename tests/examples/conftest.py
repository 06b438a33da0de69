"""How tests import an example: as its user starts it, with the example's own folder first in the import path."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from spruce.db.models import registry

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def load() -> Iterator[Callable[[str], ModuleType]]:
    """Import `shop/app` or `hello` out of examples/; afterwards its modules, with their short names, are forgotten."""
    added: list[str] = []

    def load(name: str) -> ModuleType:
        folder, _, module = str(EXAMPLES / name).rpartition("/")
        added.append(folder)
        sys.path.insert(0, folder)
        return importlib.import_module(module)

    yield load
    for folder in added:
        sys.path.remove(folder)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(EXAMPLES)):
            del sys.modules[name]
            forget_models(name)


def forget_models(module: str) -> None:
    """Let the models of a module be gone, so that other tests may have tables of their names."""
    for model in [model for model in registry.models.values() if model.__module__ == module]:
        registry._remove(model)
