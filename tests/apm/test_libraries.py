"""Putting something around functions of libraries, imported already or later."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spruce.apm.libraries import Libraries

MODULE = "apm_late_library"


def louder(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: f"{function(*args)}!"


@pytest.fixture
def _late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that nobody has imported."""
    (tmp_path / f"{MODULE}.py").write_text("class Thing:\n    def say(self): return 'hello'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)


@pytest.mark.usefixtures("_late")
def test_what_is_imported_later() -> None:
    """It is changed then, and loaded by who would have loaded it anyway."""
    libraries = Libraries()
    libraries.around(MODULE, "Thing.say", louder)
    libraries.begin()
    assert MODULE not in sys.modules
    module = importlib.import_module(MODULE)
    assert module.Thing().say() == "hello!"
    assert type(module.__loader__).__name__ == "SourceFileLoader"
    libraries.end()
    assert module.Thing().say() == "hello"
    assert libraries not in sys.meta_path
    libraries.end()


def test_what_is_imported_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is changed at once."""
    before = json.dumps
    libraries = Libraries()
    libraries.around("json", "dumps", louder)
    libraries.begin()
    assert json.dumps(1) == "1!"
    libraries.end()
    assert json.dumps is before


def test_what_is_not_there_stays_away() -> None:
    """A module, a class or a function that this release of a library hasn't."""
    libraries = Libraries()
    libraries.around("json", "Nothing.at_all", louder)
    libraries.around("json", "nothing", louder)
    libraries.around("no_such_module_anywhere", "x", louder)
    libraries.begin()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_module_anywhere")
    libraries.end()
