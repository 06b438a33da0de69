"""The shape of the code base: sizes, names, layout, mirrored tests.

Docstrings of classes and functions are ruff's to check, layers import-linter's. A failure here names every place.
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "spruce"
TESTS = ROOT / "tests"

FILE_LINES = 500
FUNCTION_LINES = 60
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions over the limit as `path::name`, each with the reason why splitting it would hide the story."""

DEEPER_PACKAGES = {"eventlet"}
"""Packages that mirror a module tree of somebody else's and may have packages inside."""

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "stuff"}
SKIPPED_FOLDERS = {"__pycache__", "instance", "build", "dist", "node_modules"}
TEXT_SUFFIXES = {".py", ".md", ".toml", ".html", ".css", ".js", ".txt", ".yml", ".json", ".conf", ".svg", ""}


def files(*folders: Path, suffixes: Iterable[str] = (".py",)) -> Iterator[Path]:
    """Yield the files below the folders that are part of the project."""
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                if not path.name.startswith(".") and path.name not in SKIPPED_FOLDERS:
                    yield from files(path, suffixes=suffixes)
            elif path.suffix in suffixes:
                yield path


def python_files() -> list[Path]:
    return list(files(ROOT / "src", TESTS, ROOT / "examples", ROOT / "bench"))


def modules() -> list[Path]:
    return list(files(SOURCE))


def plain_modules() -> list[Path]:
    return [path for path in modules() if path.name != "__init__.py"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def function_lengths() -> dict[str, int]:
    """Return the lines of every function and method, by `path::name`."""
    return {
        f"{name_of(path)}::{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def lines_with(pattern: re.Pattern[str], paths: Iterable[Path]) -> list[str]:
    """Return each line in which the pattern is found, as `path:number: found`."""
    return [
        f"{name_of(path)}:{number}: {found[0]}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if (found := pattern.search(line))
    ]


def expect_none(places: Iterable[object]) -> None:
    """Fail with a line for each of the places, if there are any."""
    if listed := [str(place) for place in places]:
        pytest.fail("\n".join([f"{len(listed)} places:", *listed]), pytrace=False)


def test_files_are_short() -> None:
    """A file that grows past the limit holds more than one idea."""
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in python_files()}
    expect_none(f"{name} has {length} lines" for name, length in lengths.items() if length > FILE_LINES)


def test_functions_are_short() -> None:
    """A function fits on a screen, unless it is named with its reason in LONG_FUNCTIONS."""
    long = {name: length for name, length in function_lengths().items() if length > FUNCTION_LINES}
    expect_none(f"{name} has {length} lines" for name, length in long.items() if name not in LONG_FUNCTIONS)


def test_the_list_of_long_functions_is_true() -> None:
    """An entry whose function is short again, or gone, is taken out."""
    lengths = function_lengths()
    expect_none(name for name in LONG_FUNCTIONS if lengths.get(name, 0) <= FUNCTION_LINES)


def test_modules_say_what_they_are() -> None:
    """Each module, test and example begins with a docstring."""
    expect_none(name_of(path) for path in python_files() if not ast.get_docstring(ast.parse(path.read_text("utf-8"))))


def test_modules_say_what_they_offer() -> None:
    """Each module has an `__all__`."""
    offered = re.compile(r"^__all__\b.*=", re.MULTILINE)
    expect_none(name_of(path) for path in modules() if not offered.search(path.read_text("utf-8")))


def test_modules_have_a_test_file_of_their_own() -> None:
    """`src/spruce/web/routing.py` is tested in `tests/web/test_routing.py`."""
    mirrors = [TESTS / path.relative_to(SOURCE).parent / f"test_{path.name}" for path in plain_modules()]
    expect_none(name_of(path) for path in mirrors if not path.is_file())


def test_test_files_are_named_after_a_module() -> None:
    """A test file in a package's folder begins with the name of the module that it is about, so that it is found."""
    stray = []
    for path in files(TESTS):
        package = SOURCE / path.parent.relative_to(TESTS)
        if path.parent == TESTS or not package.is_dir() or not path.name.startswith("test_"):
            continue
        stems = {f"test_{package.name}", *(f"test_{module.stem}" for module in package.glob("*.py"))}
        if not any(path.stem == stem or path.stem.startswith(f"{stem}_") for stem in stems):
            stray.append(name_of(path))
    expect_none(stray)


def test_modules_are_named_after_a_thing() -> None:
    """A name that says nothing gathers everything."""
    names = {name_of(path): {path.stem.strip("_"), path.parent.name} for path in modules()}
    expect_none(path for path, parts in names.items() if parts & FORBIDDEN_NAMES)


def test_modules_are_one_folder_deep() -> None:
    """A module lives in `src/spruce/<package>/`, and beside the facade there are packages only."""
    inside = [path.relative_to(SOURCE) for path in modules()]
    expect_none(str(path) for path in inside if len(path.parts) > 2 and path.parts[0] not in DEEPER_PACKAGES)
    assert [str(path) for path in inside if len(path.parts) == 1] == ["__init__.py"]


def test_nothing_is_left_to_do() -> None:
    """What is not finished is not there."""
    marks = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    expect_none(lines_with(marks, python_files()))


def test_every_silenced_finding_has_a_code_and_a_reason() -> None:
    """A line that silences a tool says which finding and why."""
    reasoned = r"(?!(?:type: ignore\[[a-z, -]+\] *#|noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)* *[-#]|pragma: no cover *-) *\w)"
    silenced = re.compile(r"# *" + reasoned + r"(?:type: " + r"ignore|no" + r"qa|pragma:).*")
    expect_none(lines_with(silenced, python_files()))


def test_every_dependency_is_used_and_has_its_reason() -> None:
    """What is installed with Spruce is imported by it, and CONTRIBUTING says what for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[<>=\[; ]", dependency)[0] for dependency in project["dependencies"]}
    code = "\n".join(path.read_text("utf-8") for path in modules())
    names.remove("tzdata")  # it is data, which the standard library reads
    imported = {name: {"argon2-cffi": "argon2"}.get(name, name.lower()) for name in sorted(names)}
    expect_none(
        name for name in imported if not re.search(rf"^\s*(?:from|import) {imported[name]}\b", code, re.MULTILINE)
    )
    reasons = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    extras = {re.split(r"[<>=\[; ]", each)[0] for group in project["optional-dependencies"].values() for each in group}
    named = sorted({"tzdata"} | names | extras - {"spruce"})
    expect_none(name for name in named if not re.search(rf"\b{name}\b", reasons))


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    """What works in one home folder only does not work."""
    places = re.compile(r"(?<![\w.:/<>{}\])-])/(?:home|root|Users|work|opt)/[a-z]\S*")
    expect_none(lines_with(places, files(ROOT, suffixes=TEXT_SUFFIXES)))
