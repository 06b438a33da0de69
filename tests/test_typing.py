"""What type checkers know of programs that use Spruce, without a plugin: `tests/typing` is checked by them, not run."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHECKED = sorted((ROOT / "tests" / "typing").glob("*.py"))


@pytest.mark.timeout(300)
def test_mypy_knows_models_and_queries() -> None:
    """Every assertion holds, and every mistake is found."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *map(str, CHECKED)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (answer.stdout.splitlines()[-1:], answer.returncode) == (
        [f"Success: no issues found in {len(CHECKED)} source file{'s' if len(CHECKED) > 1 else ''}"],
        0,
    ), answer.stdout


@pytest.mark.timeout(300)
def test_pyright_knows_models_and_queries() -> None:
    """The same; where pyright is not installed, or has not been downloaded by it yet, nothing is fetched."""
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed: pip install pyright")
    project = str(ROOT / "tests" / "typing")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "--project", project]
    offline = {**os.environ, "npm_config_offline": "true"}
    answer = subprocess.run(command, capture_output=True, text=True, env=offline, cwd=ROOT)
    if not answer.stdout.startswith("{"):
        pytest.skip("pyright's own files are not here yet: run `pyright --version` once, with a network")
    found = json.loads(answer.stdout)
    places = [f"line {each['range']['start']['line'] + 1}: {each['message']}" for each in found["generalDiagnostics"]]
    assert (places, found["summary"]["filesAnalyzed"]) == ([], len(CHECKED))
