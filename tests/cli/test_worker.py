"""`spruce worker`: what it refuses; how it works is tested in tests/real."""

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from spruce.cli.main import main


def test_it_is_for_apps_of_spruce(write: Callable[..., Path]) -> None:
    write("plain.py", "def app(environ, start_response): ...\n")
    assert CliRunner().invoke(main, ["worker", "plain.py"]).stderr == (
        "Error: plain:app, a WSGI app, has no tasks of Spruce. Its own framework may have a command.\n"
    )
