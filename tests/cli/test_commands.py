"""Commands of apps and of installed packages."""

import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from spruce.cli.commands import app_commands, installed_commands
from spruce.cli.main import main

Write = Callable[..., Path]

SHOP = """
import click
from spruce import App, current_app
app = App(__name__)

@app.cli.command()
@click.argument("name")
def greet(name):
    "Greet somebody."
    print(current_app.name, "greets", name)

@app.cli.group()
def stock(): "See to the stock."

@stock.command()
def count(): print(current_app.name, "has 3")

@app.cli.command()
def run(): print("never")
"""


def test_commands_of_an_app_run_in_its_context(write: Write) -> None:
    """Groups too; the app is named, or app.py here; names of Spruce's own go before."""
    write("app.py", SHOP)
    write("other.py", SHOP)
    assert CliRunner().invoke(main, ["greet", "ann"]).output == "app greets ann\n"
    assert CliRunner().invoke(main, ["--app", "other.py", "stock", "count"]).output == "other has 3\n"
    output = CliRunner().invoke(main, ["--help"]).output
    assert "  greet          Greet somebody." in output
    assert output.count("  run ") == 1
    assert "  stock          See to the stock." in output


def test_an_app_that_fails_keeps_help_usable(write: Write) -> None:
    """Its commands are missing there; one that is named has to work."""
    write("app.py", "1 / 0\n")
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    result = CliRunner().invoke(main, ["--app", "app.py", "greet"])
    assert result.stderr.splitlines()[-1] == ("Error: importing 'app' failed: ZeroDivisionError: division by zero")


def test_apps_of_other_frameworks_have_none(write: Write) -> None:
    """Nor has a folder without an app."""
    assert app_commands(None) == {}
    write("wsgi.py", "def app(environ, start_response): ...\n")
    assert app_commands(None) == {}


def test_installed_packages_offer_commands(write: Write) -> None:
    """By entry points, which are read from their metadata."""
    path = write("greeting/greeting.py", "import click\n\n@click.command()\ndef wave():\n    print('waves')\n")
    write("greeting/greeting-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1\n")
    write("greeting/greeting-1.dist-info/entry_points.txt", "[spruce.commands]\nwave = greeting:wave\n")
    sys.path.insert(0, str(path.parent))
    assert list(installed_commands()) == ["wave"]
    assert CliRunner().invoke(main, ["wave"]).output == "waves\n"


def test_installed_apps_bring_their_commands(write: Write) -> None:
    """Those of the module `commands` of each, run in the app's context; those inside of a group stay there."""
    write("app.py", "from spruce import App\napp = App('hello', INSTALLED_APPS=['blog'])\n")
    write("blog/__init__.py")
    write(
        "blog/commands.py",
        """
        import click
        from spruce import current_app
        @click.group()
        def posts(): pass
        @posts.command()
        def publish(): print("published in", current_app.name)
        """,
    )
    assert CliRunner().invoke(main, ["posts", "publish"]).output == "published in hello\n"
    assert "no command 'publish'" in CliRunner().invoke(main, ["publish"]).output


def test_blueprints_have_commands(write: Write) -> None:
    """In a group of the blueprint's name, in another one, or beside those of the app; inner blueprints' too."""
    write(
        "app.py",
        """
        from spruce import App, Blueprint, current_app
        app = App("hello")
        blog, plain, inner = Blueprint("blog", __name__), Blueprint("plain", __name__, cli_group=None), Blueprint(
            "inner", __name__, cli_group="deep")
        @blog.cli.command()
        def publish(): print("published in", current_app.name)
        @plain.cli.command()
        def sweep(): print("swept")
        @inner.cli.command()
        def dig(): print("dug")
        blog.register_blueprint(inner)
        app.register_blueprint(blog)
        app.register_blueprint(plain)
        """,
    )
    said = [CliRunner().invoke(main, words.split()).output for words in ("blog publish", "sweep", "deep dig")]
    assert said == ["published in hello\n", "swept\n", "dug\n"]
    assert "Commands of blog." in CliRunner().invoke(main, ["--help"]).output
