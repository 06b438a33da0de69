"""The command as a whole: version, help, and how errors are told."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from spruce.cli.main import main

Write = Callable[..., Path]


def test_version_tells_spruce_and_python() -> None:
    """`spruce --version` in one line."""
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.output) == (0, f"Spruce {version('spruce')}, Python {sys.version.split()[0]}\n")


def test_help_lists_the_commands() -> None:
    """Each command has its line."""
    output = CliRunner().invoke(main, ["--help"]).output
    assert [line.split()[0] for line in output.partition("Commands:\n")[2].splitlines()] == ["routes", "run", "shell"]


@pytest.mark.parametrize("command", ["routes", "run", "shell"])
def test_a_mistyped_target_is_one_line_without_a_traceback(write: Write, command: str) -> None:
    """The error is on the error output, and the status is 1."""
    write("hello.py")
    result = CliRunner().invoke(main, [command, "helo.py"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "Error: there is no file 'helo.py'; did you mean 'hello.py'? Name a file or a module: "
    )
    assert result.stderr.count("\n") == 1


def test_the_users_own_error_is_shown_from_his_code_on(write: Write) -> None:
    """The traceback begins in the user's file and ends with the line that says what failed."""
    path = write("hello.py", "def start():\n    return 1 / 0\n\nstart()\n")
    result = CliRunner().invoke(main, ["run", "hello.py"])
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert lines[:3] == ["Traceback (most recent call last):", f'  File "{path}", line 4, in <module>', "    start()"]
    assert lines[-2:] == [
        "ZeroDivisionError: division by zero",
        "Error: importing 'hello' failed: ZeroDivisionError: division by zero",
    ]


def test_a_syntax_error_shows_the_line(write: Write) -> None:
    """Where there is no frame of the user's, Python's own pointer to the line is shown."""
    write("hello.py", "app = (\n")
    result = CliRunner().invoke(main, ["run", "hello.py"])
    assert "    app = (\n" in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "Error: importing 'hello' failed: SyntaxError: '(' was never closed (hello.py, line 1)"
    )
