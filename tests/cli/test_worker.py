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


def test_a_loop_that_does_not_exist_is_told(write: Callable[..., Path]) -> None:
    write("app.py", "from spruce import App\napp = App(__name__)\n")
    said = CliRunner().invoke(main, ["worker", "--loop", "asynci"]).stderr
    assert said.startswith("Error: there is no loop 'asynci'; did you mean 'asyncio'? Choose one of ")
