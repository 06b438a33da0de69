"""The package as users get it: built, installed where there is nothing else, and served from there."""

import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
HELLO = """
from spruce import App

app = App(__name__)

@app.get("/hello/<name>")
def hello(name):
    return f"Hello, {name}!"
"""
IMPORT_ALL = """
import importlib, pkgutil, spruce
HOMES = {
    "asyncmy": "spruce.db.mysql",
    "asyncpg": "spruce.db.postgres_asyncpg", "psycopg": "spruce.db.postgres_psycopg",
    "celery": ("spruce.tasks.carrier", "spruce.tasks.celery"),
    "opentelemetry": ("spruce.apm.otlp", "spruce.apm.bridge"),
    "hiredis": "spruce.cache.",
    "redis": ("spruce.cache.", "spruce.tasks.records", "spruce.tasks.celery"),
}
for module in pkgutil.walk_packages(spruce.__path__, "spruce."):
    if module.name == "spruce.testing.plugin":  # pytest itself loads it
        continue
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        if not module.name.startswith(HOMES.get(error.name, "-")):
            raise
"""


def succeed(*command: object, folder: Path = ROOT) -> str:
    """Run a command that must succeed and return what it wrote."""
    words = [str(word) for word in command]
    result = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this source."""
    folder = tmp_path_factory.mktemp("wheel")
    succeed(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("spruce-*.whl")
    return built


@pytest.fixture(scope="module")
def empty(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that holds the wheel and what it depends on, nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    succeed(folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return folder / "bin"


def test_the_wheel_holds_all_of_the_package_and_nothing_else(wheel: Path) -> None:
    """Every file of src/spruce, the licence, and the mark that it is typed."""
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    source = ROOT / "src"
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert names == {name for name in files if "/__pycache__/" not in name and not name.startswith(".")}
    assert "spruce/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in ZipFile(wheel).namelist())


def test_every_module_imports_without_the_extras(empty: Path) -> None:
    """What is optional is imported only in the modules that are about it, and nothing warns."""
    assert succeed(empty / "python", "-W", "error", "-c", IMPORT_ALL) == ""


def test_hello_is_served_from_the_wheel(empty: Path, serve: Callable[..., Any], tmp_path: Path) -> None:
    """`pip install`, ten lines, `spruce run`."""
    (tmp_path / "hello.py").write_text(HELLO)
    served = serve("hello.py", program=empty / "spruce")
    assert served.ask("/hello/world") == (200, "Hello, world!")


def test_the_types_reach_the_user(empty: Path, tmp_path: Path) -> None:
    """A type checker that sees only the installed package knows what a view may return."""
    (tmp_path / "typed.py").write_text(HELLO + "\nreveal_type(app)\n")
    output = succeed(sys.executable, "-m", "mypy", "--python-executable", empty / "python", "typed.py", folder=tmp_path)
    assert 'Revealed type is "spruce.web.app.App"' in output
