"""Options that more than one command has: what they refuse."""

import sys

import pytest
from click.testing import CliRunner

from spruce.cli.main import main
from spruce.cli.options import check_loop
from spruce.errors import ConfigError


@pytest.mark.parametrize("command", ["run", "worker"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uvlop", "there is no loop 'uvlop'; did you mean 'uvloop'? Choose one of lean, asyncio, uvloop."),
        ("trio", "there is no loop 'trio'. Choose one of lean, asyncio, uvloop."),
    ],
)
def test_an_unknown_loop_is_refused(command: str, name: str, text: str) -> None:
    """Before the app is even looked for."""
    result = CliRunner().invoke(main, [command, "nowhere.py", "--loop", name])
    assert (result.exit_code, result.stderr) == (1, f"Error: {text}\n")


def test_a_loop_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra; asyncio's loop is always there."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert check_loop(None, None, "asyncio") == "asyncio"
    with pytest.raises(ConfigError) as caught:
        check_loop(None, None, "uvloop")
    assert (
        str(caught.value) == "uvloop is not installed. Install it: pip install 'spruce[uvloop]', or leave --loop out."
    )


@pytest.mark.parametrize("command", ["run", "worker"])
def test_seconds_are_not_below_zero(command: str) -> None:
    """And the help tells what is usual."""
    refused = CliRunner().invoke(main, [command, "--grace", "-1"]).stderr
    assert refused.endswith("Error: Invalid value for '--grace': -1.0 is not in the range x>=0.\n")
    assert "--grace SECONDS" in (told := CliRunner().invoke(main, [command, "--help"]).output)
    assert "[default: 30.0; x>=0]" in told
