"""The table of hooks: each declared once, exported, with its attributes told."""

import re
import subprocess
import sys
from pathlib import Path

from spruce import events
from spruce.events import Hook, hooks


def declared() -> dict[str, Hook]:
    return {name: value for name, value in vars(hooks).items() if isinstance(value, Hook)}


def test_every_hook_is_exported() -> None:
    """A hook that is declared can be imported from spruce.events."""
    assert sorted(hooks.__all__) == sorted(declared())
    assert all(getattr(events, name) is hook for name, hook in declared().items())


def test_each_hook_is_named_after_its_variable() -> None:
    """request_started announces itself as request.started, and so on."""
    assert {name: hook.name for name, hook in declared().items()} == {
        name: name.replace("_", ".", 1) for name in declared()
    }


def test_each_hook_tells_its_attributes() -> None:
    """A subscriber can read what an event carries."""
    assert [name for name, hook in declared().items() if not hook.doc] == []


def test_importing_subscribes_nobody_but_tasks() -> None:
    """Hooks are free until a program subscribes; `spruce.tasks` runs the jobs of whatever app is served."""
    packages = sorted(path.parent.name for path in Path(events.__file__).parents[1].glob("*/__init__.py"))
    program = (
        "import importlib, sys; from spruce.events import hooks\n"
        "for name in sys.argv[1:]: importlib.import_module(f'spruce.{name}')\n"
        "print([name for name in hooks.__all__ if getattr(hooks, name).subscribers])"
    )
    others = [name for name in packages if name != "tasks"]
    result = subprocess.run([sys.executable, "-c", program, *others], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_each_hook_is_emitted_somewhere() -> None:
    """A hook that no layer emits would promise events that never come."""
    root = Path(events.__file__).parents[1]
    sources = [path.read_text() for path in root.rglob("*.py") if path.parent.name != "events"]
    emitted = re.compile(r"(\w+)\.(?:emit|tell)\(")
    assert set(hooks.__all__) - {name for source in sources for name in emitted.findall(source)} == set()
