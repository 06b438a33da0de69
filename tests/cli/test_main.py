"""The command as a whole: version, help, and how errors are told."""

import os
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


def test_help_lists_the_commands(write: Write) -> None:
    """Each command has its line."""
    output = CliRunner().invoke(main, ["--help"]).output
    names = [line.split()[0] for line in output.partition("Commands:\n")[2].splitlines()]
    assert names == [
        "check",
        "clearsessions",
        "db",
        "i18n",
        "new",
        "ps",
        "routes",
        "run",
        "shell",
        "tasks",
        "top",
        "worker",
    ]


def test_a_mistyped_command_is_told_with_the_nearest(write: Write) -> None:
    """As a wrong use of the command, with status 2."""
    result = CliRunner().invoke(main, ["rotes"])
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2,
        "Error: there is no command 'rotes'; did you mean 'routes'?",
    )


def test_variables_are_read_from_a_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """From .env or another one, before the app is looked for; those that are set stay; a bad line is told."""
    monkeypatch.setattr("os.environ", {**os.environ, "GREETING": "set"})
    write(".env", "SPRUCE_APP=shop.py\nGREETING=file\n")
    write("other.env", "SPRUCE_APP=shop.py\nNAME='bob'\n")
    write("bad.env", "SPRUCE_APP\n")
    write(
        "shop.py",
        """
        import os
        from spruce import App
        app = App(__name__)

        @app.cli.command()
        def show(): print(os.environ["GREETING"], os.environ.get("NAME"), os.environ["SPRUCE_APP"])
        """,
    )
    assert CliRunner().invoke(main, ["show"]).output == "set None shop.py\n"
    assert CliRunner().invoke(main, ["--env-file", "other.env", "show"]).output == "set bob shop.py\n"
    result = CliRunner().invoke(main, ["--env-file", "bad.env", "show"])
    assert result.stderr == "Error: line 1 of 'bad.env' is no variable. A line is NAME=value or NAME='a value'.\n"


@pytest.mark.parametrize("command", ["routes", "shell"])
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
    result = CliRunner().invoke(main, ["routes", "hello.py"])
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
    result = CliRunner().invoke(main, ["routes", "hello.py"])
    assert "    app = (\n" in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "Error: importing 'hello' failed: SyntaxError: '(' was never closed (hello.py, line 1)"
    )
