"""The texts of `spruce new`: whether they are what they seem to be."""

import ast
import tomllib

import pytest

from spruce.cli.skeleton import ONE_FILE, PROJECT


@pytest.mark.parametrize("path", [path for path in PROJECT if path.endswith(".py")])
def test_programs_are_python_with_a_docstring(path: str) -> None:
    """As is the one that is alone."""
    assert ast.get_docstring(ast.parse(PROJECT[path]))
    assert ast.get_docstring(ast.parse(ONE_FILE))


@pytest.mark.parametrize("path", [path for path in PROJECT if path.endswith(".toml")])
def test_settings_are_toml(path: str) -> None:
    """And have something in them."""
    assert tomllib.loads(PROJECT[path])
